import Changelog
import Cluster
import Columnar
import Iceberg
import Server

extension OracleName {
    public static let summaries = OracleName("summaries")
}

/// What is said of rows and files beside them is so: the statistics of batches, the counts of a
/// leader's rows, the indexes of sealed segments, the counts and sizes in manifests and in the
/// summaries of lake snapshots.
///
/// Nobody who reads rows alone would miss them; planners and other programs go by them.
final class Summaries: Oracle {
    static let description = OracleDescription(
        .summaries, "counts, bounds and sizes are those of what they describe",
        compares: "statistics of batches, counts of rows, and indexes, manifests and their files",
        needs: [.cluster, .store])

    /// All of the first batches, and after them one in as many.
    private static let allBatches = 400
    private static let batchInterval = 8
    /// The newest sealed segments of a copy whose indexes are read.
    private static let segmentLimit = 8

    private let evidence: Evidence
    private let tally: Tally
    private var batchCount = 0
    /// Row ids below are given out, by the UUID of a lake table.
    private var nextRows: [String: Int64] = [:]
    /// The files of the last snapshot that was seen of a lake table, by its UUID.
    private var lastFiles: [String: (snapshot: Int64, files: [DataFile])] = [:]

    init(_ evidence: Evidence, _ tally: Tally) {
        self.evidence = evidence
        self.tally = tally
    }

    /// A log table without statistics and without a lake says nothing of its rows.
    var hasWork: Bool { tally.compared > 0 }

    func learned(_ fact: Fact) {
        switch fact {
        case .fetched(let batch, let log) where batch.baseOffset == log.endOffset:
            judge(batch, log)
        case .lakeCommitted(let commit): judge(commit)
        default: break
        }
    }

    // MARK: Batches

    private func judge(_ batch: LogBatch, _ log: CommittedLog) {
        do {
            guard let said = try batch.statistics(),
                let schema = log.table.schemas.schema(batch.schemaIdentifier)
            else { return }
            batchCount += 1
            if batchCount > Self.allBatches && batchCount % Self.batchInterval != 0 { return }
            let columns = said.columns.compactMap { schema.position(ofIdentifier: $0.field) }
            let (records, _) = try batch.decodeRecords(schema)
            tally.expect(
                said == BatchStatistics(of: records, columns: columns),
                "\(log.place): the statistics of the batch at \(batch.baseOffset) are not those of "
                    + "its rows")
        } catch {
            tally.violated("\(log.place): the batch at \(batch.baseOffset): \(error)")
        }
    }

    // MARK: Rows

    func readAgain() async throws {
        for (name, server) in evidence.observation.deployment.runningServers {
            for bucket in server.replicas.keys.sorted() {
                guard let log = evidence.logs[bucket],
                    let rows = server.replicas[bucket]?.committedRows,
                    rows.endOffset == log.endOffset
                else { continue }
                tally.expect(
                    rows.count == Int64(log.rows.count),
                    "\(log.place): \(name) counts \(rows.count) rows at offset \(rows.endOffset), "
                        + "where the changelog leaves \(log.rows.count)")
            }
        }
        judgeIndexes()
    }

    /// The index of a sealed segment is what the segment's own bytes make it.
    private func judgeIndexes() {
        let observation = evidence.observation
        let interval = observation.deployment.configuration.logIndexByteCount
        for (name, server) in observation.deployment.runningServers {
            let node = name.description
            if observation.damagedNodes.contains(node) { continue }
            for bucket in server.replicas.keys.sorted() {
                let folder = "logs/\(bucket.path)"
                let indexes = observation.fileNames(of: node, in: folder).filter {
                    $0.hasSuffix(".index")
                }
                for file in indexes.suffix(Self.segmentLimit) {
                    let path = "\(folder)/\(file.dropLast(".index".count))"
                    guard let index = observation.fileBytes(of: node, at: path + ".index"),
                        let segment = observation.fileBytes(of: node, at: path + ".log")
                    else { continue }
                    let reason = StoredSegment.disagreement(
                        index: index, segment: segment, interval: interval)
                    tally.expect(
                        reason == nil,
                        "\(evidence.place(of: bucket)) on \(node): index \(file) is not that of "
                            + "its segment: \(reason ?? "")")
                }
            }
        }
    }

    // MARK: The lake

    private func judge(_ commit: LakeCommit) {
        // What another program says is its own affair.
        if commit.isForeign { return }
        for manifest in commit.manifests { judge(manifest, commit) }
        for live in commit.state.files where commit.added.contains(live.file.path) {
            judge(live.file, commit)
        }
        if evidence.observation.hasForeignWriters { return }
        judgeTotals(commit)
        judgeChanges(commit)
    }

