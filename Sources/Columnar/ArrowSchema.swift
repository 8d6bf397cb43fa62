// Arrow's Schema message: Schema { endianness, fields }, each Field { name, nullable, type kind,
// type, dictionary, children, custom metadata }. The field identifier travels as the metadata entry
// that Arrow's own Parquet readers and writers use for it.

private let identifierKey = "PARQUET:field_id"

/// The metadata entry with the type's own name, such as char(5), of which Arrow's says less.
private let typeKey = "wavetank.type"
private let extensionKey = "ARROW:extension:name"
private let uuidExtension = "arrow.uuid"

/// The numbers of Arrow's Type union that have a `DataType`.
private enum ArrowKind {
    static let int: UInt8 = 2
    static let floatingPoint: UInt8 = 3
    static let binary: UInt8 = 4
    static let utf8: UInt8 = 5
    static let boolean: UInt8 = 6
    static let decimal: UInt8 = 7
    static let date: UInt8 = 8
    static let time: UInt8 = 9
    static let timestamp: UInt8 = 10
    static let list: UInt8 = 12
    static let structure: UInt8 = 13
    static let fixedSizeBinary: UInt8 = 15
    static let fixedSizeList: UInt8 = 16
    static let map: UInt8 = 17
    // What only other programs write.
    static let largeBinary: UInt8 = 19
    static let largeUTF8: UInt8 = 20
    static let largeList: UInt8 = 21
    static let binaryView: UInt8 = 23
    static let utf8View: UInt8 = 24
}

/// How a column says where its values are, if they have no fixed size.
enum ArrowOffsets: Hashable, Sendable {
    /// Offsets of 32 bits; all that is written here.
    case narrow
    /// Offsets of 64 bits.
    case wide
    /// Each value says its own place.
    case views
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
            let position = writer.field(field)
            writer.refer(from: place, to: position)
        }
        return writer.finish(root: message)
    }

    /// The schema of a message; a field without an identifier gets its position, from 1.
    ///
    /// With the offsets of those columns that have any, each before those that it nests.
    static func decode(
        _ message: ArrowEnvelope
    ) throws(ColumnarError) -> (schema: Schema, offsets: [ArrowOffsets]) {
        let metadata = message.metadata
        guard message.headerType == ArrowEnvelope.schemaHeader else {
            throw .corrupt(
                reason: "an Arrow message of kind \(message.headerType), not a schema",
                position: metadata.range.lowerBound)
        }
        guard try metadata.number(0, message.header, default: Int16(0)) == 0 else {
            throw .unsupported(reason: "a big-endian Arrow stream")
        }
        var offsets: [ArrowOffsets] = []
        let fields = try metadata.fields(
            try metadata.tables(1, message.header), depth: 1, &offsets)
        // Positions stand in for identifiers where a stream of strangers has none.
        let schema = try Schema(
            validating: fields.enumerated().map { index, field in
                var field = field
                if field.identifier == 0 { field.identifier = Int32(index + 1) }
                return field
            })
        return (schema, offsets)
    }
}

extension FlatbufferWriter {
    /// Writes a Field table and all it refers to.
    fileprivate mutating func field(_ source: Field) -> Int {
        let entries = metadata(of: source)
        let field = table([
            .reference, .byte(source.isNullable ? 1 : 0), .byte(source.type.arrowKind), .reference,
            .absent, .reference, entries.isEmpty ? .absent : .reference,
        ])
        refer(from: field.fields[0], to: string(source.name))
        refer(from: field.fields[3], to: arrowType(source.type))
        let nested = source.type.arrowChildren
        let (children, places) = references(count: nested.count)
        refer(from: field.fields[5], to: children)
        for (child, place) in zip(nested, places) { refer(from: place, to: self.field(child)) }
        if !entries.isEmpty {
            let (vector, entryPlaces) = references(count: entries.count)
            refer(from: field.fields[6], to: vector)
            for ((key, value), place) in zip(entries, entryPlaces) {
                let entry = table([.reference, .reference])
                refer(from: place, to: entry.position)
                refer(from: entry.fields[0], to: string(key))
                refer(from: entry.fields[1], to: string(value))
            }
        }
        return field.position
    }

    private func metadata(of field: Field) -> [(String, String)] {
        var entries: [(String, String)] = []
        if field.identifier != 0 { entries.append((identifierKey, "\(field.identifier)")) }
        switch field.type {
        case .uuid:
            entries.append((extensionKey, uuidExtension))
            entries.append(("ARROW:extension:metadata", ""))
        case .vector, .array, .map, .row: break
        default: entries.append((typeKey, "\(field.type)"))
        }
        return entries
    }

