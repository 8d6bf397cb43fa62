import Platform

/// The objects of the world's one bucket, and how the store fails.
public final class SimulatedObjects: FaultyService {
    let place = Strike.Place.objectStore
    struct StoredObject {
        var bytes: [UInt8]
        var version: UInt64
        var lastModified: Int64
    }

    public var faults = ServiceFaults()
    /// Called before an object is removed, with its key: for oracles.
    public var onDelete: ((String) -> Void)?
    /// Called after an object was written.
    public var onPut: ((String) -> Void)?
    /// Called when a writer was left without an answer about an object.
    public var onUnknownPut: ((String, [UInt8]) -> Void)?
    /// Called when someone learned what an object is, by writing or reading it.
    public var onKnown: ((String) -> Void)?
    public private(set) var counters = ObjectStoreCounters()
    unowned var world: SimulationWorld!
    let random: RandomStream
    private var objects = NameTable<StoredObject>()
    private var versions: UInt64 = 0

    init(seed: UInt64, _ epoch: RandomEpoch) {
        random = RandomStream(seed: seed, label: "object store", epoch: epoch)
    }

    // MARK: For harness and oracles: no time passes

    /// All keys with a prefix, in UTF-8 byte order.
    public func keys(prefix: String = "") -> [String] { objects.names(prefix: prefix) }

    public func bytes(_ key: String) -> [UInt8]? { objects[key]?.bytes }

    public var totalBytes: Int { counters.storedBytes }

    public var count: Int { objects.names.count }

    /// Of all objects that were ever put, the size of the largest.
    public private(set) var largestByteCount = 0

    // MARK: Requests

    func put(_ bytes: [UInt8], at key: String, _ condition: PutCondition) throws -> ObjectTag {
        counters.puts += 1
        largestByteCount = max(largestByteCount, bytes.count)
        let present = objects[key]
        do {
            try check(key, present, condition)
        } catch {
            record(.objectPut, key, 0, "refused")
            throw error
        }
        versions += 1
        let object = StoredObject(
            bytes: bytes, version: versions, lastModified: world.nanoseconds)
        objects[key] = object
        counters.putBytes += bytes.count
        counters.storedBytes += bytes.count - (present?.bytes.count ?? 0)
        record(.objectPut, key, contentHash(bytes), "\(bytes.count) bytes")
        onPut?(key)
        return tag(object)
    }

    private func check(
        _ key: String, _ present: StoredObject?, _ condition: PutCondition
    ) throws(ObjectStoreError) {
        switch condition {
        case .always: return
        case .ifAbsent:
            if present != nil { throw .preconditionFailed(key: key) }
        case .ifMatches(let tag):
            guard let present else { throw .notFound(key: key) }
            if self.tag(present) != tag { throw .preconditionFailed(key: key) }
        }
        if random.chance(partsPerMillion: faults.conflictsPerMillion) {
            throw .preconditionFailed(key: key)
        }
    }

    private func record(
        _ kind: EventKind, _ key: String, _ second: UInt64, _ what: @autoclosure () -> String
    ) {
        world.record(kind, hashOfBytes(key.utf8), second, "\(key) \(what())")
    }

    func get(_ key: String) throws -> [UInt8] {
        counters.gets += 1
        record(.objectGet, key, 0, "whole")
        guard let object = objects[key] else { throw ObjectStoreError.notFound(key: key) }
        counters.getBytes += object.bytes.count
        return object.bytes
    }

    func get(_ key: String, range: Range<Int64>) throws -> [UInt8] {
        counters.gets += 1
        record(.objectGet, key, UInt64(range.lowerBound), "from \(range.lowerBound)")
        guard let object = objects[key] else { throw ObjectStoreError.notFound(key: key) }
        if range.lowerBound >= object.bytes.count {
            throw ObjectStoreError.invalidRequest(
                key: key, reason: "range begins past the end at \(object.bytes.count)")
        }
        let end = min(Int(range.upperBound), object.bytes.count)
        counters.getBytes += end - Int(range.lowerBound)
        return Array(object.bytes[Int(range.lowerBound)..<end])
    }

    func head(_ key: String) -> ObjectDescription? {
        counters.heads += 1
        record(.objectGet, key, 1, "head")
        return objects[key].map { describe(key, $0) }
    }

    func list(prefix: String, after start: String?, limit: Int) -> [ObjectDescription] {
        counters.lists += 1
        record(.objectList, prefix, 0, "list")
        return objects.names(prefix: prefix, after: start, limit: limit).map {
            describe($0, objects[$0]!)
        }
    }

    func delete(_ key: String) {
        counters.deletes += 1
        record(.objectDelete, key, 0, "")
        guard let object = objects[key] else { return }
        onDelete?(key)
        objects[key] = nil
        counters.storedBytes -= object.bytes.count
    }

