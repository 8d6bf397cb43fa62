import JSON
import Platform

/// One machine's way to an etcd, version 3, by its JSON gateway.
///
/// Numbers of 64 bits are strings there, and members that are false, zero or empty are left out. A
/// fresh etcd is at revision 1, so ours are one less.
final class EtcdCoordination: Coordination {
    private let client: EtcdClient
    private let world: HostWorld
    private let lifetime: Lifetime

    init(_ client: EtcdClient, world: HostWorld, lifetime: Lifetime) {
        self.client = client
        self.world = world
        self.lifetime = lifetime
    }

    private var prefix: String { client.configuration.prefix }

    // MARK: Reading

    func get(_ key: String) async throws -> CoordinationEntry? {
        try await range(["key": .string(encoded(key))]).entries.first
    }

    func range(prefix: String) async throws -> CoordinationRange {
        try await range(span(prefix))
    }

    private func range(_ request: JSONValue) async throws -> CoordinationRange {
        let answer = try await client.call("kv/range", request, onlyReads: true, in: lifetime)
        guard case .success(let json) = answer, let revision = Self.revision(of: json) else {
            throw CoordinationError.unavailable
        }
        let entries = try (json["kvs"]?.array ?? []).map { try self.entry($0) }
        return CoordinationRange(entries: entries, revision: revision)
    }

    // MARK: Transactions

    func commit(_ transaction: CoordinationTransaction) async throws -> CoordinationResult {
        let keys = transaction.operations.map { operation in
            switch operation {
            case .put(let key, _, _), .delete(let key): Array(key.utf8)
            }
        }
        if Set(keys).count != keys.count {
            throw CoordinationError.invalidRequest(
                reason: "a transaction writes a key once, not more often")
        }
        if keys.isEmpty {
            throw CoordinationError.invalidRequest(reason: "a transaction has an operation")
        }
        if keys.contains([]) { throw CoordinationError.invalidRequest(reason: "a key is empty") }
        let answer = try await client.call(
            "kv/txn",
            EtcdTransaction(
                limit: client.configuration.operationLimit,
                conditions: transaction.conditions.map(condition),
                operations: transaction.operations.map(operation)
            ).json, in: lifetime)
        switch answer {
        case .success(let json):
            guard let revision = Self.revision(of: json) else {
                throw CoordinationError.outcomeUnknown
            }
            return EtcdTransaction.succeeded(json) ? .committed(revision) : .conflict
        case .refused(5, _):
            for case .put(_, _, let lease?) in transaction.operations {
                throw CoordinationError.leaseExpired(lease)
            }
            throw CoordinationError.invalidRequest(reason: "etcd knows a lease that we do not")
        case .refused(_, let message): throw CoordinationError.invalidRequest(reason: message)
        }
    }

    private func condition(_ condition: CoordinationTransaction.Condition) -> JSONValue {
        switch condition {
        case .absent(let key):
            [
                "key": .string(encoded(key)), "target": "VERSION", "result": "EQUAL",
                "version": "0",
            ]
        case .revision(let key, let revision):
            [
                "key": .string(encoded(key)), "target": "MOD", "result": "EQUAL",
                "mod_revision": .string(String(revision.number + 1)),
            ]
        }
    }

    private func operation(_ operation: CoordinationTransaction.Operation) -> JSONValue {
        switch operation {
        case .put(let key, let value, let lease):
            [
                "request_put": [
                    "key": .string(encoded(key)), "value": .string(Base64.encoded(value)),
                    "lease": .string(String(lease?.number ?? 0)),
                ]
            ]
        case .delete(let key): ["request_delete_range": ["key": .string(encoded(key))]]
        }
    }

    // MARK: Leases

