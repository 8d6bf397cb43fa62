import Columnar

// The structs of a file's footer, with the field numbers of parquet.thrift in their readers and
// writers. What a reader has no use for is skipped, and not written.

/// FileMetaData.
struct FileMetadata {
    var elements: [SchemaElement] = []
    var rowCount: Int64 = 0
    var rowGroups: [RowGroupMetadata] = []
    var keyValues: [KeyValue] = []
}

struct KeyValue: Hashable {
    var key: String
    var value: String
}

struct SchemaElement: Hashable {
    var type: PhysicalType?
    var typeLength: Int32?
    var repetition: Repetition?
    var name: String
    var childCount: Int32?
    var convertedType: Int32?
    var scale: Int32?
    var precision: Int32?
    var identifier: Int32?
    var logicalType: LogicalType?
}

struct RowGroupMetadata {
    var chunks: [ChunkMetadata] = []
    /// Bytes before compression.
    var plainByteCount: Int64 = 0
    var rowCount: Int64 = 0
    var fileOffset: Int64 = 0
    var byteCount: Int64 = 0
}

/// ColumnMetaData, of a ColumnChunk.
struct ChunkMetadata {
    var type = PhysicalType.boolean
    var encodings: [Int32] = []
    var path: [String] = []
    var codec: Int32 = 0
    var valueCount: Int64 = 0
    var plainByteCount: Int64 = 0
    var byteCount: Int64 = 0
    var dataPageOffset: Int64 = 0
    var dictionaryPageOffset: Int64?
    var statistics: StoredStatistics?

    /// Where the chunk's pages stand in the file; nil if the numbers make no sense.
    var range: Range<Int64>? {
        var start = dataPageOffset
        if let dictionary = dictionaryPageOffset, dictionary > 0 { start = min(start, dictionary) }
        let (end, overflow) = start.addingReportingOverflow(byteCount)
        guard start >= 0, byteCount >= 0, !overflow else { return nil }
        return start..<end
    }
}

/// Statistics: the bounds are PLAIN without the length of strings.
struct StoredStatistics {
    var nullCount: Int64?
    var maximum: [UInt8]?
    var minimum: [UInt8]?
    var isMaximumExact = true
    var isMinimumExact = true
}

extension FileMetadata {
    func encode() -> [UInt8] {
        var thrift = ThriftWriter()
        thrift.int32(1, 2)
        thrift.list(2, of: ThriftType.structure, count: elements.count)
        for element in elements { element.write(to: &thrift) }
        thrift.int64(3, rowCount)
        thrift.list(4, of: ThriftType.structure, count: rowGroups.count)
        for index in rowGroups.indices { rowGroups[index].write(to: &thrift, ordinal: index) }
        if !keyValues.isEmpty {
            thrift.list(5, of: ThriftType.structure, count: keyValues.count)
            for entry in keyValues {
                thrift.beginElement()
                thrift.string(1, entry.key)
                thrift.string(2, entry.value)
                thrift.end()
            }
        }
        thrift.string(6, ParquetFormat.createdBy)
        // Bounds order as the type says, for each column that has values.
        let leaves = elements.count { $0.type != nil }
        thrift.list(7, of: ThriftType.structure, count: leaves)
        for _ in 0..<leaves {
            thrift.beginElement()
            thrift.begin(1)
            thrift.end()
            thrift.end()
        }
        thrift.end()
        return thrift.bytes
    }

    init(_ bytes: [UInt8], range: Range<Int>) throws(ColumnarError) {
        var thrift = ThriftReader(ByteReader(bytes, range: range))
        var last: Int16 = 0
        while let field = try thrift.next(after: &last) {
            switch field.identifier {
            case 2:
                for _ in 0..<(try thrift.list(field, of: ThriftType.structure)) {
                    elements.append(try SchemaElement(&thrift))
                }
            case 3: rowCount = try thrift.int64(field)
            case 4:
                for _ in 0..<(try thrift.list(field, of: ThriftType.structure)) {
                    rowGroups.append(try RowGroupMetadata(&thrift))
                }
            case 5:
                for _ in 0..<(try thrift.list(field, of: ThriftType.structure)) {
                    keyValues.append(try KeyValue(&thrift))
                }
            case 8: throw .unsupported(reason: "an encrypted Parquet file")
            default: try thrift.skip(field)
            }
        }
    }
}

extension KeyValue {
    init(_ thrift: inout ThriftReader) throws(ColumnarError) {
        (key, value) = ("", "")
        var last: Int16 = 0
        while let field = try thrift.next(after: &last) {
            switch field.identifier {
            case 1: key = try thrift.string(field)
            case 2: value = String(decoding: try thrift.binary(field), as: UTF8.self)
            default: try thrift.skip(field)
            }
        }
    }
}

