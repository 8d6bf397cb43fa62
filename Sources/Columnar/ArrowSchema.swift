// Arrow's Schema message: Schema { endianness, fields }, each Field { name, nullable, type kind,
// type, dictionary, children, custom metadata }. The field identifier travels as the metadata entry
// that Arrow's own Parquet readers and writers use for it.

private let identifierKey = "PARQUET:field_id"

/// The numbers of Arrow's Type union that have a `DataType`.
private enum ArrowKind {
    static let int: UInt8 = 2
    static let floatingPoint: UInt8 = 3
    static let binary: UInt8 = 4
    static let utf8: UInt8 = 5
    static let boolean: UInt8 = 6
    static let decimal: UInt8 = 7
    static let date: UInt8 = 8
    static let timestamp: UInt8 = 10
    static let fixedSizeList: UInt8 = 16
}

enum ArrowSchema {
    /// The metadata of a schema message.
    static func encode(_ schema: Schema) -> [UInt8] {
        var writer = FlatbufferWriter()
        let message = writer.table([
            .int16(ArrowEnvelope.version), .byte(ArrowEnvelope.schemaHeader), .reference,
            .int64(0),
        ])
        let root = writer.table([.int16(0), .reference])
        writer.refer(from: message.fields[2], to: root.position)
        let (vector, places) = writer.references(count: schema.fields.count)
        writer.refer(from: root.fields[1], to: vector)
        for (field, place) in zip(schema.fields, places) {
            let position = writer.field(
                field.name, isNullable: field.isNullable, type: field.type,
                identifier: field.identifier)
            writer.refer(from: place, to: position)
        }
        return writer.finish(root: message)
    }

    /// The schema of a message; a field without an identifier gets its position, from 1.
    static func decode(_ message: ArrowEnvelope) throws(ColumnarError) -> Schema {
        let metadata = message.metadata
        guard message.headerType == ArrowEnvelope.schemaHeader else {
            throw .corrupt(
                reason: "an Arrow message of kind \(message.headerType), not a schema",
                position: metadata.range.lowerBound)
        }
        guard try metadata.number(0, message.header, default: Int16(0)) == 0 else {
            throw .unsupported(reason: "a big-endian Arrow stream")
        }
        var fields: [Field] = []
        var names: Set<String> = []
        var identifiers: Set<Int32> = []
        for table in try metadata.tables(1, message.header) {
            let name = try metadata.string(0, table) ?? ""
            let isNullable: UInt8 = try metadata.number(1, table, default: 0)
            let identifier = try metadata.identifier(of: table) ?? Int32(fields.count + 1)
            guard names.insert(name).inserted, identifiers.insert(identifier).inserted else {
                throw .unsupported(reason: "two Arrow columns of name or identifier \(name)")
            }
            fields.append(
                Field(
                    identifier: identifier, name: name,
                    type: try metadata.dataType(of: table, name), isNullable: isNullable != 0))
        }
        return Schema(fields: fields)
    }
}

extension FlatbufferWriter {
    /// Writes a Field table and all it refers to.
    fileprivate mutating func field(
        _ name: String, isNullable: Bool, type: DataType, identifier: Int32?
    ) -> Int {
        let field = table([
            .reference, .byte(isNullable ? 1 : 0), .byte(type.arrowKind), .reference, .absent,
            .reference, identifier == nil ? .absent : .reference,
        ])
        refer(from: field.fields[0], to: string(name))
        refer(from: field.fields[3], to: arrowType(type))
        let isVector = if case .vector = type { true } else { false }
        let (children, places) = references(count: isVector ? 1 : 0)
        refer(from: field.fields[5], to: children)
        if isVector {
            let element = self.field(
                "element", isNullable: true, type: .float32, identifier: nil)
            refer(from: places[0], to: element)
        }
        if let identifier {
            let (entries, entryPlaces) = references(count: 1)
            refer(from: field.fields[6], to: entries)
            let entry = table([.reference, .reference])
            refer(from: entryPlaces[0], to: entry.position)
            refer(from: entry.fields[0], to: string(identifierKey))
            refer(from: entry.fields[1], to: string("\(identifier)"))
        }
        return field.position
    }

