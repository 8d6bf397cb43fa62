import Iceberg
import JSON
import Platform
import Simulation
import Testing

@testable import Server

/// A catalog and a store in the tank, and requests to them.
private final class LakeWorld {
    let world: SimulationWorld

    init(seed: UInt64) {
        world = SimulationWorld(seed: seed)
        world.addMachine("web-1")
    }

    func run(_ body: @escaping (Endpoint) async throws -> Void) throws {
        var result: Result<Void, any Error>?
        world.start("web-1") { machine in
            do { result = .success(try await body(Endpoint(machine))) } catch {
                result = .failure(error)
            }
        }
        let isDone = world.run(atMost: .seconds(300)) { result != nil }
        world.shutDown()
        #expect(isDone, "a request waits for ever")
        try result?.get()
        #expect(world.journal.errorCount == 0)
    }
}

private struct Endpoint {
    var catalog: CatalogGateway
    var store: ObjectGateway

    init(_ machine: Machine) {
        catalog = CatalogGateway(
            machine, LakeLocation(prefix: "s3://warehouse/"), isWritable: true,
            storeAddress: "http://web-1")
        store = ObjectGateway(machine, isWritable: true)
    }

    func ask(
        _ method: String, _ target: String, _ body: JSONValue? = nil
    ) async throws -> (status: Int, json: JSONValue) {
        let request = try #require(
            WebRequest(
                method: method, target: "/iceberg/v1/\(target)",
                body: body.map { Array($0.compact.utf8) } ?? []))
        let response = try await catalog.answer(request, Array(request.path.dropFirst(2)))
        return (
            response.status, response.body.isEmpty ? [:] : try JSONValue(parsing: response.body)
        )
    }

    func store(
        _ method: String, _ target: String, _ body: [UInt8] = [],
        headers: [(String, String)] = []
    ) async throws -> (status: Int, text: String) {
        let request = try #require(
            WebRequest(
                method: method, target: target,
                headers: headers.map { WebRequest.Parameter($0.0, $0.1) }, body: body))
        let response = try await store.answer(request)
        return (response.status, String(decoding: response.body, as: UTF8.self))
    }

    /// Makes `shop.orders`.
    func makeTable() async throws -> JSONValue {
        #expect(try await ask("POST", "namespaces", ["namespace": ["shop"]]).status == 200)
        let made = try await ask(
            "POST", "namespaces/shop/tables",
            [
                "name": "orders",
                "schema": [
                    "type": "struct", "schema-id": 0,
                    "fields": [["id": 1, "name": "id", "required": true, "type": "long"]],
                ], "x-unknown": 1,
            ])
        #expect(made.status == 200)
        return made.json
    }

    func commit(_ requirements: JSONValue, _ updates: JSONValue) async throws -> (
        status: Int, json: JSONValue
    ) {
        try await ask(
            "POST", "namespaces/shop/tables/orders",
            ["requirements": requirements, "updates": updates])
    }

    static func snapshot(_ identifier: Int64, after parent: Int64?, _ sequence: Int64) -> JSONValue
    {
        var members = [
            JSONMember("snapshot-id", .integer(identifier)),
            JSONMember("sequence-number", .integer(sequence)), JSONMember("timestamp-ms", 5),
            JSONMember("manifest-list", "s3://warehouse/list"),
            JSONMember("summary", ["operation": "append"]),
        ]
        if let parent { members.append(JSONMember("parent-snapshot-id", .integer(parent))) }
        return [
            ["action": "add-snapshot", "snapshot": .object(members)],
            [
                "action": "set-snapshot-ref", "ref-name": "main", "type": "branch",
                "snapshot-id": .integer(identifier),
            ],
        ]
    }
}

@Suite("An Iceberg REST catalog of our own")
struct CatalogGatewayTests {
    @Test("A commit is made once, and one that was made for another state is refused")
    func commits() throws {
        try LakeWorld(seed: 1).run { endpoint in
            let made = try await endpoint.makeTable()
            #expect(made["metadata"]?["last-column-id"] == 1)
            #expect(made["metadata"]?["default-sort-order-id"] == 0)
            let start: JSONValue = [
                ["type": "assert-ref-snapshot-id", "ref": "main", "snapshot-id": nil]
            ]
            let first = try await endpoint.commit(start, Endpoint.snapshot(7, after: nil, 1))
            #expect(first.status == 200)
            #expect(first.json["metadata"]?["current-snapshot-id"] == 7)
            #expect(first.json["metadata"]?["metadata-log"]?.array?.count == 1)
            let again = try await endpoint.commit(start, Endpoint.snapshot(8, after: nil, 1))
            #expect(again.status == 409)
            #expect(again.json["error"]?["type"] == "CommitFailedException")
            let next = try await endpoint.commit(
                [["type": "assert-ref-snapshot-id", "ref": "main", "snapshot-id": 7]],
                Endpoint.snapshot(8, after: 7, 2))
            #expect(next.json["metadata"]?["snapshot-log"]?.array?.count == 2)
            let removed = try await endpoint.commit(
                [], [["action": "remove-snapshots", "snapshot-ids": [7]]])
            #expect(removed.json["metadata"]?["snapshots"]?.array?.count == 1)
            #expect(removed.json["metadata"]?["snapshot-log"]?.array?.count == 1)
        }
    }

