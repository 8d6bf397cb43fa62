import Columnar
import JSON

extension TableMetadata {
    /// The metadata after some updates, whose file is to follow the one at `location`.
    ///
    /// `IcebergError.unsupported` for an update that the table's state does not allow.
    func applying(
        _ updates: [TableUpdate], replacing location: String, at milliseconds: Int64
    ) throws(IcebergError) -> TableMetadata {
        var next = self
        next.metadataLog.append(
            MetadataLogEntry(file: location, timestampMilliseconds: lastUpdatedMilliseconds))
        let limit = max(
            1,
            property("write.metadata.previous-versions-max").flatMap { Int($0) }
                ?? Self.metadataLogLimit)
        next.metadataLog.removeFirst(max(0, next.metadataLog.count - limit))
        next.lastUpdatedMilliseconds = max(lastUpdatedMilliseconds, milliseconds)
        for update in updates { try next.apply(update) }
        return next
    }

    private mutating func apply(_ update: TableUpdate) throws(IcebergError) {
        switch update {
        case .addSnapshot(let snapshot): try add(snapshot)
        case .setSnapshotReference(let reference): try set(reference)
        case .removeSnapshotReference(let name): references.removeAll { $0.name == name }
        case .removeSnapshots(let removed): try remove(Set(removed))
        case .setProperties(let members):
            for member in members {
                properties.removeAll { $0.name == member.name }
                properties.append(member)
            }
            if members.contains(where: { $0.name == ExactTypes.property }) { try chooseSchema() }
        case .removeProperties(let names):
            properties.removeAll { names.contains($0.name) }
            if names.contains(ExactTypes.property) { try chooseSchema() }
        case .addSchema(let schema, let last):
            // One that is there already, as after an answer that was lost, is not added twice.
            if !schemas.contains(schema) { schemas.append(schema) }
            lastColumnIdentifier = max(lastColumnIdentifier, last)
        case .setCurrentSchema(let identifier):
            guard schemaJSON(identifier) != nil else {
                throw .unsupported(reason: "there is no schema \(identifier)")
            }
            currentSchemaIdentifier = identifier
            try chooseSchema()
        case .addPartitionSpec(let spec):
            setOther("partition-specs", .array(list("partition-specs") + [spec]))
            let largest = (spec["fields"]?.array ?? []).compactMap { $0["field-id"]?.integer }.max()
            setOther(
                "last-partition-id",
                .integer(max(number("last-partition-id") ?? 999, largest ?? 999)))
        case .setDefaultPartitionSpec(let identifier):
            setOther("default-spec-id", .integer(Int64(identifier)))
        case .addSortOrder(let order):
            setOther("sort-orders", .array(list("sort-orders") + [order]))
        case .setDefaultSortOrder(let identifier):
            setOther("default-sort-order-id", .integer(Int64(identifier)))
        }
    }

    private mutating func add(_ snapshot: Snapshot) throws(IcebergError) {
        guard snapshot.sequenceNumber > lastSequenceNumber else {
            throw .unsupported(
                reason: "sequence number \(snapshot.sequenceNumber) after \(lastSequenceNumber)")
        }
        precondition(self.snapshot(snapshot.identifier) == nil, "a snapshot id is used once")
        if let rows = snapshot.rows {
            setOther("next-row-id", .integer(max(number("next-row-id") ?? 0, rows.upperBound)))
        }
        lastSequenceNumber = snapshot.sequenceNumber
        lastUpdatedMilliseconds = max(lastUpdatedMilliseconds, snapshot.timestampMilliseconds)
        snapshots.append(snapshot)
    }

    private mutating func set(_ reference: SnapshotReference) throws(IcebergError) {
        guard snapshot(reference.snapshot) != nil else {
            throw .unsupported(reason: "there is no snapshot \(reference.snapshot)")
        }
        if reference.name == SnapshotReference.main {
            currentSnapshot = reference.snapshot
            snapshotLog.append(
                LogEntry(
                    snapshot: reference.snapshot, timestampMilliseconds: lastUpdatedMilliseconds))
            return
        }
        if let position = references.firstIndex(where: { $0.name == reference.name }) {
            references[position].snapshot = reference.snapshot
        } else {
            references.append(reference)
        }
    }

    /// Removes snapshots, and what tells of them; those that a branch or tag names stay.
    private mutating func remove(_ removed: Set<Int64>) throws(IcebergError) {
        let named = Set(references.map(\.snapshot) + [currentSnapshot].compactMap { $0 })
        guard named.isDisjoint(with: removed) else {
            throw .unsupported(reason: "a branch or tag names a snapshot that is to be removed")
        }
        snapshots.removeAll { removed.contains($0.identifier) }
        // Spec: what is before a gap in the log is not known any more.
        if let gap = snapshotLog.lastIndex(where: { removed.contains($0.snapshot) }) {
            snapshotLog.removeFirst(gap + 1)
        }
        for name in ["statistics", "partition-statistics"] {
            let kept = list(name).filter { entry in
                entry["snapshot-id"]?.integer.map { !removed.contains($0) } ?? true
            }
            if kept.count < list(name).count { setOther(name, .array(kept)) }
        }
    }

    /// Decodes the current schema, or the newest before it whose types are known.
    mutating func chooseSchema() throws(IcebergError) {
        var failure: IcebergError?
        let exactTypes = ExactTypes(text: property(ExactTypes.property) ?? "")
        var candidates: [JSONValue] = schemaJSON(currentSchemaIdentifier).map { [$0] } ?? []
        if candidates.isEmpty {
            throw .damaged(path: location, reason: "it lacks schema \(currentSchemaIdentifier)")
        }
        candidates += schemas.reversed()
        for candidate in candidates {
            do {
                schema = try IcebergSchema(
                    json: JSONField(value: candidate, path: "schemas"), exactTypes: exactTypes)
                return
            } catch let error as IcebergError {
                failure = failure ?? error
            } catch {
                failure = failure ?? .damaged(path: location, reason: "\(error)")
            }
        }
        throw failure ?? .damaged(path: location, reason: "it has no schema")
    }
}
