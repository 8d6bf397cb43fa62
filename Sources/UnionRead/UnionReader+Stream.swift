import Changelog
public import Columnar
import Iceberg
public import LakeTiering
import Platform

/// What a streamed read went over.
public struct UnionExtent: Hashable, Sendable {
    /// The snapshot that the lake's part is of; nil if the lake has nothing yet.
    public var snapshot: Int64?
    /// By bucket: where the lake's part ends, and where the log's does.
    public var lakeOffsets: LakeOffsets
    public var offsets: LakeOffsets
    public var rowCount = 0
    /// Rows that other programs added to the lake: they are no changes of the log, and left out.
    public var foreignRowCount = 0
}

extension UnionReader {
    /// Hands out the rows of a table at a moment batch by batch, in no order.
    ///
    /// In memory are one row group of the lake, what is deleted of its files, and of a primary-key
    /// table the changes of the log that the lake has not; only a primary-key table in whose lake
    /// other programs wrote is read whole. Conditions are pushed to files, row groups and columns,
    /// and system columns are read only where they are asked for.
    ///
    /// What was handed out before an error is void: throws as `read` does, and what `take` throws.
    public func stream(
        _ table: TieredTable, at moment: ReadMoment = .head, _ request: ReadRequest = ReadRequest(),
        _ take: (RecordBatch) async throws -> Void
    ) async throws -> UnionExtent {
        let base = try await self.base(table, moment, request)
        var extent = UnionExtent(
            snapshot: base.snapshot?.identifier, lakeOffsets: base.offsets, offsets: base.offsets)
        if table.isPrimaryKeyTable && base.isShared {
            let answer = try await read(table, at: moment, request)
            for batch in answer.batches { try await take(batch) }
            extent.snapshot = answer.snapshot
            extent.lakeOffsets = answer.lakeOffsets
            extent.offsets = answer.offsets
            extent.rowCount = answer.rowCount
            extent.foreignRowCount = answer.foreignRowCount
            return extent
        }
        return try await inUnion(table) {
            try await whileKept(base) { lease in
                try await stream(table, moment, request, base, into: &extent) { batch in
                    await lease?.keep()
                    try await take(batch)
                }
            }
            return extent
        }
    }

    private func stream(
        _ table: TieredTable, _ moment: ReadMoment, _ request: ReadRequest, _ base: UnionBase,
        into extent: inout UnionExtent, _ take: (RecordBatch) async throws -> Void
    ) async throws {
        var changes = try LogChanges(table, request)
        for bucket in base.buckets {
            let end = try await self.end(of: table, bucket, base, moment)
            extent.offsets[bucket] = end
            if base.partitions?.mayHave(bucket, request.filter, table.schema) == false { continue }
            var reader = LogReader(self, table, bucket, base.offsets[bucket]..<end)
            while let batches = try await reader.next() {
                for batch in batches {
                    let rows = try changes.take(batch, bucket: bucket, before: end)
                    guard let rows else { continue }
                    extent.rowCount += rows.rowCount
                    try await take(rows)
                }
            }
        }
        if let lake = base.lake, let snapshot = base.snapshot {
            try await streamLake(lake, snapshot, base, changes, request, into: &extent, take)
        }
        for batch in try changes.left() {
            extent.rowCount += batch.rowCount
            try await take(batch)
        }
    }

