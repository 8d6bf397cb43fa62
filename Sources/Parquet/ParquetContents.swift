import Columnar

/// What a file's footer says, without the rows.
public struct ParquetContents: Sendable {
    /// The columns that can be read, in the file's order.
    ///
    /// A column without field id gets a negative one, or its place from 1 if the file has no ids.
    public let schema: ParquetSchema
    /// The names of top-level columns whose types have no counterpart here.
    public let skippedColumns: [String]
    public let rowCount: Int
    public let rowGroups: [ParquetRowGroup]
    public let metadata: [ParquetWriter.Metadata]

    /// One for each column.
    let nodes: [ParquetNode]

    /// The size of the footer, from the last 8 bytes of a file.
    static func footerByteCount(
        _ trailer: ArraySlice<UInt8>, fileByteCount: Int64
    ) throws(ColumnarError) -> Int {
        guard trailer.count == ParquetFormat.trailerByteCount,
            Array(trailer.suffix(4)) == ParquetFormat.magic
        else { throw .corrupt(reason: "not a Parquet file", position: Int(fileByteCount)) }
        var reader = ByteReader(Array(trailer))
        let size = Int64(try reader.readLittleEndian(UInt32.self))
        guard size + 12 <= fileByteCount else {
            throw .corrupt(
                reason: "a Parquet footer of \(size) bytes in a file of \(fileByteCount)",
                position: Int(fileByteCount))
        }
        return Int(size)
    }

    init(
        footer bytes: [UInt8], range: Range<Int>, fileByteCount: Int64, expected: ParquetSchema?
    ) throws(ColumnarError) {
        let file = try FileMetadata(bytes, range: range)
        let layout = try ParquetFileLayout(file, expected: expected)
        var groups: [ParquetRowGroup] = []
        var firstRow = 0
        for group in file.rowGroups {
            guard group.chunks.count == layout.chunkCount, group.rowCount >= 0,
                group.rowCount <= Int64(ParquetFormat.rowGroupRowLimit)
            else {
                throw .corrupt(
                    reason: "row group \(groups.count) of \(group.rowCount) rows and "
                        + "\(group.chunks.count) columns", position: range.lowerBound)
            }
            for chunk in group.chunks {
                guard let place = chunk.range, place.upperBound <= fileByteCount else {
                    throw .corrupt(
                        reason: "a Parquet column is outside the file", position: range.lowerBound)
                }
            }
            groups.append(
                ParquetRowGroup(
                    index: groups.count, firstRow: firstRow, rowCount: Int(group.rowCount),
                    chunks: group.chunks, nodes: layout.nodes))
            firstRow += Int(group.rowCount)
        }
        guard Int64(firstRow) == file.rowCount else {
            throw .corrupt(
                reason: "\(file.rowCount) rows, but \(firstRow) in row groups",
                position: range.lowerBound)
        }
        nodes = layout.nodes
        schema = ParquetSchema(fields: layout.nodes.map(\.field))
        skippedColumns = layout.skipped
        rowCount = firstRow
        rowGroups = groups
        metadata = file.keyValues.map { ParquetWriter.Metadata(key: $0.key, value: $0.value) }
    }

    /// Columns of a row group out of fetched ranges of the file that cover their chunks.
    func decode(
        _ group: ParquetRowGroup, columns: [Int], byteLimit: Int,
        from pieces: [(range: Range<Int64>, bytes: [UInt8])]
    ) throws(ColumnarError) -> RecordBatch {
        try decode(group, columns: columns, byteLimit: byteLimit) { chunk in
            let place = group.chunks[chunk].range ?? 0..<0
            for (range, bytes) in pieces
            where range.lowerBound <= place.lowerBound && place.upperBound <= range.upperBound {
                let start = Int(place.lowerBound - range.lowerBound)
                return (bytes, start..<start + place.count)
            }
            return ([], 0..<0)
        }
    }

    /// The ranges of a file that hold columns of a row group, in file order.
    func ranges(of group: ParquetRowGroup, columns: [Int]) -> [Range<Int64>] {
        let places = columns.flatMap { group.nodes[$0].leaves }
            .map { group.chunks[$0.chunkIndex].range ?? 0..<0 }
        return ParquetRangeReader.merged(places)
    }

