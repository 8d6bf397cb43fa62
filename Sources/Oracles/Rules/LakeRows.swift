import Changelog
import Cluster
import Columnar
import Iceberg
import LakeTiering
import Platform

extension OracleName {
    public static let lakeRows = OracleName("lakeRows")
}

/// Lake rows for offsets [a, b) are the log's rows [a, b), exactly once, and the rows of a lake
/// table at its offsets are those of the table there.
///
/// Where another program changed rows, the lake is no copy of the log any more: then a rewrite
/// leaves all rows as they were, and a commit of ours changes the rows of just those keys that its
/// part of the log changes.
///
/// A commit's rows wait until the log has been seen as far as the commit says that it reaches.
public final class LakeRows: Oracle {
    public static let description = OracleDescription(
        .lakeRows, "lake rows are the rows of the log, exactly once",
        compares: "rows of the lake with their offsets of the log", needs: [.cluster, .lake])

    /// The logs of a commit's buckets, those aside of partitions that are gone by now: what they
    /// had cannot be read any more.
    private struct Logs {
        var byBucket: [LakeBucket: CommittedLog] = [:]
        var gone: Set<Int64> = []
        var table: TableDescription

        /// The partition columns.
        var fields: [Int32] { table.partitionFields }

        /// In the order of their buckets.
        var all: [(bucket: LakeBucket, log: CommittedLog)] {
            byBucket.keys.sorted().map { ($0, byBucket[$0]!) }
        }

        /// The bucket of a row by the partitions that a state has; nil if it is of none of them.
        func bucket(_ row: LakeRow, in state: LakeState) -> LakeBucket? {
            if !table.isPartitioned { return LakeBucket(bucket: row.bucket) }
            return state.partition(row.partition).map {
                LakeBucket(partition: $0, bucket: row.bucket)
            }
        }

        /// Calls `body` with the rows of a state but for those of partitions that are gone by now.
        func forEachRow(
            of state: LakeState, _ schema: Schema, _ body: (LakeRow) -> Void
        ) throws {
            if gone.isEmpty { return try state.forEachRow(of: schema, by: fields, body) }
            let names = Set(
                state.partitions.filter { gone.contains($0.identifier) }.map(\.name))
            try state.forEachRow(of: schema, by: fields) { row in
                if !names.contains(row.partition) { body(row) }
            }
        }

        func rows(of state: LakeState, _ schema: Schema) throws -> [LakeRow] {
            var rows: [LakeRow] = []
            try forEachRow(of: state, schema) { rows.append($0) }
            return rows
        }
    }

    /// One table's commits.
    private final class View {
        var pending: [LakeCommit] = []
        /// The states that later ones may follow.
        var states: [Int64: LakeState] = [:]
    }

    private let evidence: Evidence
    private let tally: Tally
    /// By the tables' UUIDs.
    private var views: [String: View] = [:]

    public init(_ evidence: Evidence, _ tally: Tally) {
        self.evidence = evidence
        self.tally = tally
    }

    public var hasWork: Bool { evidence.hasLake }

    public func learned(_ fact: Fact) {
        guard case .lakeCommitted(let commit) = fact else { return }
        let view = views[commit.identity] ?? View()
        views[commit.identity] = view
        view.pending.append(commit)
    }

    public func conclude() {
        tally.expect(judgeRows(), "the lake reflects offsets that were never committed")
    }

    /// Judges the rows of commits up to which the logs have been seen; false if some still wait.
    @discardableResult
    public func judgeRows() -> Bool {
        var isDone = true
        for identity in views.keys.sorted() {
            let view = views[identity]!
            while let commit = view.pending.first {
                guard let logs = logs(of: commit), let table = commit.schema(of: logs.table) else {
                    if evidence.isDropped(commit.progress.tableIdentifier) {
                        // What its logs had and nobody read in time cannot be read any more.
                        view.pending.removeFirst()
                        continue
                    }
                    isDone = false
                    break
                }
                view.pending.removeFirst()
                do {
                    try judge(commit, view, logs, table)
                } catch {
                    tally.violated("\(commit.place): \(error)")
                }
                view.states[commit.snapshot.identifier] = commit.state
                for old in view.states.keys.sorted() where !commit.kept.contains(old) {
                    view.states[old] = nil
                }
            }
        }
        return isDone
    }

