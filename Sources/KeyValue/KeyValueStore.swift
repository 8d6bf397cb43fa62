import Columnar
import Platform

/// How a store lays itself out.
public struct KeyValueConfiguration: Hashable, Sendable {
    /// `needsFlush` once the changes in memory take this much, in bytes.
    public var memoryByteCount = 4 * 1024 * 1024
    /// Compaction cuts its tables at this size, in bytes.
    public var tableByteCount = 2 * 1024 * 1024
    /// Flushed tables are compacted once there are so many.
    public var flushedTableCount = 4
    /// What level 1 may hold, in bytes; each deeper level may hold ten times more.
    public var levelByteCount: Int64 = 16 * 1024 * 1024
    /// Blocks kept in memory, in bytes.
    public var cacheByteCount = 4 * 1024 * 1024

    public init() {}
}

/// The rows of one bucket of a primary-key table: a log-structured merge tree whose write-ahead log
/// is the changelog.
///
/// `apply` changes memory only; `flush` puts what was applied into a table file and moves
/// `durableOffset`, from which the changelog has to be replayed after a crash. `compact` does one
/// bounded step; the owner says when. The folder holds `manifest` and the table files that it
/// names. All calls come from tasks of one machine.
public final class KeyValueStore {
    /// The folder, relative to the machine's disk.
    public let directory: String
    public let configuration: KeyValueConfiguration
    let machine: Machine
    let cache: BlockCache
    /// At most one task changes files.
    let gate: Gate
    var memory = MemoryTable() { didSet { account() } }
    /// What is being written to a table file, and what it brings the store to.
    var flushing: (table: MemoryTable, appliedOffset: Int64, rowCount: Int64)? {
        didSet { account() }
    }
    private let held: MemoryUse
    var version: Version
    var manifest: Manifest
    /// Tables that no version has any more, to be removed.
    var garbage: [SortedTable] = []
    /// Where in each level the next compaction goes on.
    var compactionKeys = [[UInt8]](repeating: [], count: Manifest.levelCount)
    var failure: KeyValueError?
    /// All changes of the changelog below this offset are in the store, in memory at least.
    public private(set) var appliedOffset: Int64
    /// The rows as of `appliedOffset`.
    public private(set) var rowCount: Int64

    init(
        machine: Machine, directory: String, configuration: KeyValueConfiguration,
        manifest: Manifest, version: Version
    ) {
        self.machine = machine
        self.directory = directory
        self.configuration = configuration
        self.manifest = manifest
        self.version = version
        cache = BlockCache(byteLimit: configuration.cacheByteCount, memory: machine.memory)
        held = MemoryUse(of: machine.memory)
        gate = Gate(machine)
        appliedOffset = manifest.appliedOffset
        rowCount = manifest.rowCount
    }

    /// All changes below survive a crash.
    public var durableOffset: Int64 { manifest.appliedOffset }

    /// How many table files there are, of all levels.
    public var tableCount: Int { manifest.tables.count }

    /// The number that the next table file gets.
    public var nextTableNumber: Int64 { manifest.nextNumber }

    /// Whether enough has gathered in memory to be worth a file; less is while memory is short.
    public var needsFlush: Bool {
        let share = machine.memory.isShort() ? 16 : 1
        return memory.byteCount >= configuration.memoryByteCount / share
    }

    private func account() {
        held.byteCount = memory.byteCount + (flushing?.table.byteCount ?? 0)
    }

    /// A key that was set or, without a value, deleted.
    public struct Change: Hashable, Sendable {
        public var key: [UInt8]
        public var value: [UInt8]?

        public init(key: [UInt8], value: [UInt8]?) {
            self.key = key
            self.value = value
        }
    }

