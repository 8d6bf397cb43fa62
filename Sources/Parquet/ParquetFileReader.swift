public import Columnar

/// Reads a Parquet file piece by piece where bytes are had at once, as from a local file.
public struct ParquetFileReader {
    public let contents: ParquetContents
    private let byteLimit: Int
    private let fetch: (Range<Int64>) throws -> [UInt8]

    /// Reads the footer; `fetch` is to answer exactly the bytes of a range.
    ///
    /// For `byteLimit` see `ParquetReader.open`. Throws `ColumnarError`, or what `fetch` throws.
    public static func open(
        byteCount: Int64, byteLimit: Int = 1 << 30,
        fetch: @escaping (Range<Int64>) throws -> [UInt8]
    ) throws -> ParquetFileReader {
        let tailStart = max(0, byteCount - ParquetRangeReader.tailByteCount)
        var tail = try fetchExactly(tailStart..<byteCount, fetch)
        let size = try ParquetContents.footerByteCount(
            tail.suffix(ParquetFormat.trailerByteCount), fileByteCount: byteCount)
        let wanted = size + ParquetFormat.trailerByteCount
        if wanted > tail.count {
            tail = try fetchExactly(byteCount - Int64(wanted)..<byteCount, fetch)
        }
        let start = tail.count - wanted
        let contents = try ParquetContents(
            footer: tail, range: start..<start + size, fileByteCount: byteCount, expected: nil)
        return ParquetFileReader(contents: contents, byteLimit: byteLimit, fetch: fetch)
    }

    /// All columns of one row group.
    public func read(rowGroup index: Int) throws -> RecordBatch {
        let group = contents.rowGroups[index]
        let columns = Array(contents.schema.columns.indices)
        var pieces: [(range: Range<Int64>, bytes: [UInt8])] = []
        for range in contents.ranges(of: group, columns: columns) {
            pieces.append((range, try Self.fetchExactly(range, fetch)))
        }
        return try contents.decode(
            group, columns: columns, byteLimit: byteLimit, from: pieces)
    }

    private static func fetchExactly(
        _ range: Range<Int64>, _ fetch: (Range<Int64>) throws -> [UInt8]
    ) throws -> [UInt8] {
        if range.isEmpty { return [] }
        let bytes = try fetch(range)
        guard bytes.count == range.count else {
            throw ColumnarError.corrupt(
                reason: "\(bytes.count) bytes came for \(range.count) of a Parquet file",
                position: Int(range.lowerBound))
        }
        return bytes
    }
}
