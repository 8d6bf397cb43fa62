import Cluster
import Columnar
import Iceberg
import LakeTiering
import Parquet
import Platform
import ScenarioFiles
import Simulation

/// Looks at every commit to the lake the moment it is made, and holds what it added against the
/// log.
///
/// References and continuity are judged at once, from the objects as they are then. Rows wait until
/// the auditor has seen the log as far as the commit says that it reaches.
final class LakeAuditor {
    /// What one commit did, until its rows are judged.
    private struct Pending {
        var snapshot: Snapshot
        var progress: LakeProgress
        var from: [Int64]
        var dataFiles: [String]
        var deleteFiles: [String]
        /// The new files as they were then: they may be gone once the rows are judged.
        var contents: [String: [UInt8]] = [:]
        /// Whether another program rewrote files: then `live` are all that are left.
        var isRewrite = false
        var live: Set<String> = []
    }

    /// One table's lake, as all commits so far make it.
    private final class View {
        let name: LakeTableName
        var seenSnapshots: Set<Int64> = []
        var seenManifests: Set<String> = []
        var snapshots: [Int64] = []
        var current: Int64?
        var progress: LakeProgress?
        var pending: [Pending] = []
        /// Where the row at each position of a file stands in the log; nil once it is deleted.
        var files: [String: [Place?]] = [:]
        var liveCount = 0
        var objects = ReachableObjects()
        var metadata: TableMetadata?

        init(_ name: LakeTableName) { self.name = name }
    }

    private struct Place: Hashable {
        var bucket: Int32
        var offset: Int64
    }

    private let world: SimulationWorld
    private let tallies: Tallies
    private let location: LakeLocation
    private var views: [LakeTableName: View] = [:]
    private var manifestFiles: [String: ReachableObjects.ManifestFiles] = [:]
    /// Called with the table's name, the snapshot and the rows it added.
    var onCommit: (String, Int64, Int) -> Void = { _, _, _ in }

    init(_ world: SimulationWorld, _ tallies: Tallies, _ location: LakeLocation) {
        self.world = world
        self.tallies = tallies
        self.location = location
    }

    func observe() {
        world.catalog.onChange = { [self] name, path in changed(name, path) }
        let before = world.objects.onDelete
        world.objects.onDelete = { [self] key in
            before?(key)
            tallies[.lakeReferences].expect(
                !views.values.contains { $0.objects.contains(key) },
                "object \(key) is deleted while a snapshot needs it")
        }
    }

    /// How far the lake reflects a table, by bucket; nil before its first commit.
    func offsets(of table: String) -> [Int64]? {
        views.values.first { $0.name.name == table }?.progress?.offsets
    }

    /// The snapshots of a table, oldest first.
    func snapshots(of table: String) -> [Int64] {
        views.values.first { $0.name.name == table }?.snapshots ?? []
    }

    var commitCount: Int { views.values.reduce(0) { $0 + $1.seenSnapshots.count } }

    // MARK: At the moment of a commit

    private func changed(_ name: LakeTableName, _ path: String) {
        let view = views[name] ?? View(name)
        views[name] = view
        do {
            guard let bytes = try object(path) else { return }
            let metadata = try TableMetadata(decoding: bytes, path: path)
            for snapshot in metadata.snapshots
            where view.seenSnapshots.insert(snapshot.identifier).inserted {
                try judge(snapshot, of: metadata, view)
            }
            view.objects.keep(metadata.snapshots.map(\.identifier))
            judgeSurvival(of: metadata, view)
        } catch {
            tallies[.lakeReferences].violated("\(name): \(error)")
        }
    }

