// Types and schemas as bytes, for messages and for metadata that is stored.
//
//     type      a byte of kind, then what the kind has: numbers as varints, children as fields
//     field     identifier (i32 little endian), name, type, a byte of nullability
//     schema    identifier (i16 little endian), varint count and fields, varint count and positions
//               of the primary key, highest field identifier (i32 little endian)

/// The numbers of the kinds; they stand in stored files, so none may change its meaning.
private enum TypeKind {
    static let boolean: UInt8 = 0
    static let int: UInt8 = 1
    static let bigint: UInt8 = 2
    static let float: UInt8 = 3
    static let double: UInt8 = 4
    static let string: UInt8 = 5
    static let bytes: UInt8 = 6
    static let date: UInt8 = 7
    static let timestamp: UInt8 = 8
    static let timestampLTZ: UInt8 = 9
    static let decimal: UInt8 = 10
    static let vector: UInt8 = 11
    static let tinyint: UInt8 = 12
    static let smallint: UInt8 = 13
    static let char: UInt8 = 14
    static let binary: UInt8 = 15
    static let time: UInt8 = 16
    static let uuid: UInt8 = 17
    static let array: UInt8 = 18
    static let map: UInt8 = 19
    static let row: UInt8 = 20
}

extension DataType {
    /// The kind and the numbers that belong to it.
    private var coding: (kind: UInt8, numbers: [Int]) {
        switch self {
        case .boolean: (TypeKind.boolean, [])
        case .tinyint: (TypeKind.tinyint, [])
        case .smallint: (TypeKind.smallint, [])
        case .int: (TypeKind.int, [])
        case .bigint: (TypeKind.bigint, [])
        case .float: (TypeKind.float, [])
        case .double: (TypeKind.double, [])
        case .decimal(let precision, let scale): (TypeKind.decimal, [precision, scale])
        case .char(let length): (TypeKind.char, [length])
        case .string: (TypeKind.string, [])
        case .binary(let length): (TypeKind.binary, [length])
        case .bytes: (TypeKind.bytes, [])
        case .date: (TypeKind.date, [])
        case .time(let precision): (TypeKind.time, [precision])
        case .timestamp(let precision): (TypeKind.timestamp, [precision])
        case .timestampLTZ(let precision): (TypeKind.timestampLTZ, [precision])
        case .uuid: (TypeKind.uuid, [])
        case .vector(let dimension, let element): (TypeKind.vector, [dimension, Int(element)])
        case .array: (TypeKind.array, [])
        case .map: (TypeKind.map, [])
        case .row(let row): (TypeKind.row, [row.fields.count])
        }
    }

    public func encode(into writer: inout ByteWriter) {
        let (kind, numbers) = coding
        writer.append(byte: kind)
        for number in numbers { writer.append(varint: UInt64(number)) }
        if isNested {
            for child in children { child.encode(into: &writer) }
        }
    }

    /// Throws `ColumnarError.corrupt` also for a type beyond the limits.
    public init(from reader: inout ByteReader) throws(ColumnarError) {
        self = try reader.readType(depth: 1)
    }
}

extension Field {
    public func encode(into writer: inout ByteWriter) {
        writer.append(littleEndian: identifier)
        writer.append(string: name)
        type.encode(into: &writer)
        writer.append(byte: isNullable ? 1 : 0)
    }

    public init(from reader: inout ByteReader) throws(ColumnarError) {
        self = try reader.readField(depth: 0)
    }
}

extension Schema {
    public func encode(into writer: inout ByteWriter) {
        writer.append(littleEndian: identifier)
        writer.append(varint: UInt64(fields.count))
        for field in fields { field.encode(into: &writer) }
        writer.append(varint: UInt64(primaryKey.count))
        for position in primaryKey { writer.append(varint: UInt64(position)) }
        writer.append(littleEndian: highestFieldIdentifier)
    }

