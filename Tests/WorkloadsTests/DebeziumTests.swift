import Columnar
import Testing

@testable import Workloads

@Suite("Change events of Debezium")
struct DebeziumTests {
    private static func event(
        _ operation: String, before: String = "null", after: String = "null", table: String = "t",
        transaction: Int? = nil, key: String? = #"{"id":1}"#
    ) -> String {
        let number = transaction.map { #","txId":\#($0)"# } ?? ""
        let value =
            #"{"before":\#(before),"after":\#(after),"op":"\#(operation)","ts_ms":5,"#
            + #""source":{"schema":"public","table":"\#(table)","ts_ms":1700000000000\#(number)}}"#
        return key.map { #"{"key":\#($0),"value":\#(value)}"# } ?? value
    }

    private static func read(_ lines: String...) throws -> CaptureStream {
        try CaptureStream(lines, .debezium)
    }

    @Test("Have the types that JSON shows where there is no schema")
    func inferred() throws {
        let stream = try Self.read(
            Self.event("c", after: #"{"id":1,"a":1,"b":true,"c":null,"d":1,"e":[1.5,null]}"#),
            Self.event("c", after: #"{"id":2,"a":2.5,"b":null,"c":"x","d":"one","e":null}"#))
        let schema = stream.tables[0].schema
        #expect(
            schema.fields.map(\.type) == [.bigint, .double, .boolean, .string, .string, .string])
        #expect(schema.primaryKey == [0])
        #expect(
            stream.changes.map(\.kind) == [
                .upsert([
                    .bigint(1), .double(1), .boolean(true), .null, .string("1"),
                    .string("[1.5,null]"),
                ]),
                .upsert([
                    .bigint(2), .double(2.5), .null, .string("x"), .string("one"), .null,
                ]),
            ])
    }

    @Test("Of one transaction come in one step, those of a snapshot one by one")
    func transactions() throws {
        let row = #"{"id":1}"#
        let stream = try Self.read(
            Self.event("r", after: row, transaction: 5),
            Self.event("r", after: row, transaction: 5),
            Self.event("c", after: row, transaction: 5),
            Self.event("u", after: row, transaction: 5),
            #"{"status":"END","id":"5"}"#, Self.event("u", after: row, transaction: 6),
            Self.event("u", after: row), Self.event("d", before: row), "null",
            #"{"key":{"id":1},"value":null}"#)
        #expect(stream.steps.map(\.changes.count) == [1, 1, 2, 1, 1, 1])
        #expect(stream.refusals == [])
    }

    @Test("Know the key from the event's, from before, and from a header")
    func keys() throws {
        let stream = try Self.read(
            Self.event("u", before: #"{"id":1,"a":1}"#, after: #"{"id":2,"a":1}"#),
            Self.event("d"))
        #expect(
            stream.changes.map(\.kind) == [
                .delete(key: [.bigint(1)]), .upsert([.bigint(2), .bigint(1)]),
                .delete(key: [.bigint(1)]),
            ])
        let header = """
            {"action":"S","tables":[{"schema":"public","table":"t","primaryKey":["id"],"columns":[\
            {"name":"id","type":"integer","nullable":false},\
            {"name":"a","type":"numeric(5,1)","nullable":true}]}]}
            """
        let headed = try Self.read(
            header, Self.event("c", after: #"{"id":1,"a":"2.5"}"#, key: nil),
            Self.event("c", after: #"{"id":3,"a":2.5}"#, key: nil))
        #expect(
            headed.changes.map(\.kind) == [
                .upsert([.int(1), .decimal(25)]), .upsert([.int(3), .decimal(25)]),
            ])
        let keyless = try Self.read(
            Self.event("c", after: #"{"id":1}"#, key: nil),
            Self.event("u", after: #"{"id":1}"#, key: nil))
        #expect(keyless.changes.map(\.kind) == [.append([.bigint(1)])])
        #expect(keyless.refusals[0].contains("no primary key"))
    }

    @Test("Take a value that Debezium does not know from the row before")
    func unavailable() throws {
        let after = #"{"id":1,"a":"__debezium_unavailable_value"}"#
        let stream = try Self.read(
            Self.event("c", after: #"{"id":1,"a":"x"}"#),
            Self.event("u", before: #"{"id":1,"a":"long"}"#, after: after),
            Self.event("u", after: after),
            Self.event("u", after: after.replacing("1", with: "2"), key: #"{"id":2}"#))
        #expect(stream.changes.last?.kind == .upsert([.bigint(1), .string("long")]))
        #expect(stream.changes.count == 3)
        #expect(stream.refusals.count == 1 && stream.refusals[0].contains("'a' of t is left out"))
    }

    @Test(
        "Are refused with a reason when they cannot be taken",
        arguments: [
            ("{}", "no op"), (event("x"), "no such op: 'x'"), (event("c"), "no row after"),
            (#"{"op":"c","after":{"id":1}}"#, "the source names no table"),
            (event("c", after: #"{"id":"x"}"#), "column 'id' of t holds 'x'"),
            (event("c", after: #"{"id":1,"b":1}"#, table: "u"), "the capture has no table 'u'"),
            (event("t"), "a truncation names no rows"), ("nothing", "only null could be here"),
        ])
    func refused(line: String, reason: String) throws {
        let header = """
            {"action":"S","tables":[{"table":"t","primaryKey":["id"],"columns":[\
            {"name":"id","type":"integer","nullable":false}]}]}
            """
        let stream = try Self.read(header, line)
        #expect(stream.steps.isEmpty)
        #expect(stream.refusedLines.first.map(\.line) == [2])
        #expect(stream.refusedLines.first[0].reason.hasPrefix(reason))
    }
}
