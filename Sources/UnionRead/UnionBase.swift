import Changelog
import Columnar
import Iceberg
import LakeTiering
import Platform

/// The lake's part of a read.
struct UnionBase {
    var lake: LakeTable?
    var snapshot: Snapshot?
    /// By bucket of those that are read: where the lake's part ends.
    var offsets: LakeOffsets
    /// The buckets that are read, in order.
    var buckets: [LakeBucket]
    /// Whether other programs wrote rows there, too.
    var isShared: Bool
    /// Of a partitioned table.
    var partitions: PartitionScope?

    init(
        _ table: TieredTable, _ lake: LakeTable?, _ snapshot: Snapshot?, _ progress: LakeProgress?,
        reading partitions: [LakePartition]
    ) {
        self.lake = lake
        self.snapshot = snapshot
        isShared = progress?.foreignSnapshot != nil
        buckets = table.buckets(of: partitions)
        offsets = LakeOffsets(startOf: buckets)
        if let progress {
            for bucket in buckets { offsets[bucket] = progress.offsets[bucket] }
        }
        if table.isPartitioned {
            self.partitions = PartitionScope(table, progress?.partitions ?? [], partitions)
        }
    }
}

/// Which partitions a read is about, and which rows of the lake are theirs.
///
/// Whose rows those of a snapshot are is said by its own progress: a partition that was dropped may
/// still be there, and a later one of the same values not yet.
struct PartitionScope {
    private let finder: PartitionFinder
    private let shown: Set<Int64>
    /// The values of the partition columns, by partition and column id.
    private let values: [Int64: [Int32: Value]]
    private let fields: Set<Int32>

    init(_ table: TieredTable, _ ofLake: [LakePartition], _ read: [LakePartition]) {
        finder = PartitionFinder(table, ofLake)
        shown = Set(read.map(\.identifier))
        fields = Set(table.partitionFields)
        values = Dictionary(read.map { ($0.identifier, table.values(of: $0) ?? [:]) }) { _, new in
            new
        }
    }

    /// Whose the rows of a file are.
    func place(_ file: LakeScan.LiveFile) -> PartitionFinder.Place {
        finder.place(file.identityValues)
    }

    /// Whether a file may have rows that are wanted.
    ///
    /// Rows that stand for no change of the log are wanted where they are counted.
    func mayShow(_ file: LakeScan.LiveFile, _ filter: RowFilter, _ schema: Schema) -> Bool {
        if case .partition(let identifier) = place(file) {
            if let identifier, !shown.contains(identifier) { return false }
        }
        let own = file.identityValues.filter { fields.contains($0.key) }
        return own.isEmpty || filter.mayMatch(own, schema)
    }

    /// Whether the log of a bucket may have rows that pass, or hide some that do.
    func mayHave(_ bucket: LakeBucket, _ filter: RowFilter, _ schema: Schema) -> Bool {
        guard let partition = bucket.partition, let values = values[partition] else { return true }
        return filter.mayMatch(values, schema)
    }

    /// Of which partition the rows of a batch are.
    func partitions(_ file: LakeScan.LiveFile, _ batch: RecordBatch) -> RowSet.Partitions {
        switch place(file) {
        case .partition(let identifier): .all(identifier)
        case .mixed: .each((0..<batch.rowCount).map { finder.partition(batch, $0) })
        }
    }

    func reads(_ partition: Int64) -> Bool { shown.contains(partition) }
}

/// Reads a bucket's log piece by piece.
struct LogReader {
    private let reader: UnionReader
    private let table: TieredTable
    private let bucket: LakeBucket
    private var offset: Int64
    private let end: Int64

    init(
        _ reader: UnionReader, _ table: TieredTable, _ bucket: LakeBucket, _ range: Range<Int64>
    ) {
        self.reader = reader
        self.table = table
        self.bucket = bucket
        offset = range.lowerBound
        end = range.upperBound
    }

    /// The next batches, the last of which may go over the end; nil after it.
    mutating func next() async throws -> [LogBatch]? {
        if offset >= end { return nil }
        let batches = try await reader.log.batches(
            of: table.identifier, partition: bucket.partition, bucket: bucket.bucket,
            in: offset..<end, byteCount: UnionReader.logByteCount)
        guard let last = batches.last else {
            throw UnionReadError.logIncomplete(
                table: table.name, bucket: bucket, end: offset, highWatermark: end)
        }
        offset = last.endOffset
        return batches
    }
}
