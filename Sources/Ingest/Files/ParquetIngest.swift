import Columnar
import JSON
import Parquet

/// Brings the rows of a Parquet file to a table, one row group in memory at a time.
struct ParquetIngest {
    /// What one column of a row group may take when decompressed.
    private static let columnByteLimit = 1 << 30

    private let options: FileIngest.Options
    private let delivery: Delivery
    private let reader: ParquetFileReader
    /// Of the file's length and footer.
    private let sum: UInt32

    /// - Throws: `IngestError.source` if it is no such file.
    init(_ options: FileIngest.Options, _ delivery: Delivery) throws(IngestError) {
        self.options = options
        self.delivery = delivery
        let path = options.path
        do {
            let file = try OpenFile(path)
            let size = file.byteCount
            reader = try ParquetFileReader.open(
                byteCount: size, byteLimit: Self.columnByteLimit
            ) { range in
                try file.read(at: range.lowerBound, count: range.count)
            }
            let tail = try file.read(at: max(0, size - 65_536), count: 65_536)
            sum = crc32c(tail + Array("\(size)".utf8))
        } catch {
            let reason = (error as? FileFailure)?.reason ?? "\(error)"
            throw .source(place: path, reason: reason)
        }
        let skipped = reader.contents.skippedColumns
        if !skipped.isEmpty {
            throw .source(
                place: path,
                reason: "its columns \(skipped.joined(separator: ", ")) are of types that tables "
                    + "do not have; leave them out of the file")
        }
    }

    func run() throws(IngestError) {
        let columns = reader.contents.schema.columns
        var shape = try options.shape(columns.map(\.name), columns.map { Self.plain($0.type) })
        for position in columns.indices where columns[position].isRequired {
            shape.fields[position].isNullable = false
        }
        let table = try delivery.open(shape)
        let start = try start()
        var done = start.done
        var current = start.group
        delivery.position = { [sum] in
            [
                "group": .integer(Int64(current)), "done": .integer(Int64(done)),
                "sum": .integer(Int64(sum)),
            ]
        }
        while current < reader.contents.rowGroups.count {
            let batch: RecordBatch
            do { batch = try reader.read(rowGroup: current) } catch {
                throw .source(place: options.path, reason: "\(error)")
            }
            while done < batch.rowCount {
                if delivery.target.isStopped() {
                    try delivery.flush()
                    try delivery.settle()
                    throw .stopped
                }
                let row = batch.row(at: done).map(Self.plain)
                for (value, field) in zip(row, delivery.shape(table).fields)
                where value.isNull && !field.isNullable {
                    throw .source(
                        place: "\(options.path): row group \(current), row \(done)",
                        reason: "no value of column '\(field.name)'")
                }
                try delivery.add(.row(row), to: table)
                done += 1
                try delivery.flushIfFull()
            }
            current += 1
            done = 0
        }
        try delivery.flush()
        try delivery.settle()
    }

    private func start() throws(IngestError) -> (group: Int, done: Int) {
        if delivery.start.isNull { return (0, 0) }
        let position = delivery.start
        guard let group = position["group"]?.integer, let done = position["done"]?.integer,
            position["sum"]?.integer == Int64(sum), group >= 0, done >= 0
        else {
            throw .source(
                place: options.path,
                reason: "it is not the file that was read before: to read it from its beginning "
                    + "name another --state")
        }
        return (Int(clamping: group), Int(clamping: done))
    }

    /// Clients of any kind have text for identifiers.
    private static func plain(_ type: DataType) -> DataType { type == .uuid ? .string : type }

    private static func plain(_ value: Value) -> Value {
        if case .uuid(let identifier) = value { return .string(identifier.description) }
        return value
    }
}
