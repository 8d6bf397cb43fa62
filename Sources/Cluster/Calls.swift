import Columnar
import Platform

/// A node's calls to others: one connection to each, opened when needed, with many calls under way.
final class Calls {
    private let machine: Machine
    private let mirror: MetadataMirror
    private let timeout: Duration
    private var peers: [Address: PeerConnection] = [:]

    init(_ machine: Machine, _ mirror: MetadataMirror, timeout: Duration) {
        self.machine = machine
        self.mirror = mirror
        self.timeout = timeout
    }

    /// Calls a node; throws the error that it answers with, or `.timedOut` when the outcome is
    /// unknown.
    func call(
        _ address: Address, _ request: Request, allowing extra: Duration = .zero
    ) async throws -> Response {
        let peer: PeerConnection
        if let known = peers[address], !known.isBroken {
            peer = known
        } else {
            peer = PeerConnection(machine, address)
            peers[address] = peer
        }
        let deadline = machine.clock.now + timeout + extra
        let header = try CallHeader(of: request, in: mirror.format)
        guard let response = try await peer.call(request, header, deadline) else {
            throw ClusterError.timedOut("\(address)")
        }
        if case .failure(let error) = response { throw error }
        return response
    }
}

/// One connection and the calls that wait for answers on it.
private final class PeerConnection {
    private enum Answer {
        /// Asked for, and nobody waits yet: an answer can come before the send returns.
        case expected
        case awaited(Wait<Response?>)
        case here(Response)
    }

    let address: Address
    private(set) var isBroken = false
    private let machine: Machine
    private var connection: (any Connection)?
    private var isConnecting = false
    private let connected: Signal
    private var nextNumber: UInt32 = 0
    /// When the last answer came.
    private var heard: Instant
    private var answers: [UInt32: Answer] = [:]

    init(_ machine: Machine, _ address: Address) {
        self.machine = machine
        self.address = address
        heard = machine.clock.now
        connected = Signal(machine)
    }

    /// The answer, or nil if it did not come in time or the connection broke.
    ///
    /// A request over the frame limit is refused here: it is no fault of the connection, which
    /// others use too.
    func call(
        _ request: Request, _ header: CallHeader, _ deadline: Instant
    ) async throws -> Response? {
        guard let connection = try await connection(until: deadline) else { return nil }
        nextNumber &+= 1
        let number = nextNumber
        var writer = ByteWriter()
        writer.append(littleEndian: number)
        header.encode(into: &writer)
        request.encodeBody(header.version, into: &writer)
        if writer.bytes.count > frameSizeLimit {
            throw ClusterError.tooLarge(
                "a request to \(address)", byteCount: writer.bytes.count, limit: frameSizeLimit)
        }
        let asked = machine.clock.now
        answers[number] = .expected
        defer { answers[number] = nil }
        do {
            try await connection.send(writer.bytes)
        } catch is NetworkError {
            breakDown()
            return nil
        }
        if case .here(let response) = answers[number] { return response }
        if isBroken { return nil }
        let response = try await machine.wait(until: deadline) { answers[number] = .awaited($0) }
        if response == nil && !isBroken && heard < asked {
            // Not a word since: the far end may have given this connection up long ago.
            connection.close()
            breakDown()
        }
        return response
    }

    private func connection(until deadline: Instant) async throws -> (any Connection)? {
        while true {
            if isBroken { return nil }
            if let connection { return connection }
            if isConnecting {
                if try await !connected.wait(until: deadline) { return nil }
                continue
            }
            isConnecting = true
            defer {
                isConnecting = false
                connected.notify()
            }
            do {
                let opened = try await machine.network.connect(to: address)
                connection = opened
                machine.spawn("answers from \(address)") { try await self.receive(opened) }
            } catch is NetworkError {
                breakDown()
            }
        }
    }

    private func receive(_ connection: any Connection) async throws {
        do {
            while true {
                var reader = ByteReader(try await connection.receive())
                heard = machine.clock.now
                let number: UInt32 = try reader.readLittleEndian()
                let response = Response(answering: &reader)
                switch answers[number] {
                case .expected: answers[number] = .here(response)
                case .awaited(let wait): wait.resume(returning: response)
                case .here, nil: break
                }
            }
        } catch let error as ColumnarError {
            machine.observer.note(.warning, "answer from \(address): \(error)")
        } catch is NetworkError {
        }
        connection.close()
        breakDown()
    }

    private func breakDown() {
        isBroken = true
        for number in answers.keys.sorted() {
            if case .awaited(let wait) = answers[number] { wait.resume(returning: nil) }
        }
    }
}
