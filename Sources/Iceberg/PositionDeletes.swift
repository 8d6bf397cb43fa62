import Columnar
public import Parquet

/// The columns of a position delete file (spec, "Position Delete Files").
private let positionDeleteSchema = ParquetSchema(columns: [
    ParquetColumn(
        identifier: 2_147_483_546, name: "file_path", type: .string, isRequired: true),
    ParquetColumn(identifier: 2_147_483_545, name: "pos", type: .int64, isRequired: true),
])

/// Makes a file that deletes rows of one data file; `positions` are sorted here.
public func positionDeleteFile(of path: String, positions: [Int64]) throws -> ParquetFile {
    precondition(!positions.isEmpty, "a delete file without deletes")
    var writer = try ParquetWriter(schema: positionDeleteSchema)
    let rows = positions.sorted().map { [Value.string(path), .int64($0)] }
    try writer.append(RecordBatch(schema: positionDeleteSchema.batchSchema, rows: rows))
    return writer.finish()
}

/// The deletes that a file holds.
func positions(in bytes: [UInt8], _ path: String) throws(IcebergError) -> [(String, Int64)] {
    do {
        let reader = try ParquetReader.open(bytes)
        var found: [(String, Int64)] = []
        for group in reader.contents.rowGroups {
            let batch = try reader.read(rowGroup: group.index, as: positionDeleteSchema.batchSchema)
            for row in 0..<batch.rowCount {
                guard case .string(let file) = batch.value(row: row, column: 0),
                    case .int64(let position) = batch.value(row: row, column: 1)
                else { throw ColumnarError.corrupt(reason: "a null in a delete", position: row) }
                found.append((file, position))
            }
        }
        return found
    } catch {
        throw .damaged(path: path, reason: "\(error)")
    }
}
