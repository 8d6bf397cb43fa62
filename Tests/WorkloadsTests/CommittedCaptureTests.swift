import Columnar
import Testing

@testable import Workloads

@Suite("The captures of real systems")
struct CommittedCaptureTests {
    private static let postgres = Result {
        try CaptureStream(file: "Scenarios/captures/postgres-shop.wal2json.zst", .wal2json)
    }
    private static let nginx = Result {
        try CaptureStream(file: "Scenarios/captures/nginx-access.log.zst", .combinedLog)
    }
    private static func debezium(_ form: String) throws -> CaptureStream {
        let file =
            form == "plain"
            ? "Tests/Captures/debezium-plain.json.zst"
            : "Scenarios/captures/debezium-shop.json.zst"
        return try CaptureStream(file: file, .debezium)
    }

    @Test("PostgreSQL's changes are all there, by table and kind")
    func postgresCounts() throws {
        let stream = try Self.postgres.get()
        #expect(
            stream.counts == [
                "customers": [0, 420, 10], "products": [0, 128, 2], "inventory": [0, 3490, 10],
                "orders": [0, 5060, 400], "order_lines": [0, 3000, 502], "visits": [1460, 0, 0],
                "pgbench_accounts": [0, 800, 0], "pgbench_branches": [0, 800, 0],
                "pgbench_tellers": [0, 800, 0], "pgbench_history": [800, 0, 0],
            ])
        #expect(stream.steps.count == 3786)
        #expect(stream.steps.map(\.changes.count).max() == 400)
    }

    @Test("PostgreSQL's lines that change rows without a key are refused, at their place")
    func postgresRefusals() throws {
        let lines = try Self.postgres.get().refusedLines
        #expect(lines.count == 4 && lines.first.count == 4)
        #expect(lines.first.map(\.line) == [25_242, 25_243, 25_246, 25_247])
        #expect(lines.first[0].reason.hasPrefix("an update of visits, which has no primary key"))
        #expect(lines.first[3].reason.hasPrefix("a delete of visits, which has no primary key"))
        #expect(lines.first.allSatisfy { $0.text.contains(#""table":"visits""#) })
    }

    @Test("PostgreSQL's values come through: quotes, scripts, extremes, what is stored apart")
    func postgresValues() throws {
        let stream = try Self.postgres.get()
        let rows = stream.rows
        func customer(_ number: Int32, _ column: String) -> Value? {
            stream.value(rows["customers"]?[[.int(number)]], "customers", column)
        }
        #expect(customer(1, "name") == .string("Anna \"Änne\" O'Hara"))
        #expect(customer(2, "name") == .string("back\\slash\ttab\nline"))
        #expect(customer(3, "name") == .string("小林 さくら"))
        #expect(customer(4, "name") == .string("Ζωή 🛒 naïve"))
        #expect(customer(5, "email") == .string(""))
        #expect(customer(7, "email") == .null)
        // 2024-03-31 03:31:37.000123+05:30
        #expect(customer(1, "created_at") == .timestamp(1_711_836_097_000_123))
        #expect(customer(1, "born") == .date(-7238))
        // Keys that moved, were exchanged, came back, or were there for a moment only.
        #expect(customer(20, "name") == nil && customer(1020, "name") == .string("Customer 20"))
        #expect(customer(30, "name") == .string("Customer 31"))
        #expect(customer(31, "name") == .string("Customer 30"))
        #expect(customer(40, "name") == .string("Again"))
        #expect(customer(5000, "name") == nil && customer(9000, "name") == nil)
        #expect(customer(41, "name") == .string("Second"))
        #expect(customer(51, "name") == .string("Customer 51"))

        func product(_ sku: String, _ column: String) -> Value? {
            stream.value(rows["products"]?[[.string(sku)]], "products", column)
        }
        #expect(product("SKU-MIN", "price") == .decimal(-9_999_999_999))
        #expect(product("SKU-MIN", "exact_weight") == .decimal(-1))
        #expect(product("SKU-MIN", "popularity") == .double(.leastNonzeroMagnitude))
        #expect(product("SKU-MIN", "picture") == .bytes([]))
        #expect(product("SKU-MIN", "changed_at") == .timestamp(-62_135_596_800_000_000))
        #expect(
            product("SKU-MAX", "exact_weight")
                == .decimal(999_999_999_999_999_999_999_999_999_999))
        #expect(product("SKU-MAX", "rating") == .float(.greatestFiniteMagnitude))
        #expect(product("SKU-MAX", "picture") == .bytes([0xFF, 0]))
        #expect(product("SKU-MAX", "changed_at") == .timestamp(253_402_300_799_999_999))
        #expect(product("SKU-8", "sku") == nil && product("OLD-SKU-8", "sku") != nil)
        // The price changed beside a description that the change does not repeat.
        guard case .string(let description) = product("SKU-11", "description") else {
            Issue.record("SKU-11 has no description")
            return
        }
        #expect(description.utf8.count == 80 * 32)
        #expect(product("SKU-11", "price") == .decimal(87209))

        let orders = rows["orders"]
        #expect(orders?[[.bigint(.min)]]?[5] == .timestamp(-1))
        #expect(orders?[[.bigint(.max)]]?[3] == .decimal(999_999_999_999))
    }

    @Test("Without the header the tables are found in the lines, and the changes are the same")
    func withoutHeader() throws {
        let packed = try CaptureStream.bytes("Scenarios/captures/postgres-shop.wal2json.zst")
        let plain = try Compression.zstd.decompress(packed[...], limit: 100_000_000)
        let start = plain.firstIndex(of: UInt8(ascii: "\n"))!
        let body = plain[(start + 1)...].split(separator: UInt8(ascii: "\n")).prefix(4000)
        let headless = try CaptureStream(Array(body.joined(separator: [0x0A])), .wal2json)
        let whole = try CaptureStream(
            Array(([plain[..<start]] + body).joined(separator: [0x0A])), .wal2json)
        #expect(headless.counts == whole.counts)
        #expect(headless.rows == whole.rows)
        let orders = headless.tables.first { $0.name == "order_lines" }
        #expect(orders?.schema.primaryKey == [0, 1])
    }

    @Test("The web log's lines are all taken or refused")
    func nginxCounts() throws {
        let stream = try Self.nginx.get()
        #expect(stream.counts == ["access_log": [14_837, 0, 0]])
        let refused = stream.refusedLines
        #expect(refused.count == 26 && stream.lineCount == 14_863)
        // Cut at both ends; between them the lines of another format.
        #expect(
            refused.first.first?.description.hasSuffix(":1:4: the ident should be here") == true)
        #expect(refused.first.last?.line == 14_863)
        #expect(refused.first.last?.reason == "the user agent has no closing quote")
        #expect(refused.first[1].line == 2256 && refused.first[1].column == 32)
        #expect(
            refused.first[1..<25].allSatisfy {
                $0.text.hasPrefix("second.example") && $0.reason.hasPrefix("the user and the time")
            })
        let total = stream.steps.reduce(Duration.zero) { $0 + $1.delay }
        #expect(total == .seconds(20))
    }

    @Test("The web log has every kind of request")
    func nginxValues() throws {
        let stream = try Self.nginx.get()
        var counts: [String: Int] = [:]
        for change in stream.changes {
            guard case .append(let row) = change.kind else { continue }
            for position in [2, 4, 6, 7] { counts["\(position) \(row[position])", default: 0] += 1 }
            if row[4] == .null, row[5] != .null { counts["no request", default: 0] += 1 }
            if row[10] == .string("Жук/1.0 ☂") { counts["beetle", default: 0] += 1 }
        }
        #expect(counts["no request"] == 6)
        #expect(counts["beetle"] == 3)
        #expect(counts["2 string(\"two words \\\"quoted\\\"\")"] == 3)
        #expect(counts["7 int(505)"] == 3 && counts["7 int(414)"] == 3)
        #expect(counts["4 string(\"DELETE\")"] ?? 0 > 100)
        #expect(counts["6 string(\"HTTP/9.9\")"] == 3)
    }

    @Test("Debezium's events say the same with a schema and without one")
    func debeziumForms() throws {
        let enveloped = try Self.debezium("enveloped")
        let plain = try Self.debezium("plain")
        let expected = [
            "customers": [0, 6, 2], "products": [0, 4, 1], "inventory": [0, 62, 1],
            "orders": [0, 110, 20], "order_lines": [0, 120, 41], "visits": [61, 0, 0],
        ]
        #expect(enveloped.counts == expected)
        #expect(plain.counts == expected)
        #expect(enveloped.steps.map(\.changes.count) == plain.steps.map(\.changes.count))
        #expect(enveloped.steps.count == 204)
        for stream in [enveloped, plain] {
            #expect(stream.refusedLines.first.map(\.line) == [493, 494, 496])
            #expect(stream.refusals[2].contains("a truncation names no rows"))
        }
    }

    @Test("Debezium's values come through by their types")
    func debeziumValues() throws {
        let stream = try Self.debezium("enveloped")
        let rows = stream.rows
        func value(_ table: String, _ key: Value, _ column: String) -> Value? {
            stream.value(rows[table]?[[key]], table, column)
        }
        #expect(value("products", .string("SKU-1"), "price") == .decimal(1251))
        #expect(
            value("products", .string("SKU-1"), "exact_weight") == .decimal(1))
        #expect(value("products", .string("SKU-9"), "price") == .decimal(-9_999_999_999))
        #expect(value("products", .string("SKU-1"), "picture") == .bytes([0, 0xFF, 0x10]))
        #expect(value("products", .string("SKU-1"), "tags") == .string("[]"))
        #expect(
            value("products", .string("SKU-1"), "changed_at")
                == .timestamp(1_729_996_200_000_001))
        #expect(value("customers", .int(1), "born") == .date(-7275))
        #expect(value("customers", .int(20), "created_at") == .timestamp(-1))
        #expect(value("customers", .int(2), "name") == nil)
        #expect(value("customers", .int(3), "name") == .string("Again"))
        let plain = try Self.debezium("plain")
        let price = plain.rows["products"]?[[.string("SKU-1")]]
        #expect(plain.value(price, "products", "price") == .string("12.51"))
    }

    @Test("A replay is the same each time")
    func determinism() throws {
        let again = try CaptureStream(file: "Scenarios/captures/nginx-access.log.zst", .combinedLog)
        #expect(try Self.nginx.get().steps == again.steps)
    }
}
