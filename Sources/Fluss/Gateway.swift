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
    /// How long a client may take to say who it is.
    private static let authenticationPatience = Duration.seconds(30)

    let machine: Machine
    let client: ClusterClient
    let endpoints: Endpoints
    let access: AccessControl
    /// Replicas of tables whose creator does not say how many.
    let standardReplicas: Int
    /// The gateways that are up, in order.
    private let knownPeers: () -> [Peer]
    /// The scans of rows that clients have under way, by what they call them.
    var scans: [[UInt8]: OpenScan] = [:]

    /// - Parameters:
    ///   - access: Who may call; everybody if nothing is said.
    ///   - peers: The gateways that are up; none where this is the only one.
    public init(
        _ machine: Machine, _ configuration: ClusterConfiguration, at endpoints: Endpoints,
        standardReplicas: Int, access: AccessConfiguration = AccessConfiguration(),
        peers: @escaping () -> [Peer] = { [] }
    ) {
        precondition(standardReplicas > 0, "a table has replicas")
        self.machine = machine
        client = ClusterClient(machine, configuration)
        self.access = AccessControl(machine, client.mirror, access)
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
        let session = GatewaySession(host: connection.peer.host, access.configuration)
        if session.caller == nil { closeLater(connection, session) }
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
                    let answer = try await self.answer(frame, as: type, session)
                    held.byteCount += answer.count
                    calls.end()
                    do { try await connection.send(answer) } catch is NetworkError {}
                    if session.isGivenUp { connection.close() }
                }
            }
        } catch is NetworkError {
            connection.close()
        }
    }

    /// Ends a connection whose client does not say who it is.
    private func closeLater(_ connection: any Connection, _ session: GatewaySession) {
        machine.spawn("patience with \(connection.peer)") {
            try await self.machine.sleep(Self.authenticationPatience)
            if session.caller == nil { connection.close() }
        }
    }

    private func answer(
        _ frame: RequestFrame, as type: ServerType, _ session: GatewaySession
    ) async throws -> [UInt8] {
        let result: Result<[UInt8], FlussError>
        do {
            let body = try await call(frame, as: type, session)
            result =
                body.count + ResponseFrame.headerByteCount <= frameSizeLimit
                ? .success(body)
                : .failure(.refused(.recordTooLarge, reason: "the answer is over the frame limit"))
        } catch let error as FlussError {
            result = .failure(error)
        } catch let error as AccessError {
            result = .failure(FlussError(error))
        } catch let error as ClusterError {
            result = .failure(FlussError(error))
        } catch is CoordinationError {
            result = .failure(
                .refused(.leaderNotAvailable, reason: "the coordination service does not answer"))
        }
        return ResponseFrame.encode(identifier: frame.identifier, result)
    }

    private func call(
        _ frame: RequestFrame, as type: ServerType, _ session: GatewaySession
    ) async throws -> [UInt8] {
        guard let key = APIKey(rawValue: frame.key), key.versions.contains(frame.version) else {
            throw FlussError.unsupported(apiKey: frame.key, version: frame.version)
        }
        if key == .apiVersions { return try await reply(frame) { self.versions($0, as: type) } }
        if key == .authenticate {
            return try await reply(frame) { try await self.authenticate($0, session) }
        }
        guard let caller = session.caller else {
            throw AccessError.notAuthenticated(
                reason: "say who you are first: set client.security.protocol to SASL")
        }
        try await ready()
        return try await metered(key, frame, caller) {
            if let answer = try await self.callOfTables(key, frame, caller) { return answer }
            return try await self.callOfRows(key, frame, caller)
        }
    }

    /// Holds a client to its quota around a call.
    private func metered(
        _ key: APIKey, _ frame: RequestFrame, _ caller: Caller,
        _ answer: () async throws -> [UInt8]
    ) async throws -> [UInt8] {
        let quotas = access.quotas
        let client = caller.client
        try await quotas.admit(client, .requests, 1)
        switch key {
        case .produceLog, .putKeyValue:
            try await quotas.admit(client, .producedBytes, frame.body.remaining)
            return try await answer()
        case .fetchLog, .lookup, .prefixLookup, .limitScan, .scanKeyValue:
            try await quotas.admit(client, .fetchedBytes, 0)
            let response = try await answer()
            quotas.charge(client, .fetchedBytes, response.count)
            return response
        default: return try await answer()
        }
    }

    /// Answers a call about databases, tables, partitions and access to them; nil for any other.
    private func callOfTables(
        _ key: APIKey, _ frame: RequestFrame, _ caller: Caller
    ) async throws -> [UInt8]? {
        func path(_ operation: AccessOperation, _ path: WireTablePath) throws {
            try check(caller, demand(operation, path))
        }
        func database(_ operation: AccessOperation, _ name: String) throws {
            try access.check(caller, operation, on: .database(name))
        }
        switch key {
        case .getMetadata: return try await reply(frame) { try await self.metadata($0, caller) }
        case .createTable:
            return try await reply(frame, createTable) {
                try database(.create, $0.tablePath.databaseName)
            }
        case .getTableInfo:
            return try await reply(frame, tableInfo) { try path(.describe, $0.tablePath) }
        case .getTableSchema:
            return try await reply(frame, tableSchema) { try path(.describe, $0.tablePath) }
        case .tableExists:
            return try await reply(frame) { try await self.tableExists($0, caller) }
        case .listTables: return try await reply(frame) { try await self.listTables($0, caller) }
        case .listDatabases:
            return try await reply(frame) { try await self.listDatabases($0, caller) }
        case .databaseExists:
            return try await reply(frame) { try await self.databaseExists($0, caller) }
        case .alterTable:
            return try await reply(frame, alterTable) { try path(.alter, $0.tablePath) }
        case .dropTable: return try await reply(frame, dropTable) { try path(.drop, $0.tablePath) }
        case .createDatabase:
            return try await reply(frame, createDatabase) { (_: CreateDatabaseRequest) in
                try self.access.check(caller, .create, on: .cluster)
            }
        case .dropDatabase:
            return try await reply(frame, dropDatabase) { try database(.drop, $0.databaseName) }
        case .getDatabaseInfo:
            return try await reply(frame, databaseInfo) {
                try database(.describe, $0.databaseName)
            }
        case .listPartitions:
            return try await reply(frame, listPartitions) { try path(.describe, $0.tablePath) }
        case .createPartition:
            return try await reply(frame, createPartition) { try path(.write, $0.tablePath) }
        case .dropPartition:
            return try await reply(frame, dropPartition) { try path(.write, $0.tablePath) }
        case .rebalance:
            return try await reply(frame, rebalance) { (_: RebalanceRequest) in
                try self.access.check(caller, .alter, on: .cluster)
            }
        case .listRebalanceProgress:
            return try await reply(frame, rebalanceProgress) { (_: ListRebalanceProgressRequest) in
                try self.access.check(caller, .describe, on: .cluster)
            }
        case .cancelRebalance:
            return try await reply(frame, cancelRebalance) { (_: CancelRebalanceRequest) in
                try self.access.check(caller, .alter, on: .cluster)
            }
        case .createAcls: return try await reply(frame) { try await self.createAcls($0, caller) }
        case .listAcls: return try await reply(frame) { try await self.listAcls($0, caller) }
        case .dropAcls: return try await reply(frame) { try await self.dropAcls($0, caller) }
        default: return nil
        }
    }

    /// Answers a call about what is in tables. Precondition: it is one.
    private func callOfRows(
        _ key: APIKey, _ frame: RequestFrame, _ caller: Caller
    ) async throws -> [UInt8] {
        func table(_ operation: AccessOperation, _ identifier: Int64) throws {
            if !access.configuration.isAuthorizing { return }
            try check(caller, try demand(operation, table: identifier))
        }
        switch key {
        case .initWriter:
            return try await reply(frame, initWriter) { try self.checkWriter($0, caller) }
        case .produceLog:
            return try await reply(frame, produceLog) { try table(.write, $0.tableID) }
        case .fetchLog: return try await reply(frame) { try await self.fetchLog($0, caller) }
        case .listOffsets:
            return try await reply(frame, listOffsets) { try table(.describe, $0.tableID) }
        case .putKeyValue:
            return try await reply(frame, putKeyValue) { try table(.write, $0.tableID) }
        case .lookup:
            return try await reply(frame, lookup) {
                try table($0.insertIfNotExists == true ? .write : .read, $0.tableID)
            }
        case .limitScan: return try await reply(frame, limitScan) { try table(.read, $0.tableID) }
        case .prefixLookup:
            return try await reply(frame, prefixLookup) { try table(.read, $0.tableID) }
        case .scanKeyValue:
            return try await reply(frame) { try await self.scanKeyValue($0, caller) }
        default: preconditionFailure("\(key) is answered elsewhere")
        }
    }

    /// Reads a call's message, holds it against what the caller may do, and writes its answer's.
    private func reply<Request: ProtobufMessage, Response: ProtobufMessage>(
        _ frame: RequestFrame, _ answer: (Request) async throws -> Response,
        checking check: (Request) throws -> Void = { _ in }
    ) async throws -> [UInt8] {
        let request = try Request(reading: frame.body)
        try check(request)
        return try await answer(request).encoded
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
