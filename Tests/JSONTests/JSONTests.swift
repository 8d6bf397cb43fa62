import JSON
import Testing

@Suite("JSON")
struct JSONTests {
    @Test(
        "What is printed is read back as it was",
        arguments: [
            .null, .bool(true), .integer(.min), .integer(.max), .number(0.1), .number(-1e300),
            .string(""), .string("a\"\\/\u{8}\u{c}\n\r\t\u{1}\u{7f} é \u{1F30A}"), .array([]),
            .object([]), ["a": [1, nil, ["b": "c"]], "d": false],
        ] as [JSONValue])
    func roundTrip(value: JSONValue) throws {
        #expect(try JSONValue(parsing: value.compact) == value)
        #expect(try JSONValue(parsing: value.pretty) == value)
    }

    @Test(
        "Texts that are none are refused",
        arguments: [
            "", " ", "{", "[1,]", "{\"a\":1,}", "{\"a\" 1}", "{a:1}", "nul", "tru", "01", "1.",
            ".5",
            "+1", "1e", "--1", "\"\\x\"", "\"\\u12\"", "\"\\ud800\"", "\"\n\"", "[1] 2", "'a'",
            "[1 2]", "\u{feff}1",
        ])
    func malformed(text: String) {
        #expect(throws: JSONError.self) { try JSONValue(parsing: text) }
    }

    @Test("Escapes, pairs of surrogates and white space are read")
    func escapes() throws {
        let text = " { \"\\u0061\\n\\ud83c\\udf0a\" : [ 1.5e3 , -0 ] } \n"
        let value = try JSONValue(parsing: text)
        #expect(value["a\n\u{1F30A}"]?.array?.first?.double == 1500)
    }

    @Test("Nesting without end is refused, not followed")
    func depth() {
        let deep = String(repeating: "[", count: 100_000)
        #expect(throws: JSONError.self) { try JSONValue(parsing: deep) }
    }

    @Test("Bytes of any kind are read or refused, and what is read prints", arguments: 0..<20)
    func fuzz(seed: UInt64) {
        var state = seed &* 0x9E37_79B9_7F4A_7C15 | 1
        func next(_ bound: Int) -> Int {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return Int((state >> 33) % UInt64(bound))
        }
        let sound = Array(#"{"a":[1,-2.5e3,"\u00e9\n",true,null],"b":{"c":"d"}}"#.utf8)
        var read = 0
        for _ in 0..<500 {
            var bytes = sound
            for _ in 0...next(3) {
                switch next(3) {
                case 0: bytes[next(bytes.count)] = UInt8(next(256))
                case 1: bytes.remove(at: next(bytes.count))
                default: bytes.insert(UInt8(next(128)), at: next(bytes.count))
                }
            }
            guard let value = try? JSONValue(parsing: bytes) else { continue }
            read += 1
            #expect((try? JSONValue(parsing: value.compact)) == value)
        }
        #expect(read > 0)
    }
}
