import Changelog
import Columnar
import JSON
import Platform

@testable import Fluss

/// A client that speaks the protocol's bytes in the tank, as the Rust client does on the machine:
/// one connection, a call at a time, and the same batch again until its outcome is known.
final class WireClient {
    private let machine: Machine
    private var connections: [Int: any Connection] = [:]
    private var lastCall: Int32 = 0
    /// Calls that were made again.
    private(set) var retryCount = 0

    init(_ machine: Machine) { self.machine = machine }

    /// Who it is, said at the beginning of each connection; nil to say nothing.
    var credentials: (name: String, password: String)?

    func authenticate(
        _ name: String, _ password: String, port: Int = Gateway.tabletServerPort
    ) async throws {
        var request = AuthenticateRequest()
        request.mechanism = "PLAIN"
        request.token = [0] + Array(name.utf8) + [0] + Array(password.utf8)
        let _: AuthenticateResponse = try await exchange(.authenticate, request, port: port)
    }

    func call<Request: ProtobufMessage, Response: ProtobufMessage>(
        _ key: APIKey, _ request: Request, port: Int = Gateway.tabletServerPort
    ) async throws -> Response {
        if connections[port] == nil, let credentials {
            try await authenticate(credentials.name, credentials.password, port: port)
        }
        return try await exchange(key, request, port: port)
    }

    var now: Instant { machine.clock.now }

    /// Ends all connections, as another client would not have them.
    func hangUp() {
        for port in connections.keys.sorted() { connections[port]!.close() }
        connections = [:]
    }

    private func exchange<Request: ProtobufMessage, Response: ProtobufMessage>(
        _ key: APIKey, _ request: Request, port: Int = Gateway.tabletServerPort
    ) async throws -> Response {
        lastCall += 1
        let call = lastCall
        let connection: any Connection
        if let known = connections[port] {
            connection = known
        } else {
            connection = try await machine.network.connect(
                to: Address(host: "gateway-1", port: port))
            connections[port] = connection
        }
        do {
            try await connection.send(
                RequestFrame.encode(key, version: 0, identifier: call, request.encoded))
            let frame = try ResponseFrame(decoding: try await connection.receive())
            guard frame.identifier == call else {
                throw FlussError.malformed(reason: "answer \(frame.identifier) to call \(call)")
            }
            return try Response(reading: try frame.result.get())
        } catch let error as NetworkError {
            connections[port] = nil
            throw error
        }
    }

    /// Waits, so that what a client does is spread over the faults.
    func pause(_ duration: Duration) async throws { try await machine.sleep(duration) }

    /// Calls until there is an answer that no retry would change.
    func insist<Request: ProtobufMessage, Response: ProtobufMessage>(
        _ key: APIKey, _ request: Request, port: Int = Gateway.tabletServerPort,
        errorCode: (Response) -> Int32? = { _ in nil }
    ) async throws -> Response {
        while true {
            do {
                let response: Response = try await call(key, request, port: port)
                guard let code = errorCode(response) else { return response }
                guard let known = FlussError.ErrorCode(rawValue: code), known.isRetriable else {
                    throw FlussError.refused(.unknownServerError, reason: "code \(code)")
                }
            } catch is NetworkError {
            } catch let error as FlussError {
                if !error.code.isRetriable { throw error }
            }
            retryCount += 1
            try await machine.sleep(.milliseconds(100))
        }
    }
}

extension FlussError.ErrorCode {
    /// Whether clients try again, as upstream's do.
    var isRetriable: Bool {
        switch self {
        case .notLeaderOrFollower, .unknownTableOrBucket, .leaderNotAvailable, .requestTimeOut,
            .notEnoughReplicas, .storageBackpressure, .storage:
            true
        default: false
        }
    }
}
