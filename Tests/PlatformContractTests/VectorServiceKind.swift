import Foundation
import Host
import JSON
import Platform
import Simulation
import Testing

/// Which vector service a test of the contract asks.
enum VectorServiceKind: String, CaseIterable, CustomTestStringConvertible {
    case simulated
    /// The simulated one, told to compare versions.
    case comparing
    /// The Milvus that `WAVETANK_TEST_MILVUS` names, and `WAVETANK_TEST_MILVUS_MANAGEMENT`.
    case milvus
    /// The Qdrant that `WAVETANK_TEST_QDRANT` names.
    case qdrant

    /// Those that are there: the real ones where `ci/sinks` has started them.
    static let allCases: [VectorServiceKind] =
        [.simulated, .comparing]
        + (WorldKind.environment("WAVETANK_TEST_MILVUS") == nil ? [] : [.milvus])
        + (WorldKind.environment("WAVETANK_TEST_QDRANT") == nil ? [] : [.qdrant])

    var isReal: Bool { self == .milvus || self == .qdrant }

    var testDescription: String { rawValue }
}

/// A vector service with a collection of its own, and a way to it that loses things.
final class VectorStage {
    enum Loss: Sendable {
        case nothing, request, answer
    }

    let kind: VectorServiceKind
    let machine: Machine
    let service: any VectorService
    let collection: VectorCollection
    private let world: EitherWorld
    private let relay: LosingRelay?

    private init(
        _ kind: VectorServiceKind, _ machine: Machine, _ world: EitherWorld, dimension: Int,
        _ distance: VectorCollection.Distance
    ) throws {
        self.kind = kind
        self.machine = machine
        self.world = world
        let name = "contract_" + UUID().uuidString.filter { $0 != "-" }
        collection = VectorCollection(name: name, dimension: dimension, distance: distance)
        let lifetime = Duration.seconds(2)
        switch kind {
        case .simulated, .comparing:
            relay = nil
            service = try #require(machine.vectorService)
            world.vectors?.comparesVersions = kind == .comparing
        case .milvus:
            let relay = try LosingRelay(to: Self.address("WAVETANK_TEST_MILVUS"))
            self.relay = relay
            service = try MilvusService(
                relay.address, management: Self.address("WAVETANK_TEST_MILVUS_MANAGEMENT"),
                requestLifetime: lifetime)
        case .qdrant:
            let relay = try LosingRelay(to: Self.address("WAVETANK_TEST_QDRANT"))
            self.relay = relay
            service = try QdrantService(relay.address, requestLifetime: lifetime)
        }
    }

    /// Runs `body` with a service of a kind, whose collection is made.
    static func run(
        _ kind: VectorServiceKind, dimension: Int = 2,
        distance: VectorCollection.Distance = .euclidean,
        _ body: @escaping (VectorStage) async throws -> Void
    ) throws {
        try EitherWorld.run(kind.isReal ? .real : .simulated, limit: .seconds(300)) {
            machine, world in
            let stage = try VectorStage(
                kind, machine, world, dimension: dimension, distance)
            defer { stage.relay?.stop() }
            try await stage.service.create(stage.collection)
            try await body(stage)
        }
    }

    /// Loses all requests or all answers of the service from now on, or nothing any more.
    func lose(_ loss: Loss) {
        relay?.lose(loss)
        world.vectors?.faults.lostBeforePerMillion = loss == .request ? 1_000_000 : 0
        world.vectors?.faults.lostAfterPerMillion = loss == .answer ? 1_000_000 : 0
    }

    func upsert(_ points: VectorPoint...) async throws {
        try await service.upsert(points, in: collection)
    }

    func delete(_ point: PointIdentifier, version: Int64) async throws {
        try await service.delete([PointVersion(point, version: version)], in: collection)
    }

    func read(_ points: PointIdentifier...) async throws -> [VectorPoint?] {
        try await service.read(points, in: collection)
    }

    static func address(_ variable: String) throws -> String {
        try #require(WorldKind.environment(variable))
    }
}

/// The identifier of a point of a test.
func point(_ number: UInt64) -> PointIdentifier { PointIdentifier(high: 0x8000, low: number) }
