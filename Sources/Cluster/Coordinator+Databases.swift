import Platform

extension Coordinator {
    /// Creates a database; one of the same shape is taken as it is.
    func createDatabase(_ requested: DatabaseDescription) async throws {
        try requested.check()
        let key = MetadataKey.database(requested.name).text
        if let entry = try await machine.coordination.get(key) {
            let known = try mirror.read(DatabaseDescription.self, from: entry.value)
            if known.isSame(asRequested: requested) { return }
            throw ClusterError.databaseExists(name: requested.name)
        }
        // One that came into being with its first table has no entry of its own yet.
        if mirror.database(requested.name) != nil
            && !DatabaseDescription(name: requested.name).isSame(asRequested: requested)
        {
            throw ClusterError.databaseExists(name: requested.name)
        }
        var database = requested
        database.createdMilliseconds = machine.clock.timestamp.millisecondsSinceEpoch
        let result = try await machine.coordination.commit(
            CoordinationTransaction(
                conditions: [.absent(key: key)],
                operations: [.put(key: key, value: mirror.stored(database), lease: nil)]))
        guard case .committed = result else {
            throw ClusterError.busy(reason: "database \(requested.name) is being created")
        }
        machine.observer.reached("database created")
    }

    /// Drops a database; with its tables if it is `cascading`, else only if it has none.
    ///
    /// The call may come late, when who made it has asked again, been answered, and made another
    /// database of the name: that one stays, as it was not `created` when the first was. A table
    /// that is created at the same time writes the database's entry too: so this one fails, and
    /// finds the table the next time.
    func dropDatabase(_ name: String, created: Int64?, isCascading: Bool) async throws {
        if name == TablePath.defaultDatabase {
            throw ClusterError.invalidRequest(reason: "database \(name) is always there")
        }
        let key = MetadataKey.database(name).text
        let entry = try await machine.coordination.get(key)
        if let entry, let created,
            try mirror.read(DatabaseDescription.self, from: entry.value).createdMilliseconds
                != created
        {
            machine.observer.reached("drop of a former database came late")
            return
        }
        let isSame: CoordinationTransaction.Condition =
            entry.map { .revision(key: key, $0.revision) } ?? .absent(key: key)
        let paths = try await machine.coordination.range(
            prefix: MetadataKey.path(TablePath(database: name, table: "")).text)
        if entry == nil && paths.entries.isEmpty {
            throw ClusterError.unknownDatabase(name: name)
        }
        if !paths.entries.isEmpty && !isCascading {
            throw ClusterError.databaseNotEmpty(name: name)
        }
        for path in paths.entries {
            try await dropTable(
                try mirror.read(StoredCounter.self, from: path.value).last, while: isSame)
        }
        if entry == nil { return }
        let result = try await machine.coordination.commit(
            CoordinationTransaction(conditions: [isSame], operations: [.delete(key: key)]))
        guard case .committed = result else {
            throw ClusterError.busy(reason: "database \(name) is being changed")
        }
        machine.observer.reached("database dropped")
    }

    /// What a new table writes of its database, and under which condition: so that the database is
    /// not dropped at the same time, and comes into being with its first table.
    func databaseSteps(
        for path: TablePath
    ) async throws -> (
        condition: CoordinationTransaction.Condition, operation: CoordinationTransaction.Operation
    )? {
        // Nodes of an earlier format know of no such entries.
        if mirror.format < .partitioned { return nil }
        let key = MetadataKey.database(path.database).text
        let entry = try await machine.coordination.get(key)
        let database =
            try entry.map { try mirror.read(DatabaseDescription.self, from: $0.value) }
            ?? DatabaseDescription(
                name: path.database,
                createdMilliseconds: machine.clock.timestamp.millisecondsSinceEpoch)
        return (
            entry.map { .revision(key: key, $0.revision) } ?? .absent(key: key),
            .put(key: key, value: mirror.stored(database), lease: nil)
        )
    }
}
