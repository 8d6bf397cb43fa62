// Types and schemas as bytes, for messages and for metadata that is stored.
//
//     type      a byte of kind, then what the kind has: numbers as varints, of a vector also its
//               elements' identifier, of a row the count of its fields; then children as fields
//     field     identifier (i32 little endian), name, type, a byte of nullability
//     schema    identifier (i16 little endian), varint count and fields, varint count and positions
//               of the primary key, highest field identifier (i32 little endian)

extension DataType {
    public func encode(into writer: inout ByteWriter) {
        let description = typeDescription
        writer.append(byte: description.kind)
        for number in description.numbers { writer.append(varint: UInt64(number)) }
        switch self {
        case .vector(_, let element): writer.append(varint: UInt64(max(0, element)))
        case .row(let row): writer.append(varint: UInt64(row.fields.count))
        default: break
        }
        for child in children { child.encode(into: &writer) }
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
        let kind = try readByte()
        if let family = TypeFamily.all.first(where: { $0.kind == kind }) {
            var numbers: [Int] = []
            for _ in 0..<family.numberCount { numbers.append(try readTypeNumber()) }
            var type = family.make(numbers)
            if case .vector(let dimension, _) = type {
                type = .vector(
                    dimension: dimension, elementIdentifier: Int32(try readTypeNumber()))
            }
            return try checked(type, start)
        }
        // Those of `typeDescription` that nest others.
        switch kind {
        case 18:
            let element = try readField(depth: depth)
            return .array(
                ArrayType(
                    element.type, isNullable: element.isNullable, identifier: element.identifier))
        case 19:
            let key = try readField(depth: depth)
            let value = try readField(depth: depth)
            let map = DataType.map(
                MapType(
                    key.type, value.type, isNullable: value.isNullable,
                    keyIdentifier: key.identifier, valueIdentifier: value.identifier))
            return try checked(map, start)
        case 20:
            let fields = try readFields(try readTypeNumber(), depth: depth)
            return try checked(.row(RowType(fields)), start)
        default: throw .corrupt(reason: "no type has the number \(kind)", position: start)
        }
    }

    private func checked(_ type: DataType, _ start: Int) throws(ColumnarError) -> DataType {
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
