import Cluster
import Columnar
import ScenarioFiles
import Testing

@Suite("Tables and acts of a scenario file")
struct TableFormatTests {
    private static let good = """
        tables:
          - name: orders
            database: shop
            columns:
              - customer int
              - number bigint
              - amount decimal(12, 2) not null
              - lines array<row<product string, count smallint not null>>
              - day string
              - sequence bigint
            primaryKey: [customer, number, day]
            bucketKey: customer
            partitionBy: day
            buckets: 3
            autoIncrement: sequence
            properties: { table.datalake.enabled: false, table.changelog.image: WAL }
        workloads: [tableTraffic: { rate: 5/s }]

        """

    @Test("A table is read with all that it says")
    func reads() throws {
        let scenario = try Scenario.load(
            text: ScenarioErrorTests.head + Self.good, path: "a.yaml")
        let table = try #require(scenario.tables.first)
        let description = try TableDescription(table, in: scenario.cluster)
        try description.check()
        #expect(description.path == TablePath(database: "shop", table: "orders"))
        #expect(description.bucketCount == 3)
        #expect(description.schema.primaryKey == [0, 1, 4] && description.bucketKey == [0])
        #expect(!description.schema.fields[0].isNullable, "a key column is not null")
        #expect(!description.schema.fields[2].isNullable)
        #expect(description.schema.fields[5].isNullable)
        #expect(description.partitionKey == [4] && description.autoIncrementColumn == 5)
        #expect(!description.properties.logsOldRows)
    }

    @Test("What is wrong with a table is named with its place", arguments: wrong)
    func errors(_ example: ScenarioErrorTests.Case) {
        #expect(
            ScenarioErrorTests.messages(ScenarioErrorTests.head + example.text)
                == example.messages)
    }

    private static let traffic = "workloads: [tableTraffic: { rate: 5/s }]\n"

    static let wrong = [
        ScenarioErrorTests.Case(
            "type", "tables: [{ name: a, columns: [id bigit] }]\n" + traffic,
            "a.yaml:3:31: 'columns': 'bigit' is no type of a column; types are boolean, tinyint, "
                + "smallint, int, bigint, float, double, decimal(12, 2), char(8), string, "
                + "binary(16), bytes, date, time(3), timestamp(6), timestamp_ltz(6), uuid, "
                + "vector(16), array<string>, map<string, int>, row<a int, b string not null>"),
        ScenarioErrorTests.Case(
            "no type", "tables: [{ name: a, columns: [id] }]\n" + traffic,
            "a.yaml:3:31: 'columns': 'id' is no column; write its name and its type, as in "
                + "amount decimal(12, 2) not null"),
        ScenarioErrorTests.Case(
            "key", "tables: [{ name: a, columns: [id int], primaryKey: [it] }]\n" + traffic,
            "a.yaml:3:53: there is no column 'it'; did you mean 'id'?"),
        ScenarioErrorTests.Case(
            "twice", "tables: [{ name: a, columns: [id int, id int] }]\n" + traffic,
            "a.yaml:3:31: the column 'id' stands in the table twice",
            "a.yaml:3:39: the column 'id' stands in the table twice"),
        ScenarioErrorTests.Case(
            "property",
            "tables: [{ name: a, columns: [id int], primaryKey: id,\n"
                + "  properties: { table.merge-engine: first } }]\n" + traffic,
            "a.yaml:4:37: table.merge-engine is first, but has to be one of first_row, versioned, "
                + "aggregation"),
        ScenarioErrorTests.Case(
            "merging",
            "tables: [{ name: a, columns: [id int], primaryKey: id,\n"
                + "  properties: { table.merge-engine: versioned } }]\n" + traffic,
            "a.yaml:3:18: table.merge-engine.versioned.ver-column has to name a column"),
        ScenarioErrorTests.Case(
            "reserved", "tables: [{ name: a, columns: [__offset int] }]\n" + traffic,
            "a.yaml:3:31: the column name '__offset' is reserved for the system, as are __bucket, "
                + "__offset, __timestamp"),
        ScenarioErrorTests.Case(
            "unused", "tables: [{ name: a, columns: [id int] }]\n",
            "a.yaml:3:18: no workload writes to the table 'a': tableTraffic does"),
        ScenarioErrorTests.Case(
            "unknown",
            "tables: [{ name: order, columns: [id int] }]\n"
                + "workloads: [tableTraffic: { tables: [orders, order] }]\n",
            "a.yaml:4:38: 'tables' has no 'orders'; did you mean 'order'?"),
        ScenarioErrorTests.Case(
            "none", "workloads: [tableTraffic: { rate: 5/s }]\n",
            "a.yaml:3:13: tableTraffic has no table: say which there are with 'tables' of the "
                + "scenario, or have some drawn with 'drawnTables'"),
        ScenarioErrorTests.Case(
            "acts",
            good
                + """
                acts:
                  - { at: 5s, alter: { table: orders, drop: amount, add: note string } }
                  - { at: 9s, alter: { table: orders, drop: amount } }
                  - { at: 8s, alter: { table: orders, widen: customer bigint } }
                  - { at: 11m, drop: orders }
                  - { at: 1s, drop: visits }

                """,
            "a.yaml:22:45: table shop.orders: there is no column amount",
            "a.yaml:23:46: table shop.orders: the type of column customer cannot be changed",
            "a.yaml:24:11: the act begins at 11m, but the run ends after 10m",
            "a.yaml:25:21: there is no table 'visits'; there are: orders"),
    ]
}
