/// Turns rows into bytes and back, also under a later schema; the layout is Fluss's CompactedRow
/// behind the schema identifier that Fluss puts before a row.
///
///     schema identifier    2 bytes little endian
///     null bitmap          a bit a field, lowest bit first, 1 = null
///     values that are not null, in field order:
///         boolean, tinyint 1 byte
///         smallint         2 bytes little endian
///         int, date        varint of the 32 bits
///         bigint           varint of the 64 bits
///         time             varint of the 32 or 64 bits that it is stored in
///         timestamps       varint of the milliseconds; above precision 3 also of the nanoseconds
///                          of the last one
///         decimal          to 18 digits varint of the unscaled 64 bits, above a varint byte count
///                          and the unscaled number big endian in as few bytes as hold it
///         float, double    4 or 8 bytes little endian
///         text, bytes,
///         binary(n)        varint byte count, bytes
///         uuid             16 bytes
///         vector           its floats
///         array            varint count, null bitmap, elements
///         map              varint count, keys, null bitmap of the values, values
///         row              null bitmap, values
///
/// Down to binary(n) a gateway copies these bytes. Fluss has no uuid and no vector, and lays
/// arrays, maps and rows out in the 8-byte words of Flink's BinaryArray; those a gateway decodes
/// and writes anew, which costs what decoding a row costs here, for rows of fewer bytes.
public struct RowCodec: Hashable, Sendable {
    public let schema: Schema

    public init(schema: Schema) { self.schema = schema }

    /// The bytes of a row; `ColumnarError.invalidValue` if it does not fit the schema.
    public func encode(_ row: Row) throws(ColumnarError) -> [UInt8] {
        var writer = ByteWriter(capacity: 2 + (row.count + 7) / 8 + 8 * row.count)
        try encode(row, to: &writer)
        return writer.bytes
    }

    public func encode(_ row: Row, to writer: inout ByteWriter) throws(ColumnarError) {
        try schema.validate(row)
        writer.append(littleEndian: schema.identifier)
        encode(compacted: row, to: &writer)
    }

    /// Appends the row without the schema identifier, where what holds it names the schema.
    ///
    /// Precondition: the row fits the schema, as `Schema.validate` has it.
    public func encode(compacted row: Row, to writer: inout ByteWriter) {
        precondition(row.count == schema.fields.count, "a row of another schema")
        writer.append(compactRow: row, schema.fields)
    }

    /// A row that `encode(compacted:to:)` wrote under this schema; more bytes may follow.
    public func decodeCompacted(_ reader: inout ByteReader) throws(ColumnarError) -> Row {
        try reader.readCompactRow(schema.fields)
    }

    /// The identifier of the schema that a row was written under.
    public static func schemaIdentifier(of bytes: [UInt8]) throws(ColumnarError) -> Int16 {
        var reader = ByteReader(bytes)
        return try reader.readLittleEndian()
    }

    /// The row as this schema sees it; `writer` is the schema it was written under, nil if the
    /// same.
    ///
    /// `SchemaEvolution` says how an older row is seen; who reads many rows of one older schema
    /// decodes them under that and keeps the evolution.
    public func decode(_ bytes: [UInt8], writer: Schema? = nil) throws(ColumnarError) -> Row {
        var reader = ByteReader(bytes)
        let row = try decode(&reader, writer: writer)
        guard reader.isAtEnd else {
            throw .corrupt(reason: "bytes after the row's last value", position: reader.position)
        }
        return row
    }

    /// As `decode(_:writer:)` for a row that more bytes follow.
    public func decode(
        _ reader: inout ByteReader, writer: Schema? = nil
    ) throws(ColumnarError) -> Row {
        let writer = writer ?? schema
        let start = reader.position
        let identifier: Int16 = try reader.readLittleEndian()
        guard identifier == writer.identifier else {
            throw .corrupt(
                reason: "a row of schema \(identifier), not \(writer.identifier)", position: start)
        }
        let written = try reader.readCompactRow(writer.fields)
        if writer == schema { return written }
        return try SchemaEvolution(from: writer, to: schema).row(written)
    }
}

