public import Columnar

/// What lies between the rows of two snapshots.
public struct LakeDifference: Sendable {
    /// Rows that only the earlier one has, and rows that only the later one has.
    public var removed: [Row] = []
    public var added: [Row] = []
    /// Rows that were others before, where they have keys to tell them by.
    public var updated: [(before: Row, after: Row)] = []

    public init(removed: [Row] = [], added: [Row] = []) {
        self.removed = removed
        self.added = added
    }

    /// The same with a row that is gone and one that is new taken together if they have one key,
    /// whose columns are named by their positions. Several of a key pair off in their order.
    public func pairing(by key: [Int]) -> LakeDifference {
        if key.isEmpty { return self }
        func name(_ row: Row) -> Row { key.map { row[$0] } }
        var news: [Row: [Row]] = [:]
        for row in added { news[name(row), default: []].append(row) }
        var used: [Row: Int] = [:]
        var result = LakeDifference()
        result.updated = updated
        for row in removed {
            let number = used[name(row)] ?? 0
            guard let rows = news[name(row)], number < rows.count else {
                result.removed.append(row)
                continue
            }
            used[name(row)] = number + 1
            result.updated.append((row, rows[number]))
        }
        for row in added {
            if let count = used[name(row)], count > 0 {
                used[name(row)] = count - 1
            } else {
                result.added.append(row)
            }
        }
        return result
    }
}

extension LakeTable {
    /// Rows that one snapshot has and another has not; nil is the table before its first.
    ///
    /// Only files are read of which the snapshots show different rows. A row that was moved from
    /// file to file is in neither list; one that is there twice counts twice. The snapshots need
    /// not be of one line. Held in memory are the rows of the files that are read. `keep` is called
    /// before each of them, so that whoever has a lease can write it anew.
    public func difference(
        from before: Snapshot?, to after: Snapshot?, as schema: Schema,
        keeping keep: () async throws -> Void = {}
    ) async throws -> LakeDifference {
        // A scan forgets the partitions of the one before, so each is read whole before the next.
        let earlier = try await shownFiles(before)
        let later = try await shownFiles(after)
        var counts: [Row: Int] = [:]
        var order: [Row] = []
        try await eachRow(before, earlier, besides: later, schema, keep) { row in
            if counts.updateValue((counts[row] ?? 0) - 1, forKey: row) == nil { order.append(row) }
        }
        try await eachRow(after, later, besides: earlier, schema, keep) { row in
            if counts.updateValue((counts[row] ?? 0) + 1, forKey: row) == nil { order.append(row) }
        }
        var difference = LakeDifference()
        for row in order {
            let count = counts[row] ?? 0
            if count < 0 {
                difference.removed += Array(repeating: row, count: -count)
            } else {
                difference.added += Array(repeating: row, count: count)
            }
        }
        return difference
    }

    /// Which rows a snapshot shows of a file.
    private struct Shown: Hashable {
        var file: DataFile
        var deleted: Set<Int64>
        var equalities: [EqualityDeletes]
    }

    private func shownFiles(_ snapshot: Snapshot?) async throws -> [String: Shown] {
        guard let snapshot else { return [:] }
        let scan = try await scan(snapshot)
        let deletions = try await deletions(of: scan)
        var shown: [String: Shown] = [:]
        for live in scan.dataFiles {
            let path = live.file.path
            shown[path] = Shown(
                file: live.file, deleted: deletions.positions[path] ?? [],
                equalities: deletions.equalities.filter { concerns($0, path, deletions) })
        }
        return shown
    }

    private func eachRow(
        _ snapshot: Snapshot?, _ files: [String: Shown], besides others: [String: Shown],
        _ schema: Schema, _ keep: () async throws -> Void, _ take: (Row) -> Void
    ) async throws {
        let changed = files.keys.filter { files[$0] != others[$0] }.sorted()
        guard let snapshot, !changed.isEmpty else { return }
        let scan = try await scan(snapshot)
        let deletions = try await deletions(of: scan)
        for path in changed {
            try await keep()
            for rows in try await rows(of: files[path]!.file, without: deletions, as: schema) {
                for row in 0..<rows.batch.rowCount { take(rows.batch.row(at: row)) }
            }
        }
    }
}