    /// The logs that a commit is judged by; nil as long as they were not seen far enough.
    private func logs(of commit: LakeCommit) -> Logs? {
        let identifier = commit.progress.tableIdentifier
        let known = evidence.logs(of: identifier)
        guard let table = known.last?.table ?? evidence.client?.mirror.tables[identifier] else {
            return nil
        }
        var logs = Logs(table: table)
        for entry in commit.progress.offsets.entries {
            let bucket = BucketIdentifier(table: identifier, entry.bucket)
            if let partition = entry.bucket.partition, evidence.isGone(bucket) {
                logs.gone.insert(partition)
            } else if let log = evidence.logs[bucket], log.endOffset >= entry.offset {
                logs.byBucket[entry.bucket] = log
            } else {
                return nil
            }
        }
        return logs
    }

    /// `table`: the schema that the rows are of.
    private func judge(
        _ commit: LakeCommit, _ view: View, _ logs: Logs, _ table: Schema
    ) throws {
        if commit.progress.foreignSnapshot == nil {
            for misplaced in try commit.state.misplacedDeletes(
                of: table, by: logs.fields, in: commit.added)
            {
                tally.violated("\(commit.table): \(misplaced)")
            }
            for live in commit.state.files
            where live.file.content == .data && commit.added.contains(live.file.path) {
                try judge(live.file, table, commit, logs)
            }
            try judgeAll(commit, logs, table)
            return
        }
        if commit.isForeign && !commit.isRewrite {
            // Whatever it did is its own affair.
            tally.count()
            return
        }
        guard let parent = commit.snapshot.parent, let before = view.states[parent] else { return }
        let kept = Set(commit.state.partitions.map(\.name))
        var expected = try logs.rows(of: before, table).filter {
            kept.contains($0.partition) || before.partition($0.partition) == nil
        }
        if !commit.isRewrite { expected = following(expected, commit, logs, table) }
        judgeChange(try logs.rows(of: commit.state, table), expected, commit)
    }

    /// Every row of a new file is that of the log at its offset.
    private func judge(
        _ file: LakeFile, _ table: Schema, _ commit: LakeCommit, _ logs: Logs
    ) throws {
        judgePartition(of: file, commit, logs)
        let rows = try file.rows(of: table, by: logs.fields)
        tally.expect(
            Int64(rows.count) == file.described.recordCount,
            "\(commit.table): \(file.path) has \(rows.count) rows, and its manifest says "
                + "\(file.described.recordCount)")
        for row in rows {
            guard let bucket = logs.bucket(row, in: commit.state),
                commit.progress.offsets.names(bucket)
            else {
                tally.violated(
                    "\(commit.table): \(file.path) has a row of bucket \(row.bucket) "
                        + row.partition)
                continue
            }
            guard let log = logs.byBucket[bucket] else { continue }
            // Rewriting files moves rows of any commit.
            let from = commit.isRewrite ? 0 : commit.from[bucket]
            let range = from..<max(from, commit.progress.offsets[bucket])
            let isInRange = range.contains(row.offset)
            tally.expect(
                isInRange && log.hash(at: row.offset, under: table) == row.hash,
                "\(commit.table): the row of \(bucket) offset \(row.offset) in "
                    + file.path
                    + (isInRange ? " is not the log's" : " is outside the commit's \(range)"))
        }
    }

    /// What a manifest says of a file's partition is what all of its rows have: who plans a read
    /// goes by it, and opens no other file.
    private func judgePartition(of file: LakeFile, _ commit: LakeCommit, _ logs: Logs) {
        if logs.fields.isEmpty { return }
        let said = LakeRow.name(logs.fields.map { file.values[$0] ?? .null })
        let rows = (try? file.rows(of: logs.table.schema, by: logs.fields)) ?? []
        let other = rows.first { $0.partition != said }
        tally.expect(
            other == nil,
            "\(commit.table): \(file.path) is of the partition '\(said)', as its manifest says, "
                + "and has a row of '\(other?.partition ?? "")'")
    }

