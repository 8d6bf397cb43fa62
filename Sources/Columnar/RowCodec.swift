/// Turns rows into compact bytes and back, also under a later schema.
///
///     schema identifier    2 bytes little endian
///     null bitmap          a bit a field, lowest bit first, 1 = null
///     values that are not null, in field order:
///         boolean          1 byte, 0 or 1
///         int32, date,
///         int64, timestamps,
///         decimal          zig-zag varint
///         float32, float64 4 or 8 bytes little endian
///         string, bytes    varint byte count, bytes
///         vector           its floats
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
        var bits: UInt8 = 0
        for position in row.indices {
            if case .null = row[position] { bits |= 1 << UInt8(position & 7) }
            if position & 7 == 7 || position == row.count - 1 {
                writer.append(byte: bits)
                bits = 0
            }
        }
        for value in row { writer.append(compact: value) }
    }

    /// The identifier of the schema that a row was written under.
    public static func schemaIdentifier(of bytes: [UInt8]) throws(ColumnarError) -> Int16 {
        var reader = ByteReader(bytes)
        return try reader.readLittleEndian()
    }

    /// The row as this schema sees it; `writer` is the schema it was written under, nil if the
    /// same.
    ///
    /// Fields are matched by identifier: what the writer did not have is null, what this schema
    /// does not have is left out, and int32, float32 and decimal widen as Iceberg lets them.
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
        var row: Row = []
        row.reserveCapacity(schema.fields.count)
        for field in schema.fields {
            let position = writer.fields.firstIndex { $0.identifier == field.identifier }
            let value = position.map { written[$0] } ?? .null
            guard let widened = value.widened(to: field.type) else {
                throw .unsupported(
                    reason: "column \(field.name) was written as another type than \(field.type)")
            }
            if case .null = widened, !field.isNullable {
                throw .unsupported(reason: "column \(field.name) has no value in an older row")
            }
            row.append(widened)
        }
        return row
    }
}

extension Schema {
    /// Throws `ColumnarError.invalidValue` unless a row has this schema's values.
    public func validate(_ row: Row) throws(ColumnarError) {
        guard row.count == fields.count else {
            throw .invalidValue(reason: "a row of \(row.count) values for \(fields.count) columns")
        }
        for position in row.indices {
            let field = fields[position]
            if case .null = row[position] {
                if !field.isNullable {
                    throw .invalidValue(reason: "column \(field.name) must not be null")
                }
            } else if !row[position].matches(field.type) {
                throw .invalidValue(reason: "column \(field.name) wants \(field.type)")
            }
        }
    }
}

extension Value {
    /// The value in a column whose type was changed to `type`; nil if the change is not allowed.
    public func widened(to type: DataType) -> Value? {
        if case .null = self { return self }
        if matches(type) { return self }
        switch (self, type) {
        case (.int32(let number), .int64): return .int64(Int64(number))
        case (.float32(let number), .float64): return .float64(Double(number))
        default: return nil
        }
    }
}

extension ByteWriter {
    /// Appends nothing for null.
    fileprivate mutating func append(compact value: Value) {
        switch value {
        case .null: break
        case .boolean(let flag): append(byte: flag ? 1 : 0)
        case .int32(let number), .date(let number): append(zigZag: Int64(number))
        case .int64(let number), .timestamp(let number), .decimal(let number):
            append(zigZag: number)
        case .float32(let number): append(float: number)
        case .float64(let number): append(double: number)
        case .string(let text): append(string: text)
        case .bytes(let bytes): append(lengthPrefixed: bytes)
        case .vector(let elements): for element in elements { append(float: element) }
        }
    }
}

extension ByteReader {
    fileprivate mutating func readCompactRow(_ fields: [Field]) throws(ColumnarError) -> Row {
        let bitmap = try readSlice((fields.count + 7) / 8)
        var row: Row = []
        row.reserveCapacity(fields.count)
        for position in fields.indices {
            let byte = bitmap[bitmap.startIndex + position >> 3]
            if byte >> UInt8(position & 7) & 1 == 1 {
                guard fields[position].isNullable else {
                    throw .corrupt(
                        reason: "column \(fields[position].name) is null", position: self.position)
                }
                row.append(.null)
            } else {
                row.append(try readCompact(fields[position].type))
            }
        }
        return row
    }

    private mutating func readCompact(_ type: DataType) throws(ColumnarError) -> Value {
        switch type {
        case .boolean:
            let byte = try readByte()
            guard byte <= 1 else {
                throw .corrupt(reason: "a boolean of \(byte)", position: position - 1)
            }
            return .boolean(byte == 1)
        case .int32: return .int32(try readZigZag32())
        case .date: return .date(try readZigZag32())
        case .int64: return .int64(try readZigZag())
        case .timestamp, .timestampWithZone: return .timestamp(try readZigZag())
        case .decimal: return .decimal(try readZigZag())
        case .float32: return .float32(try readFloat())
        case .float64: return .float64(try readDouble())
        case .string: return .string(try readString())
        case .bytes: return .bytes(try readLengthPrefixed())
        case .vector(let dimension):
            guard dimension <= remaining / 4 else {
                throw .corrupt(reason: "the vector is cut", position: position)
            }
            var elements: [Float] = []
            elements.reserveCapacity(dimension)
            for _ in 0..<dimension { elements.append(try readFloat()) }
            return .vector(elements)
        }
    }

    private mutating func readZigZag32() throws(ColumnarError) -> Int32 {
        let start = position
        guard let number = Int32(exactly: try readZigZag()) else {
            throw .corrupt(reason: "a number over 32 bits", position: start)
        }
        return number
    }
}