    /// Throws `ColumnarError.corrupt` also for a schema that contradicts itself.
    public init(from reader: inout ByteReader) throws(ColumnarError) {
        let start = reader.position
        let identifier: Int16 = try reader.readLittleEndian()
        let fields = try reader.readFields(try reader.readCount(ofAtLeast: 7), depth: 0)
        var primaryKey: [Int] = []
        for _ in 0..<(try reader.readCount()) {
            primaryKey.append(Int(clamping: try reader.readVarint()))
        }
        let highest: Int32 = try reader.readLittleEndian()
        do {
            try self.init(
                validating: fields, identifier: identifier, primaryKey: primaryKey,
                highestFieldIdentifier: highest)
        } catch {
            throw .corrupt(reason: "the schema contradicts itself: \(error)", position: start)
        }
    }
}

extension ByteReader {
    fileprivate mutating func readField(depth: Int) throws(ColumnarError) -> Field {
        let identifier: Int32 = try readLittleEndian()
        // Those of files of others that have none are negative, and stay with their reader.
        guard identifier >= 0 else {
            throw .corrupt(reason: "a field identifier of \(identifier)", position: position - 4)
        }
        return Field(
            identifier: identifier, name: try readString(),
            type: try readType(depth: depth + 1), isNullable: try readFlag())
    }

    fileprivate mutating func readFields(
        _ count: Int, depth: Int
    ) throws(ColumnarError) -> [Field] {
        guard count <= TypeLimit.fieldCount else {
            throw .corrupt(reason: "\(count) fields", position: position)
        }
        var fields: [Field] = []
        for _ in 0..<count { fields.append(try readField(depth: depth)) }
        return fields
    }

    fileprivate mutating func readType(depth: Int) throws(ColumnarError) -> DataType {
        let start = position
        guard depth <= TypeLimit.depth else {
            throw .corrupt(reason: "a type nests over \(TypeLimit.depth) levels", position: start)
        }
        let type: DataType
        switch try readByte() {
        case TypeKind.boolean: type = .boolean
        case TypeKind.tinyint: type = .tinyint
        case TypeKind.smallint: type = .smallint
        case TypeKind.int: type = .int
        case TypeKind.bigint: type = .bigint
        case TypeKind.float: type = .float
        case TypeKind.double: type = .double
        case TypeKind.decimal:
            type = .decimal(precision: try readTypeNumber(), scale: try readTypeNumber())
        case TypeKind.char: type = .char(length: try readTypeNumber())
        case TypeKind.string: type = .string
        case TypeKind.binary: type = .binary(length: try readTypeNumber())
        case TypeKind.bytes: type = .bytes
        case TypeKind.date: type = .date
        case TypeKind.time: type = .time(precision: try readTypeNumber())
        case TypeKind.timestamp: type = .timestamp(precision: try readTypeNumber())
        case TypeKind.timestampLTZ: type = .timestampLTZ(precision: try readTypeNumber())
        case TypeKind.uuid: type = .uuid
        case TypeKind.vector:
            type = .vector(
                dimension: try readTypeNumber(),
                elementIdentifier: Int32(try readTypeNumber()))
        case TypeKind.array:
            let element = try readField(depth: depth)
            type = .array(
                ArrayType(
                    element.type, isNullable: element.isNullable, identifier: element.identifier))
        case TypeKind.map:
            let key = try readField(depth: depth)
            let value = try readField(depth: depth)
            type = .map(
                MapType(
                    key.type, value.type, isNullable: value.isNullable,
                    keyIdentifier: key.identifier, valueIdentifier: value.identifier))
        case TypeKind.row:
            type = .row(RowType(try readFields(try readTypeNumber(), depth: depth)))
        case let kind: throw .corrupt(reason: "no type has the number \(kind)", position: start)
        }
        if let flaw = type.ownFlaw { throw .corrupt(reason: flaw, position: start) }
        return type
    }

    /// A number that no bound of a type is near.
    private mutating func readTypeNumber() throws(ColumnarError) -> Int {
        let start = position
        let number = try readVarint()
        guard number <= UInt64(Int32.max) else {
            throw .corrupt(reason: "a type with the number \(number)", position: start)
        }
        return Int(number)
    }
}
