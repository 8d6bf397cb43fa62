import Columnar
import JSON
import LakeSQL
import Platform
import TestSupport
import Testing

@testable import Server

private let sql = "/api/v1/sql"
private let tables = "/api/v1/databases/shop/tables"

extension TankBrowser {
    fileprivate func ask(_ query: String, _ more: [JSONMember] = []) async throws -> JSONValue {
        try await json("POST", sql, .object([JSONMember("query", .string(query))] + more))
    }

    /// The status, the code and the detail of a problem.
    fileprivate func refusal(_ body: String) async throws -> (Int, String, String) {
        let response = try await insist("POST", sql, Array(body.utf8))
        #expect(response.header("content-type") == "application/problem+json", "\(body)")
        let json = try JSONValue(parsing: response.body)
        return (response.status, json["code"]?.string ?? "", json["detail"]?.string ?? "")
    }

    fileprivate func write(_ identifiers: Range<Int64>, _ page: String) async throws {
        let orders = identifiers.map { number -> JSONValue in
            ["id": .integer(number), "price": .string("\(number).50")]
        }
        _ = try await json("POST", tables + "/orders/rows", .array(orders))
        let clicks = identifiers.map { number -> JSONValue in
            ["id": .integer(number), "page": .string(page)]
        }
        _ = try await json("POST", tables + "/clicks/rows", .array(clicks))
    }

    /// Waits until all that was written is in the lake.
    fileprivate func untilTiered() async throws {
        while true {
            let lake = try await json("GET", "/api/v1/lake")["tables"]?.array ?? []
            if lake.count == 2 && lake.allSatisfy({ $0["lag"] == 0 }) { return }
            try await pause(.seconds(1))
        }
    }
}

