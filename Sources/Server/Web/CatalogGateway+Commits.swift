import Iceberg
import JSON
import Platform

extension CatalogGateway {
    /// `write.metadata.previous-versions-max` of a table that does not set it.
    private static let previousFileLimit: Int64 = 100
    /// How often a swap is tried again that another commit was faster than.
    private static let attemptLimit = 8

    // MARK: Commits

    func commit(_ name: LakeTableName, _ request: WebRequest) async throws -> WebResponse {
        let body = try Self.object(request)
        let requirements = body["requirements"]?.array ?? []
        let updates = body["updates"]?.array ?? []
        let isCreation = requirements.contains { $0["type"]?.string == "assert-create" }
        if isCreation { return try await create(name, updates) }
        for _ in 0..<Self.attemptLimit {
            guard let (base, json) = try await metadata(of: name) else {
                throw Self.noTable(name)
            }
            var document = try MetadataDocument(json)
            for requirement in requirements {
                if let reason = try document.unmet(requirement) {
                    throw CatalogRefusal.conflict(reason)
                }
            }
            if updates.isEmpty { return loaded(base, json) }
            for update in updates { try document.apply(update) }
            try document.finish(
                after: base, atMilliseconds: machine.clock.timestamp.millisecondsSinceEpoch,
                previousFileLimit: Self.previousFileLimit)
            let path = try await write(document.json, after: base)
            if try await swap(name, base, path) {
                tell(name, before: json, after: document.json, updates)
                return loaded(path, document.json)
            }
            // The requirements may hold still: they are asked anew of what is there now.
        }
        throw CatalogRefusal.conflict("other commits to \(name) were faster each time")
    }

    /// Moves the pointer; the file that it does not point to then is removed again.
    private func swap(_ name: LakeTableName, _ base: String, _ path: String) async throws -> Bool {
        if try await machine.lakeCatalog.commit(name, .swap(from: base, to: path)) { return true }
        if let key = try? location.key(of: path) { try? await machine.objectStore.delete(key) }
        return false
    }

    private func tell(
        _ name: LakeTableName, before: JSONValue?, after: JSONValue, _ updates: [JSONValue]
    ) {
        didCommit(
            Commit(
                table: name, before: before, after: after,
                actions: updates.compactMap { $0["action"]?.string }))
    }

    /// Writes the metadata file that follows another, or the first of a table.
    private func write(_ json: JSONValue, after base: String?) async throws -> String {
        guard let folder = json["location"]?.string, !folder.isEmpty else {
            throw CatalogRefusal.badRequest("the table has no location")
        }
        let last = base?.split(separator: "/").last ?? ""
        let number = base == nil ? 0 : (Int(last.prefix { $0 != "-" }) ?? 0) + 1
        let digits = String(number)
        let padded = String(repeating: "0", count: max(0, 5 - digits.count)) + digits
        let path = "\(folder)/metadata/\(padded)-\(machine.entropy.uuid()).metadata.json"
        do {
            _ = try await machine.objectStore.put(
                Array(json.compact.utf8), at: try location.key(of: path), .ifAbsent)
        } catch let error as IcebergError {
            throw CatalogRefusal.badRequest("\(error)")
        }
        return path
    }

    // MARK: Creation

    /// Of a "CreateTableRequest"; one that is only staged writes nothing.
    func create(in namespace: String, _ request: WebRequest) async throws -> WebResponse {
        let body = try Self.object(request)
        guard let text = body["name"]?.string, !text.isEmpty else {
            throw CatalogRefusal.badRequest("the table has no name")
        }
        guard try await exists(namespace: namespace) else { throw Self.noNamespace(namespace) }
        let name = LakeTableName(namespace: namespace, name: text)
        if try await machine.lakeCatalog.load(name) != nil { throw Self.exists(name) }
        var document = MetadataDocument(uuid: machine.entropy.uuid())
        try document.create(body, defaultLocation: defaultLocation(of: name))
        try document.finish(
            after: nil, atMilliseconds: machine.clock.timestamp.millisecondsSinceEpoch,
            previousFileLimit: Self.previousFileLimit)
        if body["stage-create"]?.bool ?? false { return loaded(nil, document.json) }
        return try await add(name, document.json, [])
    }

