import Glibc
public import Host
import JSON

/// Follows tables of a PostgreSQL server: the rows that are there first, then each change.
///
/// The server keeps its log for us from the slot's position on, which moves only behind what the
/// target has acknowledged.
public final class PostgresIngest {
    public struct Options: Hashable, Sendable {
        public var publication: String
        public var slot: String
        /// Of the target.
        public var database: String
        /// Whether to go on once all that was committed at the start is done.
        public var isFollowed = false
        /// How long to try to reach the server, in seconds.
        public var patience: Double = 600

        public init(publication: String, slot: String, database: String) {
            self.publication = publication
            self.slot = slot
            self.database = database
        }
    }

    let address: PostgresAddress
    let options: Options
    let delivery: Delivery
    /// Is told what a person may want to know.
    public var onNote: (String) -> Void = { _ in }
    var place = PostgresPlace()
    /// By the server's number: the table, and its number in the delivery.
    var relations: [UInt32: (table: ReplicatedTable, handle: Int)] = [:]
    /// Numbers in the delivery, by name of the table.
    var handles: [String: Int] = [:]

    public init(_ address: PostgresAddress, _ options: Options, _ delivery: Delivery) {
        self.address = address
        self.options = options
        self.delivery = delivery
    }

    /// Copies and follows until all is done, or until the caller stops it.
    ///
    /// - Throws: `IngestError`.
    public func run() throws(IngestError) {
        delivery.position = { self.place.json }
        defer { delivery.position = { .null } }
        do {
            if delivery.start.isNull {
                try begin()
            } else {
                place = try PostgresPlace(delivery.start, options.slot)
                if place.phase == .snapshot { try beginAnew() }
            }
            try follow()
        } catch let error as PostgresError {
            throw .source(place: address.shown, reason: "\(error)")
        } catch let error as IngestError {
            throw error
        } catch {
            throw .source(place: address.shown, reason: "\(error)")
        }
    }

    // MARK: The rows that are there first

    private func begin() throws {
        let catalog = try PostgresCatalog(address)
        defer { catalog.connection.close() }
        guard try catalog.hasPublication(options.publication) else {
            throw IngestError.source(
                place: address.shown,
                reason: "there is no publication '\(options.publication)'; make one with CREATE "
                    + "PUBLICATION \(options.publication) FOR TABLE ...")
        }
        if try catalog.hasSlot(options.slot) {
            throw IngestError.source(
                place: address.shown,
                reason: "there is a slot '\(options.slot)' that the state knows nothing of; name "
                    + "another, or drop it with SELECT pg_drop_replication_slot("
                    + "\(PostgresCatalog.literal(options.slot)))")
        }
        for table in try tables(catalog) {
            let shape = table.table.shape
            guard try delivery.target.table(shape.database, shape.table) != nil else { continue }
            if try !delivery.target.isEmpty(shape.database, shape.table) {
                throw IngestError.target(
                    reason: "\(shape.name) has rows already, and all of \(table.table.path) is to "
                        + "be copied to it: name another --database, or drop it")
            }
        }
        // From here on tables with rows in them are ours.
        try delivery.settle()
        do { try copy(catalog) } catch let error where Self.mayBeginAnew(error) {
            catalog.connection.close()
            try delivery.flush()
            try beginAnew()
        }
    }

    /// Tables were altered between a snapshot and their copy.
    private struct ChangedTables: Error, CustomStringConvertible {
        var description: String { "tables are altered again and again as they are copied" }
    }

    /// How often a copy begins anew.
    private static let copyLimit = 20

    private static func mayBeginAnew(_ error: any Error) -> Bool {
        if case .connection? = error as? PostgresError { return true }
        return error is ChangedTables
    }

    /// Drops what a copy that was cut short has left: its snapshot is gone with its process.
    private func beginAnew() throws {
        for attempt in 1...Self.copyLimit {
            onNote("the copy of the tables was cut short: it begins anew")
            do {
                try copyAnew()
                return
            } catch let error where Self.mayBeginAnew(error) {
                if attempt == Self.copyLimit { throw error }
                // What was read is not needed, but what was sent is to be known.
                try delivery.flush()
                try pause()
            }
        }
    }

    /// Waits a second, unless the caller wants it to end.
    private func pause() throws(IngestError) {
        for _ in 0..<10 {
            if delivery.target.isStopped() { throw .stopped }
            usleep(100_000)
        }
    }