    private func judge(_ snapshot: Snapshot, of metadata: TableMetadata, _ view: View) throws {
        guard let listBytes = try object(snapshot.manifestList) else { return }
        let list = try ManifestList(decoding: listBytes, path: snapshot.manifestList)
        let progress = try LakeProgress.at(snapshot, of: metadata)
        let from = snapshot.summary(LakeProgress.fromProperty).flatMap(LakeProgress.parse)
        var pending = Pending(
            snapshot: snapshot, progress: progress, from: from ?? progress.offsets, dataFiles: [],
            deleteFiles: [])
        pending.isRewrite = snapshot.summary("operation") == "replace"
        var rows: Int64 = 0
        for manifest in list.manifests {
            guard view.seenManifests.insert(manifest.path).inserted,
                let bytes = try object(manifest.path)
            else { continue }
            let decoded = try Manifest(decoding: bytes, path: manifest.path)
            for entry in decoded.entries where entry.status == .added {
                if view.files[entry.file.path] != nil { continue }
                pending.contents[entry.file.path] = try object(entry.file.path)
                view.files[entry.file.path] = []
                if entry.file.content == .data {
                    pending.dataFiles.append(entry.file.path)
                    rows += entry.file.recordCount
                } else {
                    pending.deleteFiles.append(entry.file.path)
                }
            }
        }
        let manifests = try liveFiles(of: list)
        view.objects.add(
            snapshot.identifier, try location.key(of: snapshot.manifestList), manifests)
        if pending.isRewrite {
            pending.live = Set(manifests.flatMap(\.files))
            rows = 0
        }
        judgeContinuity(pending, view)
        view.pending.append(pending)
        onCommit(view.name.name, snapshot.identifier, Int(rows))
    }

    /// The live files of each manifest; those of one that was seen before are known.
    private func liveFiles(of list: ManifestList) throws -> [ReachableObjects.ManifestFiles] {
        try list.manifests.map { manifest in
            let key = try location.key(of: manifest.path)
            if let known = manifestFiles[manifest.path] { return known }
            var found = ReachableObjects.ManifestFiles(key: key)
            if let bytes = try object(manifest.path) {
                for entry in try Manifest(decoding: bytes, path: manifest.path).entries
                where entry.status != .deleted {
                    found.files.append(entry.file.path)
                    found.keys.append(try location.key(of: entry.file.path))
                }
            }
            manifestFiles[manifest.path] = found
            return found
        }
    }

    /// What another program put into a table stays, whoever commits.
    private func judgeSurvival(of metadata: TableMetadata, _ view: View) {
        let tally = tallies[.lakeReferences]
        if let before = view.metadata {
            for loss in before.losses(in: metadata) {
                tally.violated("\(view.name): \(loss) is gone from \(metadata.location)")
            }
            tally.expect(
                metadata.lastColumnIdentifier >= before.lastColumnIdentifier,
                "\(view.name): last-column-id went back to \(metadata.lastColumnIdentifier)")
        }
        view.metadata = metadata
    }

    private func judgeContinuity(_ pending: Pending, _ view: View) {
        let tally = tallies[.lakeContinuity]
        let place = "\(view.name) snapshot \(pending.snapshot.identifier)"
        tally.expect(
            pending.snapshot.parent == view.current,
            "\(place) does not follow snapshot \(view.current.map { "\($0)" } ?? "none")")
        let before =
            view.progress?.offsets
            ?? [Int64](repeating: 0, count: pending.progress.offsets.count)
        tally.expect(
            pending.from == before,
            "\(place) goes on from \(pending.from), the lake is at \(before)")
        tally.expect(
            zip(before, pending.progress.offsets).allSatisfy { $0 <= $1 },
            "\(place) goes back from \(before) to \(pending.progress.offsets)")
        tallies[.fencing].expect(
            pending.progress.epoch >= view.progress?.epoch ?? 0,
            "\(place) was committed in epoch \(pending.progress.epoch), after one of epoch "
                + "\(view.progress?.epoch ?? 0)")
        view.progress = pending.progress
        view.current = pending.snapshot.identifier
        view.snapshots.append(pending.snapshot.identifier)
    }

    /// The bytes of an object that a snapshot names; its absence is a violation.
    private func object(_ path: String) throws -> [UInt8]? {
        let key = try location.key(of: path)
        let bytes = world.objects.bytes(key)
        tallies[.lakeReferences].expect(
            bytes != nil, "a committed snapshot names \(path), which does not exist")
        return bytes
    }

    /// Looks once more whether all that the last states name is still there.
    func checkReferences() {
        for key in views.values.flatMap(\.objects.keys).sorted() {
            tallies[.lakeReferences].expect(
                world.objects.bytes(key) != nil, "a snapshot needs object \(key), which is gone")
        }
    }