    /// The commit that makes a staged table.
    private func create(_ name: LakeTableName, _ updates: [JSONValue]) async throws -> WebResponse {
        if try await machine.lakeCatalog.load(name) != nil {
            throw CatalogRefusal.conflict("table \(name) exists")
        }
        var document = MetadataDocument(uuid: machine.entropy.uuid())
        document["location"] = .string(defaultLocation(of: name))
        for update in updates { try document.apply(update) }
        try document.finish(
            after: nil, atMilliseconds: machine.clock.timestamp.millisecondsSinceEpoch,
            previousFileLimit: Self.previousFileLimit)
        return try await add(name, document.json, updates)
    }

    private func add(
        _ name: LakeTableName, _ json: JSONValue, _ updates: [JSONValue]
    ) async throws -> WebResponse {
        let path = try await write(json, after: nil)
        let creation = LakeTableCreation(metadataLocation: path)
        guard try await machine.lakeCatalog.create(name, creation) else { throw Self.exists(name) }
        tell(name, before: nil, after: json, updates)
        return loaded(path, json)
    }

    private func defaultLocation(of name: LakeTableName) -> String {
        // A table that is made again after a drop shares no file with the one of before.
        let mark = machine.entropy.uuid().prefix(8)
        let folder = name.namespace.replacing(".", with: "/")
        return "\(location.prefix)\(folder)/\(name.name)-\(mark)"
    }

    private static func exists(_ name: LakeTableName) -> CatalogRefusal {
        CatalogRefusal(409, "AlreadyExistsException", "table \(name) exists")
    }

    func register(in namespace: String, _ request: WebRequest) async throws -> WebResponse {
        let body = try Self.object(request)
        guard let text = body["name"]?.string, !text.isEmpty,
            let path = body["metadata-location"]?.string
        else { throw CatalogRefusal.badRequest("a name and a metadata-location are needed") }
        let name = LakeTableName(namespace: namespace, name: text)
        let json: JSONValue
        do { json = try await file(path) } catch ObjectStoreError.notFound {
            throw CatalogRefusal.badRequest("there is no file \(path)")
        }
        _ = try MetadataDocument(json)
        let creation = LakeTableCreation(metadataLocation: path)
        guard try await machine.lakeCatalog.create(name, creation) else { throw Self.exists(name) }
        tell(name, before: nil, after: json, [])
        return loaded(path, json)
    }

    // MARK: Names

    /// Takes the table's entry away; its files stay, and so does what another program made of them.
    func drop(_ name: LakeTableName, _ request: WebRequest) async throws -> WebResponse {
        if request.parameter("purgeRequested")?.lowercased() == "true" {
            throw CatalogRefusal(
                406, "UnsupportedOperationException",
                "files are not purged here: drop the table without, then remove \(name)'s folder")
        }
        guard try await machine.lakeCatalog.drop(name) else { throw Self.noTable(name) }
        return Self.done
    }

    func rename(_ request: WebRequest) async throws -> WebResponse {
        let body = try Self.object(request)
        func name(_ member: String) throws(CatalogRefusal) -> LakeTableName {
            guard let text = body[member]?["name"]?.string, !text.isEmpty else {
                throw .badRequest("\(member) has no name")
            }
            return LakeTableName(
                namespace: try Self.name(body[member]?["namespace"]), name: text)
        }
        let (source, destination) = (try name("source"), try name("destination"))
        guard try await exists(namespace: destination.namespace) else {
            throw Self.noNamespace(destination.namespace)
        }
        if try await machine.lakeCatalog.load(destination) != nil { throw Self.exists(destination) }
        guard try await machine.lakeCatalog.rename(source, to: destination) else {
            throw Self.noTable(source)
        }
        return Self.done
    }
}
