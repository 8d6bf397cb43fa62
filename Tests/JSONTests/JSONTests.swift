import JSON
import Platform
import Simulation
import Testing

@Suite("JSON")
struct JSONTests {
    @Test("Values of every kind are read")
    func values() throws {
        let text = #" {"a": [null, true, false, -1, 2.5, "x"], "": {}, "b": [ ] } "#
        let value: JSONValue = [
            "a": [nil, true, false, -1, .number(2.5), "x"], "": [:], "b": [],
        ]
        #expect(try JSONValue(parsing: text) == value)
        #expect(value["a"]?.array?.count == 6)
        #expect(value["c"] == nil)
        #expect(value.compact == #"{"a":[null,true,false,-1,2.5,"x"],"":{},"b":[]}"#)
        #expect(try JSONValue(parsing: value.pretty) == value)
    }

    @Test("Whole numbers keep all 64 bits, others are doubles")
    func numbers() throws {
        let cases: [(String, JSONValue)] = [
            ("0", 0), ("9223372036854775807", .integer(.max)),
            ("-9223372036854775808", .integer(.min)),
            ("9223372036854775808", .number(9_223_372_036_854_775_808)), ("-0", .number(-0.0)),
            ("1.0", .number(1)), ("1e3", .number(1000)), ("1E-2", .number(0.01)),
            ("0.1", .number(0.1)), ("5e-324", .number(.leastNonzeroMagnitude)),
            ("1e-999", .number(0)),
            ("1.7976931348623157e308", .number(.greatestFiniteMagnitude)),
        ]
        for (text, value) in cases {
            let parsed = try JSONValue(parsing: text)
            #expect(parsed == value, "\(text)")
            #expect(try JSONValue(parsing: parsed.compact) == parsed, "\(text)")
        }
        for text in [
            "01", "+1", "1.", ".5", "1e", "1e+", "-", "0x1", "1e999", "NaN", "Infinity", "--1",
        ] {
            #expect(throws: JSONError.self, "\(text)") { try JSONValue(parsing: text) }
        }
    }

