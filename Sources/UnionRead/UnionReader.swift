public import Changelog
import Columnar
public import Iceberg
public import LakeTiering
public import Platform

/// Reads tables whole, out of the lake and the log after it.
///
/// A lake snapshot says which offsets it reflects; the log goes on from there. The two are read as
/// one pair, never mixed with those of another snapshot.
public final class UnionReader {
    let machine: Machine
    private let location: LakeLocation
    let log: any LogSource
    private let manifests: ManifestCache

    static let logByteCount = 4 * 1024 * 1024

    /// Readers of one machine may share what they know of manifests.
    public init(
        _ machine: Machine, in location: LakeLocation, log: any LogSource,
        _ manifests: ManifestCache = ManifestCache()
    ) {
        self.manifests = manifests
        self.machine = machine
        self.location = location
        self.log = log
    }

    /// The rows of a table at a moment, as its present schema has them.
    ///
    /// A table that was altered may be read by any schema that it had since what is read was
    /// written; by an earlier one it is `UnionReadError.laterSchema`.
    ///
    /// Throws `UnionReadError`, `IcebergError` and `LogSourceError`; never answers with a part.
    public func read(
        _ table: TieredTable, at moment: ReadMoment = .head, _ request: ReadRequest = ReadRequest()
    ) async throws -> UnionAnswer {
        let base = try await self.base(table, moment, request)
        return try await inUnion(table) {
            var merge = UnionMerge(table, request, isShared: base.isShared)
            try await whileKept(base) { lease in
                guard let lake = base.lake, let snapshot = base.snapshot else { return }
                try await readFiles(lake, snapshot, base, lease, request, into: &merge)
            }
            var offsets = base.offsets
            for bucket in base.buckets {
                let end = try await self.end(of: table, bucket, base, moment)
                offsets[bucket] = end
                if base.partitions?.mayHave(bucket, request.filter, table.schema) == false {
                    continue
                }
                var reader = LogReader(self, table, bucket, base.offsets[bucket]..<end)
                while let batches = try await reader.next() {
                    for batch in batches {
                        try merge.add(log: batch, bucket: bucket, before: end)
                    }
                }
            }
            if base.snapshot == nil {
                machine.observer.reached("union read before the first snapshot")
            }
            if merge.deletedLakeRowCount > 0 {
                machine.observer.reached("row of the lake deleted by the log")
            }
            return try merge.finish(
                snapshot: base.snapshot?.identifier, lakeOffsets: base.offsets, offsets: offsets)
        }
    }

    /// Runs the body of a read, whose errors get the table's name.
    func inUnion<Value>(
        _ table: TieredTable, _ body: () async throws -> Value
    ) async throws -> Value {
        do {
            return try await body()
        } catch let error as LogSourceError {
            machine.observer.reached("union read refused by the log")
            throw error
        } catch let error as ColumnarError {
            throw UnionReadError.inconsistent(table: table.name, reason: "\(error)")
        } catch let error as ChangelogError {
            throw UnionReadError.inconsistent(table: table.name, reason: "\(error)")
        }
    }

    private func validate(_ request: ReadRequest, _ table: TieredTable) throws {
        do { try request.filter.validate(table.schema) } catch {
            throw UnionReadError.invalidRequest(reason: "\(error)")
        }
        let columns = request.columns ?? []
        guard Set(columns).count == columns.count,
            columns.allSatisfy(table.schema.fields.indices.contains)
        else {
            throw UnionReadError.invalidRequest(
                reason: "columns \(columns) of a table of \(table.schema.fields.count)")
        }
    }