extension ByteWriter {
    fileprivate mutating func append(compactRow row: [Value], _ fields: [Field]) {
        append(nullBitmap: row)
        for position in row.indices { append(compact: row[position], fields[position].type) }
    }

    private mutating func append(nullBitmap values: [Value]) {
        var bits: UInt8 = 0
        for position in values.indices {
            if values[position].isNull { bits |= 1 << UInt8(position & 7) }
            if position & 7 == 7 || position == values.count - 1 {
                append(byte: bits)
                bits = 0
            }
        }
    }

    /// Appends nothing for null.
    private mutating func append(compact value: Value, _ type: DataType) {
        switch value {
        case .null: break
        case .boolean(let flag): append(byte: flag ? 1 : 0)
        case .tinyint(let number): append(byte: UInt8(bitPattern: number))
        case .smallint(let number): append(littleEndian: number)
        case .int(let number), .date(let number):
            append(varint: UInt64(UInt32(bitPattern: number)))
        case .bigint(let number): append(varint: UInt64(bitPattern: number))
        // Never negative, so that 32 bits and 64 are written alike.
        case .time(let number): append(varint: UInt64(number))
        case .timestamp(let number): append(timestamp: number, type)
        case .decimal(let number):
            if type.isCompactDecimal {
                append(varint: UInt64(bitPattern: Int64(number)))
            } else {
                append(lengthPrefixed: number.bigEndianBytes)
            }
        case .float(let number): append(float: number)
        case .double(let number): append(double: number)
        case .string(let text): append(string: text)
        case .bytes(let bytes): append(lengthPrefixed: bytes)
        case .uuid(let identifier): append(identifier.bytes)
        case .vector(let elements): for element in elements { append(float: element) }
        case .array(let elements):
            append(varint: UInt64(elements.count))
            append(nullBitmap: elements)
            for element in elements { append(compact: element, type.children[0].type) }
        case .map(let entries):
            append(varint: UInt64(entries.count))
            let children = type.children
            for entry in entries { append(compact: entry.key, children[0].type) }
            append(nullBitmap: entries.map(\.value))
            for entry in entries { append(compact: entry.value, children[1].type) }
        case .row(let values): append(compactRow: values, type.children)
        }
    }

    private mutating func append(timestamp number: Int64, _ type: DataType) {
        let (milliseconds, nanoseconds) = type.timestampUnit.split(number)
        append(varint: UInt64(bitPattern: milliseconds))
        if type.timestampUnit.rawValue > 1000 { append(varint: UInt64(nanoseconds)) }
    }
}

extension ByteReader {
    fileprivate mutating func readCompactRow(_ fields: [Field]) throws(ColumnarError) -> [Value] {
        let bitmap = try readSlice((fields.count + 7) / 8)
        var row: [Value] = []
        row.reserveCapacity(fields.count)
        for position in fields.indices {
            row.append(
                try readCompact(
                    fields[position], isNull: bitmap.isSet(position)))
        }
        return row
    }

    private mutating func readCompact(
        _ field: Field, isNull: Bool
    ) throws(ColumnarError) -> Value {
        if isNull {
            guard field.isNullable else {
                throw .corrupt(reason: "field \(field.name) is null", position: position)
            }
            return .null
        }
        let start = position
        let value = try readCompact(field.type)
        switch field.type {
        // What they are stored in holds nothing else.
        case .int, .bigint, .string, .boolean, .double, .bytes, .array, .row: return value
        default:
            guard value.matches(field.type) else {
                throw .corrupt(
                    reason: "\(value) is out of the range of \(field.type)", position: start)
            }
            return value
        }
    }