    @Test("Parts get ids of their own, and -1 means what was added last")
    func parts() throws {
        try LakeWorld(seed: 2).run { endpoint in
            _ = try await endpoint.makeTable()
            let changed = try await endpoint.commit(
                [["type": "assert-current-schema-id", "current-schema-id": 0]],
                [
                    [
                        "action": "add-schema",
                        "schema": [
                            "type": "struct",
                            "fields": [
                                ["id": 1, "name": "id", "required": true, "type": "long"],
                                [
                                    "id": 2, "name": "tags", "required": false,
                                    "type": [
                                        "type": "list", "element-id": 3, "element": "string",
                                        "element-required": false,
                                    ],
                                ],
                            ],
                        ],
                    ],
                    ["action": "set-current-schema", "schema-id": -1],
                    [
                        "action": "add-spec",
                        "spec": [
                            "fields": [["source-id": 1, "transform": "bucket[4]", "name": "b"]]
                        ],
                    ],
                    ["action": "set-default-spec", "spec-id": -1],
                    ["action": "set-properties", "updates": ["owner": "shop"]],
                ])
            let metadata = try #require(changed.json["metadata"])
            #expect(metadata["current-schema-id"] == 1 && metadata["last-column-id"] == 3)
            #expect(metadata["default-spec-id"] == 1 && metadata["last-partition-id"] == 1000)
            #expect(metadata["properties"]?["owner"] == "shop")
            let refused = try await endpoint.commit([], [["action": "fly"]])
            #expect(refused.status == 400)
            let dangling = try await endpoint.commit(
                [], [["action": "set-current-schema", "schema-id": 9]])
            #expect(dangling.status == 400)
        }
    }

    @Test("Names are there once, move, and go")
    func names() throws {
        try LakeWorld(seed: 3).run { endpoint in
            _ = try await endpoint.makeTable()
            let twice = try await endpoint.ask("POST", "namespaces", ["namespace": ["shop"]])
            #expect(twice.status == 409)
            let listed = try await endpoint.ask("GET", "namespaces/shop/tables")
            #expect(listed.json["identifiers"]?.array?.count == 1)
            #expect(try await endpoint.ask("DELETE", "namespaces/shop").status == 409)
            let moved = try await endpoint.ask(
                "POST", "tables/rename",
                [
                    "source": ["namespace": ["shop"], "name": "orders"],
                    "destination": ["namespace": ["shop"], "name": "sales"],
                ])
            #expect(moved.status == 204)
            #expect(try await endpoint.ask("GET", "namespaces/shop/tables/orders").status == 404)
            let purged = try await endpoint.ask(
                "DELETE", "namespaces/shop/tables/sales?purgeRequested=true")
            #expect(purged.status == 406)
            #expect(try await endpoint.ask("DELETE", "namespaces/shop/tables/sales").status == 204)
            #expect(try await endpoint.ask("DELETE", "namespaces/shop").status == 204)
            #expect(try await endpoint.ask("GET", "namespaces/shop").status == 404)
            #expect(try await endpoint.ask("POST", "namespaces", ["namespace": [""]]).status == 400)
        }
    }

    @Test("Of commits that meet, each is made whole or refused", arguments: [1, 2, 3, 4])
    func races(_ seed: UInt64) throws {
        try LakeWorld(seed: seed).run { endpoint in
            _ = try await endpoint.makeTable()
            var outcomes: [Int] = []
            for writer in 0..<6 {
                endpoint.catalog.machine.spawn("writer \(writer)") {
                    let ended = try await endpoint.commit(
                        [], [["action": "set-properties", "updates": ["w\(writer)": "1"]]])
                    outcomes.append(ended.status)
                }
            }
            while outcomes.count < 6 {
                try await endpoint.catalog.machine.sleep(.milliseconds(20))
            }
            let loaded = try await endpoint.ask("GET", "namespaces/shop/tables/orders")
            let properties = loaded.json["metadata"]?["properties"]?.object ?? []
            #expect(properties.count == outcomes.count { $0 == 200 })
            #expect(outcomes.allSatisfy { $0 == 200 || $0 == 409 })
        }
    }
}