    /// Has the store lose an object that it had acknowledged.
    public func lose(_ key: String) {
        precondition(objects[key] != nil, "there is no object \(key) to lose")
        delete(key)
    }

    private func tag(_ object: StoredObject) -> ObjectTag {
        ObjectTag(text: "\"\(object.version)\"")
    }

    private func describe(_ key: String, _ object: StoredObject) -> ObjectDescription {
        ObjectDescription(
            key: key, byteCount: Int64(object.bytes.count), tag: tag(object),
            lastModified: Timestamp(
                millisecondsSinceEpoch: world.epochMilliseconds + object.lastModified / 1_000_000))
    }
}

/// Requests to the object store that had an effect or an answer, by kind.
public struct ObjectStoreCounters: Hashable, Sendable {
    public var puts = 0
    public var putBytes = 0
    public var gets = 0
    public var getBytes = 0
    public var heads = 0
    public var lists = 0
    public var deletes = 0
    public var storedBytes = 0

    public init() {}
}

/// One machine's way to the objects.
final class SimulatedObjectStore: ObjectStore {
    private let objects: SimulatedObjects
    private let node: SimulatedNode
    private let lifetime: Lifetime

    init(_ objects: SimulatedObjects, node: SimulatedNode, lifetime: Lifetime) {
        self.objects = objects
        self.node = node
        self.lifetime = lifetime
    }

    func put(_ bytes: [UInt8], at key: String, _ condition: PutCondition) async throws -> ObjectTag
    {
        try validate(key)
        do {
            let tag = try await run(key, byteCount: bytes.count, isUpload: true) { [objects] in
                try objects.put(bytes, at: key, condition)
            }
            objects.onKnown?(key)
            return tag
        } catch ObjectStoreError.preconditionFailed(let key) {
            objects.onKnown?(key)
            throw ObjectStoreError.preconditionFailed(key: key)
        } catch ObjectStoreError.outcomeUnknown(let key) {
            objects.onUnknownPut?(key, bytes)
            throw ObjectStoreError.outcomeUnknown(key: key)
        }
    }

    func get(_ key: String) async throws -> [UInt8] {
        try validate(key)
        let byteCount = objects.bytes(key)?.count ?? 0
        let bytes = try await run(key, byteCount: byteCount, isRead: true) { [objects] in
            try objects.get(key)
        }
        objects.onKnown?(key)
        return bytes
    }

    func get(_ key: String, range: Range<Int64>) async throws -> [UInt8] {
        try validate(key)
        if range.isEmpty || range.lowerBound < 0 {
            throw ObjectStoreError.invalidRequest(
                key: key, reason: "the range is empty or negative")
        }
        let byteCount = min(range.count, objects.bytes(key)?.count ?? 0)
        return try await run(key, byteCount: byteCount, isRead: true) { [objects] in
            try objects.get(key, range: range)
        }
    }

    func head(_ key: String) async throws -> ObjectDescription? {
        try validate(key)
        let found = try await run(key, byteCount: 0, isRead: true) { [objects] in
            objects.head(key)
        }
        objects.onKnown?(key)
        return found
    }

    func list(prefix: String, after start: String?, limit: Int) async throws -> [ObjectDescription]
    {
        if limit < 1 || limit > 1000 {
            throw ObjectStoreError.invalidRequest(key: prefix, reason: "a limit is from 1 to 1000")
        }
        return try await run(prefix, byteCount: 0, isRead: true) { [objects] in
            objects.list(prefix: prefix, after: start, limit: limit)
        }
    }

    func delete(_ key: String) async throws {
        try validate(key)
        try await run(key, byteCount: 0) { [objects] in objects.delete(key) }
    }

    private func validate(_ key: String) throws {
        if key.isEmpty || key.utf8.count > 1024 || key.utf8.contains(0) {
            throw ObjectStoreError.invalidRequest(
                key: key, reason: "a key has 1 to 1,024 bytes and none of them zero")
        }
    }

    private func run<Value>(
        _ key: String, byteCount: Int, isRead: Bool = false, isUpload: Bool = false,
        _ effect: @escaping () throws -> Value
    ) async throws -> Value {
        let call = ServiceCall(
            service: objects, node: node, lifetime: lifetime, place: Links.objectStore,
            isRead: isRead, isUpload: isUpload,
            refused: ObjectStoreError.throttled(key: key),
            unknown: ObjectStoreError.outcomeUnknown(key: key))
        let costs = objects.world.costs
        return try await call.run(
            cost: costs.objectRequest, byteCount: byteCount,
            bytesPerSecond: costs.objectBytesPerSecond
        ) { [objects, node] in
            let before = objects.counters
            defer { node.traffic.countObjects(from: before, to: objects.counters) }
            let result = try effect()
            if let witness = objects.world.byteWitness,
                objects.counters.putBytes > before.putBytes
            {
                witness.put(objects.bytes(key) ?? [], at: key, by: node.name)
            }
            return result
        }
    }
}
