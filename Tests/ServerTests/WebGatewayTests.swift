import Cluster
import Columnar
import JSON
import Platform
import Simulation
import TestSupport
import Testing

@testable import Server

/// A cluster in the tank, and a machine that answers HTTP.
private final class WebWorld {
    let world: SimulationWorld
    let deployment: Deployment

    init(seed: UInt64) {
        world = SimulationWorld(seed: seed)
        var configuration = ClusterConfiguration()
        configuration.lakeInterval = .seconds(5)
        let nodes =
            [NodeName(.coordinator, 1)] + (1...3).map { NodeName(.server, $0) }
            + [NodeName(.tierer, 1)]
        deployment = Deployment(nodes, configuration)
        for node in nodes {
            world.addMachine(node.description)
            start(node)
        }
        world.addMachine("web-1")
    }

    private func start(_ node: NodeName) {
        world.start(node.description) { try await self.deployment.run(node, on: $0) }
    }

    func crash(_ node: NodeName, after delay: Duration) {
        world.after(delay) { [self] in
            world.crash(node.description)
            deployment.ended(node)
        }
        world.after(delay + .seconds(20)) { [self] in start(node) }
    }

    func run(_ body: @escaping (WebGateway) async throws -> Void) throws {
        var result: Result<Void, any Error>?
        let configuration = deployment.configuration
        world.start("web-1") { machine in
            let gateway = WebGateway(machine, configuration, at: "http://web-1:80") {
                WebGateway.ProcessState(isReady: true, reason: "", metrics: [])
            }
            machine.spawn("metadata") { try await gateway.run() }
            do { result = .success(try await body(gateway)) } catch { result = .failure(error) }
        }
        let isDone = world.run(atMost: .seconds(300)) { result != nil }
        world.shutDown()
        #expect(isDone, "the gateway waits for ever")
        try result?.get()
        #expect(world.journal.errorCount == 0)
    }
}

extension WebGateway {
    fileprivate func get(_ target: String, range: String? = nil) async throws -> WebResponse {
        let headers = range.map { [WebRequest.Parameter("range", $0)] } ?? []
        let request = WebRequest(method: "GET", target: target, headers: headers)
        return try await answer(try #require(request))
    }

    fileprivate func json(_ target: String) async throws -> JSONValue {
        let response = try await get(target)
        #expect(
            response.status == 200, "\(target): \(String(decoding: response.body, as: UTF8.self))")
        return try JSONValue(parsing: response.body)
    }
}

@Suite("A cluster over HTTP")
struct WebGatewayTests {
    private static let table = TableDescription(
        database: "shop", name: "clicks",
        schema: Schema(
            fields: [
                Field(identifier: 1, name: "id", type: .int, isNullable: false),
                Field(identifier: 2, name: "page", type: .string),
            ]), bucketCount: 2, replicationFactor: 3, bucketKey: [0])

    /// Writes rows and waits until all are acknowledged.
    private static func write(_ count: Int32, _ gateway: WebGateway) async throws {
        let table = try await gateway.client.createTable(Self.table)
        let writer = TableWriter(gateway.client, table)
        var acknowledged = 0
        for number in 0..<count {
            writer.write(.append(Row([.int(number), .string("/\(number)")]))) { outcome in
                if case .acknowledged = outcome { acknowledged += 1 }
            }
        }
        while acknowledged < count { try await gateway.machine.sleep(.milliseconds(50)) }
    }

    @Test("The state and the lake are told as they are, while a server dies", arguments: [1, 2, 3])
    func states(_ seed: UInt64) throws {
        let cluster = WebWorld(seed: seed)
        cluster.crash(NodeName(.server, Int(seed)), after: .seconds(4))
        try cluster.run { gateway in
            while try await gateway.get("/ready").status != 200 {
                try await gateway.machine.sleep(.milliseconds(100))
            }
            try await Self.write(40, gateway)
            let described = try await gateway.json("/api/v1/tables")
            #expect(described["tables"]?.array?.first?["table"] == "clicks")
            // While a bucket has no leader, nobody can say how far its log goes.
            while true {
                let buckets = try await gateway.json("/api/v1/buckets")["buckets"]?.array ?? []
                #expect(buckets.count == 2)
                let known = buckets.compactMap { $0["highWatermark"]?.integer }
                #expect(known.reduce(0, +) <= 40)
                if known.reduce(0, +) == 40 { break }
                try await gateway.machine.sleep(.seconds(1))
            }
            // Once all is in the lake, its catalog tells of all rows.
            while true {
                let response = try await gateway.get("/api/v1/lake")
                #expect(response.status == 200 || response.status == 503)
                let lake = try JSONValue(parsing: response.body)["tables"]?.array?.first
                if lake?["lag"] == 0 { break }
                try await gateway.machine.sleep(.seconds(1))
            }
            try await Self.checkLake(gateway)
            let metrics = try await gateway.get("/metrics")
            let text = String(decoding: metrics.body, as: UTF8.self)
            #expect(text.hasSuffix("# EOF\n"))
            #expect(text.contains("# TYPE wavetank_bucket_in_sync_replicas gauge\n"))
            let label = #"{database="shop",table="clicks",bucket="1"}"#
            #expect(text.contains("wavetank_bucket_has_leader" + label + " 1\n"))
        }
    }