    /// Etcd counts whole seconds, and has leases of two at least: what is granted lasts as long as
    /// was asked for, or longer.
    func grantLease(_ duration: Duration) async throws -> LeaseIdentifier {
        if duration <= .zero {
            throw CoordinationError.invalidRequest(reason: "a lease lasts longer than nothing")
        }
        let (seconds, attoseconds) = duration.components
        let answer = try await client.call(
            "lease/grant", ["TTL": .string(String(seconds + (attoseconds > 0 ? 1 : 0)))],
            in: lifetime)
        switch answer {
        case .success(let json):
            guard let number = json["ID"]?.string.flatMap({ Int64($0) }) else {
                throw CoordinationError.outcomeUnknown
            }
            let lease = LeaseIdentifier(number: number)
            world.granted(lease)
            return lease
        case .refused(_, let message): throw CoordinationError.invalidRequest(reason: message)
        }
    }

    func renewLease(_ lease: LeaseIdentifier) async throws {
        let answer = try await client.call(
            "lease/keepalive", ["ID": .string(String(lease.number))], onlyReads: true,
            in: lifetime)
        guard case .success(let json) = answer, let result = json["result"] else {
            throw CoordinationError.unavailable
        }
        // One that has ended has no time left.
        if result["TTL"] == nil { throw CoordinationError.leaseExpired(lease) }
    }

    func revokeLease(_ lease: LeaseIdentifier) async throws {
        let answer = try await client.call(
            "lease/revoke", ["ID": .string(String(lease.number))], in: lifetime)
        switch answer {
        case .success: return
        case .refused(5, _): throw CoordinationError.leaseExpired(lease)
        case .refused(_, let message): throw CoordinationError.invalidRequest(reason: message)
        }
    }

    // MARK: Watches

    func watch(prefix: String, after revision: Revision) async throws -> any Watch {
        try lifetime.check()
        let watch = EtcdWatch(client, lifetime)
        guard case .object(var request) = span(prefix) else {
            preconditionFailure("a span is an object")
        }
        request.append(JSONMember("start_revision", .string(String(revision.number + 2))))
        client.watches.append(watch)
        do {
            watch.close = try await client.stream(
                ["create_request": .object(request)], in: lifetime
            ) { line in
                watch.arrive(line.flatMap { self.events($0) })
            }
        } catch {
            watch.cancel()
            throw error
        }
        if watch.isEnded { watch.close?() }
        return watch
    }

    /// The changes in a line of a watch, or nil if it has ended.
    private func events(_ line: JSONValue) -> [WatchEvent]? {
        guard let result = line["result"], result["canceled"] != .bool(true) else { return nil }
        var events: [WatchEvent] = []
        for event in result["events"]?.array ?? [] {
            guard let pair = event["kv"], let entry = try? entry(pair) else { return nil }
            events.append(
                WatchEvent(
                    key: entry.key, entry: event["type"]?.string == "DELETE" ? nil : entry,
                    revision: entry.revision))
        }
        return events
    }

    // MARK: Keys and values

    private func encoded(_ key: String) -> String { Base64.encoded(Array((prefix + key).utf8)) }

    /// All keys that begin with `prefix`.
    private func span(_ prefix: String) -> JSONValue {
        var end = Array((self.prefix + prefix).utf8)
        // The last byte of UTF-8 is below 255, so there is a next one.
        end[end.count - 1] += 1
        return ["key": .string(encoded(prefix)), "range_end": .string(Base64.encoded(end))]
    }

    private func entry(_ pair: JSONValue) throws -> CoordinationEntry {
        guard let bytes = pair["key"]?.string.flatMap(Base64.decoded),
            let key = String(validating: bytes, as: UTF8.self), key.utf8.starts(with: prefix.utf8),
            let value = Base64.decoded(pair["value"]?.string ?? ""),
            let revision = pair["mod_revision"]?.string.flatMap({ Int64($0) })
        else { throw CoordinationError.unavailable }
        return CoordinationEntry(
            key: String(decoding: bytes.dropFirst(prefix.utf8.count), as: UTF8.self), value: value,
            revision: Revision(number: revision - 1),
            lease: pair["lease"]?.string.flatMap { Int64($0) }
                .map { LeaseIdentifier(number: $0) })
    }

    private static func revision(of answer: JSONValue) -> Revision? {
        answer["header"]?["revision"]?.string.flatMap { Int64($0) }
            .map { Revision(number: $0 - 1) }
    }
}
