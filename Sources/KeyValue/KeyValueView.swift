import Columnar

/// A store as it was at one moment, for scans of many pages.
///
/// It keeps the files of that moment, and what was in memory then, until `KeyValueStore.close`.
public final class KeyValueView {
    private var memory: MemoryTable
    private var flushing: MemoryTable?
    /// Nil once the view was closed.
    private var version: Version?
    private let cache: BlockCache
    private let directory: String
    /// All changes of the changelog below this offset are in the view, none from there on.
    public let appliedOffset: Int64

    /// `version` is pinned for this view.
    init(
        memory: MemoryTable, flushing: MemoryTable?, version: Version, cache: BlockCache,
        directory: String, appliedOffset: Int64
    ) {
        self.memory = memory
        self.flushing = flushing
        self.version = version
        self.cache = cache
        self.directory = directory
        self.appliedOffset = appliedOffset
    }

    /// The version that the view has pinned, once.
    func end() -> Version? {
        defer {
            version = nil
            memory = MemoryTable()
            flushing = nil
        }
        return version
    }

    /// Rows whose keys begin with `prefix` and come after `last`, in key order, as
    /// `KeyValueStore.scan`; `KeyValueError.closed` once the view was closed.
    public func scan(
        prefix: [UInt8], after last: [UInt8]?, limit: Int, byteCount: Int
    ) async throws -> StoredRows {
        precondition(limit >= 0 && byteCount > 0, "no room for a row")
        guard let version else { throw KeyValueError.closed(path: directory) }
        let start = last.map { $0 + [0] } ?? prefix
        let end = KeyCodec.end(ofPrefix: prefix)
        var sources = [memory.entries(from: start, to: end, limit: limit)]
        if flushing != nil {
            // Each deletion that came after it may take one of its rows away.
            let deleted = sources[0].count { $0.value == nil }
            sources.append(flushing!.entries(from: start, to: end, limit: limit + deleted))
        }
        var cursor = MergeCursor(memory: sources, runs: version.runs(cache, isWhole: false))
        try await cursor.seek(start)
        return try await cursor.rows(to: end, limit: limit, byteCount: byteCount)
    }
}
