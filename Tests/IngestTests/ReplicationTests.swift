import Columnar
import Host
import Testing

@testable import Ingest

@Suite("Changes of PostgreSQL")
struct ReplicationTests {
    private let table = ReplicatedTable(
        schema: "shop", name: "orders",
        columns: [
            .init(name: "id", typeName: "bigint", number: 1),
            .init(name: "price", typeName: "numeric(12,2)", number: 2),
            .init(name: "note", typeName: "text", number: 4),
        ], primaryKey: ["id"], database: "copy")

    @Test("An update says what it says, and the rest stays")
    func update() throws {
        #expect(table.shape.name == "copy.shop_orders")
        #expect(
            try table.update(nil, [.text("1"), .text("2.50"), .text("a")])
                == [.row([.bigint(1), .decimal(250), .string("a")])])
        #expect(
            try table.update(nil, [.text("1"), .null, .unsent])
                == [.part([.bigint(1), .null, nil])])
        #expect(
            try table.update([.text("1"), .null, .null], [.text("2"), .null, .text("b")])
                == [.deletion([.bigint(1)]), .row([.bigint(2), .null, .string("b")])])
        // With the whole row before, what did not change is known.
        #expect(
            try table.update([.text("1"), .null, .text("old")], [.text("2"), .null, .unsent])
                == [.deletion([.bigint(1)]), .row([.bigint(2), .null, .string("old")])])
        #expect(throws: IngestError.self) {
            try table.update([.text("1"), .null, .null], [.text("2"), .null, .unsent])
        }
    }

    @Test("What no column holds, and what no key says, is refused")
    func refusals() {
        #expect(throws: IngestError.self) { try table.insertion([.text("x"), .null, .null]) }
        #expect(throws: IngestError.self) { try table.insertion([.text("1")]) }
        let log = ReplicatedTable(
            schema: "public", name: "events",
            columns: [.init(name: "at", typeName: "date", number: 1)], primaryKey: [],
            database: "copy")
        #expect(log.shape.name == "copy.events")
        #expect(throws: IngestError.self) { try log.deletion([.text("2026-11-28")]) }
        #expect(throws: IngestError.self) { try log.insertion([.text("infinity")]) }
    }

    @Test("Lines of COPY are told apart")
    func copyLines() {
        let cells = ReplicatedTable.cells(ofLine: Array("1\t\\N\ta\\tb\\\\N\\n\t".utf8))
        #expect(cells == ["1", nil, "a\tb\\N\n", ""])
    }

    @Test("Messages are read, and none that is cut off or changed stops the program")
    func messages() throws {
        let relation: [UInt8] =
            Array("R".utf8) + [0, 0, 0, 9] + Array("public\0orders\0d".utf8) + [0, 1, 1]
            + Array("id\0".utf8) + [0, 0, 0, 20, 255, 255, 255, 255]
        let update: [UInt8] =
            Array("U".utf8) + [0, 0, 0, 9] + Array("K".utf8) + [0, 1] + Array("t".utf8)
            + [0, 0, 0, 1] + Array("1N".utf8) + [0, 2] + Array("nu".utf8)
        #expect(
            try ReplicationMessage(relation)
                == .relation(
                    .init(
                        number: 9, schema: "public", name: "orders",
                        columns: [.init(name: "id", typeNumber: 20, typeModifier: -1)])))
        #expect(
            try ReplicationMessage(update)
                == .update(relation: 9, old: [.text("1")], [.null, .unsent]))
        for message in [relation, update] {
            for end in 0..<message.count {
                #expect(throws: PostgresError.self) {
                    try ReplicationMessage(Array(message[..<end]))
                }
            }
            for position in message.indices {
                for value in [0, 1, 127, 128, 255] as [UInt8] {
                    var changed = message
                    changed[position] = value
                    _ = try? ReplicationMessage(changed)
                    _ = try? StreamPart(changed)
                }
            }
        }
    }

    @Test("Places in the log are written as PostgreSQL does")
    func positions() {
        #expect(LogPosition("16/B374D848")?.value == 0x16_B374_D848)
        #expect(LogPosition(0x16_B374_D848).description == "16/B374D848")
        #expect(LogPosition("16") == nil)
        #expect(LogPosition("1/100000000") == nil)
    }
}
