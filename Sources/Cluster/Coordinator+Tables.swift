import Columnar
import Platform

extension Coordinator {
    /// Changes a table whose present schema has the identifier `schema`.
    ///
    /// A caller that got no answer asks again: what the first call did is then found done. All of
    /// it is one compare-and-swap, so that of two changes at once each is made to what it was
    /// asked of, or refused.
    func alter(_ path: TablePath, _ schema: Int16, _ changes: [TableChange]) async throws {
        // Who asks may have heard of the table, or that another has its name now, before this node.
        guard let owner = try await machine.coordination.get(MetadataKey.path(path).text) else {
            throw ClusterError.unknownTable(name: "\(path)")
        }
        let identifier = try mirror.read(StoredCounter.self, from: owner.value).last
        let key = MetadataKey.table(identifier).text
        guard let entry = try await machine.coordination.get(key) else {
            throw ClusterError.unknownTable(name: "\(path)")
        }
        let table = try mirror.read(TableDescription.self, from: entry.value)
        if table.schema.identifier != schema {
            if try table.hasMade(changes, to: schema) {
                machine.observer.reached("table change found done")
                return
            }
            throw ClusterError.invalidRequest(
                reason: "table \(path) is at schema \(table.schema.identifier) by now, not "
                    + "\(schema): look at it again")
        }
        let next = try table.applying(changes)
        if next == table { return }
        let result = try await machine.coordination.commit(
            CoordinationTransaction(
                conditions: [.revision(key: key, entry.revision)],
                operations: [.put(key: key, value: mirror.stored(next), lease: nil)]))
        guard case .committed = result else {
            throw ClusterError.busy(reason: "table \(path) is being changed")
        }
        machine.observer.reached("table altered")
    }
}

extension TableDescription {
    /// Whether the schema after `identifier` is what these changes make of that one.
    fileprivate func hasMade(
        _ changes: [TableChange], to identifier: Int16
    ) throws(ClusterError) -> Bool {
        guard let position = schemas.schemas.firstIndex(where: { $0.identifier == identifier }),
            position + 1 < schemas.schemas.count
        else { return false }
        var before = self
        do {
            before.schemas = try SchemaHistory(validating: Array(schemas.schemas[...position]))
            return try before.applying(changes).schema == schemas.schemas[position + 1]
        } catch { return false }
    }
}