    /// The rows are just those that the log leaves at the commit's offsets; once the table was
    /// altered, those of earlier files too read as its schema has them.
    private func judgeAll(_ commit: LakeCommit, _ logs: Logs, _ table: Schema) throws {
        var expected = ExpectedRows(of: commit, logs.all)
        let expectedCount = expected.count
        var count = 0
        try logs.forEachRow(of: commit.state, table) { row in
            count += 1
            let bucket = logs.bucket(row, in: commit.state)
            tally.expect(
                bucket.map { expected.remove($0, row.offset) } ?? false,
                "\(commit.place) shows the row of "
                    + (bucket?.description ?? "partition \(row.partition), which it has not,")
                    + " offset \(row.offset), which is replaced, deleted, or there twice")
            guard commit.progress.schema != nil, let bucket, let log = logs.byBucket[bucket],
                row.offset < commit.progress.offsets[bucket]
            else { return }
            tally.expect(
                log.hash(at: row.offset, under: table) == row.hash,
                "\(commit.place) shows, under schema \(table.identifier), another row of "
                    + "\(bucket) offset \(row.offset) than the log has")
        }
        tally.expect(
            count == expectedCount,
            "\(commit.place) has \(count) rows where the log leaves \(expectedCount)")
        tally.expect(
            expected.count == 0, "\(commit.place) lacks \(expected.count) rows that the log leaves")
    }

    /// The rows that a commit has to show and has not shown yet.
    private struct ExpectedRows {
        private(set) var count = 0
        /// By bucket and offset.
        private var marks: [[Bool]] = []
        private var positions: [LakeBucket: Int] = [:]

        init(of commit: LakeCommit, _ logs: [(bucket: LakeBucket, log: CommittedLog)]) {
            for (bucket, log) in logs {
                let end = commit.progress.offsets[bucket]
                var marked = [Bool](repeating: false, count: Int(end))
                let isFolded = log.table.isPrimaryKeyTable
                let offsets =
                    isFolded
                    ? log.rowOffsets(at: end).filter { $0 >= 0 }
                    : (0..<end).filter { log.changes[Int($0)].hash != 0 }
                for offset in offsets { marked[Int(offset)] = true }
                count += offsets.count
                positions[bucket] = marks.count
                marks.append(marked)
            }
        }

        /// Takes a row out; false if it is none of these.
        mutating func remove(_ bucket: LakeBucket, _ offset: Int64) -> Bool {
            guard let position = positions[bucket],
                marks[position].indices.contains(Int(offset)), marks[position][Int(offset)]
            else { return false }
            marks[position][Int(offset)] = false
            count -= 1
            return true
        }
    }

    // MARK: Tables that others change too

    /// What rows become by the part of the log that a commit took.
    private func following(
        _ rows: [LakeRow], _ commit: LakeCommit, _ logs: Logs, _ table: Schema
    ) -> [LakeRow] {
        var touched: [[UInt8]: LakeRow?] = [:]
        var appended: [LakeRow] = []
        for (bucket, log) in logs.all {
            let name = commit.state.partitions.first { $0.identifier == bucket.partition }?.name
            for offset in commit.from[bucket]..<commit.progress.offsets[bucket] {
                let change = log.changes[Int(offset)]
                if change.hash == 0 || change.type == .updateBefore { continue }
                var row = LakeRow(
                    partition: name ?? "", bucket: bucket.bucket, offset: offset,
                    hash: log.hash(at: offset, under: table), key: [])
                guard change.key >= 0 else {
                    appended.append(row)
                    continue
                }
                row.key = log.keys[Int(change.key)]
                touched.updateValue(change.type == .delete ? nil : row, forKey: row.key)
            }
        }
        var result = rows.filter { touched[$0.key] == nil || $0.key.isEmpty } + appended
        for key in touched.keys.sorted(by: { $0.lexicographicallyPrecedes($1) }) {
            if let row = touched[key]! { result.append(row) }
        }
        return result
    }

    private func judgeChange(_ rows: [LakeRow], _ expected: [LakeRow], _ commit: LakeCommit) {
        var counts: [LakeRow: Int] = [:]
        for row in expected { counts[row, default: 0] += 1 }
        for row in rows {
            let count = counts[row] ?? 0
            tally.expect(
                count > 0,
                "\(commit.place) shows a row of bucket \(row.bucket) offset \(row.offset) that "
                    + "neither the state before has nor the log since")
            counts[row] = count - 1
        }
        let missing = counts.values.reduce(0) { $0 + max(0, $1) }
        tally.expect(
            missing == 0,
            "\(commit.place) lacks \(missing) rows that the state before has or the log since")
    }
}
