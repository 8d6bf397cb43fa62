import CChecksum
public import Cluster
public import Columnar
import JSON
public import Platform

/// How the rows of a table become points: which columns go where.
public struct SinkTable: Sendable {
    /// Beside the vector a point has the columns of the primary key and those by which vector
    /// indexes filter.
    public let attributeFields: [Field]
    public let vectorField: Field
    private let codec: KeyCodec

    /// Nil for a table that has no vectors, or no keys by which points could be found again, or
    /// whose partitions come and go: offsets of another partition of the name would begin anew.
    public init?(_ table: TableDescription) {
        guard let column = table.vectorColumn, table.isPrimaryKeyTable,
            table.partitionFields.isEmpty
        else { return nil }
        self.init(
            table.schema, vector: column,
            attributes: table.schema.fields.indices.filter {
                table.vectorFilterFields.contains(table.schema.fields[$0].identifier)
            })
    }

    /// - Parameters:
    ///   - vector: The position of the column of vectors.
    ///   - attributes: Positions of columns that points have beside those of the key.
    public init?(_ schema: Schema, vector: Int, attributes: [Int]) {
        guard case .vector = schema.fields[vector].type, !schema.primaryKey.isEmpty else {
            return nil
        }
        vectorField = schema.fields[vector]
        let positions = Set(schema.primaryKey + attributes).subtracting([vector])
        attributeFields = positions.sorted().map { schema.fields[$0] }
        codec = KeyCodec(primaryKeyOf: schema)
    }

    /// What a change of a row makes of its point.
    ///
    /// - Precondition: `row` is of `schema`, which may be a later one of the table.
    public func change(
        _ row: Row, _ schema: Schema, isDelete: Bool, offset: Int64
    ) throws(ColumnarError) -> SinkChange {
        let identifier = Self.identifier(ofKey: try codec.encode(schema.key(of: row)))
        guard !isDelete, let column = schema.position(ofIdentifier: vectorField.identifier),
            case .vector(let vector) = row[column]
        else { return SinkChange(identifier, offset: offset, .none) }
        let attributes = attributeFields.map { field in
            let value = schema.position(ofIdentifier: field.identifier).map { row[$0] } ?? .null
            return JSONMember(field.name, Self.json(value, field.type))
        }
        return SinkChange(
            identifier, offset: offset, .point(vector: vector, attributes: attributes))
    }

    /// The identifier of the point of a key, by its encoded bytes: a UUID of version 8 (RFC 9562)
    /// made of its SHA-256, so that any key has one, and the same everywhere.
    public static func identifier(ofKey key: [UInt8]) -> PointIdentifier {
        var digest = [UInt8](repeating: 0, count: 32)
        key.withUnsafeBytes { key in
            digest.withUnsafeMutableBufferPointer {
                wavetank_sha256(key.baseAddress, key.count, $0.baseAddress)
            }
        }
        let words = (0..<2).map { word in
            digest[word * 8..<word * 8 + 8].reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
        }
        return PointIdentifier(
            high: words[0] & ~0xF000 | 0x8000, low: words[1] & ~(0b11 << 62) | 0b10 << 62)
    }

    /// A value as services keep it: numbers and truths as they are, all else as text.
    private static func json(_ value: Value, _ type: DataType) -> JSONValue {
        switch value {
        case .null: .null
        case .boolean(let value): .bool(value)
        case .tinyint(let value): .integer(Int64(value))
        case .smallint(let value): .integer(Int64(value))
        case .int(let value): .integer(Int64(value))
        case .bigint(let value): .integer(value)
        case .float(let value): .number(Double(value))
        case .double(let value): .number(value)
        case .string(let text): .string(text)
        case .decimal(let unscaled):
            if case .decimal(_, let scale) = type {
                .string(Value.decimalText(unscaled, scale: Int(scale)))
            } else {
                .string(value.plainText)
            }
        default: .string(value.plainText)
        }
    }
}

extension VectorCollection {
    /// The collection of a table; another for each table that ever has the name.
    public init?(of table: TableDescription) {
        guard let dimension = table.vectorDimension else { return nil }
        let name = "\(table.path.database)_\(table.path.table)_\(table.identifier)"
        self.init(
            name: String(name.map { $0.isASCII && ($0.isLetter || $0.isNumber) ? $0 : "_" }),
            dimension: dimension, distance: Distance(table.vectorDistance))
    }
}
