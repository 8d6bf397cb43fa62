import Columnar

/// The partitions of a table that were dropped while it was written, by their names.
///
/// What was on its way then is in the one that is gone or in the next of its name: nobody can say
/// which, so a model knows no more of either.
struct DroppedPartitions {
    private let table: TableDefinition
    private var names: Set<String> = []

    init(_ table: TableDefinition) { self.table = table }

    mutating func insert(_ name: String) { names.insert(name) }

    func contains(_ name: String) -> Bool { names.contains(name) }

    func contains(row: Row, of schema: Schema) -> Bool {
        if names.isEmpty { return false }
        return names.contains(name(of: row, schema))
    }

    func contains(key: [Value]) -> Bool {
        if names.isEmpty { return false }
        let values = table.partitionKey.map { column in
            table.schema.primaryKey.firstIndex(of: column).map { key[$0] } ?? .null
        }
        return names.contains(Self.name(of: values))
    }

    func contains(_ kind: Change.Kind, under schema: Schema) -> Bool {
        switch kind {
        case .append(let row), .upsert(let row), .update(let row, _):
            contains(row: row, of: schema)
        case .delete(let key), .deletePart(let key, _), .insertIfAbsent(let key):
            contains(key: key)
        }
    }

    /// The name of the partition of a row.
    func name(of row: Row, _ schema: Schema) -> String {
        Self.name(
            of: table.partitionKey.map { column in
                let identifier = table.schema.fields[column].identifier
                return schema.position(ofIdentifier: identifier).map { row[$0] } ?? .null
            })
    }

    private static func name(of values: [Value]) -> String {
        values.map { value in
            switch value {
            case .string(let text): text
            case .boolean(let flag): flag ? "true" : "false"
            default: value.integer.map { "\($0)" } ?? ""
            }
        }.joined(separator: "$")
    }
}