    /// Takes in the changes of the changelog from `appliedOffset` up to `offset`.
    ///
    /// Precondition: `offset` does not go back, nor `rowCount` below zero.
    public func apply(_ changes: [Change], upTo offset: Int64, rowCountChange: Int64) {
        precondition(offset >= appliedOffset, "changes up to \(offset) after \(appliedOffset)")
        precondition(rowCount + rowCountChange >= 0, "fewer than no rows")
        for change in changes { memory.set(change.key, change.value) }
        appliedOffset = offset
        rowCount += rowCountChange
    }

    // MARK: Reading

    /// The value of a key as applied, nil if it has none.
    public func get(_ key: [UInt8]) async throws -> [UInt8]? { try await get([key])[0] }

    /// The values of some keys, all as of `appliedOffset` when this was called.
    public func get(_ keys: [[UInt8]]) async throws -> [[UInt8]?] {
        try checkUsable()
        // Memory goes on changing while files are read, so all of it is looked at before that.
        let newest = keys.map { memory.entry($0) ?? flushing?.table.entry($0) }
        let pinned = version
        pinned.pin()
        defer { unpin(pinned) }
        var values: [[UInt8]?] = []
        for (key, entry) in zip(keys, newest) {
            if let entry {
                values.append(entry.value)
            } else {
                values.append(try await pinned.entry(key, cache)?.value)
            }
        }
        return values
    }

    /// Keys from `start` on and before `end`, in order, at most `limit` of them, and no more after
    /// those so far have `byteCount` bytes.
    ///
    /// All are as of one moment. To go on, scan from the last key with a zero byte appended.
    public func scan(
        from start: [UInt8]? = nil, to end: [UInt8]? = nil, limit: Int, byteCount: Int = .max
    ) async throws -> StoredRows {
        try checkUsable()
        precondition(limit >= 0 && byteCount > 0, "no room for a row")
        var sources = [memory.entries(from: start, to: end, limit: limit)]
        if flushing != nil {
            // Each deletion that came after it may take one of its rows away.
            let deleted = sources[0].count { $0.value == nil }
            sources.append(flushing!.table.entries(from: start, to: end, limit: limit + deleted))
        }
        let pinned = version
        pinned.pin()
        defer { unpin(pinned) }
        var cursor = MergeCursor(memory: sources, runs: pinned.runs(cache, isWhole: false))
        try await cursor.seek(start)
        return try await cursor.rows(to: end, limit: limit, byteCount: byteCount)
    }

    /// The store as it is now, for a scan of many pages; end it with `close(_:)`.
    public func view() throws -> KeyValueView {
        try checkUsable()
        version.pin()
        return KeyValueView(
            memory: memory, flushing: flushing?.table, version: version, cache: cache,
            directory: directory, appliedOffset: appliedOffset)
    }

    /// Ends a view: files that it alone kept can go.
    public func close(_ view: KeyValueView) {
        guard let pinned = view.end() else { return }
        unpin(pinned)
    }

    /// Keys that begin with `prefix`, as `scan(from:to:limit:)`.
    public func scan(
        prefix: [UInt8], after last: [UInt8]? = nil, limit: Int, byteCount: Int = .max
    ) async throws -> StoredRows {
        try await scan(
            from: last.map { $0 + [0] } ?? prefix, to: KeyCodec.end(ofPrefix: prefix), limit: limit,
            byteCount: byteCount)
    }

    /// Reads all tables and throws `.damaged` at the first bad byte.
    public func verify() async throws {
        try checkUsable()
        let pinned = version
        pinned.pin()
        defer { unpin(pinned) }
        for table in pinned.levels.joined() {
            let bytes = try await table.readAll()
            for position in table.blocks.indices { try table.verify(position, in: bytes) }
        }
    }

    func checkUsable() throws(KeyValueError) {
        if let failure { throw failure }
    }

    func unpin(_ version: Version) { garbage += version.unpin() }

    // MARK: Restarting

    /// Forgets what is only in memory, as a crash would; the changelog has to be replayed again.
    public func forgetUnflushed() {
        precondition(flushing == nil, "a flush is under way")
        memory = MemoryTable()
        appliedOffset = manifest.appliedOffset
        rowCount = manifest.rowCount
    }
}
