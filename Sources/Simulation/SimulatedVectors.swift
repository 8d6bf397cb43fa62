public import Platform

/// The collections of the world's vector service, and how it fails.
///
/// As Milvus it compares no versions, if it is not told to do as Qdrant: what comes last is what
/// counts. What it has taken but not confirmed can be read, and is lost when it restarts.
public final class SimulatedVectors: FaultyService {
    let place = Strike.Place.vectorService
    public var faults = ServiceFaults()
    /// Whether it leaves a point alone that is newer than what comes.
    public var comparesVersions = false
    /// Called with each effect on a point, before it has it; nil for the point's removal.
    public var onWrite: ((_ collection: String, PointVersion, VectorPoint?) -> Void)?
    /// Requests that were received, and points in them.
    public private(set) var requestCount = 0
    public private(set) var pointCount = 0
    unowned var world: SimulationWorld!
    let random: RandomStream
    /// Larger after each restart.
    private(set) var incarnation = 0
    private var collections: [String: Collection] = [:]

    private struct Collection {
        let shape: VectorCollection
        var visible: [PointIdentifier: VectorPoint] = [:]
        /// What was confirmed of the points that changed since.
        var confirmed: [PointIdentifier: VectorPoint?] = [:]
    }

    init(seed: UInt64, _ epoch: RandomEpoch) {
        random = RandomStream(seed: seed, label: "vector service", epoch: epoch)
    }

    // MARK: For harness and oracles: no time passes

    /// The names of all collections, in order.
    public var names: [String] { collections.keys.sorted() }

    /// All points of a collection, by their identifiers; nil if there is none.
    public func points(of collection: String) -> [VectorPoint]? {
        collections[collection].map { found in
            found.visible.keys.sorted().map { found.visible[$0]! }
        }
    }

    /// Loses all that was not confirmed, and the answers to all that is under way.
    public func restart() {
        incarnation += 1
        world.record(.fault, 30, UInt64(incarnation), "the vector service restarts")
        for name in names {
            let lost = collections[name]!.confirmed
            for identifier in lost.keys.sorted() {
                collections[name]!.visible[identifier] = lost[identifier]!
            }
            collections[name]!.confirmed.removeAll()
        }
    }

    // MARK: Requests

    func create(_ shape: VectorCollection) throws {
        let name = shape.name
        record(.vectorWrite, name, 0, "create")
        let found = collections[name]?.shape ?? shape
        if found != shape {
            throw VectorServiceError.refused(
                collection: name,
                reason: "its vectors have \(found.dimension) elements and distance "
                    + "\(found.distance), not \(shape.dimension) and \(shape.distance)")
        }
        if collections[name] == nil { collections[name] = Collection(shape: shape) }
    }

    func upsert(_ points: [VectorPoint], in name: String) throws {
        try check(name)
        let dimension = collections[name]!.shape.dimension
        for point in points where point.vector.count != dimension {
            throw VectorServiceError.refused(
                collection: name,
                reason: "a vector has \(point.vector.count) elements, not \(dimension)")
        }
        for point in points {
            write(point.identifier, version: point.version, point, in: name)
        }
    }

    func delete(_ points: [PointVersion], in name: String) throws {
        try check(name)
        for point in points { write(point.identifier, version: point.version, nil, in: name) }
    }

    func remove(partition: Int64, from name: String) throws {
        try check(name)
        let visible = collections[name]!.visible
        for identifier in visible.keys.sorted() where visible[identifier]!.partition == partition {
            write(identifier, version: .max, nil, in: name)
        }
    }

    func read(_ identifiers: [PointIdentifier], in name: String) throws -> [VectorPoint?] {
        try check(name)
        record(.vectorRead, name, UInt64(identifiers.count), "\(identifiers.count) points")
        return identifiers.map { collections[name]!.visible[$0] }
    }

    /// Makes all that was taken so far outlast a restart.
    func confirm(_ name: String) { collections[name]?.confirmed.removeAll() }

    private func check(_ name: String) throws(VectorServiceError) {
        requestCount += 1
        if collections[name] == nil {
            throw .refused(collection: name, reason: "there is no such collection")
        }
    }

