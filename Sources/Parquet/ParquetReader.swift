public import Columnar

/// Reads a Parquet file that is in memory.
public struct ParquetReader: Sendable {
    public let contents: ParquetContents
    private let bytes: [UInt8]
    private let byteLimit: Int

    /// Reads the footer.
    ///
    /// `expected` tells the dimensions of vectors in files of other writers, which do not say them;
    /// without it such a column is skipped. `byteLimit` bounds what one column of a row group may
    /// take when decompressed.
    public static func open(
        _ bytes: [UInt8], expected: ParquetSchema? = nil, byteLimit: Int = 1 << 30
    ) throws(ColumnarError) -> ParquetReader {
        let size = try ParquetContents.footerByteCount(
            bytes.suffix(ParquetFormat.trailerByteCount), fileByteCount: Int64(bytes.count))
        let end = bytes.count - ParquetFormat.trailerByteCount
        let contents = try ParquetContents(
            footer: bytes, range: end - size..<end, fileByteCount: Int64(bytes.count),
            expected: expected)
        return ParquetReader(contents: contents, bytes: bytes, byteLimit: byteLimit)
    }

    /// The columns at these positions of `contents.schema` in one row group; all if nil.
    public func read(
        rowGroup index: Int, columns: [Int]? = nil
    ) throws(ColumnarError) -> RecordBatch {
        let group = contents.rowGroups[index]
        let columns = columns ?? Array(contents.schema.columns.indices)
        return try contents.decode(group, columns: columns, byteLimit: byteLimit) { chunk in
            // In bounds: the footer's reader has seen to it.
            let place = group.chunks[chunk].range ?? 0..<0
            return (bytes, Int(place.lowerBound)..<Int(place.upperBound))
        }
    }

    /// One row group as a table's schema sees it: columns by field id, what is missing is null,
    /// types widened where the schema's were.
    public func read(rowGroup index: Int, as schema: Schema) throws(ColumnarError) -> RecordBatch {
        let columns = contents.columns(for: schema)
        return try read(rowGroup: index, columns: columns).conformed(to: schema)
    }

    /// All rows of the file, row group by row group.
    public func readAll(columns: [Int]? = nil) throws(ColumnarError) -> [RecordBatch] {
        var batches: [RecordBatch] = []
        for group in contents.rowGroups {
            batches.append(try read(rowGroup: group.index, columns: columns))
        }
        return batches
    }
}

extension ParquetContents {
    /// The positions of the file's columns that a table's schema wants, by field id.
    public func columns(for schema: Schema) -> [Int] {
        schema.fields.compactMap { self.schema.position(of: $0.identifier) }
    }
}

extension RecordBatch {
    /// The rows as another schema sees them: columns by field identifier, what is missing is null,
    /// types widened, or narrowed to what they were before a lake's fewer types held them.
    ///
    /// `ColumnarError.unsupported` if a column's type does not go into the wanted one, or a
    /// required column is missing or has nulls.
    public func conformed(to target: Schema) throws(ColumnarError) -> RecordBatch {
        try SchemaEvolution(fromStored: schema, to: target).batch(self)
    }
}
