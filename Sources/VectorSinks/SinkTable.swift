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
    /// One collection for each.
    public let vectorFields: [Field]
    private let codec: KeyCodec

    /// Nil for a table that has no vectors, or no keys by which points could be found again.
    public init?(_ table: TableDescription) {
        self.init(
            table.schema, vectors: table.vectorColumns.map(\.position),
            attributes: table.schema.fields.indices.filter {
                table.vectorFilterFields.contains(table.schema.fields[$0].identifier)
            })
    }

    /// - Parameters:
    ///   - vectors: The positions of the columns of vectors.
    ///   - attributes: Positions of columns that points have beside those of the key.
    public init?(_ schema: Schema, vectors: [Int], attributes: [Int]) {
        if vectors.isEmpty || schema.primaryKey.isEmpty { return nil }
        vectorFields = vectors.map { schema.fields[$0] }
        for field in vectorFields { guard case .vector = field.type else { return nil } }
        let positions = Set(schema.primaryKey + attributes).subtracting(vectors)
        attributeFields = positions.sorted().map { schema.fields[$0] }
        codec = KeyCodec(primaryKeyOf: schema)
    }

    /// What a change of a row makes of its points.
    ///
    /// - Precondition: `row` is of `schema`, which may be a later one of the table.
    public func change(
        _ row: Row, _ schema: Schema, isDelete: Bool, offset: Int64, partition: Int64? = nil
    ) throws(ColumnarError) -> SinkChange {
        let identifier = Self.identifier(
            ofKey: try codec.encode(schema.key(of: row)), partition: partition)
        func value(of field: Field) -> Value {
            schema.position(ofIdentifier: field.identifier).map { row[$0] } ?? .null
        }
        let attributes = attributeFields.map {
            JSONMember($0.name, Self.json(value(of: $0), $0.type))
        }
        let effects = vectorFields.map { field -> SinkChange.Effect in
            // No service takes a vector that is nowhere, and no index of ours has it.
            guard !isDelete, case .vector(let vector) = value(of: field),
                vector.allSatisfy(\.isFinite)
            else { return .none }
            return .point(vector: vector, attributes: attributes)
        }
        return SinkChange(identifier, offset: offset, partition: partition, effects)
    }

    /// The identifier of the points of a key, by its encoded bytes: a UUID of version 8 (RFC 9562)
    /// made of its SHA-256, so that any key has one, and the same everywhere.
    ///
    /// The offsets of a partition that is made anew begin anew, so that in each partition that a
    /// table ever has a key has points of its own.
    public static func identifier(
        ofKey key: [UInt8], partition: Int64? = nil
    ) -> PointIdentifier {
        var key = key
        if let partition { withUnsafeBytes(of: partition.littleEndian) { key += $0 } }
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

    /// A value as services keep it: numbers and truths as they are, all else as text. So are
    /// numbers that JSON cannot say, and those that Milvus, which takes them for doubles, rounds.
    private static func json(_ value: Value, _ type: DataType) -> JSONValue {
        switch value {
        case .null: .null
        case .boolean(let value): .bool(value)
        case .tinyint(let value): .integer(Int64(value))
        case .smallint(let value): .integer(Int64(value))
        case .int(let value): .integer(Int64(value))
        case .bigint(let number):
            number.magnitude >> 53 == 0 ? .integer(number) : .string("\(number)")
        case .float(let number): number.isFinite ? .number(Double(number)) : .string("\(number)")
        case .double(let number): number.isFinite ? .number(number) : .string("\(number)")
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
    /// The collections of a table, one for each vector column in their order; others for each
    /// table that ever has the name.
    public static func all(of table: TableDescription) -> [VectorCollection] {
        let columns = table.vectorColumns
        return columns.map { column in
            var parts = [table.path.database, table.path.table]
            // Unlike its name, its number stays apart from others once it is made of letters.
            if columns.count > 1 {
                parts += [table.schema.fields[column.position].name, "\(column.field)"]
            }
            let name = (parts + ["\(table.identifier)"]).joined(separator: "_")
            return VectorCollection(
                name: String(name.map { $0.isASCII && ($0.isLetter || $0.isNumber) ? $0 : "_" }),
                dimension: column.dimension, distance: Distance(column.distance))
        }
    }
}
