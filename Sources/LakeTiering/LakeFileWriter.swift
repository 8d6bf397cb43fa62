import Columnar
import Iceberg
import Parquet
import Platform

/// Writes the rows of one bucket into data files of bounded size.
struct LakeFileWriter {
    /// Some rows that stand one after the other in a file.
    struct Placement {
        var path: String
        var position: Int64
        var rows: Range<Int>
    }

    private let lake: LakeTable
    private let bucket: LakeBucket
    private let partition: PartitionKey?
    private let rowLimit: Int
    private let schema: ParquetSchema
    private var writer: ParquetWriter?
    private var path = ""
    private(set) var files: [DataFile] = []

    /// `schema` is the table's own: columns that others add are null in its rows, and those that
    /// others drop or rename keep their ids.
    init(
        _ lake: LakeTable, _ schema: IcebergSchema, bucket: LakeBucket,
        partition: PartitionKey?, rowLimit: Int
    ) {
        precondition((bucket.partition == nil) == (partition == nil), "a file of no partition")
        self.partition = partition
        precondition(rowLimit > 0, "no room for a row")
        self.lake = lake
        self.bucket = bucket
        self.rowLimit = rowLimit
        self.schema = ParquetSchema(schema.columns)
    }

    /// Appends rows of the table, each with its offset and time in the log.
    mutating func append(
        _ records: RecordBatch, offsets: [Int64], timestamps: [Int64]
    ) async throws -> [Placement] {
        precondition(offsets.count == records.rowCount && timestamps.count == records.rowCount)
        var buckets = ColumnVectorBuilder(type: .int, capacity: records.rowCount)
        var offsetColumn = ColumnVectorBuilder(type: .bigint, capacity: records.rowCount)
        var timestampColumn = ColumnVectorBuilder(
            type: .timestampLTZ(precision: 6), capacity: records.rowCount)
        buckets.append(numbers: [Int32](repeating: bucket.bucket, count: records.rowCount))
        offsetColumn.append(numbers: offsets)
        timestampColumn.append(numbers: timestamps)
        let batch = RecordBatch(
            schema: schema.batchSchema, rowCount: records.rowCount,
            columns: records.columns
                + [buckets.finish(), offsetColumn.finish(), timestampColumn.finish()])
        var placements: [Placement] = []
        var start = 0
        while start < batch.rowCount {
            var open = try writer ?? ParquetWriter(schema: schema)
            if writer == nil { path = lake.newPath("data", "-\(bucket.bucket).parquet") }
            let end = min(batch.rowCount, start + rowLimit - open.rowCount)
            placements.append(
                Placement(path: path, position: Int64(open.rowCount), rows: start..<end))
            // A writer that is held in two places is copied when it is written to.
            writer = nil
            try open.append(batch.slice(start..<end))
            let isFull = open.rowCount >= rowLimit
            writer = consume open
            if isFull { try await finishFile() }
            start = end
        }
        return placements
    }

    /// Writes the last file.
    mutating func finish() async throws -> [DataFile] {
        try await finishFile()
        return files
    }

    private mutating func finishFile() async throws {
        guard let open = writer.take() else { return }
        let file = try await lake.machine.compute(.fileEncoding, byteCount: open.byteCount) {
            open.finish()
        }
        try await lake.write(file.bytes, at: path)
        var described = DataFile(file, content: .data, path: path)
        described.partitionKey = partition
        files.append(described)
    }
}
