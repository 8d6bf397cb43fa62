import Cluster
import Columnar
import JSON
import Platform
import Testing

@testable import Server

private let configuration: AccessConfiguration = {
    var access = AccessConfiguration()
    access.users = [
        AccessConfiguration.User("admin", password: "a:b", token: "admin-token"),
        AccessConfiguration.User("alice", password: "hush"),
        AccessConfiguration.User("bob", password: "hush too"),
    ]
    access.superUsers = [.user("admin")]
    access.isAuthorizing = true
    access.grants = [
        AccessBinding(.database("shop"), AccessEntry(.user("alice"), .read)),
        AccessBinding(
            .table(TablePath(database: "shop", table: "orders")),
            AccessEntry(.user("bob"), .write)),
    ]
    return access
}()

// admin:a:b, alice:hush, bob:hush too, alice:wrong
private let admin = ("authorization", "Basic YWRtaW46YTpi")
private let alice = ("authorization", "Basic YWxpY2U6aHVzaA==")
private let bob = ("authorization", "Basic Ym9iOmh1c2ggdG9v")
private let wrong = ("authorization", "Basic YWxpY2U6d3Jvbmc=")

@Suite("Who may come in, and what he may do, over HTTP")
struct WebAccessTests {
    private func makeTables(_ browser: TankBrowser) async throws {
        let database = try await browser.insist(
            "POST", "/api/v1/databases", headers: [admin, ("content-type", "application/json")],
            Array(#"{"name":"shop"}"#.utf8))
        #expect(database.status == 201 || database.status == 200)
        for name in ["orders", "secrets"] {
            let table = try await browser.insist(
                "POST", "/api/v1/databases/shop/tables",
                headers: [("authorization", "Bearer admin-token")],
                Array(
                    """
                    {"name":"\(name)","schema":{"columns":[{"name":"id","data_type":\
                    {"type":"INTEGER","nullable":false}}],"primary_key":["id"]},"bucket_count":1}
                    """.utf8))
            #expect(table.status == 201 || table.status == 200)
        }
    }

    @Test("Without a name, or with a wrong secret, only the process's health is told")
    func authentication() throws {
        try DataWorld(seed: 1, access: configuration).run { browser in
            #expect(try await browser.insist("GET", "/health").status == 200)
            for target in [
                "/", "/metrics", "/openapi.json", "/api/v1/cluster", "/api/v1/databases",
                "/iceberg/v1/config", "/warehouse/shop/orders/data/a.parquet", "/nothing",
            ] {
                for headers in [
                    [], [wrong], [("authorization", "Basic ?")], [("authorization", "x")],
                ] {
                    let answer = try await browser.send("GET", target, headers: headers)
                    #expect(answer.status == 401, "\(target)")
                    #expect(
                        answer.headers.contains {
                            $0.name == "www-authenticate" && $0.value.hasPrefix("Basic")
                        })
                }
            }
            let told = try await browser.send("GET", "/api/v1/databases", headers: [alice])
            #expect(told.status == 200)
            let moved = try await browser.send(
                "POST", "/api/v1/rebalance",
                headers: [alice, ("content-type", "application/json")], Array("{}".utf8))
            #expect(moved.status == 403)
        }
    }

    @Test(
        "Each may do what he was given, and sees no more, while servers crash",
        arguments: 1...3 as ClosedRange<UInt64>)
    func access(seed: UInt64) throws {
        let cluster = DataWorld(seed: seed, access: configuration)
        cluster.crashAll(from: .seconds(6), every: .seconds(8), count: 3)
        try cluster.run { browser in
            try await makeTables(browser)
            let table = "/api/v1/databases/shop/tables/orders"
            let rows = Array(#"[{"id":1},{"id":2}]"#.utf8)
            func status(
                _ method: String, _ target: String, _ who: (String, String), _ body: [UInt8] = []
            ) async throws -> Int {
                try await browser.insist(method, target, headers: [who], body).status
            }
            #expect(try await status("POST", table + "/rows", bob, rows) == 200)
            #expect(try await status("POST", table + "/rows", alice, rows) == 403)
            #expect(try await status("GET", table + "/rows", alice) == 200)
            #expect(try await status("GET", table + "/rows", bob) == 403)
            #expect(try await status("GET", table, bob) == 200)
            #expect(try await status("DELETE", table, bob) == 403)
            #expect(try await status("GET", "/api/v1/databases/shop/tables/secrets", bob) == 403)
            #expect(try await status("GET", "/metrics", alice) == 403)
            #expect(
                try await status("POST", "/api/v1/databases", bob, Array(#"{"name":"x"}"#.utf8))
                    == 403)
            #expect(
                try await status("GET", "/warehouse/shop/orders/data/a.parquet", bob) == 403)
            #expect(
                try await status("GET", "/warehouse/shop/orders/data/a.parquet", alice) == 404)
            #expect(try await status("GET", "/warehouse?list-type=2", alice) == 403)
            #expect(
                try await status("DELETE", "/iceberg/v1/namespaces/shop/tables/orders", alice)
                    == 403)
            let names = try await browser.insist(
                "GET", "/api/v1/databases/shop/tables", headers: [bob])
            #expect(try JSONValue(parsing: names.body)["tables"]?.compact == #"["orders"]"#)
            let all = try await browser.insist("GET", "/api/v1/tables", headers: [bob])
            #expect(!String(decoding: all.body, as: UTF8.self).contains("secrets"))
            let question = Array(#"{"query":"SELECT count(*) AS n FROM shop.orders"}"#.utf8)
            #expect(try await status("POST", "/api/v1/sql", alice, question) == 200)
            let answer = try await browser.insist("POST", "/api/v1/sql", headers: [bob], question)
            #expect(answer.status == 422)
            #expect(!String(decoding: answer.body, as: UTF8.self).contains("orders\"]"))
        }
    }

    @Test("A client that asks too much is slowed, and is told when it asks far too much")
    func quotas() throws {
        var limited = AccessConfiguration()
        limited.users = configuration.users
        limited.quotas.byClient["User:alice"] = Quota(requests: 4)
        try DataWorld(seed: 5, access: limited).run { browser in
            _ = try await browser.insist("GET", "/api/v1/databases", headers: [bob])
            let start = browser.machine.clock.now
            for _ in 0..<12 {
                _ = try await browser.insist("GET", "/api/v1/databases", headers: [alice])
            }
            let spent = browser.machine.clock.now - start
            #expect(spent >= .milliseconds(1700) && spent < .seconds(3), "\(spent)")
        }
    }
}