@Suite("An S3 store of our own")
struct ObjectGatewayTests {
    @Test("Conditions are kept, ranges cut, chunks taken apart")
    func objects() throws {
        try LakeWorld(seed: 1).run { endpoint in
            let body = Array("0123456789".utf8)
            #expect(try await endpoint.store("PUT", "/warehouse/a/b", body).status == 200)
            let second = try await endpoint.store(
                "PUT", "/warehouse/a/b", body, headers: [("if-none-match", "*")])
            #expect(second.status == 412)
            let part = try await endpoint.store(
                "GET", "/warehouse/a/b", headers: [("range", "bytes=2-4")])
            #expect(part.status == 206 && part.text == "234")
            #expect(try await endpoint.store("GET", "/warehouse/none").status == 404)
            #expect(try await endpoint.store("GET", "/other/a").status == 404)
            let chunks = "3;chunk-signature=x\r\nabc\r\n2\r\nde\r\n0\r\nx-amz-checksum:1\r\n\r\n"
            let signed = [("x-amz-content-sha256", "STREAMING-UNSIGNED-PAYLOAD-TRAILER")]
            let sent = try await endpoint.store(
                "PUT", "/warehouse/c", Array(chunks.utf8), headers: signed)
            #expect(sent.status == 200)
            #expect(try await endpoint.store("GET", "/warehouse/c").text == "abcde")
            let torn = try await endpoint.store(
                "PUT", "/warehouse/d", Array(chunks.utf8.prefix(24)), headers: signed)
            #expect(torn.status == 400)
            #expect(try await endpoint.store("GET", "/warehouse/d").status == 404)
        }
    }

    @Test("Uploads in parts become one object, in the order that is told")
    func uploads() throws {
        try LakeWorld(seed: 2).run { endpoint in
            let begun = try await endpoint.store("POST", "/warehouse/big?uploads")
            let upload = try #require(
                XMLText.values(of: "UploadId", in: Array(begun.text.utf8))?.first)
            for (number, text) in [(2, "world"), (1, "hello ")] {
                let put = try await endpoint.store(
                    "PUT", "/warehouse/big?partNumber=\(number)&uploadId=\(upload)",
                    Array(text.utf8))
                #expect(put.status == 200)
            }
            let list =
                "<C><Part><PartNumber>1</PartNumber></Part>"
                + "<Part><PartNumber>2</PartNumber></Part></C>"
            let missing = try await endpoint.store(
                "POST", "/warehouse/big?uploadId=\(upload)",
                Array("<C><PartNumber>1</PartNumber><PartNumber>3</PartNumber></C>".utf8))
            #expect(missing.status == 404)
            let done = try await endpoint.store(
                "POST", "/warehouse/big?uploadId=\(upload)", Array(list.utf8))
            #expect(done.status == 200)
            #expect(try await endpoint.store("GET", "/warehouse/big").text == "hello world")
        }
    }

    @Test("Listings fold at the delimiter and go on page by page", arguments: ["", "&list-type=2"])
    func listings(_ version: String) throws {
        try LakeWorld(seed: 3).run { endpoint in
            for name in ["a", "d/1", "d/2", "e/1", "f<"] {
                let target = "/warehouse/t/" + name.replacing("<", with: "%3C")
                #expect(try await endpoint.store("PUT", target, [1]).status == 200)
            }
            var found: [String] = []
            var token: String?
            repeat {
                let next = token.map {
                    (version.isEmpty ? "&marker=" : "&continuation-token=")
                        + $0.replacing("\u{10FFFF}", with: "%F4%8F%BF%BF")
                        .replacing("<", with: "%3C")
                }
                let page = try await endpoint.store(
                    "GET", "/warehouse?prefix=t/&delimiter=/&max-keys=2" + version + (next ?? ""))
                let bytes = Array(page.text.utf8)
                found += XMLText.values(of: "Key", in: bytes) ?? []
                let prefixes = XMLText.values(of: "Prefix", in: bytes) ?? []
                found += prefixes.filter { $0 != "t/" }
                let tag = version.isEmpty ? "NextMarker" : "NextContinuationToken"
                token = XMLText.values(of: tag, in: bytes)?.first
            } while token != nil && found.count < 20
            #expect(found.sorted() == ["t/a", "t/d/", "t/e/", "t/f<"])
        }
    }

    @Test("Many objects are removed at once, and who asks first hears of each")
    func deletions() throws {
        try LakeWorld(seed: 4).run { endpoint in
            for name in ["x", "y"] {
                #expect(try await endpoint.store("PUT", "/warehouse/\(name)", [1]).status == 200)
            }
            let body = "<Delete><Object><Key>x</Key></Object><Object><Key>y</Key></Object></Delete>"
            let done = try await endpoint.store("POST", "/warehouse?delete", Array(body.utf8))
            #expect(done.status == 200)
            #expect(try await endpoint.store("HEAD", "/warehouse/x").status == 404)
        }
    }
}
