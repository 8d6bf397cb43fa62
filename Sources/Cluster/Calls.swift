import Columnar
import Platform

/// A node's calls to others: one connection to each, opened when needed, with many calls under way.
final class Calls {
    private let machine: Machine
    private let timeout: Duration
    private var ways: [Address: CallWay] = [:]

    init(_ machine: Machine, timeout: Duration) {
        self.machine = machine
        self.timeout = timeout
    }

    /// Calls a node; throws the error that it answers with, or `.timedOut` when the outcome is
    /// unknown.
    func call(
        _ address: Address, _ request: Request, allowing extra: Duration = .zero
    ) async throws -> Response {
        let way: CallWay
        if let known = ways[address], !known.isBroken {
            way = known
        } else {
            way = CallWay(machine, address)
            ways[address] = way
        }
        let deadline = machine.clock.now + timeout + extra
        guard let response = try await way.call(request, deadline) else {
            throw ClusterError.timedOut("\(address)")
        }
        if case .failure(let error) = response { throw error }
        return response
    }
}

/// One connection and the calls that wait for answers on it.
private final class CallWay {
    let address: Address
    private(set) var isBroken = false
    private let machine: Machine
    private var connection: (any Connection)?
    private var isConnecting = false
    private let connected: Signal
    private var nextNumber: UInt32 = 0
    private var pending: [UInt32: Wait<Response?>] = [:]

    init(_ machine: Machine, _ address: Address) {
        self.machine = machine
        self.address = address
        connected = Signal(machine)
    }

    /// The answer, or nil if it did not come in time or the connection broke.
    func call(_ request: Request, _ deadline: Instant) async throws -> Response? {
        guard let connection = try await connection(until: deadline) else { return nil }
        nextNumber &+= 1
        let number = nextNumber
        var writer = ByteWriter()
        writer.append(littleEndian: number)
        request.encode(into: &writer)
        do {
            try await connection.send(writer.bytes)
        } catch is NetworkError {
            breakDown()
            return nil
        }
        if isBroken { return nil }
        defer { pending[number] = nil }
        return try await machine.wait(until: deadline) { pending[number] = $0 }
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
                machine.spawn("answers from \(address)") { [self] in try await receive(opened) }
            } catch is NetworkError {
                breakDown()
            }
        }
    }

    private func receive(_ connection: any Connection) async throws {
        do {
            while true {
                var reader = ByteReader(try await connection.receive())
                let number: UInt32 = try reader.readLittleEndian()
                let response = try Response(from: &reader)
                pending.removeValue(forKey: number)?.resume(returning: response)
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
        let waiting = pending
        pending.removeAll()
        for number in waiting.keys.sorted() { waiting[number]!.resume(returning: nil) }
    }
}
