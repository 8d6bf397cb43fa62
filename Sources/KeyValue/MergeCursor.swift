/// Goes over the newest entry of each key of several sources, the newest source first.
struct MergeCursor {
    private let memory: [[KeyEntry]]
    private var positions: [Int]
    private var runs: [RunCursor]
    /// The source whose entry is the one that the cursor is at, those in memory counted first; nil
    /// before the first and after the last.
    private var current: Int?

    /// A cursor before the first entry; runs are to be where `seek` brings them.
    init(memory: [[KeyEntry]], runs: [RunCursor]) {
        self.memory = memory
        positions = [Int](repeating: 0, count: memory.count)
        self.runs = runs
    }

    mutating func seek(_ key: [UInt8]?) async throws {
        for run in runs.indices { try await runs[run].seek(key) }
    }

    /// The key of the entry that the cursor is at.
    var key: [UInt8] {
        guard let current else { preconditionFailure("no entry here") }
        return current < memory.count
            ? memory[current][positions[current]].key : runs[current - memory.count].key
    }

    /// Its value, nil if it is a deletion.
    var value: ArraySlice<UInt8>? {
        guard let current else { preconditionFailure("no entry here") }
        return current < memory.count
            ? memory[current][positions[current]].value?[...]
            : runs[current - memory.count].value
    }

    /// Goes to the entry with the next key, deletions included; false at the end.
    mutating func advance() async throws -> Bool {
        if let current, try !leave(current) {
            for run in runs.indices where runs[run].isBlockOver {
                try await runs[run].loadNext()
            }
        }
        current = smallest()
        return current != nil
    }

    /// The next rows before `end`, at most `limit` of them, and no more after those so far have
    /// `byteCount` bytes.
    mutating func rows(
        to end: [UInt8]?, limit: Int, byteCount: Int
    ) async throws -> [(key: [UInt8], value: [UInt8])] {
        var rows: [(key: [UInt8], value: [UInt8])] = []
        var size = 0
        while rows.count < limit, size < byteCount, try await advance() {
            if let end, !isBefore(key, end) { break }
            if let value {
                rows.append((key, Array(value)))
                size += key.count + value.count
            }
        }
        return rows
    }

    /// Passes the key of a source in all of them; false if a run has to load its next block.
    private mutating func leave(_ source: Int) throws(KeyValueError) -> Bool {
        var isLoaded = true
        for place in memory.indices
        where place != source && positions[place] < memory[place].count
            && memory[place][positions[place]].key == key
        {
            positions[place] += 1
        }
        for run in runs.indices
        where memory.count + run != source && !runs[run].isAtEnd && runs[run].key == key {
            if try !runs[run].advance() { isLoaded = false }
        }
        // The source itself comes last: until then its key is the one to compare with.
        if source < memory.count {
            positions[source] += 1
        } else if try !runs[source - memory.count].advance() {
            isLoaded = false
        }
        return isLoaded
    }

    /// The newest source among those with the smallest key.
    private func smallest() -> Int? {
        var found: Int?
        var smallest: [UInt8] = []
        func look(at source: Int, _ key: [UInt8]) {
            if found != nil, !isBefore(key, smallest) { return }
            found = source
            smallest = key
        }
        for place in memory.indices where positions[place] < memory[place].count {
            look(at: place, memory[place][positions[place]].key)
        }
        for run in runs.indices where !runs[run].isAtEnd {
            look(at: memory.count + run, runs[run].key)
        }
        return found
    }
}
