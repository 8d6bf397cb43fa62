import Cluster
import Testing

@testable import ScenarioFiles

@Suite("Configuration files of wavetank serve")
struct ServingFileTests {
    private func load(_ text: String) throws(ScenarioErrors) -> ServingFile {
        try ServingFile.load(text: text, path: "serve.yaml")
    }

    @Test("All that a file can say")
    func whole() throws {
        let file = try load(
            """
            listen: 0.0.0.0:9123
            advertise: lake.example.org
            http: 9180
            data: data
            servers: 3
            role: all
            logFormat: json
            limits: { connections: 100, openFiles: 256 }
            tls: { certificate: chain.pem, key: key.pem, authorities: own.pem }
            authorities: others.pem
            catalog:
              url: https://catalog.example.org/api
              warehouse: lake
              credentialFile: catalog.txt
            users:
              - { name: admin, passwordFile: admin.txt }
              - { name: alice, password: hush, token: t1 }
            authorization: true
            superUsers: [User:admin]
            access:
              - { principal: "User:alice", resource: cluster.shop, operations: [READ, WRITE] }
              - principal: "*:*"
                resource: cluster.shop.orders
                operations: DESCRIBE
                host: "::1"
            quotas:
              - { client: "User:alice", produced: 1MiB, requests: 100 }
              - { fetched: 4MiB }
            """)
        #expect(file.listen == "0.0.0.0:9123" && file.httpPort == 9180 && file.servers == 3)
        #expect(file.certificate == "chain.pem" && file.key == "key.pem")
        #expect(file.innerAuthorities == "own.pem" && file.authorities == "others.pem")
        #expect(file.catalog?.url == "https://catalog.example.org/api")
        #expect(file.catalog?.warehouse == "lake" && file.catalog?.scope == nil)
        #expect(file.catalog?.credential == .file("catalog.txt") && file.catalog?.token == nil)
        #expect(file.connectionLimit == 100 && file.openFileLimit == 256)
        #expect(file.users.map(\.password) == [.file("admin.txt"), .text("hush")])
        #expect(file.hasSecrets && !"\(file.users)".contains("hush"))
        #expect(file.isAuthorizing && file.superUsers == [.user("admin")])
        #expect(
            file.access == [
                AccessBinding(.database("shop"), AccessEntry(.user("alice"), .read)),
                AccessBinding(.database("shop"), AccessEntry(.user("alice"), .write)),
                AccessBinding(
                    AccessResource(.table, "shop.orders"),
                    AccessEntry(.everyone, .describe, host: "::1")),
            ])
        #expect(
            file.quotas.quota(of: "User:alice") == Quota(producedBytes: 1 << 20, requests: 100))
        #expect(file.quotas.quota(of: "User:bob") == Quota(fetchedBytes: 4 << 20))
    }

    @Test("An empty file says nothing")
    func empty() throws {
        let file = try load("")
        #expect(file.listen == nil && file.users.isEmpty && !file.isAuthorizing)
        #expect(file.quotas.isEmpty && !file.hasSecrets)
    }

    @Test(
        "What is wrong is told with its line, and what may have been meant",
        arguments: [
            ("listn: 127.0.0.1:1", "1:1", "did you mean 'listen'"),
            ("http: 70000", "1:7", "65535"),
            ("data: d\nusers:\n  - { name: alice }", "3:5", "needs 'password'"),
            ("users: [{ name: a, password: x, passwordFile: y }]", "1:47", "both say"),
            ("users: [{ name: a, pasword: x }]", "1:20", "did you mean 'password'"),
            (
                "users:\n  - { name: a, password: x }\n  - { name: a, password: y }", "3:13",
                "twice"
            ),
            ("users: [{ name: 'a:b', password: x }]", "1:17", "colons"),
            ("superUsers: [User:admin]", "1:13", "authorization: true"),
            ("authorization: true\nsuperUsers: [admin]", "2:14", "User:alice"),
            (
                "authorization: true\naccess: [{ principal: User:a, resource: shop, "
                    + "operations: READ }]", "2:41", "cluster.shop"
            ),
            (
                "authorization: true\naccess: [{ principal: User:a, resource: cluster, "
                    + "operations: RAED }]", "2:62", "READ"
            ),
            ("quotas: [{ client: User:a }]", "1:10", "at least one"),
            ("quotas: [{ requests: 1 }, { requests: 2 }]", "1:27", "every other client"),
            ("quotas: [{ produced: 5 }]", "1:22", "has no unit"),
            ("tls: { certificate: a.pem }", "1:6", "needs 'key'"),
            ("role: leader", "1:7", "tablet"),
            ("- listen", "1:1", "a mapping"),
        ])
    func mistakes(text: String, place: String, hint: String) throws {
        let errors = #expect(throws: ScenarioErrors.self) { try load(text) }
        let told = errors.map { "\($0)" } ?? ""
        #expect(told.hasPrefix("serve.yaml:\(place): "), "\(told)")
        #expect(told.contains(hint), "\(told)")
        #expect(!told.contains("hush"))
    }
}
