import Cluster
import Columnar
import JSON
import Platform
import TestSupport
import Testing

@testable import Server

private let ndjson = [("content-type", "application/x-ndjson")]
private let arrow = [("content-type", "application/vnd.apache.arrow.stream")]

extension TankBrowser {
    /// Makes `shop.clicks`, a log, and `shop.orders`, a table with a key.
    func makeTables() async throws {
        _ = try await json("POST", "/api/v1/databases", ["name": "shop"])
        let clicks: JSONValue = [
            "name": "clicks", "bucket_count": 2, "bucket_key": ["id"],
            "schema": [
                "columns": [
                    ["name": "id", "data_type": ["type": "INTEGER", "nullable": false]],
                    ["name": "page", "data_type": ["type": "STRING"]],
                ]
            ],
        ]
        let orders: JSONValue = [
            "name": "orders", "bucket_count": 2,
            "schema": [
                "columns": [
                    ["name": "id", "data_type": ["type": "BIGINT"]],
                    [
                        "name": "price",
                        "data_type": ["type": "DECIMAL", "precision": 10, "scale": 2],
                    ],
                    [
                        "name": "at",
                        "data_type": ["type": "TIMESTAMP_WITH_LOCAL_TIME_ZONE", "precision": 3],
                    ],
                ],
                "primary_key": ["id"],
            ],
        ]
        for table in [clicks, orders] {
            _ = try await json("POST", "/api/v1/databases/shop/tables", table)
        }
    }

    func problem(
        _ method: String, _ target: String, headers: [(String, String)] = [], _ body: String = ""
    ) async throws -> (Int, String) {
        let response = try await insist(method, target, headers: headers, Array(body.utf8))
        #expect(
            response.header("content-type") == "application/problem+json", "\(method) \(target)")
        let json = try JSONValue(parsing: response.body)
        #expect(json["status"]?.integer == Int64(response.status))
        return (response.status, json["code"]?.string ?? "")
    }
}

private let tables = "/api/v1/databases/shop/tables"

@Suite("Tables over HTTP")
struct DataGatewayTests {
    @Test("Definitions are made, told and taken away", arguments: [1])
    func definitions(_ seed: UInt64) throws {
        try DataWorld(seed: seed).run { browser in
            try await browser.makeTables()
            let names = try await browser.json("GET", tables)
            #expect(names == ["tables": ["clicks", "orders"]])
            let described = try await browser.json("GET", tables + "/orders")
            #expect(described["schema"]?["primary_key"] == ["id"])
            #expect(described["bucket_count"] == 2)
            // What it says of itself makes the same table again.
            _ = try await browser.json("POST", tables, described)
            let other: JSONValue = ["name": "orders", "schema": ["columns": []]]
            let refused = try await browser.problem("POST", tables, other.compact)
            #expect(refused.0 == 422 || refused.0 == 409)
            _ = try await browser.json("PATCH", tables + "/clicks", ["properties": ["owner": "me"]])
            let changed = try await browser.json("GET", tables + "/clicks")
            #expect(changed["properties"]?["owner"] == "me")
            #expect(try await browser.problem("DELETE", "/api/v1/databases/shop").0 == 409)
            #expect(try await browser.json("DELETE", tables + "/orders") == .null)
            #expect(try await browser.problem("GET", tables + "/orders") == (404, "unknownTable"))
            _ = try await browser.json("DELETE", "/api/v1/databases/shop?cascade=true")
            #expect(try await browser.problem("GET", tables) == (404, "unknownDatabase"))
        }
    }

