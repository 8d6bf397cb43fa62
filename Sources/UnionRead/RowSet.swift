import Changelog
import Columnar
import Iceberg
import LakeTiering
import Platform

/// Rows from the lake and the log in one shape: some columns of the table, then the system columns.
struct RowSet {
    /// A row by where it is.
    struct Place: Hashable {
        var batch: Int32
        var row: Int32
    }

    /// Of which partition the rows of a batch are.
    enum Partitions {
        case all(Int64?)
        case each([Int64?])

        subscript(row: Int) -> Int64? {
            switch self {
            case .all(let one): one
            case .each(let each): each[row]
            }
        }
    }

    let schema: Schema
    private(set) var batches: [RecordBatch] = []
    /// By batch.
    private var partitions: [Partitions] = []
    private let bucketColumn: Int
    private let offsetColumn: Int

    /// `columns` are positions in the table's schema.
    init(_ table: Schema, columns: [Int]) {
        schema = Schema(
            identifier: table.identifier,
            fields: columns.map { table.fields[$0] } + SystemColumns.all)
        bucketColumn = columns.count
        offsetColumn = columns.count + 1
    }

    /// Takes a batch of this schema in; answers its number.
    mutating func append(_ batch: RecordBatch, of partitions: Partitions = .all(nil)) -> Int32 {
        precondition(batch.columns.count == schema.fields.count, "a batch of other columns")
        self.partitions.append(partitions)
        batches.append(batch)
        return Int32(batches.count - 1)
    }

    /// Takes in the records of a batch of the log, whose columns are those of `schema` but the
    /// system's.
    mutating func append(
        _ records: RecordBatch, of batch: LogBatch, bucket: LakeBucket
    ) throws -> Int32 {
        let count = records.rowCount
        var buckets = ColumnVectorBuilder(type: .int, capacity: count)
        var offsets = ColumnVectorBuilder(type: .bigint, capacity: count)
        var timestamps = ColumnVectorBuilder(type: .timestampLTZ(precision: 6), capacity: count)
        let microseconds = batch.commitTimestamp.millisecondsSinceEpoch * 1000
        for row in 0..<count {
            try buckets.append(.int(bucket.bucket))
            try offsets.append(.bigint(batch.baseOffset + Int64(row)))
            try timestamps.append(.timestamp(microseconds))
        }
        return append(
            RecordBatch(
                schema: schema, rowCount: count,
                columns: records.columns
                    + [buckets.finish(), offsets.finish(), timestamps.finish()]),
            of: .all(bucket.partition))
    }

    func position(of place: Place) -> UnionAnswer.Position {
        let batch = batches[Int(place.batch)]
        return UnionAnswer.Position(
            partition: partitions[Int(place.batch)][Int(place.row)],
            bucket: batch.columns[bucketColumn].int32(at: Int(place.row)),
            offset: batch.columns[offsetColumn].int64(at: Int(place.row)))
    }

    func passes(_ place: Place, _ filter: RowFilter) -> Bool {
        filter.passes(batches[Int(place.batch)], row: Int(place.row))
    }

    /// Copies rows into batches of bounded size, runs of neighbours at once.
    func gather(_ places: [Place], columns: [Int], rowLimit: Int = 1 << 16) throws -> [RecordBatch]
    {
        let target = schema.project(columns)
        let sources = batches.map { $0.project(columns) }
        var result: [RecordBatch] = []
        var builder = RecordBatchBuilder(schema: target, capacity: min(places.count, rowLimit))
        var start = 0
        while start < places.count {
            let first = places[start]
            var end = start + 1
            let limit = min(places.count, start + rowLimit - builder.rowCount)
            while end < limit, places[end].batch == first.batch,
                Int(places[end].row) == Int(first.row) + end - start
            {
                end += 1
            }
            let rows = Int(first.row)..<Int(first.row) + end - start
            try builder.append(contentsOf: sources[Int(first.batch)], rows: rows)
            if builder.rowCount == rowLimit { result.append(builder.finish()) }
            start = end
        }
        if builder.rowCount > 0 { result.append(builder.finish()) }
        return result
    }
}
