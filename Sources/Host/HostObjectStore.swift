import Platform

/// One machine's way to the objects.
final class HostObjectStore: ObjectStore {
    private let world: HostWorld
    private let objects: FolderObjects
    private let name: String
    private let lifetime: Lifetime

    init(world: HostWorld, name: String, lifetime: Lifetime) {
        guard let objects = world.objects else { preconditionFailure("the objects are elsewhere") }
        self.world = world
        self.objects = objects
        self.name = name
        self.lifetime = lifetime
    }

    func put(_ bytes: [UInt8], at key: String, _ condition: PutCondition) async throws -> ObjectTag
    {
        try validate(key)
        world.counters.count(.objectPuts)
        world.counters.count(.objectPutBytes, bytes.count)
        return try await run(key) { try $0.put(bytes, at: key, condition) }
    }

    func get(_ key: String) async throws -> [UInt8] {
        try validate(key)
        return countGet(try await run(key) { try $0.get(key) })
    }

    func get(_ key: String, range: Range<Int64>) async throws -> [UInt8] {
        try validate(key)
        if range.isEmpty || range.lowerBound < 0 {
            throw ObjectStoreError.invalidRequest(
                key: key, reason: "the range is empty or negative")
        }
        return countGet(try await run(key) { try $0.get(key, range: range) })
    }

    private func countGet(_ bytes: [UInt8]) -> [UInt8] {
        world.counters.count(.objectGets)
        world.counters.count(.objectGetBytes, bytes.count)
        return bytes
    }

    func head(_ key: String) async throws -> ObjectDescription? {
        try validate(key)
        world.counters.count(.objectHeads)
        return try await run(key) { try $0.head(key) }
    }

    func list(prefix: String, after start: String?, limit: Int) async throws -> [ObjectDescription]
    {
        if limit < 1 || limit > 1000 {
            throw ObjectStoreError.invalidRequest(key: prefix, reason: "a limit is from 1 to 1000")
        }
        world.counters.count(.objectLists)
        return try await run(prefix) { try $0.list(prefix: prefix, after: start, limit: limit) }
    }

    func delete(_ key: String) async throws {
        try validate(key)
        world.counters.count(.objectDeletes)
        try await run(key) { try $0.delete(key) }
    }

    private func validate(_ key: String) throws {
        if key.isEmpty || key.utf8.count > 1024 || key.utf8.contains(0) {
            throw ObjectStoreError.invalidRequest(
                key: key, reason: "a key has 1 to 1,024 bytes and none of them zero")
        }
    }

    /// A failure of the file system is one that may pass, as the store's 503 is: nothing was
    /// changed.
    private func run<Value>(
        _ key: String, _ request: @escaping @Sendable (FolderObjects) throws -> Value
    ) async throws -> Value {
        let objects = self.objects
        do {
            return try await world.offload(to: world.workers, in: lifetime) {
                try request(objects)
            }
        } catch let error as SystemCallError {
            world.journal.note(.warning, machine: name, "object \(key): \(error)")
            throw ObjectStoreError.throttled(key: key)
        }
    }
}
