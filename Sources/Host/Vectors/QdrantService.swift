import JSON
public import Platform

/// Qdrant over REST. It compares versions: a point that is there is changed only by what is not
/// older, so that a late copy of a request undoes no more than a deletion.
///
/// Each request is waited for on the caller's thread: for commands, whose world is theirs alone.
public final class QdrantService: VectorService {
    public let requestLifetime: Duration
    public let comparesVersions = true
    private let conversation: VectorConversation

    /// - Parameter url: Such as `http://127.0.0.1:6333`.
    /// - Throws: `HostError` if it is no address.
    public init(_ url: String, requestLifetime: Duration = .seconds(10)) throws(HostError) {
        conversation = try VectorConversation(url)
        self.requestLifetime = requestLifetime
    }

    public func create(_ collection: VectorCollection) async throws {
        let path = "/collections/\(collection.name)"
        let distance =
            switch collection.distance {
            case .euclidean: "Euclid"
            case .cosine: "Cosine"
            case .innerProduct: "Dot"
            }
        let found = try conversation.ask("GET", path, about: collection.name)
        if found.status == 200 {
            let vectors = found.body["result"]?["config"]?["params"]?["vectors"]
            let size = vectors?["size"]?.integer
            if size == Int64(collection.dimension) && vectors?["distance"]?.string == distance {
                return
            }
            throw VectorServiceError.refused(
                collection: collection.name,
                reason: "its vectors have \(size.map { "\($0)" } ?? "no") elements and distance "
                    + "\(vectors?["distance"]?.string ?? "unknown"), not \(collection.dimension) "
                    + "and \(distance); name another with --collection")
        }
        let vectors: JSONValue = [
            "size": .integer(Int64(collection.dimension)), "distance": .string(distance),
        ]
        _ = try ask("PUT", path, ["vectors": vectors], collection)
    }

    public func upsert(_ points: [VectorPoint], in collection: VectorCollection) async throws {
        try collection.check(points)
        if points.isEmpty { return }
        let list = points.map { point -> JSONValue in
            [
                "id": .string("\(point.identifier)"), "vector": JSONValue(vector: point.vector),
                "payload": .object(point.members),
            ]
        }
        let versions = points.map { PointVersion($0.identifier, version: $0.version) }
        let body: JSONValue = ["points": .array(list), "update_filter": Self.notNewer(versions)]
        _ = try ask("PUT", "/collections/\(collection.name)/points?wait=true", body, collection)
    }

    public func delete(_ points: [PointVersion], in collection: VectorCollection) async throws {
        collection.check(points.count)
        if points.isEmpty { return }
        _ = try ask(
            "POST", "/collections/\(collection.name)/points/delete?wait=true",
            ["filter": Self.notNewer(points)], collection)
    }

    public func remove(
        partition: Int64, from collection: VectorCollection
    ) async throws {
        let one: JSONValue = [
            "key": .string(VectorPoint.Name.partition), "match": ["value": .integer(partition)],
        ]
        _ = try ask(
            "POST", "/collections/\(collection.name)/points/delete?wait=true",
            ["filter": ["must": [one]]], collection)
    }

    public func read(
        _ identifiers: [PointIdentifier], in collection: VectorCollection
    ) async throws -> [VectorPoint?] {
        collection.check(identifiers.count)
        if identifiers.isEmpty { return [] }
        let body: JSONValue = [
            "ids": .array(identifiers.map { .string("\($0)") }), "with_payload": true,
            "with_vector": true,
        ]
        let answer = try ask(
            "POST", "/collections/\(collection.name)/points", body, collection)
        var found: [PointIdentifier: VectorPoint] = [:]
        for point in answer["result"]?.array ?? [] {
            guard let identifier = point["id"]?.string.flatMap({ PointIdentifier($0) }),
                let version = point["payload"]?[VectorPoint.Name.version]?.integer,
                let vector = point["vector"]?.vector
            else {
                throw VectorServiceError.refused(
                    collection: collection.name, reason: "a point is not one of ours")
            }
            found[identifier] = VectorPoint(
                identifier, version: version,
                partition: point["payload"]?[VectorPoint.Name.partition]?.integer, vector: vector,
                attributes: VectorPoint.attributes(of: point["payload"]?.object ?? []))
        }
        return identifiers.map { found[$0] }
    }

    private func ask(
        _ method: String, _ path: String, _ body: JSONValue, _ collection: VectorCollection
    ) throws(VectorServiceError) -> JSONValue {
        let answer = try conversation.ask(method, path, body, about: collection.name)
        if answer.status == 200 { return answer.body }
        let reason = answer.body["status"]?["error"]?.string ?? "status \(answer.status)"
        throw .refused(collection: collection.name, reason: reason)
    }

    /// Of each point, that what is there is of its version or of an earlier one.
    private static func notNewer(_ points: [PointVersion]) -> JSONValue {
        let each = points.map { point -> JSONValue in
            let version: JSONValue = [
                "key": .string(VectorPoint.Name.version),
                "range": ["lte": .integer(point.version)],
            ]
            return ["must": [["has_id": [.string("\(point.identifier)")]], version]]
        }
        return ["should": .array(each)]
    }
}