    /// The lake's part of a read: which snapshot, and where it ends.
    func base(
        _ table: TieredTable, _ moment: ReadMoment, _ request: ReadRequest
    ) async throws -> UnionBase {
        try validate(request, table)
        let lake = try await LakeTable.open(machine, table.lakeName, in: location, manifests)
        func base(
            _ snapshot: Snapshot?, _ progress: LakeProgress?, reading partitions: [LakePartition]
        ) throws -> UnionBase {
            if let progress { try table.check(table.schemaIdentifier(at: progress)) }
            return UnionBase(
                table, snapshot == nil ? nil : lake, snapshot, progress, reading: partitions)
        }
        switch moment {
        case .head:
            // What an earlier table of this name left there is not this one's.
            guard let lake, try !table.succeeds(lake.metadata) else {
                return try base(nil, nil, reading: table.partitions)
            }
            return try base(
                lake.metadata.current, try table.progress(in: lake.metadata),
                reading: table.partitions)
        case .offsets(let ends):
            let partitions = table.partitions.filter {
                ends.names(LakeBucket(partition: $0.identifier, bucket: 0))
            }
            if let gone = ends.buckets.compactMap(\.partition).first(where: { partition in
                !table.partitions.contains { $0.identifier == partition }
            }) {
                throw UnionReadError.unknownPartition(table: table.name, partition: gone)
            }
            guard ends.buckets == table.buckets(of: partitions),
                ends.entries.allSatisfy({ $0.offset >= 0 })
            else {
                throw UnionReadError.invalidRequest(
                    reason: "offsets \(ends) of a table of the buckets "
                        + "\(LakeOffsets(startOf: table.buckets).buckets.map(\.description))")
            }
            // The newest state of the lake that has nothing beyond them.
            for snapshot in lake?.metadata.history ?? [] {
                guard let progress = try? table.progress(at: snapshot, in: lake!.metadata),
                    progress.offsets.isWithin(ends),
                    table.schemaIdentifier(at: progress) <= table.schema.identifier
                else { continue }
                return try base(snapshot, progress, reading: partitions)
            }
            return try base(nil, nil, reading: partitions)
        case .snapshot, .reference, .time:
            guard let lake else { throw IcebergError.noSuchTable(table.lakeName.description) }
            let snapshot = try snapshot(of: lake, moment)
            let progress = try table.progress(at: snapshot, in: lake.metadata)
            return try base(snapshot, progress, reading: progress.partitions ?? [])
        }
    }

    private func snapshot(of lake: LakeTable, _ moment: ReadMoment) throws -> Snapshot {
        let metadata = lake.metadata
        var found: Snapshot?
        var identifier: Int64 = 0
        switch moment {
        case .head, .offsets: break
        case .snapshot(let wanted): (identifier, found) = (wanted, metadata.snapshot(wanted))
        case .reference(let name):
            guard let reference = metadata.reference(name) else {
                throw UnionReadError.invalidRequest(
                    reason: "\(lake.name) has no branch or tag \(name)")
            }
            identifier = reference.snapshot
            found = metadata.snapshot(identifier)
        case .time(let time):
            found = metadata.snapshotCurrent(atMilliseconds: time.millisecondsSinceEpoch)
        }
        guard let found else {
            throw IcebergError.noSuchSnapshot(table: lake.name.description, snapshot: identifier)
        }
        return found
    }

    /// Where the log's part of a bucket ends.
    func end(
        of table: TieredTable, _ bucket: LakeBucket, _ base: UnionBase, _ moment: ReadMoment
    ) async throws -> Int64 {
        let start = base.offsets[bucket]
        switch moment {
        case .snapshot, .reference, .time: return start
        case .head, .offsets: break
        }
        let end = try await log.highWatermark(
            of: table.identifier, partition: bucket.partition, bucket: bucket.bucket)
        if end < start {
            throw UnionReadError.lakeAhead(
                table: table.name, bucket: bucket, lakeEnd: start, highWatermark: end)
        }
        guard case .offsets(let ends) = moment else { return end }
        if ends[bucket] > end {
            throw UnionReadError.notCommittedYet(
                table: table.name, bucket: bucket, offset: ends[bucket], highWatermark: end)
        }
        return ends[bucket]
    }

    /// Reads the files of a base's snapshot, which a lease keeps; what is gone all the same
    /// belonged to a snapshot that expired, or it is damage.
    func whileKept(
        _ base: UnionBase, _ body: (SnapshotLease?) async throws -> Void
    ) async throws {
        guard let lake = base.lake, let snapshot = base.snapshot else { return try await body(nil) }
        let lease = try await SnapshotLease.take(snapshot, of: lake)
        do {
            try await body(lease)
        } catch {
            await lease?.end()
            guard case IcebergError.damaged = error, try await !lake.stillHas(snapshot) else {
                throw error
            }
            machine.observer.reached("snapshot expired while it was read")
            throw IcebergError.noSuchSnapshot(
                table: lake.name.description, snapshot: snapshot.identifier)
        }
        await lease?.end()
    }

    private func readFiles(
        _ lake: LakeTable, _ snapshot: Snapshot, _ base: UnionBase, _ lease: SnapshotLease?,
        _ request: ReadRequest, into merge: inout UnionMerge
    ) async throws {
        let scan = try await lake.scan(snapshot)
        let wanted = scan.dataFiles.filter {
            merge.pushed.mayMatch($0, merge.rows.schema)
                && base.partitions?.mayShow($0, request.filter, merge.rows.schema) != false
        }
        if wanted.isEmpty { return }
        let deletions = try await lake.deletions(of: scan, from: wanted)
        for data in wanted {
            await lease?.keep()
            let portions = try await lake.rows(
                of: data.file, without: deletions, as: merge.rows.schema, filter: merge.pushed)
            for portion in portions { try merge.add(lake: portion.batch, base, data) }
        }
    }
}
