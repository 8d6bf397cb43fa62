import Columnar
import Testing

@testable import Workloads

@Suite("Values of captures")
struct ExactValueTests {
    /// The values of a column of a table without a schema.
    private static func shown(_ values: String...) throws -> (DataType, [Value]) {
        let lines = values.enumerated().map { number, value in
            #"{"key":{"id":\#(number)},"value":{"before":null,"after":{"id":\#(number),"#
                + #""a":\#(value)},"source":{"table":"t"},"op":"c"}}"#
        }
        let stream = try CaptureStream(lines, .debezium)
        #expect(stream.refusals == [])
        let rows = stream.changes.compactMap { change -> Value? in
            guard case .upsert(let row) = change.kind else { return nil }
            return row[1]
        }
        return (stream.tables[0].schema.fields[1].type, rows)
    }

    /// A value of a column with a schema; nil if it was refused.
    private static func typed(_ field: String, _ value: String) throws -> Value? {
        let fields = #"[{"type":"int32","field":"id"},{\#(field),"field":"a"}]"#
        let schema = #"{"fields":[{"type":"struct","fields":\#(fields),"field":"after"}]}"#
        let payload =
            #"{"before":null,"after":{"id":1,"a":\#(value)},"source":{"table":"t"},"op":"c"}"#
        let line = #"{"key":{"id":1},"value":{"schema":\#(schema),"payload":\#(payload)}}"#
        let stream = try CaptureStream([line], .debezium)
        guard case .upsert(let row)? = stream.changes.first?.kind else { return nil }
        return row[1]
    }

