public import Cluster
import Columnar
public import Platform

/// Answers programs that speak the Fluss protocol, as a client of the cluster.
///
/// It tells them that it is the coordinator, and that the gateways are the tablet servers, of which
/// the one beside a bucket's leader leads it. Each passes calls on to whoever leads now: a failover
/// is this side's business, and what is acknowledged is what the leader acknowledged. A gateway
/// that knows of no others is the one tablet server, which leads every bucket.
public final class Gateway {
    /// How a server presents itself; clients ask it of each connection.
    enum ServerType: Int32 {
        case coordinator = 1
        case tabletServer = 2
    }

    /// Where clients reach this gateway, and what it presents there.
    public struct Endpoints: Hashable, Sendable {
        public var host: String
        public var coordinatorPort: Int
        public var tabletServerPort: Int

        public init(host: String, coordinatorPort: Int, tabletServerPort: Int) {
            self.host = host
            self.coordinatorPort = coordinatorPort
            self.tabletServerPort = tabletServerPort
        }
    }

    /// A gateway of the cluster, as clients are told of it.
    public struct Peer: Hashable, Sendable {
        /// What clients know the tablet server by; no other has it.
        public var number: Int32
        /// The tablet server whose buckets are best asked of it.
        public var server: String
        public var host: String
        public var tabletServerPort: Int

        public init(number: Int32, server: String, host: String, tabletServerPort: Int) {
            self.number = number
            self.server = server
            self.host = host
            self.tabletServerPort = tabletServerPort
        }
    }

    /// The ports of the gateway's machine that it listens at.
    public static let coordinatorPort = 9124
    public static let tabletServerPort = 9125
    /// Calls of one connection that are being answered at a time; further ones wait unread.
    private static let callLimit = 64

    let machine: Machine
    let client: ClusterClient
    let endpoints: Endpoints
    /// Replicas of tables whose creator does not say how many.
    let standardReplicas: Int
    /// The gateways that are up, in order.
    private let knownPeers: () -> [Peer]
    /// The scans of rows that clients have under way, by what they call them.
    var scans: [[UInt8]: OpenScan] = [:]

    /// - Parameter peers: The gateways that are up; none where this is the only one.
    public init(
        _ machine: Machine, _ configuration: ClusterConfiguration, at endpoints: Endpoints,
        standardReplicas: Int, peers: @escaping () -> [Peer] = { [] }
    ) {
        precondition(standardReplicas > 0, "a table has replicas")
        self.machine = machine
        client = ClusterClient(machine, configuration)
        self.endpoints = endpoints
        self.standardReplicas = standardReplicas
        knownPeers = peers
    }

    /// The tablet servers as clients are told of them: one at least.
    var peers: [Peer] {
        let known = knownPeers()
        if !known.isEmpty { return known }
        return [
            Peer(
                number: 0, server: "", host: endpoints.host,
                tabletServerPort: endpoints.tabletServerPort)
        ]
    }

    /// Serves until the machine ends.
    public func run() async throws {
        machine.spawn("metadata of the gateway") { try await self.client.run() }
        machine.spawn("coordinator port") {
            try await self.serve(Self.coordinatorPort, as: .coordinator)
        }
        try await serve(Self.tabletServerPort, as: .tabletServer)
    }

    private func serve(_ port: Int, as type: ServerType) async throws {
        let listener = try await machine.network.listen(port: port)
        while true {
            let connection = try await listener.accept()
            machine.spawn("Fluss client \(connection.peer)") {
                try await self.serve(connection, as: type)
            }
        }
    }

    private func serve(_ connection: any Connection, as type: ServerType) async throws {
        let calls = OpenCalls(machine)
        do {
            while true {
                let bytes = try await connection.receive()
                guard let frame = try? RequestFrame(decoding: bytes) else {
                    // There is no call that an answer could belong to.
                    machine.observer.note(
                        .warning, "\(connection.peer) sent \(bytes.count) bytes that are no call")
                    connection.close()
                    return
                }
                try await calls.begin(atMost: Self.callLimit)
                let held = MemoryUse(of: machine.memory, byteCount: bytes.count)
                machine.spawn("Fluss call") {
                    let answer = try await self.answer(frame, as: type)
                    held.byteCount += answer.count
                    calls.end()
                    do { try await connection.send(answer) } catch is NetworkError {}
                }
            }
        } catch is NetworkError {
            connection.close()
        }
    }

