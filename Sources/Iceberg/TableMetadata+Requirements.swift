import JSON

extension TableMetadata {
    /// What must still hold of this state for updates to mean what they were made for.
    func requirements(of updates: [TableUpdate]) -> [TableRequirement] {
        var requirements: [TableRequirement] = [.assertTableUUID(uuid)]
        func add(_ requirement: TableRequirement) {
            if !requirements.contains(requirement) { requirements.append(requirement) }
        }
        for update in updates {
            switch update {
            case .addSnapshot, .setProperties, .removeProperties: continue
            case .setSnapshotReference(let reference):
                add(
                    .assertReferenceSnapshot(
                        name: reference.name, self.reference(reference.name)?.snapshot))
            case .removeSnapshotReference(let name):
                add(.assertReferenceSnapshot(name: name, reference(name)?.snapshot))
            case .removeSnapshots:
                // A name that moved meanwhile may be one of what is to be removed.
                add(.assertReferenceSnapshot(name: SnapshotReference.main, currentSnapshot))
                for reference in references {
                    add(.assertReferenceSnapshot(name: reference.name, reference.snapshot))
                }
            case .addSchema: add(.assertLastAssignedFieldIdentifier(lastColumnIdentifier))
            case .setCurrentSchema: add(.assertCurrentSchema(currentSchemaIdentifier))
            case .addPartitionSpec, .setDefaultPartitionSpec:
                if let identifier = number("default-spec-id") {
                    add(.assertDefaultPartitionSpec(Int32(clamping: identifier)))
                }
            case .addSortOrder, .setDefaultSortOrder:
                if let identifier = number("default-sort-order-id") {
                    add(.assertDefaultSortOrder(Int32(clamping: identifier)))
                }
            }
        }
        return requirements
    }

    /// Whether updates would change nothing but the time of the last one.
    func reflects(_ updates: [TableUpdate]) -> Bool {
        let expired = updates.flatMap { update -> [Int64] in
            if case .removeSnapshots(let identifiers) = update { identifiers } else { [] }
        }
        guard expired.allSatisfy({ snapshot($0) == nil }),
            var next = try? applying(updates, replacing: "", at: lastUpdatedMilliseconds)
        else { return false }
        next.metadataLog = metadataLog
        next.properties.sort { $0.name < $1.name }
        var present = self
        present.properties.sort { $0.name < $1.name }
        return next == present
    }

    /// What a catalog that makes the metadata itself needs to know of a new table.
    func creationRequest(_ schema: IcebergSchema) -> [JSONMember] {
        let orders = list("sort-orders").first ?? ["order-id": 0, "fields": []]
        let specs = list("partition-specs").first ?? ["spec-id": 0, "fields": []]
        // There is no other way to say it; the second is what catalogs make by themselves.
        let version =
            formatVersion == 2
            ? [] : [JSONMember("format-version", .string("\(formatVersion)"))]
        return [
            JSONMember("schema", schema.json), JSONMember("partition-spec", specs),
            JSONMember("write-order", orders), JSONMember("stage-create", false),
            JSONMember("properties", .object(properties + version)),
        ]
    }

    /// Updates by which an empty table has these columns, with their own ids.
    func replacingSchema(with schema: IcebergSchema) -> [TableUpdate] {
        let identifier = (schemas.compactMap { $0["schema-id"]?.integer }.max() ?? 0) + 1
        var other = schema
        other.identifier = Int32(clamping: identifier)
        return [
            .addSchema(
                other.json,
                lastColumnIdentifier: max(lastColumnIdentifier, schema.lastColumnIdentifier)),
            .setCurrentSchema(other.identifier),
        ]
    }
}
