public import Columnar

/// A value of an Avro schema.
public indirect enum AvroValue: Hashable, Sendable {
    case null
    case boolean(Bool)
    case int(Int32)
    case long(Int64)
    case float(Float)
    case double(Double)
    /// Both bytes and fixed.
    case bytes([UInt8])
    case string(String)
    case array([AvroValue])
    case map([AvroMapEntry])
    /// The values of a record's fields, in their order.
    case record([AvroValue])

    public var isNull: Bool { self == .null }

    /// A whole number of either width.
    public var integer: Int64? {
        switch self {
        case .int(let value): Int64(value)
        case .long(let value): value
        default: nil
        }
    }

    public var boolean: Bool? { if case .boolean(let value) = self { value } else { nil } }
    public var string: String? { if case .string(let value) = self { value } else { nil } }
    public var bytes: [UInt8]? { if case .bytes(let value) = self { value } else { nil } }
    public var array: [AvroValue]? { if case .array(let value) = self { value } else { nil } }
    public var record: [AvroValue]? { if case .record(let value) = self { value } else { nil } }
}

/// One entry of a map.
public struct AvroMapEntry: Hashable, Sendable {
    public var key: String
    public var value: AvroValue

    public init(key: String, value: AvroValue) {
        self.key = key
        self.value = value
    }
}

extension AvroSchema {
    /// Appends a value in Avro's binary encoding; throws `.mismatch` if it is not of this schema.
    public func encode(
        _ value: AvroValue, to writer: inout ByteWriter, path: String = "value"
    ) throws(AvroError) {
        switch (self, value) {
        case (.null, .null): break
        case (.boolean, .boolean(let value)): writer.append(byte: value ? 1 : 0)
        case (.int, .int(let value)): writer.append(zigZag: Int64(value))
        case (.long, .long(let value)): writer.append(zigZag: value)
        case (.float, .float(let value)): writer.append(float: value)
        case (.double, .double(let value)): writer.append(double: value)
        case (.bytes, .bytes(let value)):
            writer.append(zigZag: Int64(value.count))
            writer.append(value)
        case (.string, .string(let value)):
            writer.append(zigZag: Int64(value.utf8.count))
            writer.append(Array(value.utf8))
        case (.fixed(_, let byteCount), .bytes(let value)) where value.count == byteCount:
            writer.append(value)
        case (.logical(let base, _), _): try base.encode(value, to: &writer, path: path)
        case (.array(let element, _, _), .array(let values)):
            if !values.isEmpty { writer.append(zigZag: Int64(values.count)) }
            for value in values { try element.encode(value, to: &writer, path: path + "[]") }
            writer.append(byte: 0)
        case (.map(let schema), .map(let entries)):
            if !entries.isEmpty { writer.append(zigZag: Int64(entries.count)) }
            for entry in entries {
                try AvroSchema.string.encode(.string(entry.key), to: &writer)
                try schema.encode(entry.value, to: &writer, path: path + "{}")
            }
            writer.append(byte: 0)
        case (.union(let branches), _):
            guard let branch = branches.firstIndex(where: { $0.takes(value) }) else {
                throw .mismatch(path: path, expected: "of any branch")
            }
            writer.append(zigZag: Int64(branch))
            try branches[branch].encode(value, to: &writer, path: path)
        case (.record(_, let fields), .record(let values)) where fields.count == values.count:
            for (field, value) in zip(fields, values) {
                try field.schema.encode(value, to: &writer, path: path + "." + field.name)
            }
        default: throw .mismatch(path: path, expected: "\(self)")
        }
    }

    private func takes(_ value: AvroValue) -> Bool {
        switch (self, value) {
        case (.null, .null), (.boolean, .boolean), (.int, .int), (.long, .long), (.float, .float),
            (.double, .double), (.bytes, .bytes), (.fixed, .bytes), (.string, .string),
            (.array, .array), (.map, .map), (.record, .record):
            true
        case (.logical(let base, _), _): base.takes(value)
        default: false
        }
    }

    /// Reads a value; throws `.malformed` for bytes that are not one.
    public func decode(from reader: inout ByteReader, depth: Int = 0) throws(AvroError) -> AvroValue
    {
        if depth > 60 { throw .malformed(reason: "nested too deep", position: reader.position) }
        do {
            switch self {
            case .null: return .null
            case .boolean: return .boolean(try reader.readByte() != 0)
            case .int:
                let position = reader.position
                guard let value = Int32(exactly: try reader.readZigZag()) else {
                    throw AvroError.malformed(reason: "an int beyond 32 bits", position: position)
                }
                return .int(value)
            case .long: return .long(try reader.readZigZag())
            case .float: return .float(try reader.readFloat())
            case .double: return .double(try reader.readDouble())
            case .bytes: return .bytes(try reader.readBytes(try Self.length(&reader)))
            case .string: return .string(try reader.readString(byteCount: try Self.length(&reader)))
            case .fixed(_, let byteCount): return .bytes(try reader.readBytes(byteCount))
            case .logical(let base, _): return try base.decode(from: &reader, depth: depth)
            case .array(let element, _, _):
                var values: [AvroValue] = []
                try Self.blocks(&reader, element.leastByteCount) { (reader) throws(AvroError) in
                    values.append(try element.decode(from: &reader, depth: depth + 1))
                }
                return .array(values)
            case .map(let schema):
                var entries: [AvroMapEntry] = []
                try Self.blocks(&reader, 1 + schema.leastByteCount) { (reader) throws(AvroError) in
                    let key = try AvroSchema.string.decode(from: &reader, depth: depth + 1)
                    entries.append(
                        AvroMapEntry(
                            key: key.string ?? "",
                            value: try schema.decode(from: &reader, depth: depth + 1)))
                }
                return .map(entries)
            case .union(let branches):
                let position = reader.position
                let branch = try reader.readZigZag()
                guard branch >= 0, branch < branches.count else {
                    throw AvroError.malformed(
                        reason: "no branch \(branch) in a union", position: position)
                }
                return try branches[Int(branch)].decode(from: &reader, depth: depth + 1)
            case .record(_, let fields):
                var values: [AvroValue] = []
                values.reserveCapacity(fields.count)
                for field in fields {
                    values.append(try field.schema.decode(from: &reader, depth: depth + 1))
                }
                return .record(values)
            }
        } catch let error as AvroError {
            throw error
        } catch {
            throw .malformed(reason: "\(error)", position: reader.position)
        }
    }

    private static func length(_ reader: inout ByteReader) throws -> Int {
        let position = reader.position
        let length = try reader.readZigZag()
        guard length >= 0, length <= reader.remaining else {
            throw AvroError.malformed(reason: "a length of \(length)", position: position)
        }
        return Int(length)
    }

    /// Reads the blocks of an array or map; a negative count is followed by the block's size.
    ///
    /// Elements that take no bytes are refused: a few bytes could ask for any number of them.
    private static func blocks(
        _ reader: inout ByteReader, _ leastByteCount: Int,
        _ element: (inout ByteReader) throws(AvroError) -> Void
    ) throws {
        while true {
            let position = reader.position
            var count = try reader.readZigZag()
            if count == 0 { return }
            if count < 0 {
                guard count > Int64.min else {
                    throw AvroError.malformed(reason: "a count of \(count)", position: position)
                }
                count = -count
                _ = try reader.readZigZag()
            }
            guard leastByteCount > 0, count <= reader.remaining / leastByteCount else {
                throw AvroError.malformed(reason: "\(count) elements", position: position)
            }
            for _ in 0..<count { try element(&reader) }
        }
    }
}