    private func answer(_ frame: RequestFrame, as type: ServerType) async throws -> [UInt8] {
        let result: Result<[UInt8], FlussError>
        do {
            let body = try await call(frame, as: type)
            result =
                body.count + ResponseFrame.headerByteCount <= frameSizeLimit
                ? .success(body)
                : .failure(.refused(.recordTooLarge, reason: "the answer is over the frame limit"))
        } catch let error as FlussError {
            result = .failure(error)
        } catch let error as ClusterError {
            result = .failure(FlussError(error))
        } catch is CoordinationError {
            result = .failure(
                .refused(.leaderNotAvailable, reason: "the coordination service does not answer"))
        }
        return ResponseFrame.encode(identifier: frame.identifier, result)
    }

    private func call(_ frame: RequestFrame, as type: ServerType) async throws -> [UInt8] {
        guard let key = APIKey(rawValue: frame.key), key.versions.contains(frame.version) else {
            throw FlussError.unsupported(apiKey: frame.key, version: frame.version)
        }
        if key != .apiVersions {
            try await ready()
        }
        switch key {
        case .apiVersions: return try await reply(frame) { self.versions($0, as: type) }
        case .getMetadata: return try await reply(frame, metadata)
        case .createTable: return try await reply(frame, createTable)
        case .getTableInfo: return try await reply(frame, tableInfo)
        case .getTableSchema: return try await reply(frame, tableSchema)
        case .tableExists: return try await reply(frame, tableExists)
        case .listTables: return try await reply(frame, listTables)
        case .listDatabases: return try await reply(frame, listDatabases)
        case .databaseExists: return try await reply(frame, databaseExists)
        case .initWriter: return try await reply(frame, initWriter)
        case .produceLog: return try await reply(frame, produceLog)
        case .fetchLog: return try await reply(frame, fetchLog)
        case .listOffsets: return try await reply(frame, listOffsets)
        case .putKeyValue: return try await reply(frame, putKeyValue)
        case .lookup: return try await reply(frame, lookup)
        case .limitScan: return try await reply(frame, limitScan)
        case .prefixLookup: return try await reply(frame, prefixLookup)
        case .alterTable: return try await reply(frame, alterTable)
        case .dropTable: return try await reply(frame, dropTable)
        case .createDatabase: return try await reply(frame, createDatabase)
        case .dropDatabase: return try await reply(frame, dropDatabase)
        case .getDatabaseInfo: return try await reply(frame, databaseInfo)
        case .listPartitions: return try await reply(frame, listPartitions)
        case .createPartition: return try await reply(frame, createPartition)
        case .dropPartition: return try await reply(frame, dropPartition)
        case .scanKeyValue: return try await reply(frame, scanKeyValue)
        }
    }

    /// Reads a call's message and writes its answer's.
    private func reply<Request: ProtobufMessage, Response: ProtobufMessage>(
        _ frame: RequestFrame, _ answer: (Request) async throws -> Response
    ) async throws -> [UInt8] {
        try await answer(try Request(reading: frame.body)).encoded
    }

    /// Waits until this gateway has heard of the cluster.
    private func ready() async throws {
        let deadline = machine.clock.now + .seconds(10)
        while !client.mirror.isLoaded {
            if try await !client.mirror.changed.wait(until: deadline) {
                throw FlussError.refused(
                    .leaderNotAvailable, reason: "the gateway has not heard of the cluster yet")
            }
        }
    }

    private func versions(_: APIVersionsRequest, as type: ServerType) -> APIVersionsResponse {
        var response = APIVersionsResponse()
        response.serverType = type.rawValue
        response.versions = APIKey.allCases.map { key in
            var version = APIVersion()
            version.key = Int32(key.rawValue)
            version.minimum = Int32(key.versions.lowerBound)
            version.maximum = Int32(key.versions.upperBound)
            return version
        }
        return response
    }
}

/// The calls of one connection that are being answered.
private final class OpenCalls {
    private let machine: Machine
    private let ended: Signal
    private var count = 0

    init(_ machine: Machine) {
        self.machine = machine
        ended = Signal(machine)
    }

    func begin(atMost limit: Int) async throws {
        while count >= limit { _ = try await ended.wait(until: nil) }
        count += 1
    }

    func end() {
        count -= 1
        precondition(count >= 0, "a call ended twice")
        ended.notify()
    }
}
