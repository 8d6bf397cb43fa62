import NIOCore
import Platform

/// Accepts connections at a logical port of a machine.
final class HostListener: Listener {
    let address: Address
    private let network: HostNetwork
    /// Nil until the socket is bound.
    var channel: Socket?
    private var arrived: [HostConnection] = []
    private var waits: [Wait<any Connection>] = []
    private var isClosed = false

    init(address: Address, network: HostNetwork) {
        self.address = address
        self.network = network
    }

    func accept() async throws -> any Connection {
        try network.lifetime.check()
        if isClosed { throw NetworkError.closed(address) }
        if !arrived.isEmpty { return arrived.removeFirst() }
        return try await network.lifetime.wait { waits.append($0) }
    }

    func arrive(_ connection: HostConnection) {
        if isClosed || network.lifetime.isEnded {
            connection.abort()
            return
        }
        network.remember(connection)
        if waits.isEmpty {
            arrived.append(connection)
        } else {
            waits.removeFirst().resume(returning: connection)
        }
    }

    func close() {
        if isClosed { return }
        isClosed = true
        network.forget(self)
        channel?.close(promise: nil)
        let waiting = waits
        let unaccepted = arrived
        waits.removeAll()
        arrived.removeAll()
        for wait in waiting { wait.resume(throwing: NetworkError.closed(address)) }
        for connection in unaccepted { connection.abort() }
    }
}
