import Cluster
import Columnar
import JSON
import Platform
import Simulation
import TestSupport
import Testing

@testable import Server

/// A cluster in the tank, a machine that answers HTTP, and a client that speaks it over the
/// network.
final class DataWorld {
    let world: SimulationWorld
    let deployment: Deployment
    private let web = NodeName(.gateway, 1).description

    init(
        seed: UInt64, lakeInterval: Duration = .seconds(5), indexerCount: Int = 0,
        access: AccessConfiguration = AccessConfiguration()
    ) {
        world = SimulationWorld(seed: seed)
        var configuration = ClusterConfiguration()
        configuration.lakeInterval = lakeInterval
        let nodes =
            [NodeName(.coordinator, 1)] + (1...3).map { NodeName(.server, $0) }
            + [NodeName(.tierer, 1)] + (0..<indexerCount).map { NodeName(.indexer, $0 + 1) }
        deployment = Deployment(nodes, configuration)
        deployment.access = access
        for node in nodes {
            world.addMachine(node.description)
            start(node)
        }
        world.addMachine(web)
        startWeb()
        world.addMachine("client-1")
    }

    private func start(_ node: NodeName) {
        world.start(node.description) { try await self.deployment.run(node, on: $0) }
    }

    /// Answers each connection's requests, one after the other.
    private func startWeb() {
        let configuration = deployment.configuration
        let access = deployment.access
        world.start(web) { machine in
            let gateway = WebGateway(
                machine, configuration, at: "http://\(machine.name):80", access: access
            ) { WebGateway.ProcessState(isReady: true, reason: "", metrics: []) }
            machine.spawn("metadata") { try await gateway.run() }
            let listener = try await machine.network.listen(port: 80)
            while true {
                let connection = try await listener.accept()
                machine.spawn("HTTP") {
                    do {
                        while true {
                            let bytes = try await connection.receive()
                            guard let request = WebRequest(message: bytes) else {
                                return connection.close()
                            }
                            let answer = try await gateway.answer(
                                request, from: connection.peer.host)
                            try await connection.send(answer.message)
                        }
                    } catch is NetworkError { connection.close() }
                }
            }
        }
    }

    /// Takes one server after the other away for a while, and now and then who answers HTTP.
    func crashAll(from start: Duration, every interval: Duration, count: Int) {
        for round in 0..<count {
            let at = start + interval * round
            let node = NodeName(.server, round % 3 + 1)
            world.after(at) { [self] in
                if round % 2 == 0 {
                    world.crash(node.description)
                } else {
                    world.losePower(node.description)
                }
                deployment.ended(node)
            }
            world.after(at + interval / 2) { [self] in self.start(node) }
            if round % 2 == 1 {
                world.after(at + interval / 3) { [self] in world.crash(web) }
                world.after(at + interval / 2) { [self] in startWeb() }
            }
        }
    }

    /// Runs a client to its end.
    func run(_ body: @escaping (TankBrowser) async throws -> Void) throws {
        var result: Result<Void, any Error>?
        let host = web
        world.start("client-1") { machine in
            do { result = .success(try await body(TankBrowser(machine, host))) } catch {
                result = .failure(error)
            }
        }
        let isDone = world.run(atMost: .seconds(900)) { result != nil }
        world.shutDown()
        #expect(isDone, "the client waits for ever")
        try result?.get()
        #expect(world.journal.errorCount == 0)
    }
}

/// A client of HTTP in the tank: the bytes of HTTP/1.1, a message a frame.
final class TankBrowser {
    let machine: Machine
    private let host: String
    private var connection: (any Connection)?
    /// Requests that were sent again.
    private(set) var retryCount = 0
    /// Answers of which nobody knew what they came to.
    private(set) var unknownCount = 0

    init(_ machine: Machine, _ host: String) {
        self.machine = machine
        self.host = host
    }

    /// Sends a request once.
    func send(
        _ method: String, _ target: String, headers: [(String, String)] = [], _ body: [UInt8] = []
    ) async throws -> WebResponse {
        let open: any Connection
        if let connection {
            open = connection
        } else {
            open = try await machine.network.connect(to: Address(host: host, port: 80))
            connection = open
        }
        do {
            var text = "\(method) \(target) HTTP/1.1\r\n"
            for (name, value) in headers { text += "\(name): \(value)\r\n" }
            try await open.send(Array((text + "\r\n").utf8) + body)
            return try #require(WebResponse(message: try await open.receive()))
        } catch let error as NetworkError {
            connection = nil
            throw error
        }
    }

    /// Sends a request until there is an answer that says what became of it.
    func insist(
        _ method: String, _ target: String, headers: [(String, String)] = [], _ body: [UInt8] = []
    ) async throws -> WebResponse {
        while true {
            do {
                let response = try await send(method, target, headers: headers, body)
                if response.status == 504 { unknownCount += 1 }
                if response.status < 500 { return response }
            } catch is NetworkError {}
            retryCount += 1
            try await machine.sleep(.milliseconds(200))
        }
    }

    /// As `insist`, with JSON both ways; the status has to be one of success.
    func json(
        _ method: String, _ target: String, _ body: JSONValue? = nil
    ) async throws -> JSONValue {
        let response = try await insist(
            method, target, body.map { Array($0.compact.utf8) } ?? [])
        let text = String(decoding: response.body, as: UTF8.self)
        #expect((200..<300).contains(response.status), "\(method) \(target): \(text)")
        return response.body.isEmpty ? .null : try JSONValue(parsing: response.body)
    }

    func pause(_ duration: Duration) async throws { try await machine.sleep(duration) }
}

// MARK: The bytes

private func head(of message: [UInt8]) -> (lines: [String], body: [UInt8])? {
    let end = Array("\r\n\r\n".utf8)
    var position = 0
    while position + end.count <= message.count {
        if message[position..<position + end.count].elementsEqual(end) {
            let text = String(decoding: message[..<position], as: UTF8.self)
            let lines = text.split(separator: "\r\n").map(String.init)
            return (lines, Array(message[(position + end.count)...]))
        }
        position += 1
    }
    return nil
}

private func readHeaders(_ lines: some Sequence<String>) -> [WebRequest.Parameter] {
    lines.compactMap { line in
        let sides = line.split(separator: ":", maxSplits: 1)
        guard sides.count == 2 else { return nil }
        return WebRequest.Parameter(
            sides[0].lowercased(), String(sides[1].drop { $0 == " " }))
    }
}

extension WebRequest {
    init?(message: [UInt8]) {
        guard let (lines, body) = head(of: message), let first = lines.first else { return nil }
        let words = first.split(separator: " ")
        guard words.count == 3 else { return nil }
        self.init(
            method: String(words[0]), target: String(words[1]),
            headers: readHeaders(lines.dropFirst()), body: body)
    }
}

extension WebResponse {
    var message: [UInt8] {
        var text = "HTTP/1.1 \(status)\r\n"
        for header in headers { text += "\(header.name): \(header.value)\r\n" }
        return Array((text + "\r\n").utf8) + body
    }

    init?(message: [UInt8]) {
        guard let (lines, body) = head(of: message), let first = lines.first,
            let status = Int(first.split(separator: " ").last ?? "")
        else { return nil }
        self.init(status, "", body)
        headers = readHeaders(lines.dropFirst())
    }

    func header(_ name: String) -> String? { headers.first { $0.name == name }?.value }
}
