import Cluster
import Columnar
import ScenarioFiles
import Testing
import Workloads

@testable import Workbench

@Suite("Tables and acts that seeds draw")
struct ActDrawTests {
    private static func layout() throws -> ClusterLayout {
        try Scenario.load(text: "title: x\nlength: 1m\n", path: "x.yaml").cluster
    }

    @Test("Every drawn table is one that the cluster takes", arguments: 1...200)
    func tables(seed: UInt64) throws {
        for definition in TableTraffic(seed: seed, tables: [], drawnCount: 4).tables {
            let table = try TableDescription(definition, in: try Self.layout())
            try table.check()
        }
    }

    @Test(
        "Rows that were drawn under any schema read under every later one as the rules say",
        arguments: 1...60)
    func evolution(seed: UInt64) throws {
        let traffic = TableTraffic(seed: seed, tables: [], drawnCount: 3)
        var draw = ActDraw(seed: seed, label: "test")
        var compared = 0
        for definition in traffic.tables where definition.isEvolving {
            var table = try TableDescription(definition, in: try Self.layout())
            var written: [(row: Row, schema: Schema)] = []
            for _ in 0..<12 {
                let kinds = ActKindName.allCases.filter { $0 != .dropTable }
                if let change = draw.change(draw.choose(kinds), of: table) {
                    table = try table.applying([change])
                }
                var random = RandomSource(seed: seed, label: "rows \(written.count)")
                let row = RowDraw.row(of: table.schema, &random)
                for (row, writer) in written {
                    let codec = RowCodec(schema: table.schema)
                    let bytes = try RowCodec(schema: writer).encode(row)
                    let found = try codec.decode(bytes, writer: writer)
                    let expected = SchemaRules.row(row, from: writer, to: table.schema)
                    #expect(found == expected, "\(writer.fields) to \(table.schema.fields)")
                    compared += 1
                }
                written.append((row, table.schema))
            }
        }
        #expect(compared > 0 || !traffic.tables.contains(where: \.isEvolving))
    }

    @Test("A nested field that is written down by its name keeps what it holds")
    func names() throws {
        let old = DataType("row<street string, zone tinyint>")!
        let new = DataType("row<zone int, country string, street string>")!
        var table = TableDescription(
            name: "places",
            schema: Schema(fields: [Field(identifier: 1, name: "place", type: old)]),
            bucketCount: 1, replicationFactor: 1, bucketKey: [], isInLake: false)
        let writer = table.schema
        table = try table.applying([.widenColumn(name: "place", type: new)])
        let row: Row = [.row([.string("Ring 1"), .tinyint(7)])]
        let found = try RowCodec(schema: table.schema).decode(
            try RowCodec(schema: writer).encode(row), writer: writer)
        #expect(found == [.row([.int(7), .null, .string("Ring 1")])])
        #expect(SchemaRules.row(row, from: writer, to: table.schema) == found)
    }
}