    private func copyAnew() throws {
        try delivery.renewWriter()
        let catalog = try PostgresCatalog(address)
        defer { catalog.connection.close() }
        try catalog.dropSlot(options.slot)
        for table in try tables(catalog) {
            let shape = table.table.shape
            try delivery.target.empty(shape.database, shape.table)
            if let known = place.columns[table.table.path] { try evolve(table.table, known) }
        }
        try copy(catalog)
    }

    private struct CopiedTable {
        var table: ReplicatedTable
        var filter: String?
    }

    private func tables(_ catalog: PostgresCatalog) throws(PostgresError) -> [CopiedTable] {
        var tables: [CopiedTable] = []
        for published in try catalog.published(options.publication) {
            var columns = try catalog.columns(published.schema, published.name)
            if let names = published.columns { columns.removeAll { !names.contains($0.name) } }
            tables.append(
                CopiedTable(
                    table: ReplicatedTable(
                        schema: published.schema, name: published.name, columns: columns,
                        primaryKey: try catalog.primaryKey(published.schema, published.name),
                        database: options.database), filter: published.filter))
        }
        return tables
    }

    private func copy(_ catalog: PostgresCatalog) throws {
        // Its snapshot lasts as long as this connection does nothing else.
        let replication = try PostgresConnection(address, isReplication: true)
        defer { replication.close() }
        let made = try replication.query(
            "CREATE_REPLICATION_SLOT \(PostgresCatalog.identifier(options.slot)) LOGICAL pgoutput "
                + "EXPORT_SNAPSHOT")
        guard let row = made.first, row.count >= 3, let start = row[1].flatMap({ LogPosition($0) }),
            let snapshot = row[2]
        else { throw PostgresError.connection(reason: "PostgreSQL makes no slot") }
        try catalog.connection.query("BEGIN ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        try catalog.connection.query(
            "SET TRANSACTION SNAPSHOT \(PostgresCatalog.literal(snapshot))")
        let copiedTables = try tables(catalog)
        guard try catalog.lock(copiedTables.map { ($0.table.schema, $0.table.name) }) else {
            throw ChangedTables()
        }
        for copied in copiedTables {
            let table = copied.table
            let handle = try open(table)
            let names = table.columns.map { PostgresCatalog.identifier($0.name) }
            let statement =
                "COPY (SELECT \(names.joined(separator: ", ")) FROM "
                + "\(PostgresCatalog.identifier(table.schema))."
                + PostgresCatalog.identifier(table.name)
                + (copied.filter.map { " WHERE \($0)" } ?? "") + ") TO STDOUT"
            try catalog.connection.copy(statement) { line in
                if delivery.target.isStopped() { throw IngestError.stopped }
                let cells = ReplicatedTable.cells(ofLine: line)
                try delivery.add(
                    try table.insertion(cells.map { $0.map { .text($0) } ?? .null })[0], to: handle)
                try delivery.flushIfFull()
            }
        }
        try catalog.connection.query("COMMIT")
        try delivery.flush()
        place.phase = .stream
        place.position = start
        try delivery.settle()
    }

    /// The number in the delivery of a table, which is made if it is not there.
    func open(_ table: ReplicatedTable) throws(IngestError) -> Int {
        place.columns[table.path] = Dictionary(
            table.columns.map { ($0.name, $0.number) }, uniquingKeysWith: { $1 })
        if let handle = handles[table.path] { return handle }
        let handle = try delivery.open(table.shape)
        handles[table.path] = handle
        return handle
    }

    // MARK: Each change

    /// Follows the stream; a connection that breaks is made anew.
    private func follow() throws {
        var goal: LogPosition?
        var lastSuccess = IngestTarget.seconds
        while true {
            do {
                let catalog = try PostgresCatalog(address)
                defer { catalog.connection.close() }
                if !options.isFollowed && goal == nil { goal = try catalog.end() }
                let stream = PostgresStream(self, catalog, goal: goal)
                defer { if stream.hasStarted { lastSuccess = IngestTarget.seconds } }
                try stream.run()
                return
            } catch let error as PostgresError {
                guard case .connection = error else { throw error }
                // What was read is sent, so that the next stream begins behind it.
                try delivery.flush()
                if IngestTarget.seconds - lastSuccess > options.patience { throw error }
                onNote("connecting again: \(error)")
            }
            try pause()
        }
    }
}