    private mutating func arrowType(_ type: DataType) -> Int {
        switch type.typeDescription.arrow {
        case .boolean, .utf8, .binary, .list, .structure: return table([]).position
        case .integer(let bits): return table([.int32(Int32(bits)), .byte(1)]).position
        case .floatingPoint(let precision): return table([.int16(precision)]).position
        case .date: return table([.int16(0)]).position
        case .time(let unit, let bits):
            return table([.int16(unit.arrowUnit), .int32(bits)]).position
        case .timestamp(let unit, isUTC: false): return table([.int16(unit.arrowUnit)]).position
        case .timestamp(let unit, isUTC: true):
            let timestamp = table([.int16(unit.arrowUnit), .reference])
            refer(from: timestamp.fields[1], to: string("UTC"))
            return timestamp.position
        case .decimal(let precision, let scale):
            return table([.int32(Int32(precision)), .int32(Int32(scale)), .int32(128)]).position
        case .fixedSizeBinary(let count), .fixedSizeList(let count):
            return table([.int32(Int32(count))]).position
        case .map: return table([.byte(0)]).position
        }
    }
}

extension TimeUnit {
    fileprivate var arrowUnit: Int16 {
        switch self {
        case .second: 0
        case .millisecond: 1
        case .microsecond: 2
        case .nanosecond: 3
        }
    }

    /// The most digits of a second that Arrow's unit of this number counts; nil if there is none.
    fileprivate static func precision(arrowUnit: Int16) -> Int? {
        (0...3).contains(arrowUnit) ? Int(arrowUnit) * 3 : nil
    }
}

extension FlatbufferReader {
    private func metadata(_ key: String, of field: Table) throws(ColumnarError) -> String? {
        for entry in try tables(6, field) where try string(0, entry) == key {
            return try string(1, entry)
        }
        return nil
    }

    /// Fields without an identifier have 0.
    fileprivate func fields(
        _ tables: [Table], depth: Int, _ offsets: inout [ArrowOffsets]
    ) throws(ColumnarError) -> [Field] {
        guard depth <= TypeLimit.depth, tables.count <= TypeLimit.fieldCount else {
            throw .unsupported(reason: "an Arrow schema of too many fields or levels")
        }
        var fields: [Field] = []
        for table in tables {
            let name = try string(0, table) ?? ""
            let isNullable: UInt8 = try number(1, table, default: 0)
            let identifier = try metadata(identifierKey, of: table).flatMap { Int32($0) } ?? 0
            fields.append(
                Field(
                    identifier: max(0, identifier), name: name,
                    type: try dataType(of: table, name, depth: depth, &offsets),
                    isNullable: isNullable != 0))
        }
        return fields
    }

    private func dataType(
        of field: Table, _ name: String, depth: Int, _ offsets: inout [ArrowOffsets]
    ) throws(ColumnarError) -> DataType {
        guard let type = try table(3, field), try table(4, field) == nil else {
            throw .unsupported(reason: "Arrow column \(name) is dictionary-encoded or has no type")
        }
        let kind: UInt8 = try number(2, field, default: 0)
        switch kind {
        case ArrowKind.utf8, ArrowKind.binary, ArrowKind.list, ArrowKind.map:
            offsets.append(.narrow)
        case ArrowKind.largeUTF8, ArrowKind.largeBinary, ArrowKind.largeList:
            offsets.append(.wide)
        case ArrowKind.utf8View, ArrowKind.binaryView: offsets.append(.views)
        default: break
        }
        var plain = try scalarType(kind, type, of: field)
        if plain == nil {
            let children = try fields(try tables(5, field), depth: depth + 1, &offsets)
            plain = try nestedType(kind, type, children)
        }
        guard let plain else {
            throw .unsupported(
                reason: "Arrow column \(name) is of a type without a counterpart here")
        }
        // Believed only where Arrow's own type agrees.
        if let text = try metadata(typeKey, of: field), let exact = DataType(text),
            exact.storage == plain.storage, exact.arrowKind == kind
        {
            return exact
        }
        return plain
    }

