import JSON

extension TableUpdate {
    /// As the REST protocol says it ("TableUpdate" of its description).
    var json: JSONValue {
        switch self {
        case .addSnapshot(let snapshot): action("add-snapshot", ("snapshot", snapshot.json))
        case .setSnapshotReference(let reference):
            .object(
                [
                    JSONMember("action", "set-snapshot-ref"),
                    JSONMember("ref-name", .string(reference.name)),
                ] + (reference.json.object ?? []))
        case .removeSnapshotReference(let name):
            action("remove-snapshot-ref", ("ref-name", .string(name)))
        case .removeSnapshots(let identifiers):
            action(
                "remove-snapshots", ("snapshot-ids", .array(identifiers.map { .integer($0) })))
        case .setProperties(let members): action("set-properties", ("updates", .object(members)))
        case .removeProperties(let names):
            action("remove-properties", ("removals", .array(names.map { .string($0) })))
        case .addSchema(let schema, let last):
            action("add-schema", ("schema", schema), ("last-column-id", .integer(Int64(last))))
        case .setCurrentSchema(let identifier):
            action("set-current-schema", ("schema-id", .integer(Int64(identifier))))
        case .addPartitionSpec(let spec): action("add-spec", ("spec", spec))
        case .setDefaultPartitionSpec(let identifier):
            action("set-default-spec", ("spec-id", .integer(Int64(identifier))))
        case .addSortOrder(let order): action("add-sort-order", ("sort-order", order))
        case .setDefaultSortOrder(let identifier):
            action("set-default-sort-order", ("sort-order-id", .integer(Int64(identifier))))
        }
    }

    private func action(_ name: String, _ members: (String, JSONValue)...) -> JSONValue {
        .object(
            [JSONMember("action", .string(name))] + members.map { JSONMember($0.0, $0.1) })
    }
}

extension TableRequirement {
    /// As the REST protocol says it ("TableRequirement" of its description).
    var json: JSONValue {
        switch self {
        case .assertTableUUID(let uuid): type("assert-table-uuid", ("uuid", .string(uuid)))
        case .assertReferenceSnapshot(let name, let snapshot):
            type(
                "assert-ref-snapshot-id", ("ref", .string(name)),
                ("snapshot-id", snapshot.map { .integer($0) } ?? .null))
        case .assertCurrentSchema(let identifier):
            type(
                "assert-current-schema-id", ("current-schema-id", .integer(Int64(identifier))))
        case .assertLastAssignedFieldIdentifier(let identifier):
            type(
                "assert-last-assigned-field-id",
                ("last-assigned-field-id", .integer(Int64(identifier))))
        case .assertDefaultPartitionSpec(let identifier):
            type("assert-default-spec-id", ("default-spec-id", .integer(Int64(identifier))))
        case .assertDefaultSortOrder(let identifier):
            type(
                "assert-default-sort-order-id",
                ("default-sort-order-id", .integer(Int64(identifier))))
        }
    }

    private func type(_ name: String, _ members: (String, JSONValue)...) -> JSONValue {
        .object([JSONMember("type", .string(name))] + members.map { JSONMember($0.0, $0.1) })
    }
}