    @Test("Are exact where JSON alone shows their type")
    func byValue() throws {
        #expect(try Self.shown("1", "2.5") == (.double, [.double(1), .double(2.5)]))
        #expect(
            try Self.shown("9007199254740993", "0.5")
                == (.string, [.string("9007199254740993"), .string("0.5")]))
        #expect(
            try Self.shown("18446744073709551615", "1")
                == (.string, [.string("18446744073709551615"), .string("1")]))
        #expect(
            try Self.shown("12345678901234567.89") == (.string, [.string("12345678901234567.89")]))
        #expect(try Self.shown("1e400") == (.string, [.string("1e400")]))
        #expect(try Self.shown("0.1", "1e-7") == (.double, [.double(0.1), .double(1e-7)]))
        #expect(try Self.shown("[1.50,1e400]") == (.string, [.string("[1.50,1e400]")]))
        #expect(
            try Self.shown(#"{"scale":3,"value":"/w=="}"#) == (.string, [.string("-0.001")]))
        #expect(
            try Self.shown("9223372036854775807", "-9223372036854775808")
                == (.bigint, [.bigint(.max), .bigint(.min)]))
    }

    static let decimal =
        #""type":"bytes","name":"org.apache.kafka.connect.data.Decimal","parameters":"#
        + #"{"scale":"2","connect.decimal.precision":"10"}"#
    static let big =
        #""type":"bytes","name":"org.apache.kafka.connect.data.Decimal","parameters":"#
        + #"{"scale":"0","connect.decimal.precision":"20"}"#
    static func time(_ name: String, _ type: String = "int64") -> String {
        #""type":"\#(type)","name":"io.debezium.time.\#(name)""#
    }

    static let samples: [(String, String, Value?)] = [
        (decimal, #""MDk=""#, .decimal(12_345)), (decimal, "12.5", .decimal(1250)),
        (decimal, "1E+1", .decimal(1000)), (decimal, "7", .decimal(700)),
        (decimal, "12.345", nil), (decimal, #""no base64!""#, nil),
        (big, #""AP//////////""#, .decimal(18_446_744_073_709_551_615)),
        (#""type":"string""#, #""12.50""#, .string("12.50")),
        (#""type":"double""#, "12.5", .double(12.5)),
        (#""type":"double""#, #""-Infinity""#, .double(-.infinity)),
        (#""type":"string","name":"io.debezium.data.Uuid""#, #""no uuid""#, nil),
        (#""type":"int64""#, "9223372036854775808", nil), (#""type":"int32""#, "2147483648", nil),
        (time("NanoTimestamp"), "-9223372036854775808", .timestamp(-9_223_372_036_854_776)),
        (time("NanoTimestamp"), "9223372036854775807", .timestamp(9_223_372_036_854_775)),
        (time("NanoTimestamp"), "-1", .timestamp(-1)),
        (time("Timestamp"), "9223372036854775807", nil),
        (time("Timestamp"), "-1", .timestamp(-1000)),
        (time("MicroTimestamp"), "9223372036854775807", .timestamp(.max)),
        (time("Date", "int32"), "2147483648", nil), (time("Date", "int32"), "0", .date(0)),
        (time("ZonedTimestamp", "string"), #""infinity""#, nil),
        (time("ZonedTimestamp", "string"), #""0000-00-00 00:00:00""#, nil),
        (time("Year", "int32"), "0", .int(0)),
        (time("MicroTime"), "-3020399000000", .bigint(-3_020_399_000_000)),
        (#""type":"bytes","name":"io.debezium.data.Bits""#, #""gAE=""#, .bytes([0x80, 1])),
        (#""type":"string","name":"io.debezium.data.EnumSet""#, #""a,b""#, .string("a,b")),
    ]

    @Test("Are right or refused by each of Debezium's types", arguments: samples)
    func byType(field: String, value: String, expected: Value?) throws {
        #expect(try Self.typed(field, value) == expected)
    }

    @Test("Are not cut where two keys could become one")
    func keys() throws {
        func line(_ key: String) -> String {
            let id = #"{"type":"int64","name":"io.debezium.time.NanoTimestamp","field":"id"}"#
            return #"{"key":{"id":\#(key)},"value":{"schema":{"fields":[{"field":"after","#
                + #""fields":[\#(id)]}]},"payload":{"after":{"id":\#(key)},"source":{"table":"t"},"#
                + #""op":"c"}}}"#
        }
        let stream = try CaptureStream([line("1001"), line("2000")], .debezium)
        #expect(stream.changes.map(\.kind) == [.upsert([.timestamp(2)])])
        #expect(stream.refusals[0].contains("finer than a microsecond"))
    }

    @Test("Under a header are read as Debezium writes them")
    func underHeader() throws {
        let header = """
            {"action":"S","tables":[{"schema":"public","table":"t","primaryKey":["id"],"columns":[\
            {"name":"id","type":"integer","nullable":false},\
            {"name":"d","type":"date","nullable":true},\
            {"name":"ts","type":"timestamp without time zone","nullable":true},\
            {"name":"ms","type":"timestamp(3) without time zone","nullable":true},\
            {"name":"amt","type":"numeric(10,2)","nullable":true},\
            {"name":"by","type":"bytea","nullable":true},\
            {"name":"free","type":"numeric","nullable":true}]}]}
            """
        func row(_ values: String, database: String = "shop") -> String {
            #"{"key":{"id":1},"value":{"before":null,"after":{"id":1,\#(values)},"source":"#
                + #"{"db":"\#(database)","schema":"public","table":"t"},"op":"c"}}"#
        }
        let values =
            #""d":19000,"ts":1700000000000000,"ms":1700000000000,"amt":"1234","by":"CAFE","#
            + #""free":{"scale":1,"value":"GQ=="}"#
        let stream = try CaptureStream([header, row(values)], .debezium)
        let instant = Value.timestamp(1_700_000_000_000_000)
        #expect(
            stream.changes.map(\.kind) == [
                .upsert([
                    .int(1), .date(19_000), instant, instant, .decimal(-2_658_824),
                    .bytes([0x08, 0x01, 0x44]), .string("2.5"),
                ])
            ])
        // A value that is no base64 shows that decimals are text and bytes hexadecimal.
        let text = values.replacing("1234", with: "12.3").replacing("CAFE", with: "cafe01")
        let other = try CaptureStream([header, row(text)], .debezium)
        guard case .upsert(let found)? = other.changes.first?.kind else {
            Issue.record("\(other.refusals)")
            return
        }
        #expect(found[4] == .decimal(1230) && found[5] == .bytes([0xCA, 0xFE, 0x01]))
        // The header is of one database.
        let two = try CaptureStream([header, row(values), row(values, database: "b")], .debezium)
        #expect(two.changes.count == 1 && two.refusals[0].contains("capture them apart"))
    }

    @Test("Follow a schema that changes, or are refused by that name")
    func changedSchema() throws {
        func line(_ id: Int, _ fields: String, _ values: String) -> String {
            #"{"key":{"id":\#(id)},"value":{"schema":{"fields":[{"field":"after","fields":["#
                + #"{"type":"int32","field":"id"},\#(fields)]}]},"payload":{"after":{"id":\#(id),"#
                + #"\#(values)},"source":{"table":"t"},"op":"c"}}}"#
        }
        let small = #"{"type":"int32","field":"a"}"#
        let wide = #"{"type":"int64","field":"a","optional":true}"#
        let added = #"{"type":"string","field":"b","optional":true}"#
        let stream = try CaptureStream(
            [
                line(1, small, #""a":1"#), line(2, wide, #""a":9000000000"#),
                line(3, "\(wide),\(added)", #""a":3,"b":"x""#), line(4, added, #""b":"y""#),
                line(5, #"{"type":"string","field":"a"}"#, #""a":"five""#),
                line(6, #"{"type":"int32","name":"io.debezium.time.Date","field":"a"}"#, #""a":6"#),
            ], .debezium)
        #expect(stream.tables[0].schema.fields.map(\.type) == [.int, .string, .string])
        #expect(
            stream.rows["t"] == [
                [.int(1)]: [.int(1), .string("1"), .null],
                [.int(2)]: [.int(2), .string("9000000000"), .null],
                [.int(3)]: [.int(3), .string("3"), .string("x")],
                [.int(4)]: [.int(4), .null, .string("y")],
                [.int(5)]: [.int(5), .string("five"), .null],
            ])
        #expect(stream.refusals.count == 1)
        #expect(stream.refusals[0].contains("the schema of t changed: its column 'a' was"))
    }

    @Test("Of a key that changes are refused by that name")
    func changedKey() throws {
        let source = #""source":{"table":"t"},"op":"c""#
        let stream = try CaptureStream(
            [
                #"{"key":{"id":1},"value":{"after":{"id":1,"x":1},\#(source)}}"#,
                #"{"key":{"id":1,"x":1},"value":{"after":{"id":1,"x":1},\#(source)}}"#,
            ], .debezium)
        #expect(stream.changes.count == 1)
        #expect(stream.refusals[0].contains("the key of t changed from (id) to (id, x)"))
    }
}
