import Columnar

/// A column of one row group, as it stands in the file.
struct EncodedChunk {
    var bytes: [UInt8]
    /// Offsets are from the chunk's start.
    var metadata: ChunkMetadata
    var statistics: ParquetStatistics
}

/// Makes pages of a column of one row group: a dictionary page if it pays, then data pages (version
/// 1).
///
///     data page, before compression:
///         repetition levels    u32 little endian byte count, RLE hybrid; vectors only
///         definition levels    the same; unless the column is required
///         values               PLAIN, or a byte of bit width and dictionary indices in the hybrid
struct ChunkEncoder {
    let column: ParquetColumn
    let vector: ColumnVector
    let configuration: ParquetWriter.Configuration
    private let values: PlainValues
    private let dictionary: DictionaryEncoding?
    private var writer = ByteWriter()
    private var plainByteCount = 0

    /// Precondition: a required column has no nulls.
    init(
        _ column: ParquetColumn, _ vector: ColumnVector,
        _ configuration: ParquetWriter.Configuration
    ) {
        precondition(column.type.storage == vector.storage)
        precondition(!column.isRequired || vector.nullCount == 0)
        self.column = column
        self.vector = vector
        self.configuration = configuration
        values = PlainValues(vector)
        let isSuited =
            switch column.type {
            case .boolean, .float, .double, .vector: false
            default: true
            }
        dictionary =
            isSuited && configuration.isDictionaryEnabled ? DictionaryEncoding(values) : nil
    }

    mutating func encode() -> EncodedChunk {
        var metadata = ChunkMetadata()
        metadata.type = column.physicalType
        metadata.path = column.path
        metadata.codec =
            configuration.compression == .none ? PageCodec.uncompressed : PageCodec.zstd
        metadata.encodings = [PageEncoding.plain, PageEncoding.rle]
        if let dictionary {
            metadata.encodings.append(PageEncoding.rleDictionary)
            metadata.dictionaryPageOffset = 0
            var page = ByteWriter()
            dictionary.distinct.appendPlain(0..<dictionary.distinct.count, to: &page)
            appendPage(
                page.bytes, type: .dictionary, valueCount: dictionary.distinct.count,
                encoding: PageEncoding.plain)
        }
        metadata.dataPageOffset = Int64(writer.count)
        let elementsPerRow =
            if case .vector(let dimension, _) = column.type { dimension } else { 1 }
        var row = 0
        var present = 0
        let rowsPerPage = rowsPerPage()
        // A chunk has a data page even if it has no rows.
        repeat {
            let rows = row..<min(vector.count, row + rowsPerPage)
            var presentRows = rows.count
            if vector.nullCount > 0 {
                presentRows = rows.reduce(0) { $0 + (vector.isNull(at: $1) ? 0 : 1) }
            }
            let valueRange = present..<present + presentRows * elementsPerRow
            appendDataPage(rows, valueRange, presentRows)
            row = rows.upperBound
            present = valueRange.upperBound
        } while row < vector.count

        metadata.valueCount = Int64(present + vector.nullCount)
        metadata.plainByteCount = Int64(plainByteCount)
        metadata.byteCount = Int64(writer.count)
        let statistics = ParquetStatistics(vector)
        metadata.statistics = StoredStatistics(
            statistics, type: column.type, nullCount: vector.nullCount)
        return EncodedChunk(bytes: writer.bytes, metadata: metadata, statistics: statistics)
    }

    private func rowsPerPage() -> Int {
        let byteCount = max(1, values.byteCount)
        let fitting = vector.count * configuration.pageByteLimit / byteCount
        return max(1, min(configuration.pageRowLimit, fitting))
    }

    private mutating func appendDataPage(
        _ rows: Range<Int>, _ valueRange: Range<Int>, _ presentRows: Int
    ) {
        var page = ByteWriter(
            capacity: 64 + values.byteCount / max(1, values.count) * valueRange.count)
        let nulls = rows.count - presentRows
        if column.isVector {
            appendVectorLevels(rows, hasNulls: nulls > 0, to: &page)
        } else if !column.isRequired {
            appendLevels(to: &page) { writer in
                if nulls == 0 {
                    RunLengthHybrid.appendRun(1, count: rows.count, 1, &writer)
                } else {
                    let levels = rows.map { vector.isNull(at: $0) ? UInt32(0) : 1 }
                    RunLengthHybrid.encode(levels, bitWidth: 1, to: &writer)
                }
            }
        }
        if let dictionary {
            page.append(byte: UInt8(dictionary.bitWidth))
            dictionary.indices.withUnsafeBufferPointer {
                RunLengthHybrid.encode(
                    UnsafeBufferPointer(rebasing: $0[valueRange]), bitWidth: dictionary.bitWidth,
                    to: &page)
            }
        } else {
            values.appendPlain(valueRange, to: &page)
        }
        appendPage(
            page.bytes, type: .data, valueCount: valueRange.count + nulls,
            encoding: dictionary == nil ? PageEncoding.plain : PageEncoding.rleDictionary)
    }