    private func write(
        _ identifier: PointIdentifier, version: Int64, _ point: VectorPoint?, in name: String
    ) {
        pointCount += 1
        if comparesVersions, let present = collections[name]!.visible[identifier],
            present.version > version
        {
            return record(.vectorWrite, name, identifier.low, "\(identifier) is newer")
        }
        record(
            .vectorWrite, name, identifier.low ^ UInt64(bitPattern: version),
            "\(identifier) version \(version)\(point == nil ? ", deleted" : "")")
        onWrite?(name, PointVersion(identifier, version: version), point)
        if collections[name]!.confirmed[identifier] == nil {
            collections[name]!.confirmed[identifier] = .some(
                collections[name]!.visible[identifier])
        }
        collections[name]!.visible[identifier] = point
    }

    private func record(
        _ kind: EventKind, _ name: String, _ second: UInt64, _ what: @autoclosure () -> String
    ) {
        world.record(kind, hashOfBytes(name.utf8), second, "\(name) \(what())")
    }
}

/// One machine's way to the vector service.
final class SimulatedVectorService: VectorService {
    /// A lost request lands up to 20 s after it went out; clocks drift, and slow ones are slow.
    let requestLifetime = Duration.seconds(30)
    var comparesVersions: Bool { vectors.comparesVersions }
    private let vectors: SimulatedVectors
    private let node: SimulatedNode
    private let lifetime: Lifetime

    init(_ vectors: SimulatedVectors, node: SimulatedNode, lifetime: Lifetime) {
        self.vectors = vectors
        self.node = node
        self.lifetime = lifetime
    }

    func create(_ collection: VectorCollection) async throws {
        try await run(collection, byteCount: 0) { [vectors] in
            try vectors.create(collection)
        }
    }

    func upsert(_ points: [VectorPoint], in collection: VectorCollection) async throws {
        if points.isEmpty { return }
        let byteCount = points.count * (collection.dimension * 4 + 64)
        try await run(collection, points.count, byteCount: byteCount) { [vectors] in
            try vectors.upsert(points, in: collection.name)
        }
    }

    func delete(_ points: [PointVersion], in collection: VectorCollection) async throws {
        if points.isEmpty { return }
        try await run(collection, points.count, byteCount: points.count * 24) { [vectors] in
            try vectors.delete(points, in: collection.name)
        }
    }

    func remove(partition: Int64, from collection: VectorCollection) async throws {
        try await run(collection, byteCount: 0) { [vectors] in
            try vectors.remove(partition: partition, from: collection.name)
        }
    }

    func read(
        _ identifiers: [PointIdentifier], in collection: VectorCollection
    ) async throws -> [VectorPoint?] {
        if identifiers.isEmpty { return [] }
        return try await run(
            collection, identifiers.count, byteCount: identifiers.count * 16, isRead: true
        ) { [vectors] in
            try vectors.read(identifiers, in: collection.name)
        }
    }

    private func run<Value>(
        _ collection: VectorCollection, _ pointCount: Int = 0, byteCount: Int,
        isRead: Bool = false, _ effect: @escaping () throws -> Value
    ) async throws -> Value {
        precondition(
            pointCount <= collection.requestPointLimit,
            "a request of \(pointCount) points, for collection \(collection.name)")
        let refused = VectorServiceError.unavailable(collection: collection.name)
        let unknown = VectorServiceError.outcomeUnknown(collection: collection.name)
        let call = ServiceCall(
            service: vectors, node: node, lifetime: lifetime, place: Links.vectorService,
            isRead: isRead, refused: refused, unknown: isRead ? refused : unknown)
        let costs = vectors.world.costs
        // The incarnation in which it took effect.
        var answered = vectors.incarnation
        let value = try await call.run(
            cost: costs.vectorRequest, byteCount: byteCount,
            bytesPerSecond: costs.vectorBytesPerSecond
        ) { [vectors] in
            answered = vectors.incarnation
            return try effect()
        }
        if isRead { return value }
        if answered != vectors.incarnation { throw unknown }
        vectors.confirm(collection.name)
        return value
    }
}