    /// What the summary says was added and removed is what differs from the snapshot before.
    private func judgeChanges(_ commit: LakeCommit) {
        let files = commit.state.files.map(\.file.described)
        let before = lastFiles.updateValue(
            (commit.snapshot.identifier, files), forKey: commit.identity)
        if before?.snapshot != commit.snapshot.parent { return }
        let (former, present) = (
            Set((before?.files ?? []).map(\.identity)), Set(files.map(\.identity))
        )
        let added = files.filter { !former.contains($0.identity) }
        let removed = (before?.files ?? []).filter { !present.contains($0.identity) }
        func count(_ files: [DataFile], _ content: DataFile.Content) -> Int64 {
            Int64(files.count { $0.content == content })
        }
        func rows(_ files: [DataFile], _ content: DataFile.Content) -> Int64 {
            files.filter { $0.content == content }.reduce(0) { $0 + $1.recordCount }
        }
        let numbers = [
            ("added-data-files", count(added, .data)), ("added-records", rows(added, .data)),
            ("deleted-data-files", count(removed, .data)),
            ("deleted-records", rows(removed, .data)),
            ("added-delete-files", count(added, .positionDeletes)),
            ("removed-delete-files", count(removed, .positionDeletes)),
            ("added-position-deletes", rows(added, .positionDeletes)),
            ("removed-position-deletes", rows(removed, .positionDeletes)),
        ]
        for (name, number) in numbers {
            let said = commit.snapshot.summary(name) ?? "0"
            tally.expect(
                said == "\(number)",
                "\(commit.place): its summary says \(name) \(said), and it is \(number)")
        }
    }

    private func judge(_ manifest: LakeCommit.WrittenManifest, _ commit: LakeCommit) {
        let (said, entries) = (manifest.described, manifest.content.entries)
        func count(_ status: ManifestEntry.Status) -> (files: Int32, rows: Int64) {
            let files = entries.filter { $0.status == status }.map(\.file)
            return (Int32(files.count), files.reduce(0) { $0 + $1.recordCount })
        }
        let (added, existing, deleted) = (count(.added), count(.existing), count(.deleted))
        let isSo =
            (said.addedFileCount, said.addedRowCount) == added
            && (said.existingFileCount, said.existingRowCount) == existing
            && (said.deletedFileCount, said.deletedRowCount) == deleted
        tally.expect(
            isSo, "\(commit.place): the counts of manifest \(said.path) are not its entries'")
        let least = entries.filter { $0.status != .deleted }.map {
            $0.sequenceNumber ?? said.sequenceNumber
        }.min()
        tally.expect(
            said.byteCount == Int64(manifest.byteCount)
                && least ?? said.minimumSequenceNumber == said.minimumSequenceNumber
                && said.content == manifest.content.content
                && said.addedSnapshot == commit.snapshot.identifier,
            "\(commit.place): the size, content or numbers of manifest \(said.path) are not its own"
        )
        if commit.formatVersion > 2 && said.content == .data {
            judgeRowIdentifiers(manifest, commit)
        }
    }

    /// Row ids are given out once (spec, "First Row ID Assignment").
    private func judgeRowIdentifiers(
        _ manifest: LakeCommit.WrittenManifest, _ commit: LakeCommit
    ) {
        let next = nextRows[commit.identity] ?? 0
        let first = manifest.described.firstRow
        tally.expect(
            first ?? -1 >= next,
            "\(commit.place): manifest \(manifest.described.path) gives its rows the ids from "
                + "\(first.map { "\($0)" } ?? "none") on, and those below \(next) are given")
        let count = manifest.described.addedRowCount + manifest.described.existingRowCount
        nextRows[commit.identity] = max(next, (first ?? next) + count)
    }

    private func judge(_ file: LakeFile, _ commit: LakeCommit) {
        let said = file.described
        tally.expect(
            said.byteCount == Int64(file.byteCount),
            "\(commit.place): \(file.path) has \(file.byteCount) bytes, and its manifest says "
                + "\(said.byteCount)")
        guard said.content == .positionDeletes else { return }
        let isVector = said.contentOffset != nil
        tally.expect(
            isVector == (commit.formatVersion > 2),
            "\(commit.place): \(file.path) does not delete as a table of format "
                + "\(commit.formatVersion) does")
        let count = (try? file.deletes().count) ?? -1
        tally.expect(
            Int64(count) == said.recordCount,
            "\(commit.place): \(file.path) deletes \(count) rows, and its manifest says "
                + "\(said.recordCount)")
    }

    private func judgeTotals(_ commit: LakeCommit) {
        let files = commit.state.files.map(\.file.described)
        let data = files.filter { $0.content == .data }
        let deletes = files.filter { $0.content == .positionDeletes }
        func rows(_ files: [DataFile]) -> Int64 { files.reduce(0) { $0 + $1.recordCount } }
        let totals = [
            ("total-data-files", Int64(data.count)), ("total-records", rows(data)),
            ("total-delete-files", Int64(deletes.count)),
            ("total-position-deletes", rows(deletes)),
            ("total-files-size", files.reduce(0) { $0 + ($1.contentByteCount ?? $1.byteCount) }),
        ]
        for (name, number) in totals {
            let said = commit.snapshot.summary(name)
            tally.expect(
                said == "\(number)",
                "\(commit.place): its summary says \(name) \(said ?? "nothing"), and it is "
                    + "\(number)")
        }
    }
}
