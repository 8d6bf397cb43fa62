import Platform

/// A machine's watch at an etcd; its changes come over a connection of its own.
final class EtcdWatch: Watch {
    let lifetime: Lifetime
    private let client: EtcdClient
    private var arrived: [WatchEvent] = []
    private var waits: [Wait<[WatchEvent]>] = []
    private(set) var isEnded = false
    var close: (() -> Void)?

    init(_ client: EtcdClient, _ lifetime: Lifetime) {
        self.client = client
        self.lifetime = lifetime
    }

    func next() async throws -> [WatchEvent] {
        try lifetime.check()
        if !arrived.isEmpty {
            let events = arrived
            arrived.removeAll()
            return events
        }
        if isEnded { throw CoordinationError.unavailable }
        return try await lifetime.wait { waits.append($0) }
    }

    func cancel() {
        if !isEnded { client.endWatches { $0 === self } }
    }

    /// Takes changes, or nil when there will be no more.
    func arrive(_ events: [WatchEvent]?) {
        if isEnded || lifetime.isEnded { return }
        guard let events else {
            cancel()
            return
        }
        arrived += events
        waits.removeAll { !$0.isPending }
        if arrived.isEmpty || waits.isEmpty { return }
        let batch = arrived
        arrived.removeAll()
        waits.removeFirst().resume(returning: batch)
    }

    /// Ends it; whoever waits is told so.
    func end() {
        isEnded = true
        close?()
        close = nil
        let waiting = waits
        waits.removeAll()
        for wait in waiting { wait.resume(throwing: CoordinationError.unavailable) }
    }
}
