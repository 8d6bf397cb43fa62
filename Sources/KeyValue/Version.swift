/// The tables of a store at one moment; kept alive by whoever reads them.
final class Version {
    /// Level 0 newest first; the others in key order.
    let levels: [[SortedTable]]
    private var pinCount = 1

    /// A version that its store pins.
    init(levels: [[SortedTable]]) {
        precondition(levels.count == Manifest.levelCount, "a level too few or many")
        self.levels = levels
        for table in levels.joined() { table.versionCount += 1 }
    }

    func pin() {
        precondition(pinCount > 0, "a version came back")
        pinCount += 1
    }

    /// The tables that nothing needs any more.
    func unpin() -> [SortedTable] {
        precondition(pinCount > 0, "unpinned more often than pinned")
        pinCount -= 1
        if pinCount > 0 { return [] }
        var unused: [SortedTable] = []
        for table in levels.joined() {
            table.versionCount -= 1
            if table.versionCount == 0 { unused.append(table) }
        }
        return unused
    }

    /// The only table of a deeper level that may have a key.
    func table(in level: Int, of key: [UInt8]) -> SortedTable? {
        let tables = levels[level]
        var low = 0
        var high = tables.count
        while low < high {
            let middle = (low + high) / 2
            if isBefore(tables[middle].description.lastKey, key) {
                low = middle + 1
            } else {
                high = middle
            }
        }
        return low < tables.count && tables[low].covers(key) ? tables[low] : nil
    }

    /// The newest entry of a key in the tables.
    func entry(_ key: [UInt8], _ cache: BlockCache) async throws -> KeyEntry? {
        let hash = BloomFilter.hash(key)
        for table in levels[0] where table.covers(key) {
            if let entry = try await table.entry(key, hash: hash, cache) { return entry }
        }
        for level in levels.indices.dropFirst() {
            if let table = table(in: level, of: key),
                let entry = try await table.entry(key, hash: hash, cache)
            {
                return entry
            }
        }
        return nil
    }

    /// Cursors over all tables, the newest first.
    func runs(_ cache: BlockCache, isWhole: Bool) -> [RunCursor] {
        levels[0].map { RunCursor([$0], cache, isWhole: isWhole) }
            + levels.dropFirst().filter { !$0.isEmpty }.map {
                RunCursor($0, cache, isWhole: isWhole)
            }
    }
}

extension SortedTable {
    func covers(_ key: [UInt8]) -> Bool {
        !isBefore(key, description.firstKey) && !isBefore(description.lastKey, key)
    }

    func overlaps(_ first: [UInt8], _ last: [UInt8]) -> Bool {
        !isBefore(last, description.firstKey) && !isBefore(description.lastKey, first)
    }
}