extension SchemaElement {
    func write(to thrift: inout ThriftWriter) {
        thrift.beginElement()
        if let type { thrift.int32(1, type.rawValue) }
        if let typeLength { thrift.int32(2, typeLength) }
        if let repetition { thrift.int32(3, repetition.rawValue) }
        thrift.string(4, name)
        if let childCount { thrift.int32(5, childCount) }
        if let convertedType { thrift.int32(6, convertedType) }
        if let scale { thrift.int32(7, scale) }
        if let precision { thrift.int32(8, precision) }
        if let identifier { thrift.int32(9, identifier) }
        if let logicalType {
            thrift.begin(10)
            logicalType.write(to: &thrift)
            thrift.end()
        }
        thrift.end()
    }

    init(_ thrift: inout ThriftReader) throws(ColumnarError) {
        name = ""
        var last: Int16 = 0
        while let field = try thrift.next(after: &last) {
            switch field.identifier {
            case 1:
                let number = try thrift.int32(field)
                guard let type = PhysicalType(rawValue: number) else {
                    throw .unsupported(reason: "Parquet type \(number)")
                }
                self.type = type
            case 2: typeLength = try thrift.int32(field)
            case 3:
                let number = try thrift.int32(field)
                guard let repetition = Repetition(rawValue: number) else {
                    throw .unsupported(reason: "Parquet repetition \(number)")
                }
                self.repetition = repetition
            case 4: name = try thrift.string(field)
            case 5: childCount = try thrift.int32(field)
            case 6: convertedType = try thrift.int32(field)
            case 7: scale = try thrift.int32(field)
            case 8: precision = try thrift.int32(field)
            case 9: identifier = try thrift.int32(field)
            case 10 where field.type == ThriftType.structure:
                logicalType = try LogicalType(&thrift)
            default: try thrift.skip(field)
            }
        }
    }
}

extension LogicalType {
    func write(to thrift: inout ThriftWriter) {
        switch self {
        case .string: thrift.begin(1)
        case .map: thrift.begin(2)
        case .list: thrift.begin(3)
        case .uuid: thrift.begin(14)
        case .decimal(let precision, let scale):
            thrift.begin(5)
            thrift.int32(1, scale)
            thrift.int32(2, precision)
        case .date: thrift.begin(6)
        case .time(let isAdjustedToUTC, let unit):
            Self.write(7, isAdjustedToUTC, unit, to: &thrift)
        case .timestamp(let isAdjustedToUTC, let unit):
            Self.write(8, isAdjustedToUTC, unit, to: &thrift)
        case .binary, .integer, .other: preconditionFailure("is read, never written")
        }
        thrift.end()
    }

    /// Begins the struct of a time or timestamp.
    private static func write(
        _ kind: Int16, _ isAdjustedToUTC: Bool, _ unit: Int16, to thrift: inout ThriftWriter
    ) {
        thrift.begin(kind)
        thrift.boolean(1, isAdjustedToUTC)
        thrift.begin(2)
        thrift.begin(unit)
        thrift.end()
        thrift.end()
    }

    init?(_ thrift: inout ThriftReader) throws(ColumnarError) {
        var found: LogicalType?
        var last: Int16 = 0
        while let field = try thrift.next(after: &last) {
            guard field.type == ThriftType.structure else {
                try thrift.skip(field)
                continue
            }
            switch field.identifier {
            case 5, 7, 8, 10: found = try Self.parameters(field.identifier, &thrift)
            case let kind:
                try thrift.skip(field)
                found =
                    switch kind {
                    case 1, 4, 12: .string
                    case 2: .map
                    case 3: .list
                    case 6: .date
                    case 13: .binary
                    case 14: .uuid
                    default: .other(kind)
                    }
            }
        }
        guard let found else { return nil }
        self = found
    }

    private static func parameters(
        _ kind: Int16, _ thrift: inout ThriftReader
    ) throws(ColumnarError) -> LogicalType {
        var (first, second, flag, unit): (Int32, Int32, Bool, Int16) = (0, 0, false, 0)
        var last: Int16 = 0
        while let field = try thrift.next(after: &last) {
            switch (kind, field.identifier) {
            case (5, 1): first = try thrift.int32(field)
            case (5, 2): second = try thrift.int32(field)
            case (7, 1), (8, 1): flag = try thrift.boolean(field)
            case (7, 2) where field.type == ThriftType.structure,
                (8, 2) where field.type == ThriftType.structure:
                var lastUnit: Int16 = 0
                while let choice = try thrift.next(after: &lastUnit) {
                    unit = choice.identifier
                    try thrift.skip(choice)
                }
            case (10, 1): first = Int32(try thrift.int8(field))
            case (10, 2): flag = try thrift.boolean(field)
            default: try thrift.skip(field)
            }
        }
        switch kind {
        case 5: return .decimal(precision: second, scale: first)
        case 7: return .time(isAdjustedToUTC: flag, unit: unit)
        case 8: return .timestamp(isAdjustedToUTC: flag, unit: unit)
        default: return .integer(bitWidth: Int8(truncatingIfNeeded: first), isSigned: flag)
        }
    }
}