    private mutating func readCompact(_ type: DataType) throws(ColumnarError) -> Value {
        switch type.storage {
        case .bit: return .boolean(try readFlag())
        case .int8: return Value(integer: Int64(Int8(bitPattern: try readByte())), of: type)
        case .int16:
            return Value(integer: Int64(try readLittleEndian(Int16.self)), of: type)
        case .int32:
            let start = position
            guard let bits = UInt32(exactly: try readVarint()) else {
                throw .corrupt(reason: "a number over 32 bits", position: start)
            }
            return Value(integer: Int64(Int32(bitPattern: bits)), of: type)
        case .int64:
            switch type {
            case .timestamp, .timestampLTZ: return .timestamp(try readTimestamp(type))
            default: return Value(integer: Int64(bitPattern: try readVarint()), of: type)
            }
        case .int128 where type.isCompactDecimal:
            return .decimal(Int128(Int64(bitPattern: try readVarint())))
        case .int128:
            let start = position
            guard let number = Int128(bigEndianBytes: try readLengthPrefixed()) else {
                throw .corrupt(reason: "a decimal of no byte or over 16", position: start)
            }
            return .decimal(number)
        case .float32: return .float(try readFloat())
        case .float64: return .double(try readDouble())
        case .text: return .string(try readString())
        case .variableBytes: return .bytes(try readLengthPrefixed())
        case .fixedBytes(let count):
            if case .binary = type { return .bytes(try readLengthPrefixed()) }
            return Value(bytes: try readBytes(count), of: type)
        case .floats(let dimension):
            guard dimension <= remaining / 4 else {
                throw .corrupt(reason: "the vector is cut", position: position)
            }
            var elements: [Float] = []
            elements.reserveCapacity(dimension)
            for _ in 0..<dimension { elements.append(try readFloat()) }
            return .vector(elements)
        case .list: return .array(try readElements(type.children[0]))
        case .map: return .map(try readEntries(type.children[0], type.children[1]))
        case .record: return .row(try readCompactRow(type.children))
        }
    }

    private mutating func readElements(_ field: Field) throws(ColumnarError) -> [Value] {
        // A null element takes no more than its bit.
        let start = position
        let count = Int(clamping: try readVarint())
        guard count <= remaining * 8 else {
            throw .corrupt(reason: "a count of \(count) elements is cut", position: start)
        }
        let bitmap = try readSlice((count + 7) / 8)
        var elements: [Value] = []
        for position in 0..<count {
            elements.append(try readCompact(field, isNull: bitmap.isSet(position)))
        }
        return elements
    }

    private mutating func readEntries(
        _ key: Field, _ value: Field
    ) throws(ColumnarError) -> [MapEntry] {
        let count = try readCount()
        var keys: [Value] = []
        for _ in 0..<count { keys.append(try readCompact(key, isNull: false)) }
        let bitmap = try readSlice((count + 7) / 8)
        var entries: [MapEntry] = []
        entries.reserveCapacity(count)
        for position in 0..<count {
            let value = try readCompact(value, isNull: bitmap.isSet(position))
            entries.append(MapEntry(keys[position], value))
        }
        return entries
    }

    private mutating func readTimestamp(_ type: DataType) throws(ColumnarError) -> Int64 {
        let start = position
        let milliseconds = Int64(bitPattern: try readVarint())
        let unit = type.timestampUnit
        let nanoseconds = unit.rawValue > 1000 ? try readVarint() : 0
        guard let number = unit.join(milliseconds, Int64(clamping: nanoseconds)) else {
            throw .corrupt(reason: "a moment that \(type) does not hold", position: start)
        }
        return number
    }
}

extension ArraySlice<UInt8> {
    /// A bit, counted from the lowest of the slice's first byte.
    fileprivate func isSet(_ bit: Int) -> Bool {
        self[startIndex + bit >> 3] >> UInt8(bit & 7) & 1 == 1
    }
}
