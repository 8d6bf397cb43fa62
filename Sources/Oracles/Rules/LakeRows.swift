import Cluster
import Columnar
import Iceberg
import LakeTiering
import Parquet
import Platform

extension OracleName {
    public static let lakeRows = OracleName("lakeRows")
}

/// Lake rows for offsets [a, b) are the log's rows [a, b), exactly once, and the rows of a lake
/// table at its offsets are those of the table there.
///
/// A commit's rows wait until the log has been seen as far as the commit says that it reaches.
public final class LakeRows: Oracle {
    public static let description = OracleDescription(
        .lakeRows, "lake rows are the rows of the log, exactly once",
        compares: "rows of the lake with their offsets of the log", needs: [.cluster, .store])

    private struct Place: Hashable {
        var bucket: Int32
        var offset: Int64
    }

    /// One table's rows, as the commits judged so far leave them.
    private final class View {
        var pending: [LakeCommit] = []
        /// Where the row at each position of a file stands in the log; nil once it is deleted.
        var files: [String: [Place?]] = [:]
        var liveCount = 0
    }

    private let evidence: Evidence
    private let tally: Tally
    private var views: [LakeTableName: View] = [:]

    public init(_ evidence: Evidence, _ tally: Tally) {
        self.evidence = evidence
        self.tally = tally
    }

    public var hasWork: Bool { evidence.hasLake }

    public func learned(_ fact: Fact) {
        guard case .lakeCommitted(let commit) = fact else { return }
        let view = views[commit.table] ?? View()
        views[commit.table] = view
        view.pending.append(commit)
    }

    public func conclude() {
        tally.expect(judgeRows(), "the lake reflects offsets that were never committed")
    }

    /// Judges the rows of commits up to which the logs have been seen; false if some still wait.
    @discardableResult
    public func judgeRows() -> Bool {
        var isDone = true
        for name in views.keys.sorted() {
            let view = views[name]!
            while let commit = view.pending.first {
                let logs = evidence.logs(of: commit.progress.tableIdentifier)
                let isSeen = zip(logs, commit.progress.offsets).allSatisfy { $0.endOffset >= $1 }
                if logs.count != commit.progress.offsets.count || !isSeen {
                    isDone = false
                    break
                }
                view.pending.removeFirst()
                do {
                    try judge(commit, view, logs)
                } catch {
                    tally.violated("\(commit.place): \(error)")
                }
            }
        }
        return isDone
    }

    private func judge(_ commit: LakeCommit, _ view: View, _ logs: [CommittedLog]) throws {
        let schema = IcebergSchema(tiering: logs[0].table.schema)
        if commit.isRewrite {
            for path in view.files.keys.sorted() where !commit.live.contains(path) {
                view.liveCount -= view.files.removeValue(forKey: path)!.count { $0 != nil }
                evidence.lake.forget(path, of: commit.table)
            }
        }
        for path in commit.dataFiles { try judge(path, schema, commit, view, logs) }
        for path in commit.deleteFiles {
            for delete in try positionDeletes(in: commit.contents[path] ?? [], path) {
                let (file, position) = (delete.path, delete.position)
                let isLive = view.files[file].map { Int(position) < $0.count } ?? false
                tally.expect(
                    isLive,
                    "\(commit.table): \(path) deletes position \(position) of \(file), "
                        + "where no row is")
                guard isLive, view.files[file]![Int(position)] != nil else { continue }
                view.files[file]![Int(position)] = nil
                view.liveCount -= 1
            }
        }
        judgeView(commit, view, logs)
    }

    /// Every row of a new file is that of the log at its offset.
    private func judge(
        _ path: String, _ schema: IcebergSchema, _ commit: LakeCommit, _ view: View,
        _ logs: [CommittedLog]
    ) throws {
        let reader = try ParquetReader.open(
            commit.contents[path] ?? [], expected: ParquetSchema(schema.columns))
        let width = logs[0].table.schema.fields.count
        var places: [Place?] = []
        for group in reader.contents.rowGroups {
            let batch = try reader.read(rowGroup: group.index, as: schema.columns)
            for position in 0..<batch.rowCount {
                let row = batch.row(at: position)
                guard case .int(let bucket) = row[width],
                    case .bigint(let offset) = row[width + 1],
                    logs.indices.contains(Int(bucket))
                else {
                    throw ColumnarError.corrupt(reason: "no place in the log", position: position)
                }
                let log = logs[Int(bucket)]
                // Rewriting files moves rows of any commit.
                let from = commit.isRewrite ? 0 : commit.from[Int(bucket)]
                let range = from..<commit.progress.offsets[Int(bucket)]
                let isInRange = range.contains(offset)
                tally.expect(
                    isInRange
                        && log.changes[Int(offset)].hash == CommittedLog.hash(Array(row[..<width])),
                    "\(commit.table): the row of bucket \(bucket) offset \(offset) in \(path) "
                        + (isInRange ? "is not the log's" : "is outside the commit's \(range)"))
                places.append(Place(bucket: bucket, offset: offset))
            }
        }
        view.files[path] = places
        view.liveCount += places.count
    }

    /// The rows that are left are just those that the log leaves at the commit's offsets.
    private func judgeView(_ commit: LakeCommit, _ view: View, _ logs: [CommittedLog]) {
        var expected: Set<Place> = []
        for (bucket, log) in logs.enumerated() {
            let end = commit.progress.offsets[bucket]
            if log.table.isPrimaryKeyTable {
                for offset in log.rowOffsets(at: end) where offset >= 0 {
                    expected.insert(Place(bucket: Int32(bucket), offset: offset))
                }
            } else {
                for offset in 0..<end where log.changes[Int(offset)].hash != 0 {
                    expected.insert(Place(bucket: Int32(bucket), offset: offset))
                }
            }
        }
        tally.expect(
            view.liveCount == expected.count,
            "\(commit.place) has \(view.liveCount) rows where the log leaves \(expected.count)")
        for path in view.files.keys.sorted() {
            for case let row? in view.files[path]! {
                tally.expect(
                    expected.remove(row) != nil,
                    "\(commit.place) shows the row of bucket \(row.bucket) offset \(row.offset), "
                        + "which is replaced, deleted, or there twice")
            }
        }
        tally.expect(
            expected.isEmpty, "\(commit.place) lacks \(expected.count) rows that the log leaves")
    }
}