@Suite("SQL over HTTP")
struct SQLTests {
    @Test("What is in the lake and what is not is answered together", arguments: [1, 2])
    func union(_ seed: UInt64) throws {
        try DataWorld(seed: seed).run { browser in
            try await browser.makeTables()
            #expect(try await browser.ask("SELECT count(*) AS n FROM orders") == [["n": 0]])
            try await browser.write(0..<50, "/old")
            try await browser.untilTiered()
            let then = try await browser.insist("GET", tables + "/orders/rows?columns=id")
            let snapshot = try #require(then.header("wavetank-snapshot"))
            try await browser.write(40..<60, "/new")
            _ = try await browser.json("POST", tables + "/orders/rows/delete", [["id": 3]])
            #expect(
                try await browser.ask("SELECT count(*) AS n, sum(id) AS s FROM shop.orders")
                    == [["n": 59, "s": .integer(59 * 60 / 2 - 3)]])
            #expect(
                try await browser.ask(
                    """
                    SELECT c.page, count(*) AS n FROM orders o JOIN clicks c ON c.id = o.id
                    WHERE o.price >= 45 AND o.price < 52 GROUP BY c.page ORDER BY n
                    """) == [["page": "/old", "n": 5], ["page": "/new", "n": 7]])
            #expect(
                try await browser.ask("SELECT count(*) AS n FROM orders('\(snapshot)')")
                    == [["n": 50]])
            #expect(
                try await browser.ask(
                    """
                    SELECT _change, count(*) AS n FROM "orders$changes"
                    WHERE since = '\(snapshot)' GROUP BY 1 ORDER BY 1
                    """
                ).array?.contains(["_change": "insert", "n": 10]) == true)
            #expect(
                try await browser.ask("SELECT count(*) AS n FROM \"orders$changes\"")
                    == [["n": 59]])
            #expect(
                try await browser.ask(
                    "SELECT price FROM orders WHERE id = ?",
                    [JSONMember("parameters", [7]), JSONMember("database", "shop")])
                    == [["price": .number(7.5)]])
            #expect(
                try await browser.ask("SELECT id, price FROM orders WHERE id IN (3, 4, 59, 4, 999)")
                    == [
                        ["id": 4, "price": .number(4.5)], ["id": 59, "price": .number(59.5)],
                    ])
            let partial = try await browser.insist(
                "POST", sql + "?format=ndjson",
                Array(#"{"query": "SELECT id, id FROM clicks", "limit": 2}"#.utf8))
            #expect(partial.header("wavetank-complete") == "false")
            let lines = String(decoding: partial.body, as: UTF8.self).split(separator: "\n")
            #expect(lines.count == 2 && lines.allSatisfy { $0.contains(#""id_2":"#) })
        }
    }

    @Test("An answer as Arrow has the columns that its values make")
    func arrow() throws {
        try DataWorld(seed: 4).run { browser in
            try await browser.makeTables()
            try await browser.write(0..<5, "/a")
            let query = """
                SELECT id, price, page, x'00ff' AS b, NULL AS e, CASE id WHEN 1 THEN 'x' ELSE id END
                AS m FROM orders JOIN clicks USING (id) ORDER BY id
                """
            let body: JSONValue = ["query": .string(query)]
            let answer = try await browser.insist(
                "POST", sql, headers: [("accept", "application/vnd.apache.arrow.stream")],
                Array(body.compact.utf8))
            #expect(answer.status == 200 && answer.header("wavetank-complete") == "true")
            var reader = try ArrowStreamReader(answer.body, byteLimit: 1 << 20)
            let types = reader.schema.fields.map(\.type)
            #expect(types == [.bigint, .double, .string, .bytes, .string, .string])
            let batch = try #require(try reader.next())
            #expect(
                batch.row(at: 1) == [
                    .bigint(1), .double(1.5), .string("/a"), .bytes([0, 255]), .null, .string("x"),
                ])
            #expect(batch.row(at: 2).last == .string("2"))
        }
    }

    @Test("While servers die, an answer is right or there is none", arguments: [1, 2])
    func crashes(_ seed: UInt64) throws {
        let cluster = DataWorld(seed: seed, lakeInterval: .seconds(3))
        cluster.crashAll(from: .seconds(8), every: .seconds(6), count: 6)
        try cluster.run { browser in
            try await browser.makeTables()
            var written: Int64 = 0
            for _ in 0..<12 {
                try await browser.write(written..<written + 20, "/p")
                written += 20
                let answer = try await browser.ask(
                    "SELECT count(*) AS n, sum(id) AS s, count(DISTINCT id) AS d FROM orders")
                #expect(
                    answer == [
                        [
                            "n": .integer(written), "s": .integer(written * (written - 1) / 2),
                            "d": .integer(written),
                        ]
                    ])
                try await browser.pause(.seconds(2))
            }
        }
    }

    @Test("What is no question is refused with its reason")
    func refusals() throws {
        try DataWorld(seed: 9).run { browser in
            try await browser.makeTables()
            let cases: [(String, Int, String, String)] = [
                ("", 400, "badRequest", ""), ("[]", 400, "badRequest", "no object"),
                ("{}", 400, "badRequest", "query is missing"),
                (#"{"query": 3}"#, 400, "badRequest", "query is not a string"),
                (#"{"query": "SELECT 1", "more": 1}"#, 400, "badRequest", "no more of"),
                (#"{"query": "SELECT 1", "query": "SELECT 2"}"#, 400, "badRequest", "twice"),
                (
                    #"{"query": "SELECT 1", "database": "none"}"#, 422, "unknownDatabase",
                    "there is no database none; there are"
                ),
                (#"{"query": "SELECT 1", "limit": -1}"#, 422, "invalid", "limit is not"),
                (#"{"query": "SELECT ?", "parameters": [[]]}"#, 422, "invalid", "parameters[0]"),
                (#"{"query": "SELECT ?"}"#, 422, "invalidSQL", "1 parameters"),
                (#"{"query": "SELEC"}"#, 422, "invalidSQL", "near \"SELEC\": syntax error"),
                (
                    #"{"query": "SELECT * FROM oders"}"#, 422, "unknownTable",
                    "no such table: oders; there are shop.clicks, shop.orders"
                ),
                (#"{"query": "DROP TABLE orders"}"#, 422, "readOnly", "DROP TABLE is refused"),
                (
                    #"{"query": "SELECT * FROM orders('no such tag')"}"#, 422, "invalid",
                    "no branch"
                ),
                (
                    #"{"query": "SELECT zeroblob(20000000)"}"#, 422, "invalidSQL",
                    "string or blob too big"
                ),
            ]
            for (body, status, code, words) in cases {
                let found = try await browser.refusal(body)
                #expect(found.0 == status && found.1 == code, "\(body): \(found)")
                #expect(words.isEmpty || found.2.contains(words), "\(body): \(found.2)")
            }
            let strange = try await browser.insist(
                "POST", sql, headers: [("content-type", "text/csv")], [])
            #expect(strange.status == 415)
            #expect(try await browser.insist("GET", sql).status == 405)
            #expect(try await browser.ask("SELECT 1 AS one") == [["one": 1]])
        }
    }

    @Test("The page is served with its parts, and may load nothing else")
    func page() throws {
        let page = WebPage(markup: "<p>", style: "p {}", script: "1")
        let served = page.response(.page)
        let header = served.headers.first { $0.name == "content-security-policy" }
        #expect(header?.value.contains("default-src 'none'; script-src 'self'") == true)
        #expect(served.body == Array("<p>".utf8))
        let root = try #require(WebRequest(method: "GET", target: "/"))
        #expect(try WebRoute.call(root)?.route.operation == .page)
        let other = try #require(WebRequest(method: "GET", target: "//"))
        #expect(try WebRoute.call(other)?.route.operation == nil)
        try DataWorld(seed: 3).run { browser in
            let none = try await browser.insist("GET", "/")
            #expect(none.status == 404)
        }
    }
}
