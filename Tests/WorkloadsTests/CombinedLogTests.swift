import Columnar
import Testing

@testable import Workloads

@Suite("Lines of a web log")
struct CombinedLogTests {
    private static func row(_ line: String) throws -> Row? {
        let stream = try CaptureStream([line], .combinedLog)
        #expect(stream.refusals == [])
        guard case .append(let row)? = stream.changes.first?.kind else { return nil }
        return row
    }

    private static func line(_ request: String, user: String = "-", agent: String = "a") -> String {
        "::1 - \(user) [29/Feb/2024:23:59:60 +0000] \"\(request)\" 200 5 \"-\" \"\(agent)\""
            .replacing(":60", with: ":59")
    }

    @Test("Are taken apart into columns")
    func columns() throws {
        let row = try Self.row(
            #"10.0.0.1 ident anna [25/Nov/2026:20:15:29 +0100] "GET /a?b=c HTTP/1.1" 304 - "#
                + #""http://x.example/" "Mozilla/5.0 (X11)""#)
        #expect(
            row == [
                .string("10.0.0.1"), .string("ident"), .string("anna"),
                .timestamp(1_795_634_129_000_000), .string("GET"), .string("/a?b=c"),
                .string("HTTP/1.1"), .int(304), .null, .string("http://x.example/"),
                .string("Mozilla/5.0 (X11)"),
            ])
    }

    @Test(
        "Have a request of any kind",
        arguments: [
            ("GET /", "GET", "/", nil),
            ("GET /with a space HTTP/1.0", "GET", "/with a space", "HTTP/1.0"),
            ("BREW /pot HTCPCP/1.0", "BREW", "/pot", "HTCPCP/1.0"),
            ("no method at all", nil, "no method at all", nil), ("", nil, nil, nil),
            ("-", nil, nil, nil), ("GET", nil, "GET", nil),
            ("GET  HTTP/1.1", "GET", " HTTP/1.1", nil),
            (#"\x16\x03\x01"#, nil, "\u{16}\u{3}\u{1}", nil), (#"\xff"#, nil, #"\xff"#, nil),
            (#"GET /\"q\" HTTP/1.1"#, "GET", "/\"q\"", "HTTP/1.1"),
        ] as [(String, String?, String?, String?)])
    func requests(request: String, method: String?, path: String?, version: String?) throws {
        let row = try Self.row(Self.line(request))
        func value(_ text: String?) -> Value { text.map { .string($0) } ?? .null }
        #expect(row?[4...6] == [value(method), value(path), value(version)])
    }

    @Test("Have users with spaces, and agents with quotes, escaped or none")
    func names() throws {
        #expect(try Self.row(Self.line("-", user: "two words"))?[2] == .string("two words"))
        #expect(try Self.row(Self.line("-", agent: #"\x22\xd0\x96\x22"#))?[10] == .string("\"Ж\""))
        #expect(
            try Self.row(Self.line("-", agent: #"a \"b\" \\ c"#))?[10] == .string(#"a "b" \ c"#))
        #expect(try Self.row(Self.line("-", agent: ""))?[10] == .string(""))
        #expect(try Self.row(Self.line("-", agent: #"odd \q"#))?[10] == .string(#"odd \q"#))
    }

    @Test(
        "Are refused with the column where they go wrong",
        arguments: [
            ("word", 1, "the host should be here"), ("a  -", 3, "the ident should be here"),
            ("a b [25/Nov/2026:20:15:29 +0100]", 5, "the user and the time should be here"),
            ("a b c [25/Nov/2026:20:15:61 +0100] ", 7, "a time such as"),
            ("a b c [31/Feb/2026:20:15:29 +0100] ", 7, "a time such as"),
            ("a b c [25/Nov/2026:20:15:29 +0100]x", 35, "a space should be here"),
            (
                line("-").replacing("\"-\" 200", with: "- 200"), 38,
                "the request should be here in quotes"
            ),
            (line("-").replacing(" 200 ", with: " 20 "), 42, "a status of three digits"),
            (line("-").replacing(" 5 ", with: " x "), 46, "a number of bytes or -"),
            (line("-").replacing(" 5 ", with: " 99999999999999999999 "), 46, "a number of bytes"),
            (line("-", agent: #"\"#), 52, "the user agent has no closing quote"),
            (line("-") + " more", 56, "something follows the user agent"),
            (String(line("-").dropLast(4)), 51, "the user agent should be here in quotes"),
        ])
    func refused(line: String, column: Int, reason: String) throws {
        let stream = try CaptureStream([line], .combinedLog)
        #expect(stream.steps.isEmpty)
        let refused = stream.refusedLines.first
        #expect(refused.count == 1 && refused[0].reason.hasPrefix(reason), "\(refused)")
        #expect(refused.first?.column == column)
    }

    @Test("Of bytes that are no UTF-8 are refused at the first of them")
    func notText() throws {
        let bytes = Array(Self.line("-").utf8)
        for position in [0, 20, bytes.count - 1] {
            var spoilt = bytes
            spoilt[position] = 0xFE
            let stream = try CaptureStream(spoilt, .combinedLog)
            #expect(stream.refusals == ["lines:1:\(position + 1): not UTF-8"])
        }
    }
}