    @Test("Rows go in and come out, by key, as of an offset, and as changes", arguments: [1, 2])
    func rows(_ seed: UInt64) throws {
        try DataWorld(seed: seed).run { browser in
            try await browser.makeTables()
            let rows = tables + "/orders/rows"
            let written = try await browser.json(
                "POST", rows,
                [
                    ["id": 1, "price": "10.50", "at": "2026-11-29T09:00:00.125Z"],
                    ["id": 2, "price": 7],
                ])
            #expect(written["rows"] == 2)
            let lines = #"{"id": 3, "price": 1.25}"# + "\r\n\n" + #"{"id": 4}"#
            let more = try await browser.insist("POST", rows, headers: ndjson, Array(lines.utf8))
            #expect(more.status == 200)
            _ = try await browser.json("POST", rows + "?partial=true", ["id": 1, "price": "11"])
            _ = try await browser.json("POST", rows + "/delete", [["id": 2], ["id": 77]])
            let found = try await browser.json(
                "POST", rows + "/lookup", [["id": 1], ["id": 2], ["id": 3]])
            #expect(
                found == [
                    ["id": 1, "price": "11.00", "at": "2026-11-29T09:00:00.125Z"], nil,
                    ["id": 3, "price": "1.25", "at": nil],
                ])
            let prefix = try await browser.json(
                "POST", rows + "/lookup?prefix=true&columns=price", ["id": 3])
            #expect(prefix == [["price": "1.25"]])
            let all = try await browser.insist("GET", rows + "?columns=id&format=ndjson")
            let identifiers = String(decoding: all.body, as: UTF8.self).split(separator: "\n")
            #expect(identifiers.sorted() == [#"{"id":1}"#, #"{"id":3}"#, #"{"id":4}"#])
            let filter = "%7B%22column%22:%22price%22,%22op%22:%22%3E%22,%22value%22:2%7D"
            let some = try await browser.json("GET", rows + "?columns=id&filter=\(filter)")
            #expect(some == [["id": 1]])
            #expect(try await browser.json("GET", rows + "?limit=1").array?.count == 1)
            // As it was before: no more changes were there then.
            let offsets = try #require(all.header("wavetank-offsets"))
            _ = try await browser.json("POST", rows, ["id": 5])
            let then = try await browser.json("GET", rows + "?offsets=\(offsets)")
            #expect(then.array?.count == 3)
            try await Self.checkChanges(browser)
        }
    }

    private static func checkChanges(_ browser: TankBrowser) async throws {
        var from = "earliest"
        var symbols: [String] = []
        var isDone = false
        while !isDone {
            let page = try await browser.insist(
                "GET", tables + "/orders/changes?limit=2&columns=id&from=\(from)")
            #expect(page.status == 200)
            let changes = try JSONValue(parsing: page.body).array ?? []
            #expect(changes.count <= 2)
            symbols += changes.compactMap { $0["__change"]?.string }
            from = try #require(page.header("wavetank-next"))
            isDone = changes.isEmpty
        }
        #expect(symbols.sorted() == ["+I", "+I", "+I", "+I", "+I", "+U", "-D", "-U"])
        let begun = browser.machine.clock.now
        let none = try await browser.json(
            "GET", tables + "/orders/changes?wait=2000&from=\(from)")
        #expect(none == [] && browser.machine.clock.now - begun >= .seconds(2))
        // Who waits is told as soon as there is something.
        let client = TankBrowser(browser.machine, NodeName(.gateway, 1).description)
        browser.machine.spawn("later") {
            try await client.pause(.seconds(1))
            _ = try await client.json("POST", tables + "/orders/rows", ["id": 9])
        }
        let later = browser.machine.clock.now
        let news = try await browser.json(
            "GET", tables + "/orders/changes?wait=20000&from=\(from)")
        #expect(news.array?.count == 1 && news.array?.first?["id"] == 9)
        #expect(browser.machine.clock.now - later < .seconds(5))
    }

    @Test("Rows of Arrow go in and come out, of other units and without all columns")
    func arrowRows() throws {
        try DataWorld(seed: 5).run { browser in
            try await browser.makeTables()
            let given = Schema(
                fields: [
                    Field(identifier: 1, name: "at", type: .timestampLTZ(precision: 6)),
                    Field(identifier: 2, name: "id", type: .int),
                ])
            var stream = ArrowStreamWriter(schema: given)
            for batch in 0..<3 {
                stream.append(
                    try RecordBatch(
                        schema: given,
                        rows: (0..<10).map { row in
                            [.timestamp(Int64(row) * 1000), .int(Int32(batch * 10 + row))]
                        }))
            }
            let rows = tables + "/orders/rows"
            let written = try await browser.insist("POST", rows, headers: arrow, stream.finish())
            #expect(try JSONValue(parsing: written.body)["rows"] == 30)
            let read = try await browser.insist("GET", rows, headers: [("accept", arrow[0].1)])
            #expect(read.header("content-type") == arrow[0].1)
            var reader = try ArrowStreamReader(read.body)
            #expect(reader.schema.fields.map(\.name) == ["id", "price", "at"])
            var found: [Row] = []
            while let batch = try reader.next() { found += batch.rows }
            found.sort { ($0[0].integer ?? 0) < ($1[0].integer ?? 0) }
            #expect(
                found == (0..<30).map { [.bigint($0), .null, .timestamp($0 % 10)] })
        }
    }

    @Test("A table with partitions is written, read and followed", arguments: [7])
    func partitions(_ seed: UInt64) throws {
        try DataWorld(seed: seed).run { browser in
            try await browser.makeTables()
            let visits: JSONValue = [
                "name": "visits", "partition_key": ["day"], "bucket_count": 2,
                "properties": ["table.datalake.enabled": "false"],
                "schema": [
                    "columns": [
                        ["name": "id", "data_type": ["type": "INTEGER"]],
                        ["name": "day", "data_type": ["type": "STRING"]],
                    ], "primary_key": ["id", "day"],
                ],
            ]
            _ = try await browser.json("POST", tables, visits)
            let rows = tables + "/visits/rows"
            let given = (0..<30).map { number -> JSONValue in
                ["id": .integer(Int64(number)), "day": .string("2026-11-\(number % 3 + 10)")]
            }
            let written = try await browser.json("POST", rows, .array(given))
            #expect(written["rows"] == 30)
            let partitions = (written["buckets"]?.array ?? []).compactMap { $0["partition"] }
            #expect(Set(partitions).count == 3)
            let filter =
                "%7B%22column%22:%22day%22,%22op%22:%22=%22,%22value%22:%222026-11-11%22%7D"
            let read = try await browser.json("GET", rows + "?filter=\(filter)")
            #expect(read.array?.count == 10)
            #expect(try await browser.json("GET", rows + "?limit=7").array?.count == 7)
            let found = try await browser.json(
                "POST", rows + "/lookup", [given[4], ["id": 4, "day": "2020-01-01"]])
            #expect(found == [given[4], nil])
            // A partition that came after a page was read is read from its start.
            let page = try await browser.insist("GET", tables + "/visits/changes")
            #expect(try JSONValue(parsing: page.body).array?.count == 30)
            let next = try #require(page.header("wavetank-next"))
            _ = try await browser.json("POST", rows, ["id": 1, "day": "2026-12-01"])
            let later = try await browser.json(
                "GET", tables + "/visits/changes?from=\(next)&wait=3000&columns=day")
            #expect(later.array?.map { $0["day"] } == ["2026-12-01"])
            // Offsets without their partitions are of no bucket.
            for (wrong, status) in [
                ("?snapshot=1", 422), ("?system=true", 422), ("?offsets=1,2", 400),
            ] {
                let told = try await browser.problem("GET", rows + wrong)
                #expect(told.0 == status, "\(wrong): \(told)")
            }
            let numbered = try await browser.problem(
                "POST", rows + "?writer=1&sequence=0", #"{"id": 1, "day": "x"}"#)
            #expect(numbered.0 == 422)
        }
    }

    @Test("A log that is not in the lake is read over all the columns that it has had")
    func altered() throws {
        try DataWorld(seed: 8).run { browser in
            try await browser.makeTables()
            let notes: JSONValue = [
                "name": "notes", "properties": ["table.datalake.enabled": "false"],
                "schema": ["columns": [["name": "id", "data_type": ["type": "INTEGER"]]]],
            ]
            _ = try await browser.json("POST", tables, notes)
            let rows = tables + "/notes/rows"
            _ = try await browser.json("POST", rows, [["id": 1], ["id": 2]])
            let column: JSONValue = ["name": "text", "data_type": ["type": "STRING"]]
            let altered = try await browser.json(
                "PATCH", tables + "/notes", ["add_columns": [column]])
            #expect(altered["schema_id"] == 1)
            _ = try await browser.json("POST", rows, ["id": 3, "text": "c"])
            let expected: JSONValue = [
                ["id": 1, "text": nil], ["id": 2, "text": nil], ["id": 3, "text": "c"],
            ]
            #expect(try await browser.json("GET", rows) == expected)
            let changes = try await browser.json("GET", tables + "/notes/changes?columns=text")
            #expect(changes.array?.map { $0["text"] } == [.null, .null, "c"])
            #expect(changes.array?.map { $0["__offset"] } == [0, 1, 2])
            let wrong = try await browser.problem(
                "PATCH", tables + "/notes", #"{"drop_columns": ["x"]}"#)
            #expect(wrong.0 == 422)
        }
    }

    @Test("What is wrong with a request is told with the right status")
    func problems() throws {
        try DataWorld(seed: 6).run { browser in
            try await browser.makeTables()
            let rows = tables + "/orders/rows"
            let cases: [(String, String, [(String, String)], String, Int)] = [
                ("POST", rows, [], "{", 400), ("POST", rows, [], "7", 400),
                ("POST", rows, ndjson, "{}\n{", 400),
                ("POST", rows, arrow, "no stream of Arrow", 400),
                ("POST", rows, [("content-type", "text/csv")], "1", 415),
                ("POST", rows, [], #"{"id": "x"}"#, 422), ("POST", rows, [], #"{"x": 1}"#, 422),
                ("POST", rows, [], #"{"price": 1}"#, 422),
                ("POST", rows, [], #"{"id": 1, "price": "123456789.00"}"#, 422),
                ("POST", rows + "?writer=1", [], #"{"id": 1}"#, 400),
                ("POST", rows + "?writer=x&sequence=0", [], #"{"id": 1}"#, 400),
                ("POST", rows + "?writer=1&sequence=4", [], #"{"id": 1}"#, 409),
                ("POST", rows + "/lookup", [], #"{"price": 1}"#, 422),
                ("GET", rows + "?format=xml", [], "", 400), ("GET", rows + "?x=1", [], "", 400),
                ("GET", rows, [("accept", "text/html")], "", 406),
                ("GET", rows + "?columns=x", [], "", 422),
                ("GET", rows + "?filter=%7B%7D", [], "", 422),
                ("GET", rows + "?offsets=1", [], "", 422),
                ("GET", rows + "?snapshot=5", [], "", 404),
                ("GET", rows + "?snapshot=5&time=0", [], "", 400),
                ("PUT", rows, [], "", 405), ("GET", tables + "/none/rows", [], "", 404),
                ("GET", tables + "/orders/changes?from=0:99999", [], "", 422),
                ("GET", tables + "/orders/changes?from=x", [], "", 400),
                ("POST", tables + "/clicks/rows/delete", [], #"{"id": 1}"#, 422),
                ("POST", tables, [], #"{"name": "a", "schema": {"columns": 1}}"#, 422),
                ("POST", "/api/v1/databases", [], #"{"name": "a/b"}"#, 422),
                ("GET", "/api/v1/nothing", [], "", 404),
            ]
            for (method, target, headers, body, status) in cases {
                let problem = try await browser.problem(method, target, headers: headers, body)
                #expect(problem.0 == status, "\(method) \(target) \(body)")
            }
            let large = [UInt8](repeating: UInt8(ascii: " "), count: RowBody.textByteLimit + 1)
            let response = try await browser.insist("POST", rows, large)
            #expect(response.status == 413)
        }
    }

    @Test("Values of every type are the same after JSON", arguments: [1, 2, 3])
    func values(_ seed: UInt64) throws {
        var random = SeededDraws(seed: seed)
        for field in everyColumn.fields {
            for _ in 0..<40 {
                let value = random.value(field.type)
                let text = RowText.json(value, field.type).compact
                let json = try JSONValue(parsing: Array(text.utf8), exactNumbers: true)
                let read = try RowText.value(JSONField(value: json, path: "value"), field.type)
                #expect(
                    Value.compare(read, value) == .same || "\(read)" == "\(value)",
                    "\(field.type): \(text)")
            }
        }
    }
}