extension RowGroupMetadata {
    func write(to thrift: inout ThriftWriter, ordinal: Int) {
        thrift.beginElement()
        thrift.list(1, of: ThriftType.structure, count: chunks.count)
        for chunk in chunks { chunk.write(to: &thrift) }
        thrift.int64(2, plainByteCount)
        thrift.int64(3, rowCount)
        thrift.int64(5, fileOffset)
        thrift.int64(6, byteCount)
        if let ordinal = Int16(exactly: ordinal) { thrift.int16(7, ordinal) }
        thrift.end()
    }

    init(_ thrift: inout ThriftReader) throws(ColumnarError) {
        var last: Int16 = 0
        while let field = try thrift.next(after: &last) {
            switch field.identifier {
            case 1:
                for _ in 0..<(try thrift.list(field, of: ThriftType.structure)) {
                    chunks.append(try ChunkMetadata(chunk: &thrift))
                }
            case 2: plainByteCount = try thrift.int64(field)
            case 3: rowCount = try thrift.int64(field)
            default: try thrift.skip(field)
            }
        }
    }
}

extension ChunkMetadata {
    func write(to thrift: inout ThriftWriter) {
        thrift.beginElement()
        thrift.int64(2, range?.lowerBound ?? 0)
        thrift.begin(3)
        thrift.int32(1, type.rawValue)
        thrift.list(2, of: ThriftType.int32, count: encodings.count)
        for encoding in encodings { thrift.element(encoding) }
        thrift.list(3, of: ThriftType.binary, count: path.count)
        for name in path { thrift.element(name) }
        thrift.int32(4, codec)
        thrift.int64(5, valueCount)
        thrift.int64(6, plainByteCount)
        thrift.int64(7, byteCount)
        thrift.int64(9, dataPageOffset)
        if let dictionaryPageOffset { thrift.int64(11, dictionaryPageOffset) }
        if let statistics {
            thrift.begin(12)
            statistics.write(to: &thrift)
            thrift.end()
        }
        thrift.end()
        thrift.end()
    }

    /// Reads a ColumnChunk for the metadata in it.
    init(chunk thrift: inout ThriftReader) throws(ColumnarError) {
        var last: Int16 = 0
        var isPresent = false
        while let field = try thrift.next(after: &last) {
            switch field.identifier {
            case 1: throw .unsupported(reason: "a Parquet column in another file")
            case 3 where field.type == ThriftType.structure:
                try read(&thrift)
                isPresent = true
            default: try thrift.skip(field)
            }
        }
        guard isPresent else { throw .unsupported(reason: "a Parquet column without metadata") }
    }

    private mutating func read(_ thrift: inout ThriftReader) throws(ColumnarError) {
        var last: Int16 = 0
        while let field = try thrift.next(after: &last) {
            switch field.identifier {
            case 1:
                let number = try thrift.int32(field)
                guard let type = PhysicalType(rawValue: number) else {
                    throw .unsupported(reason: "Parquet type \(number)")
                }
                self.type = type
            case 3: path = try thrift.strings(field)
            case 4: codec = try thrift.int32(field)
            case 5: valueCount = try thrift.int64(field)
            case 6: plainByteCount = try thrift.int64(field)
            case 7: byteCount = try thrift.int64(field)
            case 9: dataPageOffset = try thrift.int64(field)
            case 11: dictionaryPageOffset = try thrift.int64(field)
            case 12 where field.type == ThriftType.structure:
                statistics = try StoredStatistics(&thrift)
            default: try thrift.skip(field)
            }
        }
    }
}

extension StoredStatistics {
    func write(to thrift: inout ThriftWriter) {
        if let nullCount { thrift.int64(3, nullCount) }
        if let maximum { thrift.binary(5, maximum) }
        if let minimum { thrift.binary(6, minimum) }
        if maximum != nil { thrift.boolean(7, isMaximumExact) }
        if minimum != nil { thrift.boolean(8, isMinimumExact) }
    }

    /// Leaves out fields 1 and 2, old bounds whose order for strings nobody can tell.
    init(_ thrift: inout ThriftReader) throws(ColumnarError) {
        var last: Int16 = 0
        while let field = try thrift.next(after: &last) {
            switch field.identifier {
            case 3: nullCount = try thrift.int64(field)
            case 5: maximum = try thrift.binary(field)
            case 6: minimum = try thrift.binary(field)
            case 7: isMaximumExact = try thrift.boolean(field)
            case 8: isMinimumExact = try thrift.boolean(field)
            default: try thrift.skip(field)
            }
        }
    }
}
