import Columnar
import Host
import JSON

/// One connection's stream of changes, from the place where the ingest is.
final class PostgresStream {
    /// Changes wait no longer than this for others to be sent with, in seconds.
    private static let linger = 0.5
    /// The server hears of us as often at least.
    private static let statusInterval = 1.0
    /// Keys that are read at once of a table that is truncated.
    private static let truncationCount = 5000

    private let ingest: PostgresIngest
    private let catalog: PostgresCatalog
    private let goal: LogPosition?
    private(set) var hasStarted = false
    /// Whether a transaction is open, and whether it was done before.
    private var isOpen = false
    private var isKnown = false
    /// Changes of the open transaction that an earlier stream has brought over.
    private var skipCount = 0
    private var lastStatus = 0.0

    private var delivery: Delivery { ingest.delivery }

    init(_ ingest: PostgresIngest, _ catalog: PostgresCatalog, goal: LogPosition?) {
        self.ingest = ingest
        self.catalog = catalog
        self.goal = goal
        ingest.relations = [:]
    }

    /// - Throws: `PostgresError`, of which `.connection` may be tried again, or `IngestError`.
    func run() throws {
        let connection = try PostgresConnection(ingest.address, isReplication: true)
        defer { connection.close() }
        try connection.startStreaming(
            "START_REPLICATION SLOT \(PostgresCatalog.identifier(ingest.options.slot)) LOGICAL "
                + "\(ingest.place.position) (proto_version '1', publication_names "
                + PostgresCatalog.literal(
                    PostgresCatalog.identifier(ingest.options.publication)) + ")")
        hasStarted = true
        while true {
            if delivery.target.isStopped() {
                try finish(connection)
                throw IngestError.stopped
            }
            let part = try connection.nextPart(timeout: delivery.isEmpty ? 1 : 0.05)
            if let part {
                switch try StreamPart(part) {
                case .message(let bytes): try take(ReplicationMessage(bytes))
                case .alive(let end, let wantsAnswer):
                    // Between transactions there is nothing for us up to there.
                    if !isOpen && delivery.isEmpty && end > ingest.place.position {
                        ingest.place.position = end
                    }
                    if wantsAnswer { lastStatus = 0 }
                }
            }
            try flushIfDue(isIdle: part == nil)
            if let goal, !isOpen, ingest.place.position >= goal {
                try finish(connection)
                return
            }
            try report(to: connection, isIdle: part == nil)
        }
    }

    private func flushIfDue(isIdle: Bool) throws(IngestError) {
        if isIdle || IngestTarget.seconds - delivery.waitsSince > Self.linger {
            try delivery.flush()
        }
    }

    private func finish(_ connection: PostgresConnection) throws {
        try delivery.flush()
        try delivery.settle()
        lastStatus = 0
        try report(to: connection, isIdle: false)
        // All is in the target; a server that went away meanwhile hears of it the next time.
        try? connection.stopStreaming()
    }

    /// Says up to where all is acknowledged by the target, and in our state.
    private func report(to connection: PostgresConnection, isIdle: Bool) throws(PostgresError) {
        let now = IngestTarget.seconds
        if now - lastStatus < (isIdle ? 0.5 : Self.statusInterval) { return }
        lastStatus = now
        // Of what waits to be sent nothing is said: the position is behind it.
        guard delivery.isEmpty else { return }
        try connection.sendPart(
            StreamPart.status(ingest.place.position, wantsAnswer: goal != nil && isIdle))
    }

    // MARK: Messages

