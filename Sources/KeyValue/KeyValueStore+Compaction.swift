import Platform

extension KeyValueStore {
    /// Whether `compact` would find work.
    public var needsCompaction: Bool { compactionLevel != nil }

    /// Merges some tables into the next level: one bounded step; false if there was nothing to do.
    @discardableResult
    public func compact() async throws -> Bool {
        try await gate.run {
            try checkUsable()
            try await removeGarbage()
            guard let level = compactionLevel else { return false }
            try await compact(level)
            try await removeGarbage()
            return true
        }
    }

    /// The level that is most over its limit.
    private var compactionLevel: Int? {
        var worst: (level: Int, score: Double)?
        var limit = Double(configuration.levelByteCount)
        for level in 0..<(Manifest.levelCount - 1) {
            let tables = manifest.levels[level]
            let score: Double
            if level == 0 {
                score = Double(tables.count) / Double(max(1, configuration.flushedTableCount))
            } else {
                score = Double(tables.reduce(0) { $0 + $1.byteCount }) / limit
                limit *= 10
            }
            if score >= 1 && score > worst?.score ?? 0 { worst = (level, score) }
        }
        return worst?.level
    }

    private func compact(_ level: Int) async throws {
        let before = version.levels
        let upper = upperTables(level)
        guard let (first, last) = keyRange(upper) else { return }
        let lower = before[level + 1].filter { $0.overlaps(first, last) }
        var next = manifest
        var outputs: [SortedTable] = []
        if lower.isEmpty && level > 0 {
            outputs = upper
        } else {
            outputs = try await merge(upper, lower, into: level + 1, &next)
        }
        precondition(
            version.levels.elementsEqual(before, by: sameTables), "tables changed meanwhile")
        var levels = before
        levels[level].removeAll { table in upper.contains { $0 === table } }
        levels[level + 1].removeAll { table in lower.contains { $0 === table } }
        let place =
            levels[level + 1].firstIndex { isBefore(last, $0.description.firstKey) }
            ?? levels[level + 1].count
        levels[level + 1].insert(contentsOf: outputs, at: place)
        compactionKeys[level] = last
        next.appliedOffset = manifest.appliedOffset
        next.rowCount = manifest.rowCount
        try await install(next, levels)
    }

    private func sameTables(_ left: [SortedTable], _ right: [SortedTable]) -> Bool {
        left.elementsEqual(right) { $0 === $1 }
    }

    /// All flushed tables, whose keys overlap; of a deeper level the next in turn.
    private func upperTables(_ level: Int) -> [SortedTable] {
        let tables = version.levels[level]
        if level == 0 { return tables }
        let next = tables.first { isBefore(compactionKeys[level], $0.description.firstKey) }
        return (next ?? tables.first).map { [$0] } ?? []
    }

    private func keyRange(_ tables: [SortedTable]) -> ([UInt8], [UInt8])? {
        guard var first = tables.first?.description.firstKey,
            var last = tables.first?.description.lastKey
        else { return nil }
        for table in tables {
            if isBefore(table.description.firstKey, first) { first = table.description.firstKey }
            if isBefore(last, table.description.lastKey) { last = table.description.lastKey }
        }
        return (first, last)
    }

    private func merge(
        _ upper: [SortedTable], _ lower: [SortedTable], into level: Int, _ next: inout Manifest
    ) async throws -> [SortedTable] {
        // A deletion has done its work where nothing older can be below it.
        let deeper = version.levels[(level + 1)...].joined()
        let dropsDeletions = deeper.isEmpty
        var cursor = MergeCursor(
            memory: [],
            runs: upper.map { RunCursor([$0], cache, isWhole: true) }
                + [RunCursor(lower, cache, isWhole: true)])
        try await cursor.seek(nil)
        var outputs: [SortedTable] = []
        var writer = SortedTableWriter()
        do {
            while try await cursor.advance() {
                let value = cursor.value
                if value == nil && dropsDeletions { continue }
                writer.append(cursor.key, value)
                if writer.byteCount >= configuration.tableByteCount {
                    outputs.append(try await write(&writer, &next))
                    writer = SortedTableWriter()
                }
            }
            if writer.entryCount > 0 { outputs.append(try await write(&writer, &next)) }
        } catch {
            // Terminated or not, nothing here waits: what was written is removed later or by
            // opening.
            garbage += outputs
            throw error
        }
        return outputs
    }
}
