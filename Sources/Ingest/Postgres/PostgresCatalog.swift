import Host
import JSON

/// What a server's catalog says of publications, slots and tables.
struct PostgresCatalog {
    let connection: PostgresConnection

    init(_ address: PostgresAddress) throws(PostgresError) {
        connection = try PostgresConnection(address, isReplication: false)
    }

    /// A text as a literal of SQL.
    static func literal(_ text: String) -> String {
        "'" + text.replacing("'", with: "''") + "'"
    }

    static func identifier(_ name: String) -> String {
        "\"" + name.replacing("\"", with: "\"\"") + "\""
    }

    func hasPublication(_ name: String) throws(PostgresError) -> Bool {
        try !connection.query(
            "SELECT 1 FROM pg_publication WHERE pubname = \(Self.literal(name))"
        ).isEmpty
    }

    func hasSlot(_ name: String) throws(PostgresError) -> Bool {
        try !connection.query(
            "SELECT 1 FROM pg_replication_slots WHERE slot_name = \(Self.literal(name))"
        ).isEmpty
    }

    /// Drops a slot of ours, once the connection that used it is gone.
    func dropSlot(_ name: String) throws(PostgresError) {
        try connection.query(
            "SELECT pg_drop_replication_slot(slot_name) FROM pg_replication_slots "
                + "WHERE slot_name = \(Self.literal(name))")
    }

    /// How far the server's log is on its disk.
    func end() throws(PostgresError) -> LogPosition {
        let rows = try connection.query("SELECT pg_current_wal_flush_lsn()")
        guard let text = rows.first?.first ?? nil, let position = LogPosition(text) else {
            throw .connection(reason: "PostgreSQL does not say where its log ends")
        }
        return position
    }

    /// A table of a publication, and which of its rows and columns are published.
    struct Published {
        var schema: String
        var name: String
        /// Nil for all columns.
        var columns: [String]?
        /// A condition in SQL; nil for all rows.
        var filter: String?
    }

    func published(_ publication: String) throws(PostgresError) -> [Published] {
        let version = connection.settings["server_version"].flatMap { Int($0.prefix { $0 != "." }) }
        let more = (version ?? 0) >= 15 ? "array_to_json(attnames), rowfilter" : "NULL, NULL"
        let rows = try connection.query(
            "SELECT schemaname, tablename, \(more) FROM pg_publication_tables "
                + "WHERE pubname = \(Self.literal(publication)) ORDER BY 1, 2")
        return rows.map { row in
            Published(
                schema: row[0] ?? "", name: row[1] ?? "",
                columns: row[2].flatMap { text in
                    (try? JSONValue(parsing: text))?.array?.compactMap(\.string)
                }, filter: row[3])
        }
    }

    /// The columns of a table as they are now, in their order.
    func columns(
        _ schema: String, _ name: String
    ) throws(PostgresError) -> [ReplicatedTable.Column] {
        let rows = try connection.query(
            "SELECT attname, format_type(atttypid, atttypmod), attnum FROM pg_attribute "
                + "WHERE attrelid = \(Self.relation(schema, name)) AND attnum > 0 "
                + "AND NOT attisdropped AND attgenerated = '' ORDER BY attnum")
        return rows.map { row in
            ReplicatedTable.Column(
                name: row[0] ?? "", typeName: row[1] ?? "", number: Int(row[2] ?? "") ?? 0)
        }
    }

    /// The primary key in its order; empty if there is none.
    func primaryKey(_ schema: String, _ name: String) throws(PostgresError) -> [String] {
        let rows = try connection.query(
            "SELECT a.attname FROM pg_index i "
                + "CROSS JOIN LATERAL unnest(i.indkey) WITH ORDINALITY AS k(attnum, place) "
                + "JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = k.attnum "
                + "WHERE i.indrelid = \(Self.relation(schema, name)) AND i.indisprimary "
                + "ORDER BY k.place")
        return rows.compactMap { $0.first ?? nil }
    }

    private static func relation(_ schema: String, _ name: String) -> String {
        "to_regclass(\(literal(identifier(schema) + "." + identifier(name))))"
    }

    /// Has tables stay as they are until the transaction ends.
    ///
    /// - Returns: False if one of them is another than in the transaction's snapshot, as which it
    ///   cannot be read: its columns have other names, or its rows were written anew and seem to be
    ///   none.
    func lock(_ tables: [(schema: String, name: String)]) throws(PostgresError) -> Bool {
        do throws(PostgresError) {
            for (schema, name) in tables {
                let table = Self.identifier(schema) + "." + Self.identifier(name)
                try connection.query("LOCK TABLE \(table) IN ACCESS SHARE MODE")
                let relation = Self.relation(schema, name)
                let same = try connection.query(
                    "SELECT bool_and(relfilenode = coalesce(pg_relation_filenode(oid), 0)) "
                        + "FROM pg_class WHERE oid = \(relation) "
                        + "OR oid IN (SELECT relid FROM pg_partition_tree(\(relation)))")
                if same.first?.first != "t" { return false }
                let names = try columns(schema, name).map { Self.identifier($0.name) }
                try connection.query(
                    "SELECT \(names.joined(separator: ", ")) FROM \(table) LIMIT 0")
            }
            return true
        } catch {
            // No such column, table or type any more.
            if case .refused(let code, _) = error, code.hasPrefix("42") { return false }
            throw error
        }
    }

    /// The names of types by number and modifier, in the order asked for.
    func typeNames(
        _ columns: [ReplicationMessage.Column]
    ) throws(PostgresError) -> [String] {
        if columns.isEmpty { return [] }
        let calls = columns.map { "format_type(\($0.typeNumber), \($0.typeModifier))" }
        let rows = try connection.query("SELECT " + calls.joined(separator: ", "))
        return (rows.first ?? []).map { $0 ?? "" }
    }
}