    /// The batch of some columns of a row group; `chunk` tells where one of its chunks stands.
    func decode(
        _ group: ParquetRowGroup, columns: [Int], byteLimit: Int,
        _ chunk: (Int) -> (bytes: [UInt8], range: Range<Int>)
    ) throws(ColumnarError) -> RecordBatch {
        var vectors: [ColumnVector] = []
        for column in columns {
            do {
                vectors.append(try vector(nodes[column], group, byteLimit: byteLimit, chunk))
            } catch {
                throw error.located("row group \(group.index)")
            }
        }
        return RecordBatch(
            schema: ParquetSchema(columns: columns.map { schema.columns[$0] }).batchSchema,
            rowCount: group.rowCount, columns: vectors)
    }

    private func vector(
        _ node: ParquetNode, _ group: ParquetRowGroup, byteLimit: Int,
        _ chunk: (Int) -> (bytes: [UInt8], range: Range<Int>)
    ) throws(ColumnarError) -> ColumnVector {
        var entries: [Int: LeafEntries] = [:]
        for leaf in node.leaves {
            let (bytes, range) = chunk(leaf.chunkIndex)
            var decoder = try ChunkDecoder(
                leaf, group.chunks[leaf.chunkIndex], rowCount: group.rowCount, bytes: bytes,
                range: range, byteLimit: byteLimit)
            entries[leaf.chunkIndex] = try decoder.decode()
        }
        return try ColumnAssembler(entries: entries, rowCount: group.rowCount).assemble(node)
    }
}

/// Some consecutive rows of a file, stored column by column.
public struct ParquetRowGroup: Sendable {
    public let index: Int
    /// The position in the file of its first row, from 0.
    public let firstRow: Int
    public let rowCount: Int
    /// For each leaf of the file.
    let chunks: [ChunkMetadata]
    /// For each column of the file's schema.
    let nodes: [ParquetNode]

    /// What the file says of a column's values here; nil where it says nothing.
    public func statistics(ofColumn position: Int) -> ParquetStatistics {
        precondition(nodes.indices.contains(position), "no column \(position)")
        guard let leaf = nodes[position].flatLeaf,
            let stored = chunks[leaf.chunkIndex].statistics
        else { return ParquetStatistics() }
        var statistics = ParquetStatistics(nullCount: stored.nullCount.map { Int(clamping: $0) })
        statistics.minimum = stored.minimum.flatMap { leaf.layout.bound($0) }
        statistics.maximum = stored.maximum.flatMap { leaf.layout.bound($0) }
        return statistics
    }
}

extension LeafLayout {
    /// A bound from outside; nil if it cannot be told or trusted.
    fileprivate func bound(_ bytes: [UInt8]) -> Value? {
        var reader = ByteReader(bytes)
        if physical == .boolean {
            return bytes.count == 1 && bytes[0] <= 1 ? .boolean(bytes[0] == 1) : nil
        }
        switch type {
        case .string: return String(validating: bytes, as: UTF8.self).map { .string($0) }
        case .bytes: return .bytes(bytes)
        default: break
        }
        // As one value of a page: an array's bounds have no length in front.
        guard physical != .byteArray || !bytes.isEmpty else { return nil }
        var source = bytes
        if physical == .byteArray {
            var writer = ByteWriter()
            writer.append(littleEndian: UInt32(bytes.count))
            writer.append(bytes)
            source = writer.bytes
            reader = ByteReader(source)
        }
        guard let values = try? PlainValues.read(&reader, bytes: source, count: 1, self),
            reader.isAtEnd, case .fixed(_, let data) = values,
            let vector = try? ColumnVector(
                type: type, count: 1, validity: [], offsets: [], data: data)
        else { return nil }
        switch vector.value(at: 0) {
        case .float(let number) where number.isNaN: return nil
        case .double(let number) where number.isNaN: return nil
        case let value: return value
        }
    }
}

extension ColumnarError {
    /// Damage with the place in the file in front, so that a person finds it.
    func located(_ place: String) -> ColumnarError {
        switch self {
        case .corrupt(let reason, let position):
            .corrupt(reason: "\(place): \(reason)", position: position)
        case .unsupported(let reason): .unsupported(reason: "\(place): \(reason)")
        case .invalidValue, .tooLarge: self
        }
    }
}
