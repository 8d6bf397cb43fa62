import Columnar
import Testing

@testable import Workloads

@Suite("Forms of change events")
struct ChangeEventFormTests {
    private static let source = #"{"connector":"mysql","name":"srv","db":"shop","table":"t"}"#
    private static let value =
        #"{"before":null,"after":{"id":1,"name":"A"},"source":\#(source),"op":"c","ts_ms":1}"#

    /// A value as JSON within a string.
    private static func quoted(_ json: String) -> String {
        "\"" + json.replacing("\\", with: "\\\\").replacing("\"", with: "\\\"") + "\""
    }

    static let forms: [(String, String)] = [
        (
            "kcat -J",
            #"{"topic":"srv.shop.t","partition":0,"offset":1,"tstype":"create","ts":1,"#
                + #""broker":0,"key":\#(quoted(#"{"id":1}"#)),"payload":\#(quoted(value))}"#
        ),
        (
            "kcat -J with parsed values",
            #"{"topic":"srv.shop.t","partition":0,"offset":1,"#
                + #""key":{"id":1},"payload":\#(value)}"#
        ),
        ("text", #"{"key":\#(quoted(#"{"id":1}"#)),"value":\#(quoted(value))}"#),
        ("tab", #"{"id":1}"# + "\t" + value),
        ("pipe", #"{"id":1}|"# + value),
        ("colon", #"{"id":1}: "# + value),
        ("prefixes", "CreateTime:17\tPartition:0\tOffset:3\tNO_HEADERS\t{\"id\":1}\t" + value),
        (
            "CloudEvent",
            #"{"key":{"id":1},"value":{"id":"x","specversion":"1.0","source":"/d","#
                + #""type":"io.debezium.mysql.datachangeevent","data":\#(value)}}"#
        ),
        ("array", #"[{"key":{"id":1},"value":\#(value)}]"#),
        ("pretty", "{\n  \"key\": {\n \"id\": 1\n },\n \"value\": " + value + "\n}\n"),
        ("payload without a schema", #"{"key":{"id":1},"value":{"payload":\#(value)}}"#),
        (
            "byte order mark and line ends of Windows",
            "\u{FEFF}"
                + #"{"key":{"id":1},"value":\#(value)}"# + "\r\n\r\n"
        ),
    ]

    @Test("Are unwrapped", arguments: forms)
    func unwrapped(name: String, text: String) throws {
        let stream = try CaptureStream([text], .debezium)
        #expect(stream.refusals == [])
        #expect(stream.tables.map(\.name) == ["t"])
        #expect(stream.changes.map(\.kind) == [.upsert([.bigint(1), .string("A")])])
    }

    @Test("Damage in an array is one refusal, and the elements behind it are read")
    func damagedElement() throws {
        let event = #"{"key":{"id":1},"value":\#(Self.value)}"#
        for separator in [",\n", ","] {
            let events = [event, event + event.dropFirst(9), event]
            let text = "[" + events.joined(separator: separator)
            let stream = try CaptureStream([text + "]"], .debezium)
            #expect(stream.refusals.count == 1, "\(stream.refusals)")
            #expect(stream.changes.count == 3)
        }
    }

    @Test("That are flattened say what happened in fields of their own")
    func flattened() throws {
        func line(_ id: Int, _ name: String, _ more: String) -> String {
            #"{"key":{"id":\#(id)},"value":{"id":\#(id),"name":"\#(name)","__db":"shop","#
                + #""__table":"t","__source_ts_ms":5,\#(more)}}"#
        }
        let stream = try CaptureStream(
            [
                line(1, "a", #""__op":"c","__deleted":"false""#),
                line(2, "b", #""__op":"r","__deleted":"false""#),
                line(1, "c", #""__op":"u","__deleted":"false""#),
                line(2, "b", #""__op":"d","__deleted":"true""#),
                line(3, "d", #""__deleted":"false""#), #"{"key":{"id":2},"value":null}"#,
            ], .debezium)
        #expect(stream.refusals == [])
        #expect(stream.tables[0].schema.fields.map(\.name) == ["id", "name"])
        #expect(
            stream.rows["t"] == [
                [.bigint(1)]: [.bigint(1), .string("c")],
                [.bigint(3)]: [.bigint(3), .string("d")],
            ])
    }

    @Test(
        "Of others are named in the refusal",
        arguments: [
            (
                #"{"before":null,"after":"{\"_id\":1}","source":{"connector":"mongodb","db":"s","#
                    + #""collection":"o"},"op":"c"}"#, "MongoDB"
            ),
            (#"{"database":"s","table":"t","type":"insert","ts":1,"data":{"id":1}}"#, "Maxwell"),
            (
                #"{"data":[{"id":"1"}],"database":"s","table":"t","type":"INSERT","isDdl":false}"#,
                "Canal"
            ),
            (#"{"data":{"id":1},"metadata":{"operation":"insert","table-name":"t"}}"#, "AWS DMS"),
            (#"{"id":1,"name":"x","__table":"t"}"#, "flattened event without __op"),
            (#"{"id":1,"name":"x"}"#, "a row alone does not say what happened"),
            (#"{"id":1,"__op":"c"}"#, "names no table"),
            (#"{"action":"I","table":"t"}"#, "format wal2json"),
            (#"{"change":[]}"#, "format wal2json"),
            (#"{"specversion":"1.0","data_base64":"AAAA"}"#, "CloudEvent of encoded data"),
            ("Struct{id=1}\t" + value, "the key before the tab is no JSON"),
            (#"{"key":"Struct{id=1}","value":{"op":"c"}}"#, "text that is no JSON"),
            ("[1, 2]", "a change event is an object"), ("7", "a change event is an object"),
        ])
    func foreign(line: String, reason: String) throws {
        let whole = #"{"key":{"id":1},"value":\#(Self.value)}"#
        let stream = try CaptureStream([whole, line.replacing("\n", with: "")], .debezium)
        #expect(stream.changes.count == 1)
        #expect(stream.refusals.count >= 1)
        #expect(stream.refusals.allSatisfy { $0.contains(reason) }, "\(stream.refusals)")
        let error = #expect(throws: CaptureError.self) { try CaptureStream([line], .debezium) }
        if case .noTables? = error { return }
        Issue.record("\(String(describing: error))")
    }

    @Test(
        "That change no row are passed over",
        arguments: [
            #"{"ts_ms":1}"#, "null", "", "  ", #"{"key":{"serverName":"s"},"value":{"ts_ms":1}}"#,
            #"{"status":"BEGIN","id":"5","event_count":null}"#, #"{"key":{"id":1},"value":null}"#,
            #"{"source":{"db":"s"},"databaseName":"s","ddl":"CREATE TABLE x (a int)"}"#,
            #"{"op":"m","source":{"table":""},"message":{"prefix":"p","content":"aGk="}}"#,
            #"{"id":"u","type":"COMPLETED","aggregate_type":"Initial Snapshot"}"#,
            "{\"id\":1}\tnull", #"{"id":1}|null"#,
        ])
    func service(line: String) throws {
        let whole = #"{"key":{"id":1},"value":\#(Self.value)}"#
        let stream = try CaptureStream([whole, line, whole], .debezium)
        #expect(stream.refusals == [])
        #expect(stream.changes.count == 2)
    }

    @Test("Of two databases, schemas or servers are of two tables")
    func identities() throws {
        func line(_ source: String) -> String {
            #"{"key":{"id":1},"value":{"before":null,"after":{"id":1},"source":{\#(source)},"#
                + #""op":"c"}}"#
        }
        func names(_ sources: String...) throws -> [String] {
            try CaptureStream(sources.map(line), .debezium).tables.map(\.name)
        }
        let orders = #""table":"orders""#
        #expect(try names(#""db":"a",\#(orders)"#) == ["orders"])
        #expect(
            try names(#""db":"a",\#(orders)"#, #""db":"b",\#(orders)"#)
                == ["a_orders", "b_orders"])
        #expect(
            try names(#""schema":"public",\#(orders)"#, #""schema":"s",\#(orders)"#)
                == ["orders", "s_orders"])
        #expect(
            try names(
                #""name":"x","db":"a","schema":"public",\#(orders)"#,
                #""name":"y","db":"a","schema":"public",\#(orders)"#)
                == ["x_a_public_orders", "y_a_public_orders"])
        // A point in a name does not make two tables one.
        #expect(
            Set(
                try names(
                    #""db":"d","schema":"public","table":"a.b""#,
                    #""db":"d","schema":"a","table":"b""#)
            ).count == 2)
    }

    @Test("Of which tables are left out by name, or named")
    func selection() throws {
        let lines = ["orders", "bad name", "t"].map {
            #"{"key":{"id":1},"value":{"before":null,"after":{"id":1},"op":"c","#
                + #""source":{"db":"d","schema":"public","table":"\#($0)"}}}"#
        }
        func stream(_ only: [String], _ without: [String]) throws -> CaptureStream {
            var options = CaptureWorkload.Options(
                file: "lines", format: .debezium, pace: .interval(.milliseconds(1)))
            options.tables = only
            options.without = without
            return CaptureStream(
                try CaptureWorkload(Array(lines.joined(separator: "\n").utf8), options))
        }
        let all = try stream([], [])
        #expect(all.tables.map(\.name) == ["orders", "t"])
        #expect(all.refusals.count == 1 && all.refusals[0].contains("'bad name' cannot be made"))
        let some = try stream([], ["bad name", "d.orders"])
        #expect(some.tables.map(\.name) == ["t"] && some.refusals == [])
        #expect(try stream(["public.t"], []).tables.map(\.name) == ["t"])
        for (only, without) in [(["x"], []), ([], ["x"]), (["t"], ["t"]), (["bad name"], [])] {
            #expect(throws: CaptureError.self) { try stream(only, without) }
        }
    }
}
