/// Turns keys into bytes that order as the keys do, and back.
///
/// The bytes of a key's first columns are a prefix of the bytes of the whole key, so a prefix
/// lookup is a range scan. The columns stand one after the other, none of them null:
///
///     boolean              1 byte, 0 or 1
///     int32, date          4 bytes big endian, sign bit flipped
///     int64, timestamps,
///     decimal              8 bytes big endian, sign bit flipped
///     float32, float64     4 or 8 bytes big endian; sign bit flipped, all bits of a negative
///     string, bytes        each 00 written as 00 FF, then 00 01 at the end
///     vector               its floats
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
            guard key[position].matches(types[position]) else {
                throw .invalidValue(
                    reason: "key column \(position) wants \(types[position]): \(key[position])")
            }
            writer.append(orderPreserving: key[position])
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
    fileprivate mutating func append(orderPreserving value: Value) {
        switch value {
        case .null: preconditionFailure("null matches no type")
        case .boolean(let flag): append(byte: flag ? 1 : 0)
        case .int32(let number), .date(let number):
            append(bigEndian: UInt32(bitPattern: number) ^ (1 << 31))
        case .int64(let number), .timestamp(let number), .decimal(let number):
            append(bigEndian: UInt64(bitPattern: number) ^ (1 << 63))
        case .float32(let number): append(bigEndian: number.orderedBits)
        case .float64(let number): append(bigEndian: number.orderedBits)
        case .string(let text): append(escaped: text.utf8)
        case .bytes(let bytes): append(escaped: bytes)
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
        switch type {
        case .boolean:
            let byte = try readByte()
            guard byte <= 1 else {
                throw .corrupt(reason: "a boolean of \(byte)", position: position - 1)
            }
            return .boolean(byte == 1)
        case .int32: return .int32(try readFlipped32())
        case .date: return .date(try readFlipped32())
        case .int64: return .int64(try readFlipped64())
        case .timestamp, .timestampWithZone: return .timestamp(try readFlipped64())
        case .decimal: return .decimal(try readFlipped64())
        case .float32: return .float32(Float(orderedBits: try readBigEndian()))
        case .float64: return .float64(Double(orderedBits: try readBigEndian()))
        case .string:
            let start = position
            guard let text = String(validating: try readEscaped(), as: UTF8.self) else {
                throw .corrupt(reason: "the key text is not UTF-8", position: start)
            }
            return .string(text)
        case .bytes: return .bytes(try readEscaped())
        case .vector(let dimension):
            guard dimension <= remaining / 4 else {
                throw .corrupt(reason: "the key's vector is cut", position: position)
            }
            var elements: [Float] = []
            elements.reserveCapacity(dimension)
            for _ in 0..<dimension { elements.append(Float(orderedBits: try readBigEndian())) }
            return .vector(elements)
        }
    }

    private mutating func readFlipped32() throws(ColumnarError) -> Int32 {
        Int32(bitPattern: try readBigEndian(UInt32.self) ^ (1 << 31))
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