    /// Nil for a type that nests others or has no counterpart.
    private func scalarType(
        _ kind: UInt8, _ type: Table, of field: Table
    ) throws(ColumnarError) -> DataType? {
        switch kind {
        case ArrowKind.boolean: return .boolean
        case ArrowKind.utf8, ArrowKind.largeUTF8, ArrowKind.utf8View: return .string
        case ArrowKind.binary, ArrowKind.largeBinary, ArrowKind.binaryView: return .bytes
        case ArrowKind.int where try number(1, type, default: UInt8(0)) == 1:
            let bits: Int32 = try number(0, type, default: 0)
            return [8: DataType.tinyint, 16: .smallint, 32: .int, 64: .bigint][bits]
        case ArrowKind.floatingPoint:
            let precision: Int16 = try number(0, type, default: 0)
            return precision == 1 ? .float : (precision == 2 ? .double : nil)
        case ArrowKind.date where try number(0, type, default: Int16(1)) == 0: return .date
        case ArrowKind.time:
            let precision = TimeUnit.precision(arrowUnit: try number(0, type, default: 1))
            let bits: Int32 = try number(1, type, default: 32)
            guard let precision else { return nil }
            let time = DataType.time(precision: precision)
            return time.storage == (bits == 32 ? .int32 : .int64) ? time : nil
        case ArrowKind.timestamp:
            let precision = TimeUnit.precision(arrowUnit: try number(0, type, default: 0))
            guard let precision else { return nil }
            let zone = try string(1, type) ?? ""
            return zone.isEmpty
                ? .timestamp(precision: precision) : .timestampLTZ(precision: precision)
        case ArrowKind.decimal where try number(2, type, default: Int32(128)) == 128:
            let precision: Int32 = try number(0, type, default: 0)
            let scale: Int32 = try number(1, type, default: 0)
            let decimal = DataType.decimal(precision: Int(precision), scale: Int(scale))
            return decimal.ownFlaw == nil ? decimal : nil
        case ArrowKind.fixedSizeBinary:
            let binary = DataType.binary(length: Int(try number(0, type, default: Int32(0))))
            if try metadata(extensionKey, of: field) == uuidExtension,
                binary == .binary(length: 16)
            {
                return .uuid
            }
            return binary.ownFlaw == nil ? binary : nil
        default: return nil
        }
    }

    private func nestedType(
        _ kind: UInt8, _ type: Table, _ children: [Field]
    ) throws(ColumnarError) -> DataType? {
        switch kind {
        case ArrowKind.fixedSizeList:
            let dimension = Int(try number(0, type, default: Int32(0)))
            guard children.count == 1, children[0].type == .float,
                (1...TypeLimit.dimension).contains(dimension)
            else { return nil }
            return .vector(dimension: dimension, elementIdentifier: children[0].identifier)
        case ArrowKind.list where children.count == 1,
            ArrowKind.largeList where children.count == 1:
            return .array(
                ArrayType(
                    children[0].type, isNullable: children[0].isNullable,
                    identifier: children[0].identifier))
        case ArrowKind.structure where !children.isEmpty: return .row(RowType(children))
        case ArrowKind.map:
            guard children.count == 1, case .row(let entry) = children[0].type,
                entry.fields.count == 2
            else { return nil }
            return .map(
                MapType(
                    entry.fields[0].type, entry.fields[1].type,
                    isNullable: entry.fields[1].isNullable,
                    keyIdentifier: entry.fields[0].identifier,
                    valueIdentifier: entry.fields[1].identifier))
        default: return nil
        }
    }
}

extension DataType {
    /// The fields that Arrow nests: those of `children`, a map's in a struct, a vector's elements.
    fileprivate var arrowChildren: [Field] {
        switch self {
        case .vector(_, let element):
            [Field(identifier: element, name: "element", type: .float)]
        case .map:
            [
                Field(
                    identifier: 0, name: "entries", type: .row(RowType(children)),
                    isNullable: false)
            ]
        default: children
        }
    }

    fileprivate var arrowKind: UInt8 {
        switch typeDescription.arrow {
        case .boolean: ArrowKind.boolean
        case .integer: ArrowKind.int
        case .floatingPoint: ArrowKind.floatingPoint
        case .utf8: ArrowKind.utf8
        case .binary: ArrowKind.binary
        case .fixedSizeBinary: ArrowKind.fixedSizeBinary
        case .date: ArrowKind.date
        case .time: ArrowKind.time
        case .timestamp: ArrowKind.timestamp
        case .decimal: ArrowKind.decimal
        case .fixedSizeList: ArrowKind.fixedSizeList
        case .list: ArrowKind.list
        case .map: ArrowKind.map
        case .structure: ArrowKind.structure
        }
    }
}
