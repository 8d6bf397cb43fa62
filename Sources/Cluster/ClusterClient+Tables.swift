import Columnar
import Platform

/// Databases, tables and partitions. Each call waits until this client sees what it did; one whose
/// answer is lost is made again, and what the first did is found done.
extension ClusterClient {
    /// Asks the coordinator again and again until it has done it, or refuses.
    func askCoordinator(_ request: Request) async throws -> Response {
        var retry = Backoff(configuration)
        let deadline = machine.clock.now + Self.formatPatience
        while true {
            // A cluster that has just begun writes the oldest format for a moment.
            let isKnown = request.key.versions(at: mirror.format) != nil
            if let coordinator = mirror.coordinator, isKnown || machine.clock.now > deadline {
                do {
                    return try await call(coordinator, request)
                } catch let error as ClusterError where error.isRetriable {
                }
            }
            _ = try await mirror.changed.wait(
                until: machine.clock.now + retry.next(machine.entropy))
        }
    }

    /// How long a call waits for the cluster's format to have it.
    private static let formatPatience = Duration.seconds(10)

    private func wait(until isSeen: () -> Bool) async throws {
        while !isSeen() {
            _ = try await mirror.changed.wait(until: machine.clock.now + .seconds(1))
        }
    }

    // MARK: Databases

    /// Creates a database; one of the same shape is taken as it is, for another
    /// `.databaseExists` is thrown.
    public func createDatabase(_ database: DatabaseDescription) async throws {
        try database.check()
        _ = try await askCoordinator(.createDatabase(database))
        try await wait { mirror.database(database.name) != nil }
    }

    /// Drops a database; `.databaseNotEmpty` unless it is empty or all its tables go with it.
    public func dropDatabase(_ name: String, isCascading: Bool = false) async throws {
        guard let known = mirror.database(name) else {
            throw ClusterError.unknownDatabase(name: name)
        }
        // One that nobody stored, as its tables are of an early format, says of no time.
        let created = known.createdMilliseconds == 0 ? nil : known.createdMilliseconds
        do {
            _ = try await askCoordinator(
                .dropDatabase(name, created: created, isCascading: isCascading))
        } catch ClusterError.unknownDatabase {
            // It was there: an earlier try, or someone else, was first.
        }
        try await wait {
            mirror.database(name).map { $0.createdMilliseconds != known.createdMilliseconds }
                ?? true
        }
    }

    // MARK: Tables

    /// Drops a table; what it has left is collected later.
    public func dropTable(_ path: TablePath) async throws {
        guard let table = mirror.table(at: path) else {
            throw ClusterError.unknownTable(name: "\(path)")
        }
        _ = try await askCoordinator(.dropTable(table.identifier))
        try await wait { mirror.tables[table.identifier] == nil }
    }

    // MARK: Partitions

    /// Creates a partition of a table; one of these values is taken as it is.
    public func createPartition(
        of table: TableDescription, _ values: [String]
    ) async throws -> PartitionDescription {
        let request = Request.createPartition(table: table.identifier, values: values)
        guard case .partitionCreated(let identifier) = try await askCoordinator(request) else {
            throw ClusterError.malformedMessage(reason: "no answer about a partition")
        }
        let owner = DroppedOwner(table: table.identifier, partition: identifier)
        while mirror.partitions[table.identifier]?[identifier] == nil,
            !mirror.gone.contains(owner)
        {
            // A table that is not here was dropped, or has just been created by someone else.
            if mirror.tables[table.identifier] == nil, try await isDropped(table) { break }
            _ = try await mirror.changed.wait(until: machine.clock.now + .seconds(1))
        }
        guard let partition = mirror.partitions[table.identifier]?[identifier] else {
            throw ClusterError.unknownPartition(
                name: "\(table.path) \(PartitionDescription.name(of: values))")
        }
        return partition
    }

    /// Whether the coordination service has no such table; false while it does not answer.
    private func isDropped(_ table: TableDescription) async throws -> Bool {
        do {
            return try await machine.coordination.get(MetadataKey.table(table.identifier).text)
                == nil
        } catch is CoordinationError { return false }
    }

    /// Drops a partition of a table with all its rows.
    public func dropPartition(_ name: String, of table: TableDescription) async throws {
        guard let partition = mirror.partition(name, of: table.identifier) else {
            throw ClusterError.unknownPartition(name: "\(table.path) \(name)")
        }
        _ = try await askCoordinator(
            .dropPartition(table: table.identifier, partition: partition.identifier))
        try await wait {
            mirror.partitions[table.identifier]?[partition.identifier] == nil
        }
    }

    /// The partitions of a table that can have rows with these values, by column name; the others
    /// need not be read.
    public func partitions(
        of table: TableDescription, where values: [String: String] = [:]
    ) throws(ClusterError) -> [PartitionDescription] {
        let names = table.partitionKey.map { table.schema.fields[$0].name }
        for name in values.keys.sorted() where !names.contains(name) {
            throw .invalidRequest(reason: "\(name) is no partition column of \(table.path)")
        }
        return mirror.partitions(of: table.identifier).filter { partition in
            zip(names, partition.values).allSatisfy { values[$0] == nil || values[$0] == $1 }
        }
    }
}
