/// Goes over the entries of tables that follow each other in key order.
struct RunCursor {
    private let tables: [SortedTable]
    private let cache: BlockCache
    /// Whether each table is read at once, for who goes over all of it.
    private let isWhole: Bool
    private var table = 0
    private var block = 0
    private var entries: [KeyEntry] = []
    private var position = 0
    private var wholeBytes: [UInt8] = []

    init(_ tables: [SortedTable], _ cache: BlockCache, isWhole: Bool) {
        self.tables = tables
        self.cache = cache
        self.isWhole = isWhole
    }

    var current: KeyEntry? { position < entries.count ? entries[position] : nil }

    /// Goes to the first entry whose key is not before `key`, or to the very first.
    mutating func seek(_ key: [UInt8]?) async throws {
        table = 0
        block = 0
        if let key {
            while table < tables.count, isBefore(tables[table].description.lastKey, key) {
                table += 1
            }
            if table < tables.count { block = tables[table].blockPosition(of: key) }
        }
        try await load()
        if let key { position = lowerBound(entries, key) }
    }

    mutating func advance() async throws {
        position += 1
        if position < entries.count { return }
        block += 1
        if table < tables.count, block >= tables[table].blocks.count {
            table += 1
            block = 0
        }
        try await load()
    }

    private mutating func load() async throws {
        position = 0
        entries = []
        if table >= tables.count { return }
        if isWhole {
            if block == 0 { wholeBytes = try await tables[table].readAll() }
            entries = try tables[table].block(block, in: wholeBytes)
        } else {
            entries = try await tables[table].block(block, cache)
        }
    }
}

/// Goes over the newest entry of each key of several sources, the newest source first.
struct MergeCursor {
    private let memory: [[KeyEntry]]
    private var positions: [Int]
    private var runs: [RunCursor]

    init(memory: [[KeyEntry]], runs: [RunCursor]) {
        self.memory = memory
        positions = [Int](repeating: 0, count: memory.count)
        self.runs = runs
    }

    mutating func seek(_ key: [UInt8]?) async throws {
        for run in runs.indices { try await runs[run].seek(key) }
    }

    /// The next rows before `end`, at most `limit` of them, and no more after those so far have
    /// `byteCount` bytes.
    mutating func rows(
        to end: [UInt8]?, limit: Int, byteCount: Int
    ) async throws -> [(key: [UInt8], value: [UInt8])] {
        var rows: [(key: [UInt8], value: [UInt8])] = []
        var size = 0
        while rows.count < limit, size < byteCount, let entry = try await next() {
            if let end, !isBefore(entry.key, end) { break }
            if let value = entry.value {
                rows.append((entry.key, value))
                size += entry.key.count + value.count
            }
        }
        return rows
    }

    /// The entry with the smallest key, deletions included; nil at the end.
    mutating func next() async throws -> KeyEntry? {
        var smallest: KeyEntry?
        for source in memory.indices where positions[source] < memory[source].count {
            let entry = memory[source][positions[source]]
            if let found = smallest, !isBefore(entry.key, found.key) { continue }
            smallest = entry
        }
        for run in runs {
            guard let entry = run.current else { continue }
            if let found = smallest, !isBefore(entry.key, found.key) { continue }
            smallest = entry
        }
        guard let found = smallest else { return nil }
        for source in memory.indices
        where positions[source] < memory[source].count
            && memory[source][positions[source]].key == found.key
        {
            positions[source] += 1
        }
        for run in runs.indices where runs[run].current?.key == found.key {
            try await runs[run].advance()
        }
        return found
    }
}