    private mutating func arrowType(_ type: DataType) -> Int {
        switch type {
        case .boolean, .string, .bytes: return table([]).position
        case .int32: return table([.int32(32), .byte(1)]).position
        case .int64: return table([.int32(64), .byte(1)]).position
        case .float32: return table([.int16(1)]).position
        case .float64: return table([.int16(2)]).position
        case .date: return table([.int16(0)]).position
        case .timestamp: return table([.int16(2)]).position
        case .timestampWithZone:
            let timestamp = table([.int16(2), .reference])
            refer(from: timestamp.fields[1], to: string("UTC"))
            return timestamp.position
        case .decimal(let precision, let scale):
            return table([.int32(Int32(precision)), .int32(Int32(scale)), .int32(128)]).position
        case .vector(let dimension): return table([.int32(Int32(dimension))]).position
        }
    }
}

extension FlatbufferReader {
    fileprivate func identifier(of field: Table) throws(ColumnarError) -> Int32? {
        for entry in try tables(6, field) where try string(0, entry) == identifierKey {
            return try string(1, entry).flatMap { Int32($0) }
        }
        return nil
    }

    fileprivate func dataType(
        of field: Table, _ name: String
    ) throws(ColumnarError) -> DataType {
        let kind: UInt8 = try number(2, field, default: 0)
        guard let type = try table(3, field), try table(4, field) == nil else {
            throw .unsupported(reason: "Arrow column \(name) is dictionary-encoded or has no type")
        }
        let first: Int32 =
            kind == ArrowKind.int || kind == ArrowKind.decimal
                || kind == ArrowKind.fixedSizeList ? try number(0, type, default: 0) : 0
        switch kind {
        case ArrowKind.boolean: return .boolean
        case ArrowKind.utf8: return .string
        case ArrowKind.binary: return .bytes
        case ArrowKind.int where try number(1, type, default: UInt8(0)) == 1 && first == 32:
            return .int32
        case ArrowKind.int where try number(1, type, default: UInt8(0)) == 1 && first == 64:
            return .int64
        case ArrowKind.floatingPoint where try number(0, type, default: Int16(0)) == 1:
            return .float32
        case ArrowKind.floatingPoint where try number(0, type, default: Int16(0)) == 2:
            return .float64
        case ArrowKind.date where try number(0, type, default: Int16(1)) == 0: return .date
        case ArrowKind.timestamp where try number(0, type, default: Int16(0)) == 2:
            let zone = try string(1, type) ?? ""
            return zone.isEmpty ? .timestamp : .timestampWithZone
        case ArrowKind.decimal where try number(2, type, default: Int32(128)) == 128:
            let scale: Int32 = try number(1, type, default: 0)
            if (1...18).contains(first) && (0...first).contains(scale) {
                return .decimal(precision: Int(first), scale: Int(scale))
            }
        case ArrowKind.fixedSizeList where first > 0 && first <= 1 << 20:
            let children = try tables(5, field)
            // Asked of the kind first, so that no depth of nested lists is followed.
            if children.count == 1,
                try number(2, children[0], default: UInt8(0)) == ArrowKind.floatingPoint,
                try dataType(of: children[0], name) == .float32
            {
                return .vector(dimension: Int(first))
            }
        default: break
        }
        throw .unsupported(reason: "Arrow column \(name) is of a type without a counterpart here")
    }
}

extension DataType {
    fileprivate var arrowKind: UInt8 {
        switch self {
        case .boolean: ArrowKind.boolean
        case .int32, .int64: ArrowKind.int
        case .float32, .float64: ArrowKind.floatingPoint
        case .string: ArrowKind.utf8
        case .bytes: ArrowKind.binary
        case .date: ArrowKind.date
        case .timestamp, .timestampWithZone: ArrowKind.timestamp
        case .decimal: ArrowKind.decimal
        case .vector: ArrowKind.fixedSizeList
        }
    }
}
