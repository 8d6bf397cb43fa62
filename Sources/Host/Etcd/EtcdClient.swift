import JSON
import NIOHTTP1
import Platform

/// Calls an etcd over its JSON gateway; belongs to the world's thread.
final class EtcdClient {
    /// What a call was answered with, or why not.
    enum Answer {
        case success(JSONValue)
        /// The request had no effect.
        case refused(code: Int64, message: String)
    }

    let configuration: EtcdConfiguration
    private let clients: [HTTPClient]
    private var current = 0
    var watches: [EtcdWatch] = []
    /// Why the last call that had no answer had none.
    private(set) var trouble: String?

    init(_ configuration: EtcdConfiguration, world: HostWorld) {
        self.configuration = configuration
        clients = configuration.addresses.map {
            HTTPClient($0, trust: configuration.trust, world: world)
        }
    }

    /// Calls `/v3/` and `path`.
    ///
    /// - Parameter onlyReads: Whether it may be asked again.
    /// - Throws: `CoordinationError.unavailable` if there was no effect, `.outcomeUnknown`
    ///   otherwise.
    func call(
        _ path: String, _ body: JSONValue, onlyReads: Bool = false, in lifetime: Lifetime
    ) async throws -> Answer {
        let call = HTTPCall(
            method: .POST, target: "/v3/\(path)",
            headers: [("content-type", "application/json")], body: Array(body.compact.utf8))
        var attempt = 1
        while true {
            do {
                let answer = try await clients[current].send(
                    call, timeout: .seconds(5), in: lifetime)
                return try Self.read(answer, onlyReads: onlyReads)
            } catch let failure as HTTPFailure {
                trouble = failure.description
                // Another member may be up.
                current = (current + 1) % clients.count
                if case .inDoubt = failure, !onlyReads { throw CoordinationError.outcomeUnknown }
                if attempt >= clients.count { throw CoordinationError.unavailable }
                attempt += 1
            }
        }
    }

    private static func read(_ answer: HTTPAnswer, onlyReads: Bool) throws -> Answer {
        guard let json = try? JSONValue(parsing: answer.body), json.object != nil else {
            throw onlyReads ? CoordinationError.unavailable : CoordinationError.outcomeUnknown
        }
        if answer.status == 200 { return .success(json) }
        let message = json["message"]?.string ?? json["error"]?.string ?? ""
        let code = json["code"]?.integer ?? 0
        switch (answer.status, code) {
        // Refused before it was proposed: no leader, too many requests, out of space.
        case _
        where message.contains("no leader") || message.contains("too many requests")
            || message.contains("database space exceeded"):
            throw CoordinationError.unavailable
        case (400..<500, _) where ![1, 4].contains(code):
            return .refused(code: code, message: message)
        default:
            throw onlyReads ? CoordinationError.unavailable : CoordinationError.outcomeUnknown
        }
    }

    /// Asks for changes; each line of the answer without end is handed on.
    func stream(
        _ body: JSONValue, in lifetime: Lifetime, onLine: @escaping (JSONValue?) -> Void
    ) async throws -> () -> Void {
        let call = HTTPCall(
            method: .POST, target: "/v3/watch", headers: [("content-type", "application/json")],
            body: Array(body.compact.utf8))
        var rest: [UInt8] = []
        do {
            return try await clients[current].stream(
                call, in: lifetime,
                onBytes: { bytes in
                    rest += bytes
                    while let end = rest.firstIndex(of: UInt8(ascii: "\n")) {
                        let line = Array(rest[..<end])
                        rest.removeFirst(end + 1)
                        if !line.isEmpty { onLine(try? JSONValue(parsing: line)) }
                    }
                }, onEnd: { onLine(nil) })
        } catch is HTTPFailure {
            current = (current + 1) % clients.count
            throw CoordinationError.unavailable
        }
    }

    func endWatches(_ isEnded: (EtcdWatch) -> Bool) {
        let ended = watches.filter(isEnded)
        watches.removeAll(where: isEnded)
        for watch in ended { watch.end() }
    }

    func close() {
        endWatches { _ in true }
        for client in clients { client.close() }
    }
}
