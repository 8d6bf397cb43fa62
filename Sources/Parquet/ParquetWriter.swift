public import Columnar

/// A finished Parquet file and what a table format wants to know of it.
public struct ParquetFile: Hashable, Sendable {
    public var bytes: [UInt8]
    public var rowCount: Int
    /// One for each leaf: a column, or what it nests at the end, in the schema's order.
    public var columns: [ParquetColumnMetrics]
    /// Where the row groups begin.
    public var splitOffsets: [Int64]
}

/// What a file holds of one leaf.
public struct ParquetColumnMetrics: Hashable, Sendable {
    /// The field id of the values: for an array or vector, of its elements.
    public var identifier: Int32
    /// Bytes in the file, all row groups together.
    public var byteCount: Int
    /// Values, nulls included; below lists their elements, a null or empty list counting one.
    public var valueCount: Int
    public var nullCount: Int
    public var nanCount: Int
    /// Whether a list or map stands above the values.
    public var isRepeated: Bool
    public var type: DataType
    /// The least value that is neither null nor NaN, uncut; nil if there is none.
    public var lowerBound: Value?
    /// The greatest value that is neither null nor NaN, uncut; nil if there is none.
    public var upperBound: Value?
}

/// Writes a Parquet file of record batches.
///
///     "PAR1"
///     row groups        for each column its pages, see `ChunkEncoder`
///     footer            FileMetaData, Thrift compact
///     footer size       u32 little endian
///     "PAR1"
public struct ParquetWriter: Sendable {
    public struct Configuration: Hashable, Sendable {
        /// `.none` or `.zstd`: Parquet's LZ4 is not the frame format.
        public var compression: Compression = .zstd
        public var rowGroupRowLimit = 1 << 20
        /// Of bytes in memory, roughly.
        public var rowGroupByteLimit = 128 * 1024 * 1024
        public var pageRowLimit = 20_000
        /// Of bytes before compression, roughly.
        public var pageByteLimit = 1024 * 1024
        public var isDictionaryEnabled = true
        /// Entries for the footer, such as a table format's schema.
        public var metadata: [Metadata] = []

        public init() {}
    }

    public struct Metadata: Hashable, Sendable {
        public var key: String
        public var value: String

        public init(key: String, value: String) {
            self.key = key
            self.value = value
        }
    }

    public let schema: ParquetSchema
    public let configuration: Configuration
    private let nodes: [ParquetNode]
    private var builder: RecordBatchBuilder
    private var writer = ByteWriter()
    private var footer = FileMetadata()
    private var metrics: [ParquetColumnMetrics]
    private var statistics: [ParquetStatistics]

    /// `ColumnarError.invalidValue` if names or field ids repeat or the configuration is none.
    public init(
        schema: ParquetSchema, configuration: Configuration = Configuration()
    ) throws(ColumnarError) {
        try Self.validate(schema, configuration)
        self.schema = schema
        self.configuration = configuration
        builder = RecordBatchBuilder(schema: schema.batchSchema)
        var chunkIndex = 0
        nodes = builder.schema.fields.map { ParquetNode(writing: $0, chunkIndex: &chunkIndex) }
        let leaves = nodes.flatMap(\.leaves)
        metrics = leaves.map {
            ParquetColumnMetrics(
                identifier: $0.identifier, byteCount: 0, valueCount: 0, nullCount: 0,
                nanCount: 0, isRepeated: $0.repetition > 0, type: $0.layout.type)
        }
        statistics = leaves.map { _ in ParquetStatistics() }
        footer.elements = [
            SchemaElement(name: "table", childCount: Int32(schema.columns.count))
        ]
        for node in nodes { footer.elements += node.schemaElements }
        footer.keyValues = configuration.metadata.map { KeyValue(key: $0.key, value: $0.value) }
        for column in schema.columns {
            guard case .vector(let dimension, _) = column.type else { continue }
            let key = ParquetFormat.dimensionKey + "\(column.identifier)"
            footer.keyValues.append(KeyValue(key: key, value: "\(dimension)"))
        }
        writer.append(ParquetFormat.magic)
    }

