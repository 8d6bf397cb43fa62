import Columnar
import Iceberg
import Vectors

/// The columns that vector indexes keep of each row for filters, in `KeyCodec`'s bytes, which order
/// as their values do; nothing is null.
struct VectorAttributes {
    let fields: [Field]
    private let codecs: [KeyCodec]

    init(_ table: TableDescription) {
        fields = table.vectorFilterFields.compactMap { identifier in
            table.schema.fields.first { $0.identifier == identifier }
        }
        codecs = fields.map { KeyCodec(types: [$0.type]) }
    }

    /// What is kept of a row of a schema that has the columns.
    func values(of row: Row, _ schema: Schema) throws(ColumnarError) -> [[UInt8]] {
        var values: [[UInt8]] = []
        for (field, codec) in zip(fields, codecs) {
            let position = schema.position(ofIdentifier: field.identifier)
            let value = position.map { row[$0] } ?? .null
            values.append(value == .null ? [] : try codec.encode([value]))
        }
        return values
    }

    /// The filter over what is kept.
    ///
    /// Throws `.invalidRequest` where it looks at another column, or compares with another type.
    func filter(_ filter: RowFilter, _ table: TableDescription) throws -> VectorFilter? {
        if filter.conditions.isEmpty { return nil }
        let known = Set(fields.map(\.identifier))
        if let other = filter.columns.sorted().first(where: { !known.contains($0) }) {
            let name = table.schema.fields.first { $0.identifier == other }?.name ?? "\(other)"
            throw ClusterError.invalidRequest(
                reason: "the vector index of \(table.path) does not keep column \(name): make the "
                    + "table with it in \(TableProperty.vectorFilterColumns.rawValue)")
        }
        do { try filter.validate(table.schema) } catch {
            throw ClusterError.invalidRequest(reason: "table \(table.path): \(error)")
        }
        return VectorFilter(try filter.conditions.map(term))
    }

    private func term(_ condition: RowFilter.Condition) throws -> VectorFilter.Term {
        switch condition {
        case .comparison(let comparison) where comparison.value != .null:
            let (place, bytes) = try encoded(comparison.value, of: comparison.column)
            let (within, beyond) = (
                VectorFilter.Bound(bytes, isIncluded: true),
                VectorFilter.Bound(bytes, isIncluded: false)
            )
            switch comparison.comparator {
            case .equal: return .within(place, lower: within, upper: within)
            case .notEqual: return .passing(place) { !$0.isEmpty && $0 != bytes }
            case .less: return .within(place, lower: nil, upper: beyond)
            case .lessOrEqual: return .within(place, lower: nil, upper: within)
            case .greater: return .within(place, lower: beyond, upper: nil)
            case .greaterOrEqual: return .within(place, lower: within, upper: nil)
            }
        default: break
        }
        let single = RowFilter([condition])
        let schema = Schema(fields: fields)
        if condition.columns.count == 1, let column = condition.columns.first,
            let place = fields.firstIndex(where: { $0.identifier == column })
        {
            return .passing(place) { value in
                var row = Row(repeating: .null, count: fields.count)
                row[place] = decoded(value, place)
                return single.passes(row, of: schema)
            }
        }
        return .together { values in
            single.passes(values.enumerated().map { decoded($1, $0) }, of: schema)
        }
    }

    private func encoded(
        _ value: Value, of column: Int32
    ) throws(ColumnarError) -> (place: Int, bytes: [UInt8]) {
        guard let place = fields.firstIndex(where: { $0.identifier == column }) else {
            preconditionFailure("column \(column) is not kept")
        }
        return (place, try codecs[place].encode([value]))
    }

    private func decoded(_ bytes: [UInt8], _ place: Int) -> Value {
        if bytes.isEmpty { return .null }
        guard let value = try? codecs[place].decode(bytes).first else {
            preconditionFailure("an attribute of \(fields[place].name) that is no value of it")
        }
        return value
    }
}
