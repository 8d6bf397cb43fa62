/// Turns keys into bytes that order as the keys do, and back.
///
/// The bytes of a key's first columns are a prefix of the bytes of the whole key, so a prefix
/// lookup is a range scan. The columns stand one after the other, none of them null:
///
///     boolean              1 byte, 0 or 1
///     integers, dates,
///     times, timestamps    1, 2, 4 or 8 bytes as stored, big endian, sign bit flipped
///     decimal              the same of 8 bytes to 18 digits, of 16 above
///     float, double        4 or 8 bytes big endian; sign bit flipped, all bits of a negative
///     text, bytes          each 00 written as 00 FF, then 00 01 at the end
///     binary(n), uuid      as they are
///     vector               its floats
///
/// Fluss's CompactedKeyEncoder writes varints instead, which do not order as their numbers do. Ours
/// must: scans, row files and lake files all go by the bytes. So a gateway decodes a Fluss key and
/// encodes it anew, column by column, while it copies rows (see `RowCodec`).
public struct KeyCodec: Hashable, Sendable {
    public let types: [DataType]

    public init(types: [DataType]) { self.types = types }

    /// The codec of a table's primary key.
    public init(primaryKeyOf schema: Schema) {
        self.init(types: schema.primaryKey.map { schema.fields[$0].type })
    }

    /// The bytes of a key, or of its first columns.
    public func encode(_ key: [Value]) throws(ColumnarError) -> [UInt8] {
        guard key.count <= types.count else {
            throw .invalidValue(reason: "a key of \(key.count) columns, not \(types.count)")
        }
        var writer = ByteWriter(capacity: 16 * key.count)
        for position in key.indices {
            guard key[position].matches(types[position]), !types[position].isNested else {
                throw .invalidValue(
                    reason: "key column \(position) wants \(types[position]): \(key[position])")
            }
            writer.append(orderPreserving: key[position], types[position])
        }
        return writer.bytes
    }

    /// The key, or the first columns of one, that `encode` made these bytes of.
    public func decode(_ bytes: [UInt8]) throws(ColumnarError) -> [Value] {
        var reader = ByteReader(bytes)
        var key: [Value] = []
        key.reserveCapacity(types.count)
        while !reader.isAtEnd {
            guard key.count < types.count else {
                throw .corrupt(
                    reason: "bytes after the key's last column", position: reader.position)
            }
            key.append(try reader.readOrderPreserving(types[key.count]))
        }
        return key
    }

    /// The first bytes that come after all keys beginning with `prefix`; nil if there are none.
    public static func end(ofPrefix prefix: [UInt8]) -> [UInt8]? {
        guard let last = prefix.lastIndex(where: { $0 != 0xFF }) else { return nil }
        var end = Array(prefix[...last])
        end[last] += 1
        return end
    }
}

extension ByteWriter {
    /// Precondition: the value matches the type, which nests nothing.
    fileprivate mutating func append(orderPreserving value: Value, _ type: DataType) {
        switch value {
        case .null, .array, .map, .row: preconditionFailure("\(value) has no key form")
        case .boolean(let flag): append(byte: flag ? 1 : 0)
        case .tinyint(let number): append(byte: UInt8(bitPattern: number) ^ (1 << 7))
        case .smallint(let number): append(bigEndian: UInt16(bitPattern: number) ^ (1 << 15))
        case .int(let number), .date(let number):
            append(bigEndian: UInt32(bitPattern: number) ^ (1 << 31))
        case .time(let number) where type.storage == .int32:
            append(bigEndian: UInt32(bitPattern: Int32(number)) ^ (1 << 31))
        case .bigint(let number), .timestamp(let number), .time(let number):
            append(bigEndian: UInt64(bitPattern: number) ^ (1 << 63))
        case .decimal(let number):
            if type.isCompactDecimal {
                append(bigEndian: UInt64(bitPattern: Int64(number)) ^ (1 << 63))
            } else {
                append(bigEndian: UInt128(bitPattern: number) ^ (1 << 127))
            }
        case .float(let number): append(bigEndian: number.orderedBits)
        case .double(let number): append(bigEndian: number.orderedBits)
        case .string(let text): append(escaped: text.utf8)
        case .bytes(let bytes):
            if case .binary = type { append(bytes) } else { append(escaped: bytes) }
        case .uuid(let identifier): append(identifier.bytes)
        case .vector(let elements):
            for element in elements { append(bigEndian: element.orderedBits) }
        }
    }

    private mutating func append(escaped text: some Sequence<UInt8>) {
        for byte in text {
            append(byte: byte)
            if byte == 0 { append(byte: 0xFF) }
        }
        append(byte: 0)
        append(byte: 1)
    }
}

extension ByteReader {
    fileprivate mutating func readOrderPreserving(
        _ type: DataType
    ) throws(ColumnarError) -> Value {
        let start = position
        let value: Value
        switch type.storage {
        case .bit: return .boolean(try readFlag())
        case .int8:
            value = Value(integer: Int64(Int8(bitPattern: try readByte() ^ (1 << 7))), of: type)
        case .int16:
            let bits: UInt16 = try readBigEndian()
            value = Value(integer: Int64(Int16(bitPattern: bits ^ (1 << 15))), of: type)
        case .int32:
            let bits: UInt32 = try readBigEndian()
            value = Value(integer: Int64(Int32(bitPattern: bits ^ (1 << 31))), of: type)
        case .int64: value = Value(integer: try readFlipped64(), of: type)
        case .int128 where type.isCompactDecimal: value = .decimal(Int128(try readFlipped64()))
        case .int128:
            value = .decimal(Int128(bitPattern: try readBigEndian(UInt128.self) ^ (1 << 127)))
        case .float32: return .float(Float(orderedBits: try readBigEndian()))
        case .float64: return .double(Double(orderedBits: try readBigEndian()))
        case .text:
            guard let text = String(validating: try readEscaped(), as: UTF8.self) else {
                throw .corrupt(reason: "the key text is not UTF-8", position: start)
            }
            value = .string(text)
        case .variableBytes: return .bytes(try readEscaped())
        case .fixedBytes(let count): return Value(bytes: try readBytes(count), of: type)
        case .floats(let dimension):
            guard dimension <= remaining / 4 else {
                throw .corrupt(reason: "the key's vector is cut", position: position)
            }
            var elements: [Float] = []
            elements.reserveCapacity(dimension)
            for _ in 0..<dimension { elements.append(Float(orderedBits: try readBigEndian())) }
            return .vector(elements)
        case .list, .map, .record:
            throw .unsupported(reason: "a key column of \(type)")
        }
        guard value.matches(type) else {
            throw .corrupt(reason: "\(value) is out of the range of \(type)", position: start)
        }
        return value
    }

    private mutating func readFlipped64() throws(ColumnarError) -> Int64 {
        Int64(bitPattern: try readBigEndian(UInt64.self) ^ (1 << 63))
    }

    private mutating func readEscaped() throws(ColumnarError) -> [UInt8] {
        var text: [UInt8] = []
        while true {
            let byte = try readByte()
            if byte != 0 {
                text.append(byte)
                continue
            }
            switch try readByte() {
            case 0xFF: text.append(0)
            case 1: return text
            case let other:
                throw .corrupt(reason: "00 before \(other) in a key text", position: position - 1)
            }
        }
    }
}
