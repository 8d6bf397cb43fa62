import Columnar
import JSON

extension TableMetadata {
    /// Updates by which a column of text that may be null is the last one of the current schema.
    public func addingColumn(_ name: String) -> [TableUpdate] {
        let last = lastColumnIdentifier + 1
        return changingFields(lastColumnIdentifier: last) { fields in
            fields.append([
                "id": .integer(Int64(last)), "name": .string(name), "required": false,
                "type": "string", "doc": "added by another program",
            ])
        }
    }

    /// Updates by which a column of the current schema has another name.
    public func renamingColumn(_ identifier: Int32, to name: String) -> [TableUpdate] {
        changingFields(lastColumnIdentifier: lastColumnIdentifier) { fields in
            for position in fields.indices
            where fields[position]["id"]?.integer == Int64(identifier) {
                guard case .object(var members) = fields[position] else { continue }
                for member in members.indices where members[member].name == "name" {
                    members[member].value = .string(name)
                }
                fields[position] = .object(members)
            }
        }
    }

    /// Updates by which the current schema lacks a column.
    public func droppingColumn(_ identifier: Int32) -> [TableUpdate] {
        changingFields(lastColumnIdentifier: lastColumnIdentifier) { fields in
            fields.removeAll { $0["id"]?.integer == Int64(identifier) }
        }
    }

    /// Updates by which the current schema is a new one with other fields.
    func changingFields(
        lastColumnIdentifier: Int32, _ change: (inout [JSONValue]) -> Void
    ) -> [TableUpdate] {
        guard case .object(var members)? = schemaJSON(currentSchemaIdentifier) else { return [] }
        let identifier = (schemas.compactMap { $0["schema-id"]?.integer }.max() ?? 0) + 1
        for position in members.indices {
            switch members[position].name {
            case "schema-id": members[position].value = .integer(identifier)
            case "fields":
                var fields = members[position].value.array ?? []
                change(&fields)
                members[position].value = .array(fields)
            default: break
            }
        }
        return [
            .addSchema(.object(members), lastColumnIdentifier: lastColumnIdentifier),
            .setCurrentSchema(Int32(clamping: identifier)),
        ]
    }

    /// Updates by which new files are partitioned by a column's value.
    public func addingPartitionSpec(by column: String, _ number: Int) -> [TableUpdate] {
        guard let source = schema.columns.fields.first(where: { $0.name == column }) else {
            return []
        }
        let identifier = (list("partition-specs").compactMap { $0["spec-id"]?.integer }.max() ?? 0)
        let field = (self.number("last-partition-id") ?? 999) + 1
        return [
            .addPartitionSpec([
                "spec-id": .integer(identifier + 1),
                "fields": [
                    [
                        "source-id": .integer(Int64(source.identifier)),
                        "field-id": .integer(field), "name": .string("\(column)_\(number)"),
                        "transform": "identity",
                    ]
                ],
            ]), .setDefaultPartitionSpec(Int32(clamping: identifier + 1)),
        ]
    }

    /// Updates by which new files are to be sorted by a column.
    public func addingSortOrder(by column: String, _ number: Int) -> [TableUpdate] {
        guard let source = schema.columns.fields.first(where: { $0.name == column }) else {
            return []
        }
        let identifier = (list("sort-orders").compactMap { $0["order-id"]?.integer }.max() ?? 0) + 1
        return [
            .addSortOrder([
                "order-id": .integer(identifier),
                "fields": [
                    [
                        "source-id": .integer(Int64(source.identifier)), "transform": "identity",
                        "direction": "asc", "null-order": "nulls-first",
                    ]
                ],
            ]), .setDefaultSortOrder(Int32(clamping: identifier)),
        ]
    }
}
