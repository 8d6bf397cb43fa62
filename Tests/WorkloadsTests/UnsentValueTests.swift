import Columnar
import Testing

@testable import Workloads

@Suite("Values that an event does not say")
struct UnsentValueTests {
    private static func event(
        _ operation: String, before: String = "null", after: String = "null",
        connector: String = "postgresql", key: String? = #"{"id":1}"#
    ) -> String {
        let value =
            #"{"before":\#(before),"after":\#(after),"op":"\#(operation)","#
            + #""source":{"connector":"\#(connector)","schema":"public","table":"t"}}"#
        return key.map { #"{"key":\#($0),"value":\#(value)}"# } ?? value
    }

    static let placeholders = [
        #""__debezium_unavailable_value""#, #"["__debezium_unavailable_value"]"#,
        #"{"__debezium_unavailable_value":"__debezium_unavailable_value"}"#,
        #""{\"__debezium_unavailable_value\":\"__debezium_unavailable_value\"}""#,
        #"["b68a35a7-17ad-35b3-af2a-ae46edb4545a"]"#, "[95,95,100]",
        #""X19kZWJleml1bV91bmF2YWlsYWJsZV92YWx1ZQ==""#,
        #"{"a":{"b":[[{"c":"__debezium_unavailable_value"}]]}}"#,
        "[" + "__debezium_unavailable_value".utf8.map { "\($0)" }.joined(separator: ",") + "]",
    ]

    @Test("Are taken from the lines before, at every depth", arguments: placeholders)
    func merged(placeholder: String) throws {
        let stream = try CaptureStream(
            [
                Self.event("c", after: #"{"id":1,"a":["x"],"n":1}"#),
                Self.event("u", after: #"{"id":1,"a":\#(placeholder),"n":2}"#),
            ], .debezium)
        #expect(stream.refusals == [])
        #expect(
            stream.rows["t"] == [[.bigint(1)]: [.bigint(1), .string(#"["x"]"#), .bigint(2)]])
    }

    @Test("Are never taken for null or for zero, as before an update without replica identity full")
    func before() throws {
        let rest = #""body":"__debezium_unavailable_value","n":2}"#
        let created = Self.event("c", after: #"{"id":1,"code":"A","body":"long","n":1}"#)
        let updated = Self.event(
            "u", before: #"{"id":1,"code":"A","body":null,"n":null}"#,
            after: #"{"id":1,"code":"B",\#(rest)"#)
        #expect(
            try CaptureStream([created, updated], .debezium).rows["t"]?.values.first?[2]
                == .string("long"))
        // Without the row's earlier lines nothing is made up.
        let alone = try CaptureStream([updated], .debezium)
        #expect(alone.changes.isEmpty && alone.refusals[0].contains("'body' of t is left out"))
        // A key of zero that was not sent is no row's key.
        let moved = try CaptureStream(
            [
                Self.event("c", after: #"{"id":0,"code":"Z"}"#, key: #"{"id":0}"#),
                Self.event("c", after: #"{"id":1,"code":"A"}"#),
                Self.event(
                    "u", before: #"{"id":0,"code":"A"}"#, after: #"{"id":1,"code":"B"}"#),
            ], .debezium)
        #expect(moved.rows["t"]?.count == 2)
    }

    @Test("Are trusted in the old row of a database that always sends it")
    func whole() throws {
        let line = Self.event(
            "u", before: #"{"id":1,"a":null,"n":0}"#,
            after: #"{"id":1,"a":"__debezium_unavailable_value","n":2}"#, connector: "oracle")
        let stream = try CaptureStream([line], .debezium)
        #expect(stream.changes.map(\.kind) == [.upsert([.bigint(1), .null, .bigint(2)])])
    }

    @Test("Are not taken from a row whose change was refused in between")
    func doubt() throws {
        let header = """
            {"action":"S","tables":[{"table":"t","primaryKey":["id"],"columns":[\
            {"name":"id","type":"integer","nullable":false},\
            {"name":"a","type":"text","nullable":true},\
            {"name":"d","type":"date","nullable":true}]}]}
            """
        let created = Self.event("c", after: #"{"id":1,"a":"old","d":1}"#)
        let partial = Self.event(
            "u", after: #"{"id":1,"a":"__debezium_unavailable_value","d":2}"#)
        for spoilt in [
            Self.event("u", after: #"{"id":1,"a":"new","d":"never"}"#), Self.event("t"), "{",
        ] {
            let stream = try CaptureStream([header, created, spoilt, partial], .debezium)
            #expect(stream.changes.count == 1)
            #expect(stream.refusals.count == 2 && stream.refusals[1].contains("'a' of t is left"))
        }
    }

    @Test("Are known in a transaction as its lines go, and not after one that has no end")
    func transactions() throws {
        func line(_ action: String, _ body: String) -> String {
            #"{"action":"\#(action)","schema":"public","table":"t",\#(body)}"#
        }
        let pk = #""pk":[{"name":"id","type":"integer"}]"#
        let insert = line(
            "I",
            #""columns":[{"name":"id","type":"integer","value":1},"#
                + #"{"name":"a","type":"text","value":"x"},"#
                + #"{"name":"n","type":"integer","value":1}],"#
                + pk)
        let update = line(
            "U",
            #""columns":[{"name":"id","type":"integer","value":1},"#
                + #"{"name":"n","type":"integer","value":2}],\#(pk)"#)
        let begin = #"{"action":"B"}"#
        let commit = #"{"action":"C"}"#
        let whole = try CaptureStream([begin, insert, update, commit], .wal2json)
        #expect(whole.rows["t"]?[[.int(1)]] == [.int(1), .string("x"), .int(2)])
        let torn = try CaptureStream(
            [begin, insert, begin, update, commit, begin, insert, commit, update], .wal2json)
        #expect(torn.steps.count == 2)
        #expect(torn.refusals.count == 2 && torn.refusals[1].contains("'a' of t is left out"))
    }
}
