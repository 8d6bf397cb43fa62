import Columnar
import Iceberg
public import Platform

/// SQL over the tables of a lake, which is only read: SQLite is the engine, and asks the lake for
/// the columns and rows that a statement needs.
///
/// Memory holds one row group of each scan under way, what is deleted of its table, and what SQLite
/// holds; its sorts and groups go to temporary files.
public final class LakeDatabase {
    private let session: any LakeTables
    private let module: VirtualTableModule
    private let connection: SQLConnection
    /// Tables that cannot be queried, and why.
    public private(set) var unreadable: [(table: LakeTableName, reason: String)] = []

    /// SQLite attaches ten databases at most, and each namespace is one.
    private static let namespaceLimit = 9

    /// Opens the tables; `moment` is when all are read unless a statement says otherwise.
    ///
    /// Throws `LakeSQLError`.
    public init(_ tables: any LakeTables, asOf moment: String? = nil) throws {
        session = tables
        module = VirtualTableModule("lake") { arguments in
            guard (2...3).contains(arguments.count) else {
                throw LakeSQLError.statement(reason: "a lake table has a namespace and a name")
            }
            return try LakeVirtualTable(
                tables, LakeTableName(namespace: arguments[0], name: arguments[1]), asOf: moment,
                isOfChanges: arguments.count == 3)
        }
        connection = try SQLConnection()
        try module.register(connection)
        try connect()
    }

    /// Ends what the database began; it cannot be used any more.
    public func close() { session.close() }

    /// Asked now and then whether a statement is to go on.
    public func stop(when isInterrupted: @escaping () -> Bool) {
        connection.isInterrupted = isInterrupted
    }

    /// Bytes of the lake's files that were read so far.
    public var readByteCount: Int { session.readByteCount }

    public var tables: [LakeTableName] { session.names }

    private func connect() throws {
        let names = tables
        // Names are in order, those of one namespace beside each other.
        var namespaces: [String] = []
        for name in names where namespaces.last != name.namespace {
            namespaces.append(name.namespace)
        }
        let lowered = namespaces.map { $0.lowercased() }
        let taken: Set<String> = ["main", "temp"]
        let areAttached =
            namespaces.count <= Self.namespaceLimit
            && lowered.allSatisfy { !taken.contains($0) } && Set(lowered).count == lowered.count
        if areAttached {
            for namespace in namespaces {
                try connection.run("ATTACH ':memory:' AS \(quoted(namespace))")
            }
        }
        for name in names {
            let place = areAttached ? quoted(name.namespace) + "." : ""
            let label = areAttached ? name.name : name.description
            do {
                try connection.run(
                    "CREATE VIRTUAL TABLE \(place)\(quoted(label)) USING lake("
                        + "\(literal(name.namespace)), \(literal(name.name)))")
                try connection.run(
                    "CREATE VIRTUAL TABLE \(place)\(quoted(label + "$changes")) USING lake("
                        + "\(literal(name.namespace)), \(literal(name.name)), changes)")
                try connection.list(
                    try session.open(name).metadata, in: place, label: label)
            } catch let error as LakeSQLError {
                unreadable.append((name, "\(error)"))
            }
        }
    }

    /// Runs statements that a semicolon separates; `each` gets those that have rows, and steps
    /// through them.
    ///
    /// Throws `LakeSQLError`, and what `each` throws.
    public func run(_ sql: String, _ each: (SQLStatement) throws -> Void) throws {
        var rest = sql
        while true {
            let (statement, further) = try connection.prepare(rest)
            guard let statement else {
                if further.allSatisfy(\.isWhitespace) { return }
                rest = further
                continue
            }
            if statement.columns.isEmpty {
                while try statement.step() {}
            } else {
                try each(statement)
            }
            rest = further
        }
    }

    /// What a listing says of a table.
    public struct Listing: Sendable {
        public var table: LakeTableName
        public var rowCount: Int64?
        public var fileCount: Int64?
        public var byteCount: Int64?
        public var snapshotCount: Int
        public var formatVersion: Int
        /// When the current snapshot was committed, as SQL has it; nil of an empty table.
        public var committedAt: String?
        /// Each as its name and type.
        public var columns: [String]
    }

    /// What the metadata says of a table.
    public func listing(_ table: LakeTableName) throws -> Listing {
        let metadata = try session.open(table).metadata
        func total(_ name: String) -> Int64? {
            metadata.current?.summary(name).flatMap { Int64($0) }
        }
        let deleted = total("total-position-deletes") ?? 0
        let isExact = (total("total-equality-deletes") ?? 0) == 0
        return Listing(
            table: table,
            rowCount: isExact ? total("total-records").map { max(0, $0 - deleted) } : nil,
            fileCount: total("total-data-files"), byteCount: total("total-files-size"),
            snapshotCount: metadata.snapshots.count, formatVersion: metadata.formatVersion,
            committedAt: metadata.current.map {
                CalendarText.timestamp($0.timestampMilliseconds, 1000)
            },
            columns: metadata.schema.columns.fields.map { "\($0.name) \($0.type)" })
    }
}

/// A text as SQL has it.
func literal(_ text: String) -> String {
    "'" + text.split(separator: "'", omittingEmptySubsequences: false).joined(separator: "''") + "'"
}

extension SQLConnection {
    /// Makes the tables that tell of a table's snapshots, and of its branches and tags.
    fileprivate func list(_ metadata: TableMetadata, in place: String, label: String) throws {
        let snapshots = place + quoted(label + "$snapshots")
        try run(
            """
            CREATE TABLE \(snapshots)(snapshot_id INTEGER, parent_id INTEGER,
            sequence_number INTEGER, committed_at TEXT, operation TEXT, summary TEXT)
            """)
        for snapshot in metadata.snapshots {
            let values = [
                "\(snapshot.identifier)", snapshot.parent.map { "\($0)" } ?? "NULL",
                "\(snapshot.sequenceNumber)",
                literal(CalendarText.timestamp(snapshot.timestampMilliseconds, 1000)),
                literal(snapshot.summary("operation") ?? ""), literal(snapshot.summaryJSON),
            ]
            try run("INSERT INTO \(snapshots) VALUES (\(values.joined(separator: ", ")))")
        }
        let references = place + quoted(label + "$refs")
        try run("CREATE TABLE \(references)(name TEXT, kind TEXT, snapshot_id INTEGER)")
        let main = metadata.reference(SnapshotReference.main).map { [$0] } ?? []
        for reference in main + metadata.references {
            try run(
                "INSERT INTO \(references) VALUES (\(literal(reference.name)), "
                    + "\(literal(reference.kind.rawValue)), \(reference.snapshot))")
        }
    }
}
