import Columnar
import JSON
import Platform
import Simulation
import TestSupport
import Testing

@testable import Server

private let tables = "/api/v1/databases/shop/tables"
private let nearest = tables + "/products/rows/nearest"

extension TankBrowser {
    /// Makes `shop.products`, of 40 rows whose vectors are (number, 1), all of them indexed.
    fileprivate func makeProducts(distance: String?) async throws {
        _ = try await json("POST", "/api/v1/databases", ["name": "shop"])
        var properties = [
            JSONMember("table.datalake.enabled", "false"),
            JSONMember("table.vector-index.column", "embedding"),
            JSONMember("table.vector-index.dimension", "2"),
        ]
        if let distance {
            properties.append(JSONMember("table.vector-index.distance", .string(distance)))
        }
        let products: JSONValue = [
            "name": "products", "bucket_count": 3, "properties": .object(properties),
            "schema": [
                "columns": [
                    ["name": "id", "data_type": ["type": "INTEGER"]],
                    ["name": "stock", "data_type": ["type": "BIGINT"]],
                    [
                        "name": "embedding",
                        "data_type": ["type": "ARRAY", "element_type": ["type": "FLOAT"]],
                    ],
                ], "primary_key": ["id"],
            ],
        ]
        _ = try await json("POST", tables, products)
        let rows = (0..<40).map { number -> JSONValue in
            let number = Int64(number)
            return [
                "id": .integer(number), "stock": .integer(number % 20),
                "embedding": [.integer(number), 1],
            ]
        }
        _ = try await json("POST", tables + "/products/rows", .array(rows))
        while true {
            let all = try await json("POST", nearest, ["vector": [1, 1], "limit": 40])
            if all.array?.count == 40 { return }
            try await pause(.milliseconds(500))
        }
    }
}

@Suite("Near rows over HTTP")
struct NearestRowsTests {
    @Test("The nearest rows come in order, with their distances, and say how fresh they are")
    func found() throws {
        try DataWorld(seed: 1, indexerCount: 1).run { browser in
            try await browser.makeProducts(distance: "euclidean")
            let answer = try await browser.insist(
                "POST", nearest, Array(#"{"vector": [7, 1.5], "limit": 3}"#.utf8))
            #expect(
                String(decoding: answer.body, as: UTF8.self)
                    == #"[{"id":7,"stock":7,"embedding":[7.0,1.0],"__distance":0.25},"#
                    + #"{"id":6,"stock":6,"embedding":[6.0,1.0],"__distance":1.25},"#
                    + #"{"id":8,"stock":8,"embedding":[8.0,1.0],"__distance":1.25}]"#)
            // Where the index is one can go on from in the changelog.
            let fresh = try #require(answer.header("wavetank-fresh"))
            #expect(fresh.split(separator: ",").count == 3)
            let news = try await browser.json(
                "GET", tables + "/products/changes?from=\(fresh)")
            #expect(news == [])
            // A row that moves is where it is now.
            _ = try await browser.json(
                "POST", tables + "/products/rows", ["id": 7, "embedding": [100, 1]])
            let moved = try await browser.json("POST", nearest, ["vector": [7, 1], "limit": 1])
            #expect(moved.array?.first?["id"] == 6 || moved.array?.first?["id"] == 8)
        }
    }

    @Test("A filter of one row in twenty finds all that pass, with the columns that are wanted")
    func filtered() throws {
        try DataWorld(seed: 2, indexerCount: 1).run { browser in
            try await browser.makeProducts(distance: nil)
            let wanted: JSONValue = [
                "vector": [0, 1], "limit": 5, "columns": ["id"],
                "filter": ["column": "stock", "op": "=", "value": 3],
            ]
            let rows = try await browser.json("POST", nearest, wanted)
            #expect(rows.array?.map { $0["id"] } == [3, 23])
            #expect(rows.array?.first?["stock"] == nil)
            // By the angle, when nothing is said: 1 less 1 / √10.
            let distance = rows.array?.first?["__distance"]?.double ?? 0
            #expect(abs(distance - 0.6838) < 0.001)
            let lines = try await browser.insist(
                "POST", nearest + "?format=ndjson", Array(wanted.compact.utf8))
            #expect(lines.body.split(separator: UInt8(ascii: "\n")).count == 2)
            let stream = try await browser.insist(
                "POST", nearest + "?format=arrow", Array(wanted.compact.utf8))
            var reader = try ArrowStreamReader(stream.body)
            #expect(reader.schema.fields.map(\.name) == ["id", "__distance"])
            #expect(try reader.next()?.rowCount == 2)
        }
    }

    @Test("What says of itself that it is indexed makes the same table, and others are refused")
    func definitions() throws {
        try DataWorld(seed: 3, indexerCount: 1).run { browser in
            try await browser.makeProducts(distance: "inner-product")
            let described = try await browser.json("GET", tables + "/products")
            #expect(described["properties"]?["table.vector-index.column"] == "embedding")
            _ = try await browser.json("POST", tables, described)
            for wrong in [
                #"{"table.vector-index.column": "id", "table.vector-index.dimension": "2"}"#,
                #"{"table.vector-index.column": "none", "table.vector-index.dimension": "2"}"#,
                #"{"table.vector-index.distance": "cosine"}"#,
                #"{"table.vector-index.column": "embedding"}"#,
                #"{"table.vector-index.column": "embedding", "table.vector-index.dimension": "0"}"#,
            ] {
                var members = (described.object ?? []).filter {
                    !["name", "properties"].contains($0.name)
                }
                members.append(JSONMember("name", "others"))
                members.append(
                    JSONMember("properties", try JSONValue(parsing: Array(wrong.utf8))))
                let answer = try await browser.insist(
                    "POST", tables, Array(JSONValue.object(members).compact.utf8))
                #expect(answer.status == 422, "\(wrong)")
            }
        }
    }

    @Test("A question that is none, or that nobody can answer, is refused")
    func refused() throws {
        let tank = DataWorld(seed: 4, indexerCount: 1)
        try tank.run { browser in
            try await browser.makeProducts(distance: nil)
            try await browser.makeTables()
            for wrong in [
                #"{"vector": [1]}"#, #"{"vector": [1, 2, 3]}"#, #"{"vector": [1, "NaN"]}"#,
                #"{"vector": [1, 2], "limit": 0}"#, #"{"vector": [1, 2], "limit": 1001}"#,
                #"{"vector": [1, 2], "columns": ["none"]}"#, #"{"limit": 1}"#,
                #"{"vector": [1, 2], "filter": {"column": "none", "op": "=", "value": 1}}"#,
                #"{"vector": [1, 2], "k": 3}"#, #"{"vector": null}"#,
            ] {
                let answer = try await browser.insist("POST", nearest, Array(wrong.utf8))
                #expect(answer.status == 422, "\(wrong)")
            }
            let none = try await browser.insist("POST", nearest, Array("[]".utf8))
            #expect(none.status == 400)
            let plain = try await browser.insist(
                "POST", tables + "/orders/rows/nearest", Array(#"{"vector": [1, 2]}"#.utf8))
            #expect(plain.status == 422)
            tank.world.crash("indexer-1")
            let unavailable = try await browser.send(
                "POST", nearest, Array(#"{"vector": [1, 2]}"#.utf8))
            #expect(unavailable.status == 503)
            let detail = try JSONValue(parsing: unavailable.body)["detail"]?.string ?? ""
            #expect(detail.contains("bucket 0 of shop.products"), "\(detail)")
        }
    }
}
