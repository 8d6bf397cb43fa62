import Changelog
public import Columnar
import Iceberg
public import LakeTiering
import Platform

/// The changes of a table between two of its states.
public struct ChangeAnswer: Sendable {
    /// What a row of it has: the columns that were asked for.
    public var schema: Schema
    public var changes: [RowChange]
    /// By bucket: the changes begin at the first offsets and end before the second.
    public var from: LakeOffsets
    public var to: LakeOffsets
}

extension UnionReader {
    /// What became of the rows of a table between two moments, one change for each row; in the
    /// middle a row may have been another.
    ///
    /// Between two snapshots it is what their files show, changes of other programs too; both are
    /// held by leases. Where either moment is not the lake's, it is what the log's part between
    /// comes to, whose old rows are those that it says (`table.changelog.image`). A filter counts a
    /// row in or out before and after: what leaves it is a deletion, what enters it an insertion.
    ///
    /// Throws as `read` does.
    public func changes(
        _ table: TieredTable, from start: ReadMoment, to end: ReadMoment = .head,
        _ request: ReadRequest = ReadRequest()
    ) async throws -> ChangeAnswer {
        let before = try await base(table, start, request)
        let after = try await base(table, end, request)
        let columns = request.columns ?? Array(table.schema.fields.indices)
        var answer = ChangeAnswer(
            schema: table.schema.project(columns), changes: [], from: before.offsets,
            to: after.offsets)
        return try await inUnion(table) {
            if start.isOfLake && end.isOfLake {
                try await whileKept(before) { first in
                    try await whileKept(after) { second in
                        answer.changes = try await differences(
                            before, after, table, columns, request.filter
                        ) {
                            await first?.keep()
                            await second?.keep()
                        }
                    }
                }
                return answer
            }
            let gone = before.buckets.first { !after.buckets.contains($0) }
            if let gone, let partition = gone.partition {
                // What its rows were is not in the log any more.
                throw UnionReadError.invalidRequest(
                    reason: "partition \(partition) of \(table.name) was dropped since: ask "
                        + "for the changes between two snapshots")
            }
            for bucket in before.buckets {
                answer.from[bucket] = try await self.end(of: table, bucket, before, start)
            }
            for bucket in after.buckets {
                answer.to[bucket] = try await self.end(of: table, bucket, after, end)
            }
            try await foldLog(into: &answer, table, columns, request.filter)
            return answer
        }
    }

    private func differences(
        _ before: UnionBase, _ after: UnionBase, _ table: TieredTable, _ columns: [Int],
        _ filter: RowFilter, keeping keep: () async -> Void
    ) async throws -> [RowChange] {
        guard let lake = after.lake ?? before.lake else { return [] }
        // With the places in the log, so that equal rows of a log table are told apart.
        let schema = Schema(
            fields: table.schema.fields + SystemColumns.all, primaryKey: table.schema.primaryKey)
        let found = try await lake.difference(
            from: before.snapshot, to: after.snapshot, as: schema, keeping: keep)
        let passing = LakeDifference(
            removed: try filter.selecting(found.removed, schema),
            added: try filter.selecting(found.added, schema))
        return RowChange.of(passing, schema, columns: columns)
    }

    /// What the log's records between two offsets of each bucket come to.
    private func foldLog(
        into answer: inout ChangeAnswer, _ table: TieredTable, _ columns: [Int],
        _ filter: RowFilter
    ) async throws {
        var removed: [Row] = []
        var added: [Row] = []
        for bucket in answer.to.buckets {
            let range = answer.from[bucket]..<max(answer.from[bucket], answer.to[bucket])
            var fold = ChangeFold(table)
            var reader = LogReader(self, table, bucket, range)
            while let batches = try await reader.next() {
                for batch in batches {
                    try fold.take(batch, in: range, bucket: bucket)
                }
            }
            let (old, new) = fold.outcome
            removed += try filter.selecting(old, table.schema)
            added += try filter.selecting(new, table.schema)
        }
        answer.changes = RowChange.of(
            LakeDifference(removed: removed, added: added), table.schema, columns: columns)
    }
}

extension ReadMoment {
    /// Whether it is a snapshot of the lake, with which the log has nothing to do.
    fileprivate var isOfLake: Bool {
        switch self {
        case .snapshot, .reference, .time: true
        case .head, .offsets: false
        }
    }
}

extension RowFilter {
    fileprivate func selecting(_ rows: [Row], _ schema: Schema) throws -> [Row] {
        if conditions.isEmpty || rows.isEmpty { return rows }
        let batch = try RecordBatch(schema: schema, rows: rows)
        return rows.indices.filter { passes(batch, row: $0) }.map { rows[$0] }
    }
}