    private func appendLevels(to page: inout ByteWriter, _ body: (inout ByteWriter) -> Void) {
        let start = page.count
        page.append(littleEndian: UInt32(0))
        body(&page)
        page.replace(at: start, littleEndian: UInt32(page.count - start - 4))
    }

    /// Each element of a vector is an entry; so is a null vector, at definition level 0.
    private func appendVectorLevels(
        _ rows: Range<Int>, hasNulls: Bool, to page: inout ByteWriter
    ) {
        guard case .vector(let dimension, _) = column.type else { return }
        let full = column.maximumDefinitionLevel
        let bitWidth = 32 - full.leadingZeroBitCount
        var repetitions: [UInt32] = []
        repetitions.reserveCapacity(rows.count * dimension)
        var definitions: [UInt32] = []
        for row in rows {
            let isNull = hasNulls && vector.isNull(at: row)
            let count = isNull ? 1 : dimension
            repetitions.append(0)
            repetitions.append(contentsOf: repeatElement(1, count: count - 1))
            if hasNulls {
                definitions.append(contentsOf: repeatElement(isNull ? 0 : full, count: count))
            }
        }
        appendLevels(to: &page) { RunLengthHybrid.encode(repetitions, bitWidth: 1, to: &$0) }
        appendLevels(to: &page) { writer in
            if hasNulls {
                RunLengthHybrid.encode(definitions, bitWidth: bitWidth, to: &writer)
            } else {
                RunLengthHybrid.appendRun(
                    full, count: rows.count * dimension, bitWidth, &writer)
            }
        }
    }

    private mutating func appendPage(
        _ plain: [UInt8], type: PageType, valueCount: Int, encoding: Int32
    ) {
        let page = configuration.compression.compress(plain)
        let header = PageHeader(
            type: type, plainByteCount: plain.count, byteCount: page.count,
            checksum: crc32(page), valueCount: valueCount, encoding: encoding
        ).encode()
        writer.append(header)
        writer.append(page)
        plainByteCount += header.count + plain.count
    }
}

extension ParquetColumn {
    var physicalType: PhysicalType {
        switch type {
        case .boolean: .boolean
        case .int, .date: .int32
        case .bigint, .timestamp, .timestampLTZ: .int64
        case .float, .vector: .float
        case .double: .double
        case .string, .bytes: .byteArray
        case .decimal(let precision, _): precision <= 9 ? .int32 : .int64
        default: preconditionFailure("the writer refuses \(type)")
        }
    }

    /// The elements of the schema tree that describe the column, parents first.
    var schemaElements: [SchemaElement] {
        let repetition: Repetition = isRequired ? .required : .optional
        if isVector {
            return [
                SchemaElement(
                    repetition: repetition, name: name, childCount: 1,
                    convertedType: ConvertedType.list, identifier: identifier,
                    logicalType: .list),
                SchemaElement(repetition: .repeated, name: "list", childCount: 1),
                SchemaElement(
                    type: .float, repetition: isElementRequired ? .required : .optional,
                    name: "element",
                    identifier: leafIdentifier == identifier ? nil : leafIdentifier),
            ]
        }
        var element = SchemaElement(
            type: physicalType, repetition: repetition, name: name, identifier: identifier)
        switch type {
        case .string: (element.convertedType, element.logicalType) = (ConvertedType.utf8, .string)
        case .date: (element.convertedType, element.logicalType) = (ConvertedType.date, .date)
        case .timestamp:
            // No converted type: the old one means UTC.
            element.logicalType = .timestamp(isAdjustedToUTC: false, unit: 2)
        case .timestampLTZ:
            element.convertedType = ConvertedType.timestampMicros
            element.logicalType = .timestamp(isAdjustedToUTC: true, unit: 2)
        case .decimal(let precision, let scale):
            element.convertedType = ConvertedType.decimal
            (element.precision, element.scale) = (Int32(precision), Int32(scale))
            element.logicalType = .decimal(precision: Int32(precision), scale: Int32(scale))
        default: break
        }
        return [element]
    }
}