    private func streamLake(
        _ lake: LakeTable, _ snapshot: Snapshot, _ base: UnionBase, _ changes: LogChanges,
        _ request: ReadRequest, into extent: inout UnionExtent,
        _ take: (RecordBatch) async throws -> Void
    ) async throws {
        let scan = try await lake.scan(snapshot)
        // Of two rows of a place, which others made, the first counts, whether it passes or not.
        let pushed = base.isShared ? RowFilter() : request.filter
        let files = scan.dataFiles.filter {
            pushed.mayMatch($0, changes.tableSchema)
                && base.partitions?.mayShow($0, request.filter, changes.tableSchema) != false
        }
        let deletions = try await lake.deletions(of: scan, from: files)
        var wanted = changes.target.fields
        let known = Set(wanted.map(\.identifier))
        // Keys tell which rows the log changed, places which are others'.
        if changes.hasKeys { wanted += changes.keyFields.filter { !known.contains($0.identifier) } }
        if base.partitions != nil {
            wanted += changes.partitionFields.filter { !known.contains($0.identifier) }
        }
        if base.isShared {
            let known = Set(wanted.map(\.identifier))
            wanted += SystemColumns.all.filter { !known.contains($0.identifier) }
            let present = Set(wanted.map(\.identifier))
            let filtered = request.filter.columns.subtracting(present)
            wanted += changes.tableFields.filter { filtered.contains($0.identifier) }
        }
        let schema = Schema(fields: wanted)
        var places = SeenPlaces(base.offsets)
        let isOwn = base.partitions == nil && !base.isShared && !changes.hasKeys
        for data in files {
            var reader = try await lake.reader(
                of: data.file, without: deletions, as: schema, filter: pushed)
            while let rows = try await reader.next() {
                if isOwn {
                    extent.rowCount += rows.batch.rowCount
                    try await take(
                        rows.batch.project(Array(changes.target.fields.indices)))
                    continue
                }
                var kept: [Int] = []
                let partitions = base.partitions?.partitions(data, rows.batch) ?? .all(nil)
                for row in 0..<rows.batch.rowCount {
                    let partition = partitions[row]
                    if let scope = base.partitions {
                        guard let partition else {
                            extent.foreignRowCount += 1
                            continue
                        }
                        if !scope.reads(partition) { continue }
                    }
                    if base.isShared, !places.insert(rows.batch, row, of: partition) {
                        extent.foreignRowCount += 1
                        continue
                    }
                    if base.isShared, !request.filter.passes(rows.batch, row: row) { continue }
                    if try !changes.replaces(rows.batch, row) { kept.append(row) }
                }
                if kept.isEmpty { continue }
                let batch = try rows.batch.project(Array(changes.target.fields.indices))
                    .gathering(kept)
                extent.rowCount += batch.rowCount
                try await take(batch)
            }
        }
    }
}

/// Which places of the log were seen, by bucket, one bit each.
private struct SeenPlaces {
    private let ends: LakeOffsets
    private var bits: [LakeBucket: [UInt64]] = [:]

    init(_ ends: LakeOffsets) { self.ends = ends }

    /// False if the row stands for no change of the log, or for one that was there already.
    mutating func insert(_ batch: RecordBatch, _ row: Int, of partition: Int64?) -> Bool {
        func column(_ field: Field) -> Value {
            let position = batch.schema.fields.firstIndex { $0.identifier == field.identifier }
            return batch.value(row: row, column: position!)
        }
        guard case .int(let number) = column(SystemColumns.all[0]),
            case .bigint(let offset) = column(SystemColumns.all[1])
        else { return false }
        let bucket = LakeBucket(partition: partition, bucket: number)
        guard offset >= 0, offset < ends[bucket] else { return false }
        let word = Int(offset / 64)
        let bit = UInt64(1) << UInt64(offset % 64)
        let count = bits[bucket]?.count ?? 0
        if count <= word {
            bits[bucket, default: []] += Array(repeating: 0, count: word + 1 - count)
        }
        if bits[bucket]![word] & bit != 0 { return false }
        bits[bucket]![word] |= bit
        return true
    }
}

extension RecordBatch {
    /// A copy of some rows, in their order; runs of neighbours at once.
    func gathering(_ rows: [Int]) throws(ColumnarError) -> RecordBatch {
        if rows.count == rowCount { return self }
        var builder = RecordBatchBuilder(schema: schema, capacity: rows.count)
        var runs: [Range<Int>] = []
        var start = 0
        while start < rows.count {
            var end = start + 1
            while end < rows.count, rows[end] == rows[end - 1] + 1 { end += 1 }
            runs.append(rows[start]..<rows[end - 1] + 1)
            start = end
        }
        try builder.append(contentsOf: self, runs: runs)
        return builder.finish()
    }
}