    /// Goes the way of a reader: configuration, namespace, table, files.
    private static func checkLake(_ gateway: WebGateway) async throws {
        let configuration = try await gateway.json("/iceberg/v1/config")["defaults"]
        #expect(configuration?["s3.endpoint"] == "http://web-1:80")
        let levels = try await gateway.json("/iceberg/v1/namespaces")["namespaces"]?.array ?? []
        let namespace = try #require(levels.first?.array?.first?.string)
        let tables = try await gateway.json("/iceberg/v1/namespaces/\(namespace)/tables")
        let name = try #require(tables["identifiers"]?.array?.first?["name"]?.string)
        let loaded = try await gateway.json(
            "/iceberg/v1/namespaces/\(namespace)/tables/\(name)")
        let metadata = try #require(loaded["metadata"])
        let current = metadata["current-snapshot-id"]
        let snapshot = try #require(
            metadata["snapshots"]?.array?.first { $0["snapshot-id"] == current })
        #expect(snapshot["summary"]?["total-records"] == "40")
        let list = try #require(snapshot["manifest-list"]?.string)
        let path = "/warehouse/" + list.dropFirst("s3://warehouse/".count)
        let whole = try await gateway.get(path)
        #expect(whole.status == 200 && whole.body.starts(with: Array("Obj".utf8)))
        let part = try await gateway.get(path, range: "bytes=-4")
        #expect(part.status == 206 && part.body == Array(whole.body.suffix(4)))
        let none = try await gateway.get(path, range: "bytes=\(whole.body.count)-")
        #expect(none.status == 416)
        let listed = try await gateway.get("/warehouse?list-type=2&max-keys=1000")
        let text = String(decoding: listed.body, as: UTF8.self)
        #expect(text.contains("<Key>" + list.dropFirst("s3://warehouse/".count) + "</Key>"))
    }

    @Test("Any request is answered, whatever it asks for", arguments: [11, 12])
    func nonsense(_ seed: UInt64) throws {
        let targets = [
            "/", "/api/v1/tables", "/iceberg/v1/namespaces/a%1Fb/tables/c", "/warehouse/a/b",
            "/warehouse?list-type=2&prefix=x", "/iceberg/v1/config", "/api/v1/cluster?x=%",
        ]
        try WebWorld(seed: seed).run { gateway in
            var random = SeededDraws(seed: seed)
            var answered = 0
            for _ in 0..<1500 {
                var bytes = Array(targets[random.next(below: targets.count)].utf8)
                for _ in 0..<random.next(below: 4) {
                    let place = random.next(below: bytes.count)
                    switch random.next(below: 3) {
                    case 0: bytes[place] = UInt8(random.next(below: 256))
                    case 1: bytes.insert(contentsOf: Array("%2F".utf8), at: place)
                    default: bytes.removeSubrange(place..<min(bytes.count, place + 3))
                    }
                    if bytes.isEmpty { bytes = [UInt8(ascii: "/")] }
                }
                let methods = ["GET", "HEAD", "PUT", "POST", "DELETE"]
                let range = "bytes=\(random.next(below: 9))-\(random.next(below: 9))"
                guard
                    let request = WebRequest(
                        method: methods[random.next(below: 5)],
                        target: String(decoding: bytes, as: UTF8.self),
                        headers: [WebRequest.Parameter("range", range)])
                else { continue }
                let response = try await gateway.answer(request)
                #expect((200..<600).contains(response.status))
                answered += 1
            }
            #expect(answered > 500)
        }
    }

    @Test("Dates are written as HTTP has them")
    func dates() {
        let cases: [(Int64, String, String)] = [
            (0, "Thu, 01 Jan 1970 00:00:00 GMT", "1970-01-01T00:00:00.000Z"),
            (951_782_399_000, "Mon, 28 Feb 2000 23:59:59 GMT", "2000-02-28T23:59:59.000Z"),
            (951_782_400_999, "Tue, 29 Feb 2000 00:00:00 GMT", "2000-02-29T00:00:00.000Z"),
            (1_795_907_400_000, "Sat, 28 Nov 2026 23:10:00 GMT", "2026-11-28T23:10:00.000Z"),
        ]
        for (milliseconds, date, timestamp) in cases {
            let time = Timestamp(millisecondsSinceEpoch: milliseconds)
            #expect(HTTPDate.text(time) == date)
            #expect(HTTPDate.timestamp(time) == timestamp)
        }
    }
}