    private static func validate(
        _ schema: ParquetSchema, _ configuration: Configuration
    ) throws(ColumnarError) {
        _ = try Schema(validating: schema.columns.map(\.field))
        guard configuration.compression != .lz4Frame else {
            throw .invalidValue(reason: "Parquet has no LZ4 frames: use zstd or none")
        }
        guard configuration.rowGroupRowLimit > 0,
            configuration.rowGroupRowLimit <= ParquetFormat.rowGroupRowLimit,
            configuration.rowGroupByteLimit > 0, configuration.pageRowLimit > 0,
            configuration.pageByteLimit > 0
        else { throw .invalidValue(reason: "a limit of the Parquet configuration is out of range") }
    }

    /// Rows taken so far.
    public var rowCount: Int { Int(footer.rowCount) + builder.rowCount }

    /// The file's bytes so far, the rows that wait for their group counted before compression.
    public var byteCount: Int { writer.count + builder.byteCount }

    /// Appends a batch; `ColumnarError.invalidValue` unless its columns are those of the schema.
    public mutating func append(_ batch: RecordBatch) throws(ColumnarError) {
        var position = 0
        while position < batch.rowCount {
            let room = configuration.rowGroupRowLimit - builder.rowCount
            // In portions, so that the byte limit is looked at in time.
            let end = min(batch.rowCount, position + min(room, 1 << 16))
            try builder.append(contentsOf: batch, rows: position..<end)
            position = end
            if builder.rowCount >= configuration.rowGroupRowLimit
                || builder.byteCount >= configuration.rowGroupByteLimit
            {
                flush()
            }
        }
    }

    private mutating func flush() {
        let batch = builder.finish()
        var group = RowGroupMetadata()
        group.rowCount = Int64(batch.rowCount)
        group.fileOffset = Int64(writer.count)
        for (node, column) in zip(nodes, batch.columns) {
            for shredded in node.shred(column) { append(shredded, to: &group) }
        }
        footer.rowCount += group.rowCount
        footer.rowGroups.append(group)
    }

    private mutating func append(_ shredded: ShreddedLeaf, to group: inout RowGroupMetadata) {
        var encoder = ChunkEncoder(shredded, configuration)
        var chunk = encoder.encode()
        let start = Int64(writer.count)
        chunk.metadata.dataPageOffset += start
        if let offset = chunk.metadata.dictionaryPageOffset {
            chunk.metadata.dictionaryPageOffset = offset + start
        }
        writer.append(chunk.bytes)
        group.plainByteCount += chunk.metadata.plainByteCount
        group.byteCount += chunk.metadata.byteCount
        let index = shredded.leaf.chunkIndex
        metrics[index].byteCount += chunk.bytes.count
        metrics[index].valueCount += Int(chunk.metadata.valueCount)
        statistics[index].merge(chunk.statistics)
        group.chunks.append(chunk.metadata)
    }

    /// Ends the file; the writer is used up.
    public consuming func finish() -> ParquetFile {
        if builder.rowCount > 0 { flush() }
        let encoded = footer.encode()
        writer.append(encoded)
        writer.append(littleEndian: UInt32(encoded.count))
        writer.append(ParquetFormat.magic)
        for index in metrics.indices {
            metrics[index].nullCount = statistics[index].nullCount ?? 0
            metrics[index].nanCount = statistics[index].nanCount ?? 0
            metrics[index].lowerBound = statistics[index].minimum
            metrics[index].upperBound = statistics[index].maximum
        }
        return ParquetFile(
            bytes: writer.bytes, rowCount: Int(footer.rowCount), columns: metrics,
            splitOffsets: footer.rowGroups.map(\.fileOffset))
    }
}