    @Test("Strings: escapes, surrogate pairs, and what is none")
    func strings() throws {
        let cases: [(String, String)] = [
            (#""\"\\\/\b\f\n\r\t""#, "\"\\/\u{8}\u{c}\n\r\t"), (#""\u0041\u00e9""#, "A\u{e9}"),
            (#""\ud83d\ude00""#, "\u{1F600}"), (#""\uD83D\uDE00 x""#, "\u{1F600} x"),
            (#""\u0000""#, "\u{0}"), ("\"\u{1F600}\u{7f}\"", "\u{1F600}\u{7f}"), ("\"\"", ""),
        ]
        for (text, string) in cases { #expect(try JSONValue(parsing: text).string == string) }
        let bad = [
            #""\ud83d""#, #""\ud83dx""#, #""\ud83d\n""#, #""\ud83d\u0041""#, #""\ude00""#,
            #""\u12g4""#, #""\u12"#, #""\x""#, "\"a\nb\"", "\"a", "\"a\\", "'a'",
        ]
        for text in bad {
            #expect(throws: JSONError.self, "\(text)") { try JSONValue(parsing: text) }
        }
        for bytes in [[0xFF], [0xC0, 0x80], [0xED, 0xA0, 0x80], [0xE2, 0x82]] as [[UInt8]] {
            #expect(throws: JSONError.self) { try JSONValue(parsing: [0x22] + bytes + [0x22]) }
        }
    }

    @Test("An error says where it is, by line and byte")
    func positions() {
        func error(_ text: String) -> String {
            do {
                _ = try JSONValue(parsing: text)
                return "none"
            } catch {
                return "\(error)"
            }
        }
        #expect(error("") == "line 1, column 1: the text ends where a value should be")
        #expect(error("{\"a\": 1,}") == "line 1, column 9: a member's name should be here")
        #expect(error("{\n  \"a\" 1}") == "line 2, column 7: ':' should be here")
        #expect(error("[1\n2]") == "line 2, column 1: ',' or ']' should be here")
        #expect(error("[1] x") == "line 1, column 5: something follows the value")
        #expect(error("[tru]") == "line 1, column 2: only true could be here")
        #expect(error("\n\n ?") == "line 3, column 2: no value begins like this")
    }

    @Test("Depth and size are bounded, before the stack is")
    func bounds() throws {
        func nested(_ depth: Int) -> [UInt8] {
            Array(
                (String(repeating: "[", count: depth) + String(repeating: "]", count: depth)).utf8)
        }
        _ = try JSONValue(parsing: nested(200))
        #expect(throws: JSONError.self) { try JSONValue(parsing: nested(201)) }
        #expect(throws: JSONError.self) { try JSONValue(parsing: nested(1_000_000)) }
        #expect(throws: JSONError.self) { try JSONValue(parsing: nested(4), depthLimit: 3) }
        #expect(throws: JSONError.tooLarge(byteCount: 8, limit: 7)) {
            try JSONValue(parsing: nested(4), byteLimit: 7)
        }
        // Many siblings are not depth.
        _ = try JSONValue(parsing: "[" + String(repeating: "[],", count: 10_000) + "[]]")
    }

    @Test("Errors about what a text says name its place")
    func fields() throws {
        let value = try JSONValue(parsing: #"{"a": {"b": [1, "x"]}, "n": null}"#)
        let list = try value.required("a").required("b").array()
        #expect(try list[0].integer(as: UInt8.self) == 1)
        #expect(throws: JSONError.wrongType(path: "a.b[1]", expected: "a whole number")) {
            try list[1].integer()
        }
        #expect(throws: JSONError.missing(path: "a.c")) { try value.required("a").required("c") }
        #expect(throws: JSONError.wrongType(path: "a.b", expected: "an object")) {
            try value.required("a").required("b").required("c")
        }
        #expect(try value.optional("n") == nil)
        #expect(try value.optional("missing") == nil)
        #expect(throws: JSONError.self) {
            try JSONField(value: 256, path: "x").integer(as: UInt8.self)
        }
    }

    @Test("Whatever is printed is read back the same", arguments: 1...50 as ClosedRange<UInt64>)
    func roundTrip(seed: UInt64) throws {
        let value = randomValue(RandomStream(seed: seed, label: "json"), depth: 0)
        #expect(try JSONValue(parsing: value.compact) == value)
        #expect(try JSONValue(parsing: value.pretty) == value)
    }

    @Test(
        "Damaged texts are refused or read, never a crash", arguments: 1...50 as ClosedRange<UInt64>
    )
    func fuzz(seed: UInt64) throws {
        let random = RandomStream(seed: seed, label: "fuzz")
        let good = Array(randomValue(random, depth: 0).pretty.utf8)
        let tokens = Array("{}[]\",:\\u0d8eE+-.tfn \n".utf8)
        for _ in 0..<200 {
            var bad = good
            for _ in 0...random.next(in: 0..<3) {
                let position = random.next(in: 0..<bad.count)
                switch random.next(in: 0..<3) {
                case 0: bad[position] = tokens[random.next(in: 0..<tokens.count)]
                case 1: bad[position] = UInt8(truncatingIfNeeded: random.next())
                default: if bad.count > 1 { bad.remove(at: position) }
                }
            }
            do {
                let value = try JSONValue(parsing: bad)
                #expect(try JSONValue(parsing: value.compact) == value)
            } catch {
                guard case .malformed(let line, let column, _) = error else { continue }
                #expect(line >= 1 && column >= 1 && line + column <= bad.count + 2)
            }
        }
    }

    private func randomValue(_ random: RandomStream, depth: Int) -> JSONValue {
        switch random.next(in: 0..<(depth > 4 ? 6 : 8)) {
        case 0: return .null
        case 1: return .bool(random.chance(1, in: 2))
        case 2: return .integer(Int64(bitPattern: random.next()) >> Int64(random.next(in: 0..<64)))
        case 3:
            let number = Double(bitPattern: random.next())
            return .number(number.isFinite ? number : 0.5)
        case 4, 5: return .string(randomText(random))
        case 6:
            return .array(
                (0..<random.next(in: 0..<5)).map { _ in randomValue(random, depth: depth + 1) })
        default:
            return .object(
                (0..<random.next(in: 0..<5)).map { _ in
                    JSONMember(randomText(random), randomValue(random, depth: depth + 1))
                })
        }
    }

    private func randomText(_ random: RandomStream) -> String {
        let scalars: [UInt32] = [
            0, 8, 10, 0x1F, 0x22, 0x5C, 0x2F, 0x41, 0x7F, 0xE9, 0x2028, 0x1F600,
        ]
        var text = ""
        for _ in 0..<random.next(in: 0..<8) {
            text.unicodeScalars.append(Unicode.Scalar(scalars[random.next(in: 0..<scalars.count)])!)
        }
        return text
    }
}
