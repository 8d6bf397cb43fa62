import Platform

/// The lake catalog: a SQLite file in the layout that PyIceberg's SqlCatalog and Java's JdbcCatalog
/// share.
///
/// Unchecked because it is used on the database thread only.
final class CatalogService: @unchecked Sendable {
    private let database: SQLiteDatabase
    private let catalog: SQLiteValue
    /// Java's oldest layout has no column for it.
    private let hasType: Bool

    init(_ configuration: HostConfiguration) throws {
        catalog = .text(configuration.catalogName)
        let database = try SQLiteDatabase(configuration.catalogPath)
        self.database = database
        hasType = try database.transaction {
            for statement in Self.schema { try database.run(statement) }
            return try database.run("PRAGMA table_info(iceberg_tables)")
                .contains { $0[1] == .text("iceberg_type") }
        }
    }

    private static let schema = [
        """
        CREATE TABLE IF NOT EXISTS iceberg_tables (
            catalog_name VARCHAR(255) NOT NULL, table_namespace VARCHAR(255) NOT NULL,
            table_name VARCHAR(255) NOT NULL, metadata_location VARCHAR(1000),
            previous_metadata_location VARCHAR(1000), iceberg_type VARCHAR(5),
            PRIMARY KEY (catalog_name, table_namespace, table_name))
        """,
        """
        CREATE TABLE IF NOT EXISTS iceberg_namespace_properties (
            catalog_name VARCHAR(255) NOT NULL, namespace VARCHAR(255) NOT NULL,
            property_key VARCHAR(255) NOT NULL, property_value VARCHAR(1000) NOT NULL,
            PRIMARY KEY (catalog_name, namespace, property_key))
        """,
    ]

    private var isTable: String {
        hasType ? " AND (iceberg_type = 'TABLE' OR iceberg_type IS NULL)" : ""
    }

    func load(_ table: LakeTableName) throws -> String? {
        let rows = try database.run(
            """
            SELECT metadata_location FROM iceberg_tables
            WHERE catalog_name = ? AND table_namespace = ? AND table_name = ?
            """ + isTable, catalog, .text(table.namespace), .text(table.name))
        return rows.first?[0].text
    }

    func create(_ table: LakeTableName, _ location: String) throws -> Bool {
        try database.transaction {
            try database.run(
                """
                INSERT OR IGNORE INTO iceberg_tables
                    (catalog_name, table_namespace, table_name, metadata_location)
                VALUES (?, ?, ?, ?)
                """, catalog, .text(table.namespace), .text(table.name), .text(location))
            if database.changeCount == 0 { return false }
            if hasType {
                try database.run(
                    """
                    UPDATE iceberg_tables SET iceberg_type = 'TABLE'
                    WHERE catalog_name = ? AND table_namespace = ? AND table_name = ?
                    """, catalog, .text(table.namespace), .text(table.name))
            }
            // How PyIceberg knows that a namespace exists.
            try database.run(
                """
                INSERT OR IGNORE INTO iceberg_namespace_properties
                VALUES (?, ?, 'exists', 'true')
                """, catalog, .text(table.namespace))
            return true
        }
    }

    func swap(_ table: LakeTableName, from expected: String, to replacement: String) throws -> Bool
    {
        try database.transaction {
            try database.run(
                """
                UPDATE iceberg_tables
                SET metadata_location = ?, previous_metadata_location = metadata_location
                WHERE catalog_name = ? AND table_namespace = ? AND table_name = ?
                    AND metadata_location = ?
                """ + isTable, .text(replacement), catalog, .text(table.namespace),
                .text(table.name), .text(expected))
            return database.changeCount == 1
        }
    }

    func rename(_ table: LakeTableName, to name: LakeTableName) throws -> Bool {
        try database.transaction {
            try database.run(
                """
                UPDATE OR IGNORE iceberg_tables SET table_namespace = ?, table_name = ?
                WHERE catalog_name = ? AND table_namespace = ? AND table_name = ?
                """ + isTable, .text(name.namespace), .text(name.name), catalog,
                .text(table.namespace), .text(table.name))
            return database.changeCount == 1
        }
    }

    func drop(_ table: LakeTableName) throws -> Bool {
        try database.transaction {
            try database.run(
                """
                DELETE FROM iceberg_tables
                WHERE catalog_name = ? AND table_namespace = ? AND table_name = ?
                """ + isTable, catalog, .text(table.namespace), .text(table.name))
            return database.changeCount == 1
        }
    }

    func list() throws -> [LakeTableName] {
        let rows = try database.run(
            "SELECT table_namespace, table_name FROM iceberg_tables WHERE catalog_name = ?"
                + isTable, catalog)
        return rows.map { LakeTableName(namespace: $0[0].text ?? "", name: $0[1].text ?? "") }
            .sorted()
    }
}
