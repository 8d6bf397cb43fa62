import Columnar
import Iceberg

extension VectorQuery: WireCodable {
    /// Version 0 of the call ends behind the limit.
    func encode(into writer: inout ByteWriter) {
        writer.append(list: vector) { $0.append(float: $1) }
        writer.append(zigZag: Int64(limit))
        if isPlain { return }
        writer.append(optional: field) { $0.append(littleEndian: $1) }
        writer.append(list: filter.conditions) { $1.encode(into: &$0) }
    }

    init(from reader: inout ByteReader) throws(ColumnarError) {
        vector = try reader.readList { (reader) throws(ColumnarError) in try reader.readFloat() }
        limit = try reader.readNumber()
        if reader.isAtEnd { return }
        field = try reader.readOptional { (reader) throws(ColumnarError) in
            try reader.readLittleEndian()
        }
        filter = RowFilter(
            try reader.readList { (reader) throws(ColumnarError) in
                try RowFilter.Condition(from: &reader, depth: 1)
            })
    }
}

extension RowFilter.Condition {
    /// Conditions in conditions are read no deeper than this.
    private static let depthLimit = 32
    private static let operators: [RowFilter.Operator] = [
        .equal, .notEqual, .less, .lessOrEqual, .greater, .greaterOrEqual,
    ]

    fileprivate func encode(into writer: inout ByteWriter) {
        switch self {
        case .comparison(let comparison):
            writer.append(byte: 0)
            writer.append(littleEndian: comparison.column)
            writer.append(byte: UInt8(Self.operators.firstIndex(of: comparison.comparator)!))
            writer.append(filterValue: comparison.value)
        case .isNull(let column):
            writer.append(byte: 1)
            writer.append(littleEndian: column)
        case .isIn(let column, let values):
            writer.append(byte: 2)
            writer.append(littleEndian: column)
            writer.append(list: values) { $0.append(filterValue: $1) }
        case .and(let parts):
            writer.append(byte: 3)
            writer.append(list: parts) { $1.encode(into: &$0) }
        case .or(let parts):
            writer.append(byte: 4)
            writer.append(list: parts) { $1.encode(into: &$0) }
        case .not(let part):
            writer.append(byte: 5)
            part.encode(into: &writer)
        }
    }

    fileprivate init(from reader: inout ByteReader, depth: Int) throws(ColumnarError) {
        guard depth <= Self.depthLimit else {
            throw .corrupt(
                reason: "conditions nested more than \(Self.depthLimit) deep",
                position: reader.position)
        }
        func parts(_ reader: inout ByteReader) throws(ColumnarError) -> [Self] {
            try reader.readList { (reader) throws(ColumnarError) in
                try Self(from: &reader, depth: depth + 1)
            }
        }
        let kind = try reader.readByte()
        switch kind {
        case 0:
            let column: Int32 = try reader.readLittleEndian()
            let code = Int(try reader.readByte())
            guard Self.operators.indices.contains(code) else {
                throw .corrupt(reason: "no comparison \(code)", position: reader.position)
            }
            self = .comparison(
                RowFilter.Comparison(
                    column: column, Self.operators[code], try reader.readFilterValue()))
        case 1: self = .isNull(column: try reader.readLittleEndian())
        case 2:
            self = .isIn(
                column: try reader.readLittleEndian(),
                try reader.readList { (reader) throws(ColumnarError) in
                    try reader.readFilterValue()
                })
        case 3: self = .and(try parts(&reader))
        case 4: self = .or(try parts(&reader))
        case 5: self = .not(try Self(from: &reader, depth: depth + 1))
        default: throw .corrupt(reason: "no condition \(kind)", position: reader.position)
        }
    }
}

extension ByteWriter {
    /// A byte of kind, then the value. One that nests others, or a vector, is not compared with:
    /// it is written as of a kind that nobody reads.
    fileprivate mutating func append(filterValue value: Value) {
        switch value {
        case .null: append(byte: 0)
        case .boolean(let flag):
            append(byte: 1)
            append(byte: flag ? 1 : 0)
        case .tinyint(let number): append(kind: 2, number)
        case .smallint(let number): append(kind: 3, number)
        case .int(let number): append(kind: 4, number)
        case .bigint(let number): append(kind: 5, number)
        case .float(let number): append(kind: 6, number.bitPattern)
        case .double(let number): append(kind: 7, number.bitPattern)
        case .decimal(let number): append(kind: 8, number)
        case .string(let text):
            append(byte: 9)
            append(string: text)
        case .bytes(let bytes):
            append(byte: 10)
            append(lengthPrefixed: bytes)
        case .date(let number): append(kind: 11, number)
        case .time(let number): append(kind: 12, number)
        case .timestamp(let number): append(kind: 13, number)
        case .uuid(let identifier):
            append(byte: 14)
            append(identifier.bytes)
        case .vector, .array, .map, .row: append(byte: .max)
        }
    }

    private mutating func append<Number: FixedWidthInteger & BitwiseCopyable>(
        kind: UInt8, _ number: Number
    ) {
        append(byte: kind)
        append(littleEndian: number)
    }
}

extension ByteReader {
    fileprivate mutating func readFilterValue() throws(ColumnarError) -> Value {
        let kind = try readByte()
        switch kind {
        case 0: return .null
        case 1: return .boolean(try readByte() != 0)
        case 2: return .tinyint(try readLittleEndian())
        case 3: return .smallint(try readLittleEndian())
        case 4: return .int(try readLittleEndian())
        case 5: return .bigint(try readLittleEndian())
        case 6: return .float(Float(bitPattern: try readLittleEndian()))
        case 7: return .double(Double(bitPattern: try readLittleEndian()))
        case 8: return .decimal(try readLittleEndian())
        case 9: return .string(try readString())
        case 10: return .bytes(try readLengthPrefixed())
        case 11: return .date(try readLittleEndian())
        case 12: return .time(try readLittleEndian())
        case 13: return .timestamp(try readLittleEndian())
        case 14: return .uuid(UniqueIdentifier(bytes: try readBytes(16)))
        default: throw .corrupt(reason: "no value of kind \(kind)", position: position)
        }
    }
}
