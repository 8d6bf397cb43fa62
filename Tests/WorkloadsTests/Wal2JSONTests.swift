import Columnar
import Testing

@testable import Workloads

@Suite("Lines of wal2json")
struct Wal2JSONTests {
    private static let header = """
        {"action":"S","tables":[{"schema":"public","table":"t","primaryKey":["id"],"columns":[\
        {"name":"id","type":"integer","nullable":false},\
        {"name":"a","type":"numeric(6,2)","nullable":true},\
        {"name":"b","type":"text","nullable":false}]},\
        {"schema":"other","table":"log","primaryKey":[],"columns":[\
        {"name":"x","type":"real","nullable":true}]}]}
        """

    private static func columns(_ id: String, _ a: String, _ b: String) -> String {
        #"[{"name":"id","value":\#(id)},{"name":"a","value":\#(a)},{"name":"b","value":\#(b)}]"#
    }

    private static func line(
        _ action: String, _ columns: String? = nil, identity: String? = nil, table: String = "t",
        schema: String = "public"
    ) -> String {
        var line = #"{"action":"\#(action)","schema":"\#(schema)","table":"\#(table)""#
        if let columns { line += #","columns":\#(columns)"# }
        if let identity { line += #","identity":\#(identity)"# }
        return line + "}"
    }

    private static func read(_ lines: String...) throws -> CaptureStream {
        try CaptureStream([header] + lines, .wal2json)
    }

    @Test("Keep a transaction in one step, and others apart")
    func transactions() throws {
        let insert = Self.line("I", Self.columns("1", "1.5", "\"x\""))
        let stream = try Self.read(
            #"{"action":"B"}"#, insert, insert, #"{"action":"C"}"#, insert, #"{"action":"B"}"#,
            #"{"action":"C"}"#, insert)
        #expect(stream.steps.map(\.changes.count) == [2, 1, 1])
        #expect(
            stream.steps.map(\.delay) == [.milliseconds(10), .milliseconds(5), .milliseconds(5)])
        #expect(
            stream.changes[0]
                == Change(table: 0, .upsert([.int(1), .decimal(150), .string("x")])))
        #expect(stream.refusals == [])
    }

    @Test("Leave out a transaction that has no end, whatever follows")
    func torn() throws {
        let insert = Self.line("I", Self.columns("1", "null", "\"x\""))
        let stream = try Self.read(
            #"{"action":"B"}"#, insert, #"{"action":"B"}"#, insert, insert, #"{"action":"C"}"#,
            #"{"action":"C"}"#, #"{"action":"B"}"#, insert)
        #expect(stream.steps.map(\.changes.count) == [2])
        #expect(
            stream.refusals == [
                "lines:2: the transaction that begins here has no end: its 1 changes are left out",
                "lines:8: a transaction ends here that never began",
                "lines:9: the transaction that begins here has no end: its 1 changes are left out",
            ])
    }

    @Test("Change a key by a delete and an upsert in one step")
    func keys() throws {
        let moved = Self.line(
            "U", Self.columns("2", "null", "\"x\""), identity: #"[{"name":"id","value":1}]"#)
        let stayed = Self.line(
            "U", Self.columns("2", "null", "\"y\""), identity: #"[{"name":"id","value":2}]"#)
        let stream = try Self.read(
            moved, stayed, Self.line("D", identity: #"[{"name":"id","value":2}]"#))
        #expect(
            stream.steps.map(\.changes) == [
                [
                    Change(table: 0, .delete(key: [.int(1)])),
                    Change(table: 0, .upsert([.int(2), .null, .string("x")])),
                ],
                [Change(table: 0, .upsert([.int(2), .null, .string("y")]))],
                [Change(table: 0, .delete(key: [.int(2)]))],
            ])
    }

    @Test(
        "Take what an update leaves out from the old row or from the lines before, if it is there")
    func leftOut() throws {
        func columns(_ number: Int) -> String {
            #"[{"name":"id","value":\#(number)},{"name":"a","value":7}]"#
        }
        let stream = try Self.read(
            Self.line("U", columns(1), identity: Self.columns("1", "5", "\"long\"")),
            Self.line("U", columns(1), identity: #"[{"name":"id","value":1}]"#),
            Self.line("U", columns(2), identity: #"[{"name":"id","value":2}]"#))
        let row: Row = [.int(1), .decimal(700), .string("long")]
        #expect(stream.changes.map(\.kind) == [.upsert(row), .upsert(row)])
        #expect(stream.refusals.count == 1)
        #expect(stream.refusals[0].contains("column 'b' of t is left out"))
    }

    @Test(
        "Are refused with place and reason when they cannot be taken",
        arguments: [
            ("{", "2:2: a member's name should be here"),
            (#"{"action":"I" "table":"t"}"#, "2:15: ',' or '}' should be here"),
            ("[]", "2: neither the action of wal2json format 2"),
            (#"{"action":"X"}"#, "2: no such action: 'X'"),
            (#"{"action":"T","schema":"public","table":"t"}"#, "2: a truncation names no rows"),
            (line("I", columns("1", "1", "\"x\""), table: "u"), "2: the capture has no table 'u'"),
            (line("I"), "2: no columns"),
            (line("I", #"[{"name":"id"}]"#), "2: one of the columns has no name or no value"),
            (line("I", #"[{"name":"id","value":1}]"#), "2: column 'a' of t is left out"),
            (line("I", #"[{"name":"z","value":1}]"#), "2: t has no column 'z'"),
            (line("I", columns("null", "1", "\"x\"")), "2: column 'id' of t is null"),
            (line("I", columns("1", "1", "null")), "2: column 'b' of t is null"),
            (
                line("I", columns("2147483648", "1", "\"\"")),
                "2: column 'id' of t holds '2147483648'"
            ),
            (line("I", columns("1.5", "1", "\"\"")), "2: column 'id' of t holds '1.5'"),
            (line("I", columns("1", "12345.00", "\"\"")), "2: column 'a' of t holds '12345.00'"),
            (line("I", columns("1", "1.005", "\"\"")), "2: column 'a' of t holds '1.005'"),
            (line("I", columns("1", "\"NaN\"", "\"\"")), "2: column 'a' of t holds 'NaN'"),
            (line("D"), "2: no identity"),
            (line("D", identity: "[]"), "2: a delete from t that does not say the key"),
            (
                line("I", #"[{"name":"x","value":1e99}]"#, table: "log", schema: "other"),
                "2: column 'x' of other_log holds '1e99'"
            ),
            (
                line("D", identity: #"[{"name":"x","value":1}]"#, table: "log", schema: "other"),
                "2: a delete of other_log, which has no primary key"
            ),
        ])
    func refused(line: String, reason: String) throws {
        let stream = try Self.read(line)
        #expect(stream.steps.isEmpty)
        #expect(stream.refusals.count == 1)
        #expect(stream.refusals[0].hasPrefix("lines:" + reason), "\(stream.refusals)")
    }

    @Test("Are passed over when they change nothing: messages, empty lines, line ends of Windows")
    func passedOver() throws {
        let insert = Self.line("I", Self.columns("1", "1", "\"x\""))
        let stream = try Self.read(
            #"{"action":"M","transactional":true,"prefix":"p","content":"c"}"#, "", "\r",
            insert + "\r", "")
        #expect(stream.steps.count == 1)
        #expect(stream.refusals == [])
    }

    @Test("Come at the capture's own pace if asked")
    func pace() throws {
        func transaction(_ time: String) -> [String] {
            let insert = Self.line("I", Self.columns("1", "1", "\"x\"")).dropLast()
            return [
                #"{"action":"B","timestamp":"\#(time)"}"#, insert + #","timestamp":"\#(time)"}"#,
                #"{"action":"C","timestamp":"\#(time)"}"#,
            ]
        }
        let times = [
            "2024-01-01 00:00:00+00", "2024-01-01 02:00:00.5+02", "2023-12-31 23:00:00+00",
            "2024-01-01 00:00:02.5+00", "2034-01-01 00:00:00+00",
        ]
        let lines = [Self.header] + times.flatMap(transaction)
        let stream = try CaptureStream(lines, .wal2json, pace: .speed(perThousand: 2000))
        #expect(
            stream.steps.map(\.delay) == [
                .zero, .milliseconds(250), .zero, .seconds(1), .seconds(43_200),
            ])
        #expect(throws: CaptureError.noTimes(file: "lines")) {
            try CaptureStream(
                [Self.header, Self.line("I", Self.columns("1", "1", "\"x\""))], .wal2json,
                pace: .speed(perThousand: 1000))
        }
    }

    @Test(
        "Cannot be replayed without usable tables",
        arguments: [
            "", "no json", #"{"action":"S"}"#, #"{"action":"S","tables":[]}"#,
            #"{"action":"S","tables":[{"table":"t","primaryKey":[],"columns":[]}]}"#,
            header.replacing(#"["id"]"#, with: #"["nothing"]"#),
            header.replacing(#"["id"]"#, with: #"["id","id"]"#),
            header.replacing(#""name":"a""#, with: #""name":"id""#),
            header.replacing(#""schema":"other","table":"log""#, with: #""table":"t""#),
        ])
    func unusable(line: String) {
        #expect(throws: CaptureError.self) { try CaptureStream([line], .wal2json) }
    }
}
