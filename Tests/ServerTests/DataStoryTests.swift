import Columnar
import JSON
import Platform
import TestSupport
import Testing

@testable import Server

private let tables = "/api/v1/databases/shop/tables"

/// Clients that write over HTTP while servers crash, and what they were told.
private final class Story {
    let browser: TankBrowser
    var random: SeededDraws
    /// Rows of the log that were acknowledged, and those of which nobody knows.
    private var acknowledged: Set<Int> = []
    private var unknown: Set<Int> = []
    /// The last acknowledged state of each key; nil of one that was deleted.
    private var prices: [Int: Int?] = [:]
    private var lastRow = 0
    private var lastPrice = 0

    init(_ browser: TankBrowser, seed: UInt64) {
        self.browser = browser
        random = SeededDraws(seed: seed)
    }

    private func newRows() -> [Int] {
        let count = 1 + random.next(below: 5)
        lastRow += count
        return Array(lastRow - count + 1...lastRow)
    }

    /// The rows in one of the formats, with their type.
    private func body(_ rows: [Int]) throws -> (String, [UInt8]) {
        let objects = rows.map { #"{"id":\#($0),"page":"/\#($0)"}"# }
        switch random.next(below: 3) {
        case 0: return ("application/json", Array("[\(objects.joined(separator: ","))]".utf8))
        case 1:
            return ("application/x-ndjson", Array((objects.joined(separator: "\n") + "\n").utf8))
        default:
            let schema = Schema(
                fields: [
                    Field(identifier: 1, name: "page", type: .string),
                    Field(identifier: 2, name: "id", type: .int),
                ])
            var stream = ArrowStreamWriter(schema: schema)
            for part in [rows.prefix(2), rows.dropFirst(2)] where !part.isEmpty {
                stream.append(
                    try RecordBatch(
                        schema: schema, rows: part.map { [.string("/\($0)"), .int(Int32($0))] }))
            }
            return ("application/vnd.apache.arrow.stream", stream.finish())
        }
    }

    /// Writes in one way or another, so that each meets the faults.
    func write(steps: Int) async throws {
        let (log, keys) = (try await newWriter(), try await newWriter())
        var sequences = (log: 0, keys: 0)
        for _ in 0..<steps {
            switch random.next(below: 3) {
            case 0:
                try await append("?writer=\(log)&sequence=\(sequences.log)")
                sequences.log += 1
            case 1:
                try await change("?writer=\(keys)&sequence=\(sequences.keys)")
                sequences.keys += 1
            default: try await appendOnce()
            }
            try await browser.pause(.milliseconds(Int64(random.next(below: 600))))
        }
    }

    /// Under a writer every request is sent until it is acknowledged, and now and then once more.
    private func append(_ numbers: String) async throws {
        let rows = newRows()
        let (type, bytes) = try body(rows)
        for _ in 0..<(random.next(below: 4) == 0 ? 2 : 1) {
            let answer = try await browser.insist(
                "POST", tables + "/clicks/rows" + numbers, headers: [("content-type", type)],
                bytes)
            #expect(answer.status == 200, "\(String(decoding: answer.body, as: UTF8.self))")
        }
        acknowledged.formUnion(rows)
    }

    /// Without a writer a request is sent once, whatever comes of it.
    private func appendOnce() async throws {
        let rows = newRows()
        let (type, bytes) = try body(rows)
        do {
            let answer = try await browser.send(
                "POST", tables + "/clicks/rows", headers: [("content-type", type)], bytes)
            if answer.status == 200 {
                acknowledged.formUnion(rows)
            } else {
                #expect([503, 504].contains(answer.status))
                if answer.status == 504 { unknown.formUnion(rows) }
            }
        } catch is NetworkError {
            unknown.formUnion(rows)
        }
    }

    private func change(_ numbers: String) async throws {
        let key = random.next(below: 12)
        let target = tables + "/orders/rows"
        let answer: WebResponse
        if random.next(below: 5) == 0 {
            answer = try await browser.insist(
                "POST", target + "/delete" + numbers, Array(#"{"id":\#(key)}"#.utf8))
            prices[key] = .some(nil)
        } else {
            lastPrice += 1
            answer = try await browser.insist(
                "POST", target + numbers, Array(#"{"id":\#(key),"price":\#(lastPrice)}"#.utf8))
            prices[key] = lastPrice
        }
        #expect(answer.status == 200, "\(String(decoding: answer.body, as: UTF8.self))")
        // What was acknowledged is found at once.
        let found = try await browser.json(
            "POST", target + "/lookup?columns=price", ["id": .integer(Int64(key))])
        let expected = prices[key]!.map { JSONValue.string("\($0).00") }
        #expect(found.array?.first?["price"] == expected)
    }

    private func newWriter() async throws -> String {
        let answer = try await browser.json("POST", "/api/v1/writers")
        return try #require(answer["writer"]?.string)
    }

    // MARK: What is there in the end

    func check() async throws {
        #expect(acknowledged.count > 30)
        let read = try await browser.json("GET", tables + "/clicks/rows")
        try check(read.array ?? [])
        var stream = try ArrowStreamReader(
            try await browser.insist("GET", tables + "/clicks/rows?format=arrow").body)
        var rows: [JSONValue] = []
        while let batch = try stream.next() {
            for row in batch.rows {
                rows.append(
                    .object(
                        zip(stream.schema.fields, row).map {
                            JSONMember($0.name, RowText.json($1, $0.type))
                        }))
            }
        }
        try check(rows)
        var changes: [JSONValue] = []
        var from = "earliest"
        while true {
            let page = try await browser.insist(
                "GET", tables + "/clicks/changes?limit=7&from=\(from)")
            let found = try JSONValue(parsing: page.body).array ?? []
            if found.isEmpty { break }
            changes += found
            from = try #require(page.header("wavetank-next"))
        }
        try check(changes)
        let orders = try await browser.json("GET", tables + "/orders/rows")
        var found: [Int: Int?] = [:]
        for row in orders.array ?? [] {
            let price = try #require(row["price"]?.string?.split(separator: ".").first)
            found[Int(try #require(row["id"]?.integer))] = Int(price)
        }
        #expect(found == prices.filter { $0.value != nil })
    }

    private func check(_ rows: [JSONValue]) throws {
        var counts: [Int: Int] = [:]
        for row in rows {
            let identifier = Int(try #require(row["id"]?.integer))
            #expect(row["page"] == .string("/\(identifier)"))
            counts[identifier, default: 0] += 1
        }
        let missing = acknowledged.filter { counts[$0] == nil }.sorted()
        #expect(missing == [], "acknowledged, and not there")
        let doubled = counts.filter { $0.value > 1 }.keys.sorted()
        #expect(doubled == [], "there twice")
        let strange = counts.keys.filter { !acknowledged.contains($0) && !unknown.contains($0) }
        #expect(strange.sorted() == [], "refused, and there")
    }
}

@Suite("Tables over HTTP, in bad weather")
struct DataStoryTests {
    @Test(
        "Acknowledged rows are all read back, once, while servers crash",
        arguments: [1, 2, 3, 4, 5, 6] as [UInt64])
    func story(_ seed: UInt64) throws {
        let world = DataWorld(seed: seed)
        world.crashAll(from: .seconds(4), every: .seconds(8), count: 8)
        try world.run { browser in
            try await browser.makeTables()
            let story = Story(browser, seed: seed)
            try await story.write(steps: 150)
            #expect(browser.retryCount > 0, "no request met a fault")
            try await browser.pause(.seconds(30))
            try await story.check()
        }
    }

    @Test("A damaged request is refused or does what it says", arguments: [1, 2, 3] as [UInt64])
    func damage(_ seed: UInt64) throws {
        try DataWorld(seed: seed).run { browser in
            try await browser.makeTables()
            var random = SeededDraws(seed: seed)
            let schema = Schema(
                fields: [
                    Field(identifier: 1, name: "id", type: .bigint),
                    Field(identifier: 2, name: "price", type: .decimal(precision: 10, scale: 2)),
                ])
            var stream = ArrowStreamWriter(schema: schema, compression: .lz4Frame)
            stream.append(
                try RecordBatch(
                    schema: schema, rows: (0..<20).map { [.bigint($0), .decimal(Int128($0))] }))
            let json = #"[{"id": 1, "price": "2.50", "at": "2026-11-29T09:00:00Z"}]"#
            let bodies = [
                ("application/json", Array(json.utf8)),
                ("application/x-ndjson", Array(json.dropFirst().dropLast().utf8)),
                ("application/vnd.apache.arrow.stream", stream.finish()),
            ]
            let targets = [
                "/rows", "/rows/lookup?prefix=true", "/rows/delete", "/rows?partial=true",
                "/rows?writer=0&sequence=0", "",
            ]
            let questions = [
                "/rows?filter=%7B%22column%22:%22id%22,%22op%22:%22in%22,%22values%22:[1]%7D",
                "/changes?from=0:1,1:2&limit=3", "/rows?offsets=1,2&columns=id,price&system=true",
                "/rows?time=2026-11-29T09:00:00Z&format=arrow",
            ]
            var statuses: Set<Int> = []
            for round in 0..<300 {
                let (type, body) = bodies[round % 3]
                let target = targets[random.next(below: targets.count)]
                let response = try await browser.send(
                    "POST", tables + "/orders" + target, headers: [("content-type", type)],
                    random.damage(body))
                statuses.insert(response.status)
                let question = random.damage(
                    Array(questions[round % questions.count].utf8))
                let text = String(decoding: question, as: UTF8.self)
                if text.contains(where: { $0 == " " || $0.isNewline }) { continue }
                // What is no request at all is not answered: the connection ends.
                if let answer = try? await browser.send("GET", tables + "/orders" + text) {
                    statuses.insert(answer.status)
                }
            }
            // An offset that no change has yet may have one soon: 503.
            #expect(statuses.isSubset(of: [200, 400, 404, 405, 409, 413, 415, 422, 503]))
            #expect(statuses.isSuperset(of: [200, 400, 422]))
            // All that was taken is read by everybody.
            let all = try await browser.insist("GET", tables + "/orders/changes?format=ndjson")
            #expect(all.status == 200)
        }
    }
}
