import Platform
import Testing

@testable import Host

@Suite("The lake catalog's file")
struct CatalogLayoutTests {
    private static let table = LakeTableName(namespace: "shop.eu", name: "orders")

    /// Opens the file of a catalog as another program would.
    private func open(_ folder: RealFolder) throws -> SQLiteDatabase {
        try SQLiteDatabase(HostConfiguration(folder: folder.path).catalogPath)
    }

    @Test("Its columns are those of PyIceberg's SqlCatalog and Java's JdbcCatalog")
    func columns() throws {
        let folder = RealFolder()
        try folder.run { machine, _ in
            _ = try await machine.lakeCatalog.create(
                Self.table, LakeTableCreation(metadataLocation: "v1"))
            _ = try await machine.lakeCatalog.commit(Self.table, .swap(from: "v1", to: "v2"))
        }
        let database = try open(folder)
        let columns = try database.run("PRAGMA table_info(iceberg_tables)")
        #expect(
            columns.map { $0[1].text } == [
                "catalog_name", "table_namespace", "table_name", "metadata_location",
                "previous_metadata_location", "iceberg_type",
            ])
        #expect(columns.map { $0[5].integer } == [1, 2, 3, 0, 0, 0])
        #expect(
            try database.run("PRAGMA table_info(iceberg_namespace_properties)").map { $0[1].text }
                == ["catalog_name", "namespace", "property_key", "property_value"])
        #expect(
            try database.run("SELECT * FROM iceberg_tables")
                == [["wavetank", "shop.eu", "orders", "v2", "v1", "TABLE"].map { .text($0) }])
        #expect(
            try database.run("SELECT * FROM iceberg_namespace_properties")
                == [["wavetank", "shop.eu", "exists", "true"].map { .text($0) }])
    }

    @Test("Rows of other programs are understood, of other catalogs left alone")
    func strangers() throws {
        let folder = RealFolder()
        try folder.world().shutDown()
        do {
            let database = try open(folder)
            for (catalog, name, type) in [
                ("wavetank", "null", "NULL"), ("wavetank", "view", "'VIEW'"),
                ("other", "foreign", "'TABLE'"),
            ] {
                try database.run(
                    """
                    INSERT INTO iceberg_tables
                    VALUES ('\(catalog)', 'a', '\(name)', 'v1', NULL, \(type))
                    """
                )
            }
        }
        try folder.run { machine, _ async throws in
            let catalog = machine.lakeCatalog
            let tables = ["null", "view", "foreign"]
                .map { LakeTableName(namespace: "a", name: $0) }
            #expect(try await catalog.list() == [tables[0]])
            #expect(try await catalog.commit(tables[0], .swap(from: "v1", to: "v2")))
            for table in tables[1...] {
                #expect(try await catalog.load(table) == nil)
                #expect(try await !catalog.commit(table, .swap(from: "v1", to: "v2")))
                #expect(try await !catalog.drop(table))
            }
            // A view has the name.
            #expect(try await !catalog.create(tables[1], LakeTableCreation(metadataLocation: "v1")))
        }
    }

    @Test("Java's oldest layout, without a type, is used as it is")
    func oldLayout() throws {
        let folder = RealFolder()
        try makeFolders(folder.path, root: "")
        do {
            try open(folder).run(
                """
                CREATE TABLE iceberg_tables (
                    catalog_name VARCHAR(255) NOT NULL, table_namespace VARCHAR(255) NOT NULL,
                    table_name VARCHAR(255) NOT NULL, metadata_location VARCHAR(1000),
                    previous_metadata_location VARCHAR(1000),
                    PRIMARY KEY (catalog_name, table_namespace, table_name))
                """)
        }
        try folder.run { machine, _ async throws in
            let catalog = machine.lakeCatalog
            #expect(try await catalog.create(Self.table, LakeTableCreation(metadataLocation: "v1")))
            #expect(try await catalog.commit(Self.table, .swap(from: "v1", to: "v2")))
            #expect(try await catalog.load(Self.table)?.metadataLocation == "v2")
            #expect(try await catalog.list() == [Self.table])
            #expect(try await catalog.drop(Self.table))
        }
    }
}
