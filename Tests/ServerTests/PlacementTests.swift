import Cluster
import JSON
import Platform
import Testing

@testable import Server

private let tables = "/api/v1/databases/shop/tables"
private let json = [("content-type", "application/json")]

@Suite("Where replicas are, over HTTP")
struct PlacementTests {
    /// A table of four buckets that have one replica each.
    private func makeTable(_ browser: TankBrowser) async throws {
        _ = try await browser.json("POST", "/api/v1/databases", ["name": "shop"])
        let table: JSONValue = [
            "name": "orders",
            "schema": [
                "columns": [["name": "id", "data_type": ["type": "INTEGER", "nullable": false]]],
                "primary_key": ["id"],
            ], "bucket_count": 4, "properties": ["table.replication.factor": "1"],
        ]
        _ = try await browser.json("POST", tables, table)
    }

    private func buckets(_ browser: TankBrowser) async throws -> [JSONValue] {
        try await browser.json("GET", "/api/v1/buckets")["buckets"]?.array ?? []
    }

    /// Asks until the cluster's format has it, which it has a moment after it began.
    private func move(
        _ browser: TankBrowser, _ bucket: Int64, to servers: JSONValue
    ) async throws -> JSONValue {
        try await browser.json(
            "POST", tables + "/orders/buckets/\(bucket)/reassignment", ["replicas": servers])
    }

    @Test("A bucket moves to the server that is named, and its rows are there")
    func reassignment() throws {
        try DataWorld(seed: 1).run { browser in
            try await makeTable(browser)
            _ = try await browser.json("POST", tables + "/orders/rows", [["id": 1], ["id": 2]])
            for server in ["server-1", "server-2", "server-3"] {
                for bucket in 0..<Int64(4) {
                    let told = try await move(browser, bucket, to: [.string(server)])
                    #expect(told["table"] == "orders" && told["bucket"] == .integer(bucket))
                }
                while true {
                    let found = try await buckets(browser)
                    #expect(found.count == 4)
                    let isMoved = found.allSatisfy {
                        $0["replicas"] == [.string(server)] && $0["leader"] == .string(server)
                            && $0["movingTo"] == .null
                    }
                    if isMoved { break }
                    try await browser.machine.sleep(.milliseconds(100))
                }
                #expect(
                    try await browser.json("GET", tables + "/orders/rows").array?.count == 2)
            }
            let canceled = try await browser.json(
                "DELETE", tables + "/orders/buckets/0/reassignment")
            #expect(canceled["movingTo"] == .null)
            let lags = try await browser.json("GET", "/api/v1/lag")["lags"]?.array ?? []
            #expect(lags.count == 4 && lags.allSatisfy { $0["behind"] == [] })
        }
    }

    @Test("A rebalance spreads what was put on one server, and tells of its moves")
    func rebalance() throws {
        try DataWorld(seed: 2).run { browser in
            try await makeTable(browser)
            #expect(try await browser.problem("GET", "/api/v1/rebalance").0 == 404)
            for bucket in 0..<Int64(4) {
                _ = try await move(browser, bucket, to: ["server-1"])
            }
            while try await buckets(browser).contains(where: { $0["movingTo"] != .null }) {
                try await browser.machine.sleep(.milliseconds(100))
            }
            let begun = try await browser.json(
                "POST", "/api/v1/rebalance", ["goals": ["REPLICA_DISTRIBUTION"]])
            #expect(begun["identifier"] == 1 && begun["goals"] == ["REPLICA_DISTRIBUTION"])
            while true {
                let progress = try await browser.json("GET", "/api/v1/rebalance")
                let moves = progress["moves"]?.array ?? []
                #expect(moves.allSatisfy { $0["from"] == ["server-1"] })
                if progress["status"] == "COMPLETED" { break }
                #expect(progress["status"] == "REBALANCING" && moves.count == 2)
                try await browser.machine.sleep(.milliseconds(100))
            }
            let servers = Set(try await buckets(browser).compactMap { $0["leader"]?.string })
            #expect(servers == ["server-1", "server-2", "server-3"])
            #expect(try await browser.problem("DELETE", "/api/v1/rebalance").0 == 404)
        }
    }

    @Test("What cannot be is told with the right status")
    func problems() throws {
        try DataWorld(seed: 3).run { browser in
            try await makeTable(browser)
            let place = tables + "/orders/buckets/"
            for (method, path, body, status) in [
                ("POST", place + "0/reassignment", #"{"replicas":["server-9"]}"#, 422),
                ("POST", place + "0/reassignment", #"{"replicas":["server-1","server-2"]}"#, 422),
                ("POST", place + "0/reassignment", #"{"replicas":[]}"#, 422),
                ("POST", place + "0/reassignment", #"{}"#, 422),
                ("POST", place + "4/reassignment", #"{"replicas":["server-1"]}"#, 404),
                ("POST", place + "x/reassignment", #"{"replicas":["server-1"]}"#, 404),
                (
                    "POST", place + "0/reassignment?partition=eu",
                    #"{"replicas":["server-1"]}"#, 404
                ),
                ("POST", "/api/v1/rebalance", #"{"goals":["RACK_AWARE"]}"#, 422),
                ("POST", "/api/v1/rebalance", #"{"goals":[]}"#, 422),
            ] {
                let problem = try await browser.problem(method, path, headers: json, body)
                #expect(problem.0 == status, "\(method) \(path) \(body): \(problem)")
            }
        }
    }
}
