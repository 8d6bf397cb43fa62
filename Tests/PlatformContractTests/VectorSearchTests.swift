import Host
import JSON
import Platform
import Testing

/// What those find who search in a collection that was written through the contract: as exact a
/// search as one over all points.
@Suite("Searches of a vector service", .serialized)
struct VectorSearchTests {
    struct Case: Sendable {
        var kind: VectorServiceKind
        var distance: VectorCollection.Distance
    }

    static let cases = VectorServiceKind.allCases.filter(\.isReal).flatMap { kind in
        [VectorCollection.Distance.euclidean, .cosine, .innerProduct].map {
            Case(kind: kind, distance: $0)
        }
    }

    @Test(
        "The nearest are found, all and those that pass a filter",
        .enabled(if: !Self.cases.isEmpty), arguments: Self.cases)
    func nearest(_ one: Case) throws {
        try VectorStage.run(one.kind, dimension: 4, distance: one.distance) { stage in
            var random = SystemRandomNumberGenerator()
            func drawn() -> [Float] {
                (0..<4).map { _ in Float.random(in: -1...1, using: &random) }
            }
            let points = (0..<Int64(200)).map { number -> VectorPoint in
                let attributes = [
                    JSONMember("price", .integer(number % 100)),
                    JSONMember("kind", .string(number % 3 == 0 ? "cup" : "plate")),
                ]
                return VectorPoint(
                    point(UInt64(number)), version: number, vector: drawn(),
                    attributes: attributes)
            }
            try await stage.service.upsert(points, in: stage.collection)
            let gone = points[..<20].map { PointVersion($0.identifier, version: 1000) }
            try await stage.service.delete(gone, in: stage.collection)
            let left = Array(points[20...])
            // Which also waits until a search sees what was confirmed. With cosine distance Qdrant
            // keeps the direction of a vector alone.
            let read = try await stage.service.read(
                left.map(\.identifier), in: stage.collection)
            #expect(read.map { $0?.version } == left.map(\.version))
            #expect(read == left || one.kind == .qdrant && one.distance == .cosine)
            for _ in 0..<5 {
                let query = drawn()
                #expect(
                    try Self.found(near: query, isFiltered: false, stage)
                        == Self.exact(near: query, left, one.distance))
                let some = left.filter {
                    ($0.attributes[1].value.integer ?? 0) < 50
                        && $0.attributes[0].value.string == "cup"
                }
                #expect(
                    try Self.found(near: query, isFiltered: true, stage)
                        == Self.exact(near: query, some, one.distance))
            }
        }
    }

    private static func exact(
        near query: [Float], _ points: [VectorPoint], _ distance: VectorCollection.Distance
    ) -> [PointIdentifier] {
        func product(_ left: [Float], _ right: [Float]) -> Double {
            zip(left, right).reduce(0) { $0 + Double($1.0) * Double($1.1) }
        }
        func far(_ vector: [Float]) -> Double {
            switch distance {
            case .euclidean:
                product(vector, vector) - 2 * product(vector, query)
            case .innerProduct: -product(vector, query)
            case .cosine: -product(vector, query) / product(vector, vector).squareRoot()
            }
        }
        return points.sorted { far($0.vector) < far($1.vector) }.prefix(10).map(\.identifier)
    }

    /// Asked as any client of the service does.
    private static func found(
        near query: [Float], isFiltered: Bool, _ stage: VectorStage
    ) throws -> [PointIdentifier] {
        let name = stage.collection.name
        let vector = JSONValue.array(query.map { .number(Double($0)) })
        var body: [JSONMember] = [JSONMember("vector", vector), JSONMember("limit", 10)]
        let address, path: String
        if stage.kind == .milvus {
            address = try VectorStage.address("WAVETANK_TEST_MILVUS")
            path = "/v1/vector/search"
            body += [
                JSONMember("collectionName", .string(name)),
                JSONMember("outputFields", ["wavetank_id"]),
            ]
            if isFiltered {
                body.append(JSONMember("filter", "price < 50 and kind == \"cup\""))
            }
        } else {
            address = try VectorStage.address("WAVETANK_TEST_QDRANT")
            path = "/collections/\(name)/points/search"
            if isFiltered {
                let price: JSONValue = ["key": "price", "range": ["lt": 50]]
                let kind: JSONValue = ["key": "kind", "match": ["value": "cup"]]
                body.append(JSONMember("filter", ["must": [price, kind]]))
            }
        }
        let answer = try HTTPConversation(address).ask(
            "POST", path, contentType: "application/json",
            body: Array(JSONValue.object(body).compact.utf8))
        let json = try JSONValue(parsing: answer.body)
        let rows = json["data"]?.array ?? json["result"]?.array ?? []
        return rows.compactMap {
            ($0["wavetank_id"] ?? $0["id"])?.string.flatMap { PointIdentifier($0) }
        }
    }
}
