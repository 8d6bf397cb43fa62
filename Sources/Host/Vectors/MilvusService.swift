import Glibc
import JSON
public import Platform

/// Milvus 2.3 over REST: points through the proxy's `/v1/vector`, collections through `/api/v1` of
/// the management port, which alone makes them with keys of our own.
///
/// Each request is waited for on the caller's thread: for commands, whose world is theirs alone.
public final class MilvusService: VectorService {
    public let requestLifetime: Duration
    public let comparesVersions = false
    private let points: VectorConversation
    private let management: VectorConversation
    /// When something was confirmed last, in seconds of the monotonic clock.
    private var lastWritten = -Double.infinity
    /// A query over REST reflects what was confirmed so long ago, in seconds: `gracefulTime` of the
    /// standard configuration, and a little.
    private static let staleness = 6.0

    /// - Parameters:
    ///   - url: Of the proxy, such as `http://127.0.0.1:19530`.
    ///   - management: Such as `http://127.0.0.1:9091`.
    /// - Throws: `HostError` if one is no address.
    public init(
        _ url: String, management: String, requestLifetime: Duration = .seconds(10)
    ) throws(HostError) {
        points = try VectorConversation(url)
        self.management = try VectorConversation(management)
        self.requestLifetime = requestLifetime
    }

    public func create(_ collection: VectorCollection) async throws {
        let name = collection.name
        let path = "/v1/vector/collections/describe?collectionName=\(name)"
        let found = try points.ask("GET", path, about: name).body
        if Self.code(found) == 200 {
            try check(found["data"] ?? .null, collection)
        } else {
            try manage("/api/v1/collection", Self.creation(of: collection), name)
        }
        // Both change nothing where they were done before.
        try manage("/api/v1/index", Self.index(of: collection), name)
        try manage("/api/v1/collection/load", Self.loading(name), name)
    }

    public func upsert(_ points: [VectorPoint], in collection: VectorCollection) async throws {
        try collection.check(points)
        if points.isEmpty { return }
        let rows = points.map { point -> JSONValue in
            .object(
                [
                    JSONMember(VectorPoint.Name.identifier, .string("\(point.identifier)")),
                    JSONMember(VectorPoint.Name.vector, JSONValue(vector: point.vector)),
                ] + point.members)
        }
        let body: JSONValue = [
            "collectionName": .string(collection.name), "data": .array(rows),
        ]
        _ = try ask("upsert", body, collection.name)
        lastWritten = Self.seconds
    }

    public func delete(_ points: [PointVersion], in collection: VectorCollection) async throws {
        collection.check(points.count)
        if points.isEmpty { return }
        let body: JSONValue = [
            "collectionName": .string(collection.name),
            "filter": .string(Self.filter(points.map(\.identifier))),
        ]
        _ = try ask("delete", body, collection.name)
        lastWritten = Self.seconds
    }

    public func remove(
        partition: Int64, from collection: VectorCollection
    ) async throws {
        // Milvus looks for the points first, among those that a query sees.
        awaitStaleness()
        let body: JSONValue = [
            "collectionName": .string(collection.name),
            "filter": .string("\(VectorPoint.Name.partition) == \(partition)"),
        ]
        _ = try ask("delete", body, collection.name)
        lastWritten = Self.seconds
    }

    public func read(
        _ identifiers: [PointIdentifier], in collection: VectorCollection
    ) async throws -> [VectorPoint?] {
        collection.check(identifiers.count)
        if identifiers.isEmpty { return [] }
        awaitStaleness()
        let body: JSONValue = [
            "collectionName": .string(collection.name),
            "filter": .string(Self.filter(identifiers)), "outputFields": ["*"],
            "limit": .integer(Int64(identifiers.count)),
        ]
        var found: [PointIdentifier: VectorPoint] = [:]
        for row in try ask("query", body, collection.name)["data"]?.array ?? [] {
            guard let text = row[VectorPoint.Name.identifier]?.string,
                let identifier = PointIdentifier(text),
                let version = row[VectorPoint.Name.version]?.string.flatMap({ Int64($0) })
                    ?? row[VectorPoint.Name.version]?.integer,
                let vector = row[VectorPoint.Name.vector]?.vector
            else {
                throw VectorServiceError.refused(
                    collection: collection.name, reason: "a point is not one of ours")
            }
            found[identifier] = VectorPoint(
                identifier, version: version,
                partition: row[VectorPoint.Name.partition]?.integer, vector: vector,
                attributes: VectorPoint.attributes(of: row.object ?? []))
        }
        return identifiers.map { found[$0] }
    }

    // MARK: Requests