    private func take(_ message: ReplicationMessage) throws {
        switch message {
        case .begin(let commit):
            isOpen = true
            isKnown = commit < ingest.place.position
            if ingest.place.transaction != commit && !isKnown {
                ingest.place.transaction = commit
                ingest.place.doneCount = 0
            }
            skipCount = isKnown ? .max : ingest.place.doneCount
        case .commit(let end):
            isOpen = false
            if !isKnown {
                ingest.place.position = end
                ingest.place.doneCount = 0
                try delivery.flushIfFull()
            }
        case .relation(let relation): try take(relation)
        case .insert(let number, let cells):
            try add(number) { table throws(IngestError) in try table.insertion(cells) }
        case .update(let number, let old, let cells):
            try add(number) { table throws(IngestError) in try table.update(old, cells) }
        case .delete(let number, let old):
            try add(number) { table throws(IngestError) in try table.deletion(old) }
        case .truncate(let numbers):
            for number in numbers { try truncate(number) }
        case .other: break
        }
    }

    private func relation(
        _ number: UInt32
    ) throws(IngestError) -> (table: ReplicatedTable, handle: Int) {
        guard let relation = ingest.relations[number] else {
            throw .source(
                place: ingest.address.shown,
                reason: "a change of relation \(number), which was not described")
        }
        return relation
    }

    private func add(
        _ number: UInt32, _ changes: (ReplicatedTable) throws(IngestError) -> [RowChange]
    ) throws(IngestError) {
        if isKnown { return }
        let (table, handle) = try relation(number)
        for change in try changes(table) {
            if skipCount > 0 {
                skipCount -= 1
                continue
            }
            try delivery.add(change, to: handle)
            ingest.place.doneCount += 1
            try delivery.flushIfFull()
        }
    }

    /// Deletes all rows of a table; done twice it is the same.
    private func truncate(_ number: UInt32) throws(IngestError) {
        if isKnown { return }
        if skipCount > 0 {
            skipCount -= 1
            return
        }
        let (table, handle) = try relation(number)
        let key = table.shape.primaryKey
        let shape = delivery.shape(handle)
        if key.isEmpty {
            ingest.onNote("\(table.path) was truncated; \(shape.name) is a log and keeps its rows")
        } else {
            try delivery.flush()
            while true {
                let rows = try delivery.target.rows(
                    shape.database, shape.table, columns: key, limit: Self.truncationCount)
                if rows.isEmpty { break }
                for row in rows {
                    var values: [Value] = []
                    for (name, position) in zip(key, shape.keyPositions) {
                        guard let json = row[name],
                            let value = TextValue.value(json, shape.fields[position].type)
                        else {
                            throw .target(reason: "\(shape.name) has a key that is not understood")
                        }
                        values.append(value)
                    }
                    try delivery.add(.deletion(values), to: handle)
                }
                try delivery.flush()
            }
        }
        ingest.place.doneCount += 1
    }

    // MARK: Schemas

    /// Takes in what a table is from here on, and changes the target's to that.
    private func take(_ relation: ReplicationMessage.Relation) throws {
        let types = try catalog.typeNames(relation.columns)
        let now = try catalog.columns(relation.schema, relation.name)
        let columns = zip(relation.columns, types).map { column, type in
            ReplicatedTable.Column(
                name: column.name, typeName: type,
                number: now.first { $0.name == column.name }?.number ?? 0)
        }
        let table = ReplicatedTable(
            schema: relation.schema, name: relation.name, columns: columns,
            primaryKey: try catalog.primaryKey(relation.schema, relation.name),
            database: ingest.options.database)
        let known = ingest.place.columns[table.path]
        if let known, let handle = ingest.handles[table.path],
            delivery.shape(handle).fields.map(\.name) == columns.map(\.name),
            delivery.shape(handle).fields.map(\.type) == table.shape.fields.map(\.type),
            known.count == columns.count
        {
            ingest.relations[relation.number] = (table, handle)
            return
        }
        if let known {
            try ingest.evolve(table, known)
        } else {
            ingest.onNote("\(table.path) is new: what was in it before is not copied")
        }
        let handle = try ingest.open(table)
        try delivery.reshape(handle, to: table.shape) {}
        ingest.relations[relation.number] = (table, handle)
    }
}
