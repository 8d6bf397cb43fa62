/// Goes over the newest entry of each key of several sources, the newest source first.
struct MergeCursor {
    private let memory: [[KeyEntry]]
    private var positions: [Int]
    private var runs: [RunCursor]
    /// The source whose entry is the one that the cursor is at, those in memory counted first; nil
    /// before the first and after the last.
    private var current: Int?
    /// The source with the next key among the others; nil if they are at their ends.
    private var runnerUp: Int?
    /// Whether no other source has the current one's key. Of keys that grow, where the first of the
    /// others has another one, all have.
    private var isAlone = true

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
        return key(of: current)
    }

    private func key(of source: Int) -> [UInt8] {
        source < memory.count
            ? memory[source][positions[source]].key : runs[source - memory.count].key
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
        if try !pass() { try await load() }
        return current != nil
    }

    /// The next rows before `end`, at most `limit` of them, and no more after those so far have
    /// `byteCount` bytes.
    mutating func rows(
        to end: [UInt8]?, limit: Int, byteCount: Int
    ) async throws -> StoredRows {
        var rows = StoredRows()
        while rows.count < limit, rows.byteCount < byteCount {
            // Most entries are in memory: to wait for each would cost as much as to read it.
            if try !pass() { try await load() }
            guard current != nil else { break }
            let key = key
            if let end, !isBefore(key, end) { break }
            if let value { rows.append(key, value) }
        }
        return rows
    }

    /// Goes to the entry with the next key, as far as what is in memory says which it is; false if
    /// `load` has to do it.
    private mutating func pass() throws(KeyValueError) -> Bool {
        if let current {
            if try !(isAlone ? step(current) : leave(current)) { return false }
            if isAlone, !isAtEnd(current) {
                guard let runnerUp else { return true }
                if isBefore(key(of: current), key(of: runnerUp)) { return true }
            }
        }
        rank()
        return true
    }

    /// Loads the next blocks of the runs that `pass` left without one, and goes to the next key.
    private mutating func load() async throws {
        for run in runs.indices where runs[run].isBlockOver { try await runs[run].loadNext() }
        rank()
    }

    private func isAtEnd(_ source: Int) -> Bool {
        source < memory.count
            ? positions[source] == memory[source].count : runs[source - memory.count].isAtEnd
    }

    /// Passes the entry of a source; false if a run has to load its next block.
    private mutating func step(_ source: Int) throws(KeyValueError) -> Bool {
        if source >= memory.count { return try runs[source - memory.count].advance() }
        positions[source] += 1
        return true
    }

    /// Passes the key of a source in all of them; false if a run has to load its next block.
    private mutating func leave(_ source: Int) throws(KeyValueError) -> Bool {
        var isLoaded = true
        for other in 0..<memory.count + runs.count
        where other != source && !isAtEnd(other) && key(of: other) == key(of: source) {
            if try !step(other) { isLoaded = false }
        }
        // The source itself comes last: until then its key is the one to compare with.
        if try !step(source) { isLoaded = false }
        return isLoaded
    }

    /// Finds the source with the smallest key, of equal ones the newest, and the one after it.
    private mutating func rank() {
        current = nil
        runnerUp = nil
        for source in 0..<memory.count + runs.count where !isAtEnd(source) {
            if let first = current, !isBefore(key(of: source), key(of: first)) {
                if let second = runnerUp, !isBefore(key(of: source), key(of: second)) { continue }
                runnerUp = source
            } else {
                runnerUp = current
                current = source
            }
        }
        guard let current, let runnerUp else { return isAlone = true }
        isAlone = isBefore(key(of: current), key(of: runnerUp))
    }
}