    // MARK: Rows

    /// Judges the rows of commits up to which the logs have been seen; false if some still wait.
    @discardableResult
    func judgeRows(_ auditor: Auditor) -> Bool {
        var isDone = true
        for name in views.keys.sorted() {
            let view = views[name]!
            while let pending = view.pending.first {
                let logs = auditor.logs(of: pending.progress.tableIdentifier)
                let isSeen = zip(logs, pending.progress.offsets).allSatisfy { $0.endOffset >= $1 }
                if logs.count != pending.progress.offsets.count || !isSeen {
                    isDone = false
                    break
                }
                view.pending.removeFirst()
                do {
                    try judge(pending, view, logs)
                } catch {
                    tallies[.lakeRows].violated(
                        "\(name) snapshot \(pending.snapshot.identifier): \(error)")
                }
            }
        }
        return isDone
    }

    private func judge(_ pending: Pending, _ view: View, _ logs: [CommittedLog]) throws {
        let schema = IcebergSchema(tiering: logs[0].table.schema)
        if pending.isRewrite {
            // Files of later commits are known already, and still empty.
            for path in view.files.keys.sorted()
            where !pending.live.contains(path) && !view.files[path]!.isEmpty {
                view.liveCount -= view.files.removeValue(forKey: path)!.count { $0 != nil }
            }
        }
        for path in pending.dataFiles { try judge(path, schema, pending, view, logs) }
        for path in pending.deleteFiles {
            for delete in try positionDeletes(in: pending.contents[path] ?? [], path) {
                let (file, position) = (delete.path, delete.position)
                let isLive = view.files[file].map { Int(position) < $0.count } ?? false
                tallies[.lakeRows].expect(
                    isLive,
                    "\(view.name): \(path) deletes position \(position) of \(file), "
                        + "where no row is")
                guard isLive, view.files[file]![Int(position)] != nil else { continue }
                view.files[file]![Int(position)] = nil
                view.liveCount -= 1
            }
        }
        judgeView(pending, view, logs)
    }

    /// Every row of a new file is that of the log at its offset.
    private func judge(
        _ path: String, _ schema: IcebergSchema, _ pending: Pending, _ view: View,
        _ logs: [CommittedLog]
    ) throws {
        let reader = try ParquetReader.open(
            pending.contents[path] ?? [],
            expected: ParquetSchema(schema.columns))
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
                let from = pending.isRewrite ? 0 : pending.from[Int(bucket)]
                let range = from..<pending.progress.offsets[Int(bucket)]
                let isInRange = range.contains(offset)
                tallies[.lakeRows].expect(
                    isInRange
                        && log.changes[Int(offset)].hash == CommittedLog.hash(Array(row[..<width])),
                    "\(view.name): the row of bucket \(bucket) offset \(offset) in \(path) "
                        + (isInRange ? "is not the log's" : "is outside the commit's \(range)"))
                places.append(Place(bucket: bucket, offset: offset))
            }
        }
        view.files[path] = places
        view.liveCount += places.count
    }

    /// The rows that are left are just those that the log leaves at the commit's offsets.
    private func judgeView(_ pending: Pending, _ view: View, _ logs: [CommittedLog]) {
        var expected: Set<Place> = []
        for (bucket, log) in logs.enumerated() {
            let end = pending.progress.offsets[bucket]
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
        let place = "\(view.name) snapshot \(pending.snapshot.identifier)"
        tallies[.lakeRows].expect(
            view.liveCount == expected.count,
            "\(place) has \(view.liveCount) rows where the log leaves \(expected.count)")
        for path in view.files.keys.sorted() {
            for case let row? in view.files[path]! {
                tallies[.lakeRows].expect(
                    expected.remove(row) != nil,
                    "\(place) shows the row of bucket \(row.bucket) offset \(row.offset), which is "
                        + "replaced, deleted, or there twice")
            }
        }
        tallies[.lakeRows].expect(
            expected.isEmpty, "\(place) lacks \(expected.count) rows that the log leaves")
    }
}
