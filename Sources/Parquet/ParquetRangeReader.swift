public import Columnar

/// Reads a Parquet file piece by piece, as from an object store.
public struct ParquetRangeReader {
    public let contents: ParquetContents
    private let byteLimit: Int
    private let fetch: (Range<Int64>) async throws -> [UInt8]

    /// The footer is asked for with the last bytes of a file; most fit in so many.
    static let tailByteCount: Int64 = 64 * 1024

    /// Chunks nearer to each other than this are fetched in one go.
    private static let gapByteCount: Int64 = 64 * 1024

    /// Reads the footer; `fetch` is to answer exactly the bytes of a range.
    ///
    /// For `expected` and `byteLimit` see `ParquetReader.open`.
    public static func open(
        byteCount: Int64, expected: ParquetSchema? = nil, byteLimit: Int = 1 << 30,
        fetch: @escaping (Range<Int64>) async throws -> [UInt8]
    ) async throws -> ParquetRangeReader {
        let tailStart = max(0, byteCount - tailByteCount)
        var tail = try await fetchExactly(tailStart..<byteCount, fetch)
        let size = try ParquetContents.footerByteCount(
            tail.suffix(ParquetFormat.trailerByteCount), fileByteCount: byteCount)
        let wanted = size + ParquetFormat.trailerByteCount
        if wanted > tail.count {
            tail = try await fetchExactly(byteCount - Int64(wanted)..<byteCount, fetch)
        }
        let start = tail.count - wanted
        let contents = try ParquetContents(
            footer: tail, range: start..<start + size, fileByteCount: byteCount,
            expected: expected)
        return ParquetRangeReader(contents: contents, byteLimit: byteLimit, fetch: fetch)
    }

    private static func fetchExactly(
        _ range: Range<Int64>, _ fetch: (Range<Int64>) async throws -> [UInt8]
    ) async throws -> [UInt8] {
        if range.isEmpty { return [] }
        let bytes = try await fetch(range)
        guard bytes.count == range.count else {
            throw ColumnarError.corrupt(
                reason: "\(bytes.count) bytes came for \(range.count) of a Parquet file",
                position: Int(range.lowerBound))
        }
        return bytes
    }

    /// The columns at these positions of `contents.schema` in one row group; all if nil.
    public func read(rowGroup index: Int, columns: [Int]? = nil) async throws -> RecordBatch {
        let group = contents.rowGroups[index]
        let columns = columns ?? Array(contents.schema.columns.indices)
        var pieces: [(range: Range<Int64>, bytes: [UInt8])] = []
        for range in contents.ranges(of: group, columns: columns) {
            pieces.append((range, try await Self.fetchExactly(range, fetch)))
        }
        return try contents.decode(
            group, columns: columns, byteLimit: byteLimit, from: pieces)
    }

    /// One row group as a table's schema sees it; see `ParquetReader.read(rowGroup:as:)`.
    public func read(rowGroup index: Int, as schema: Schema) async throws -> RecordBatch {
        let columns = contents.columns(for: schema)
        return try await read(rowGroup: index, columns: columns).conformed(to: schema)
    }

    /// The ranges that cover all places with few fetches, in file order.
    static func merged(_ places: [Range<Int64>]) -> [Range<Int64>] {
        var ranges: [Range<Int64>] = []
        for place in places.sorted(by: { $0.lowerBound < $1.lowerBound }) {
            if let last = ranges.last, place.lowerBound - last.upperBound <= gapByteCount {
                let end = max(last.upperBound, place.upperBound)
                ranges[ranges.count - 1] = last.lowerBound..<end
            } else {
                ranges.append(place)
            }
        }
        return ranges
    }
}