    /// Waits until a query sees all that was confirmed.
    private func awaitStaleness() {
        // Before anything was written the process before may have.
        let since = Self.seconds - max(lastWritten, Self.started)
        if since < Self.staleness { usleep(UInt32((Self.staleness - since) * 1_000_000)) }
    }

    private func ask(
        _ operation: String, _ body: JSONValue, _ name: String
    ) throws(VectorServiceError) -> JSONValue {
        let answer = try points.ask("POST", "/v1/vector/\(operation)", body, about: name).body
        switch Self.code(answer) ?? 0 {
        case 200: return answer
        // Not loaded yet, as after a restart.
        case 101, 103:
            try manage("/api/v1/collection/load", Self.loading(name), name)
            throw .unavailable(collection: name)
        // Not ready, out of memory, too many requests, rate limit, writes denied.
        case 1, 3, 4, 8, 9: throw .unavailable(collection: name)
        // No such collection or field; what is wrong with the request itself.
        case 100...199, 1100...1199, 1700...1899:
            throw .refused(
                collection: name, reason: answer["message"]?.string ?? "without a reason")
        // An upsert is a deletion and an insertion: one of them may be done.
        default: throw .outcomeUnknown(collection: name)
        }
    }

    private func manage(
        _ path: String, _ body: JSONValue, _ name: String
    ) throws(VectorServiceError) {
        let answer = try management.ask("POST", path, body, about: name)
        let code = answer.body["code"]?.integer ?? answer.body["error_code"]?.integer ?? 0
        if answer.status == 200 && code == 0 { return }
        // As one that has just been started answers, until its parts have found each other.
        throw .unavailable(collection: name)
    }

    private static func code(_ answer: JSONValue) -> Int64? { answer["code"]?.integer }

    private static func filter(_ identifiers: [PointIdentifier]) -> String {
        let names = identifiers.map { "\"\($0)\"" }.joined(separator: ",")
        return "\(VectorPoint.Name.identifier) in [\(names)]"
    }

    private static let started = seconds

    private static var seconds: Double {
        var time = timespec()
        clock_gettime(CLOCK_MONOTONIC, &time)
        return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
    }

    // MARK: Collections

    /// Types by the numbers of Milvus's protocol (schema.proto, `DataType`).
    private static func creation(of collection: VectorCollection) -> JSONValue {
        let name = JSONValue.string(collection.name)
        let fields: [JSONValue] = [
            [
                "name": .string(VectorPoint.Name.identifier), "data_type": 21,
                "is_primary_key": true, "autoID": false,
                "type_params": [["key": "max_length", "value": "36"]],
            ],
            ["name": .string(VectorPoint.Name.version), "data_type": 5],
            [
                "name": .string(VectorPoint.Name.vector), "data_type": 101,
                "type_params": [["key": "dim", "value": .string("\(collection.dimension)")]],
            ],
        ]
        return [
            "collection_name": name, "consistency_level": 0,
            "schema": [
                "name": name, "autoID": false, "enable_dynamic_field": true,
                "fields": .array(fields),
            ],
        ]
    }

    private static func index(of collection: VectorCollection) -> JSONValue {
        [
            "collection_name": .string(collection.name),
            "field_name": .string(VectorPoint.Name.vector),
            "extra_params": [
                ["key": "index_type", "value": "HNSW"],
                ["key": "metric_type", "value": .string(metric(of: collection))],
                ["key": "params", "value": "{\"M\":16,\"efConstruction\":200}"],
            ],
        ]
    }

    private static func loading(_ name: String) -> JSONValue {
        ["collection_name": .string(name), "replica_number": 1]
    }

    private static func metric(of collection: VectorCollection) -> String {
        switch collection.distance {
        case .euclidean: "L2"
        case .cosine: "COSINE"
        case .innerProduct: "IP"
        }
    }

    private func check(
        _ found: JSONValue, _ collection: VectorCollection
    ) throws(VectorServiceError) {
        let fields = found["fields"]?.array ?? []
        // None where who made the collection did not come to its index.
        let metric = found["indexes"]?.array?.first?["metricType"]?.string
        if let metric, metric != Self.metric(of: collection) {
            throw .refused(
                collection: collection.name,
                reason: "its distance is \(metric), not \(Self.metric(of: collection)); name "
                    + "another with --collection")
        }
        let wanted = [
            VectorPoint.Name.identifier: "VarChar(36)", VectorPoint.Name.version: "Int64",
            VectorPoint.Name.vector: "FloatVector(\(collection.dimension))",
        ]
        for name in wanted.keys.sorted() {
            let found = fields.first { $0["name"]?.string == name }?["type"]?.string
            if found == wanted[name] { continue }
            throw .refused(
                collection: collection.name,
                reason: "it is not one of ours: field \(name) is \(found ?? "missing"), not "
                    + "\(wanted[name]!); name another with --collection")
        }
    }
}
