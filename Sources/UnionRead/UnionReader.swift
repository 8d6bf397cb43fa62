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
    private let machine: Machine
    private let location: LakeLocation
    private let log: any LogSource
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

    /// The rows of a table at a moment.
    ///
    /// Throws `UnionReadError`, `IcebergError` and `LogSourceError`; never answers with a part.
    public func read(
        _ table: TieredTable, at moment: ReadMoment = .head, _ request: ReadRequest = ReadRequest()
    ) async throws -> UnionAnswer {
        try validate(request, table)
        let lake = try await LakeTable.open(
            machine, table.lakeName, in: location, manifests)
        let (snapshot, progress) = try base(of: lake, table, moment)
        let lakeOffsets = progress?.offsets ?? [Int64](repeating: 0, count: table.bucketCount)
        do {
            var merge = UnionMerge(table, request, isShared: progress?.foreignSnapshot != nil)
            if let lake, let snapshot {
                try await readLake(lake, snapshot, lakeOffsets, into: &merge)
            }
            var offsets = lakeOffsets
            if moment == .head {
                for bucket in 0..<table.bucketCount {
                    offsets[bucket] = try await readLog(
                        table, bucket, from: lakeOffsets[bucket], into: &merge)
                }
            }
            if snapshot == nil { machine.observer.reached("union read before the first snapshot") }
            if merge.deletedLakeRowCount > 0 {
                machine.observer.reached("row of the lake deleted by the log")
            }
            return try merge.finish(
                snapshot: snapshot?.identifier, lakeOffsets: lakeOffsets, offsets: offsets)
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

    /// The snapshot to begin from, and where its part of each bucket ends.
    private func base(
        of lake: LakeTable?, _ table: TieredTable, _ moment: ReadMoment
    ) throws -> (Snapshot?, LakeProgress?) {
        switch moment {
        case .head:
            // What an earlier table of this name left there is not this one's.
            guard let lake, try !table.succeeds(lake.metadata) else { return (nil, nil) }
            return (lake.metadata.current, try table.progress(in: lake.metadata))
        case .snapshot(let identifier):
            guard let lake else { throw IcebergError.noSuchTable(table.lakeName.description) }
            guard let snapshot = lake.metadata.snapshot(identifier) else {
                throw IcebergError.noSuchSnapshot(
                    table: table.lakeName.description, snapshot: identifier)
            }
            return (snapshot, try table.progress(at: snapshot, in: lake.metadata))
        }
    }

    private func readLake(
        _ lake: LakeTable, _ snapshot: Snapshot, _ ends: [Int64], into merge: inout UnionMerge
    ) async throws {
        do {
            try await readFiles(lake, snapshot, ends, into: &merge)
        } catch let error as IcebergError {
            // What is gone belonged to a snapshot that expired meanwhile, or it is damage.
            guard case .damaged = error else { throw error }
            try await lake.refresh()
            if lake.metadata.snapshot(snapshot.identifier) != nil { throw error }
            machine.observer.reached("snapshot expired while it was read")
            throw IcebergError.noSuchSnapshot(
                table: lake.name.description, snapshot: snapshot.identifier)
        }
    }

    private func readFiles(
        _ lake: LakeTable, _ snapshot: Snapshot, _ ends: [Int64], into merge: inout UnionMerge
    ) async throws {
        let scan = try await lake.scan(snapshot)
        let wanted = scan.dataFiles.filter {
            merge.pushed.mayMatch($0.file, lake.metadata.schema.columns)
        }
        if wanted.isEmpty { return }
        let deletions = try await lake.deletions(of: scan, from: wanted)
        for data in wanted {
            let portions = try await lake.rows(
                of: data.file, without: deletions, as: merge.rows.schema, filter: merge.pushed)
            for portion in portions { try merge.add(lake: portion.batch, ends, data.file.path) }
        }
    }

    /// Reads on from where the lake ends; answers where the log does.
    private func readLog(
        _ table: TieredTable, _ bucket: Int, from start: Int64, into merge: inout UnionMerge
    ) async throws -> Int64 {
        let end = try await log.highWatermark(of: table.identifier, bucket: Int32(bucket))
        if end < start {
            throw UnionReadError.lakeAhead(
                table: table.name, bucket: bucket, lakeEnd: start, highWatermark: end)
        }
        var offset = start
        while offset < end {
            let batches = try await log.batches(
                of: table.identifier, bucket: Int32(bucket), in: offset..<end,
                byteCount: Self.logByteCount)
            guard let last = batches.last else {
                throw UnionReadError.logIncomplete(
                    table: table.name, bucket: bucket, end: offset, highWatermark: end)
            }
            for batch in batches { try merge.add(log: batch, bucket: Int32(bucket)) }
            offset = last.endOffset
        }
        return offset
    }
}
