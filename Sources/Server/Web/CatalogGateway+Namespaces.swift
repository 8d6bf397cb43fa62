import JSON
import Platform

/// Namespaces are those of tables, and those that were created: an object for each.
extension CatalogGateway {
    private static let folder = "namespaces/"

    /// A namespace's levels come with a unit separator between them, and are joined by dots here.
    static func name(_ levels: String) -> String {
        levels.replacing("\u{1f}", with: ".")
    }

    static func name(_ levels: JSONValue?) throws(CatalogRefusal) -> String {
        let parts = levels?.array?.compactMap(\.string) ?? []
        if parts.isEmpty || parts.contains("") || parts.count != levels?.array?.count {
            throw .badRequest("a namespace is a list of levels, none of them empty")
        }
        return parts.joined(separator: ".")
    }

    static func levels(_ namespace: String) -> JSONValue {
        .array(namespace.split(separator: ".").map { .string(String($0)) })
    }

    static func noNamespace(_ name: String) -> CatalogRefusal {
        CatalogRefusal(404, "NoSuchNamespaceException", "there is no namespace \(name)")
    }

    private func key(_ name: String) -> String { Self.folder + name + ".json" }

    private func created() async throws -> [String] {
        var names: [String] = []
        var last: String?
        while true {
            let page = try await machine.objectStore.list(
                prefix: Self.folder, after: last, limit: 1000)
            names += page.map { String($0.key.dropFirst(Self.folder.count).dropLast(5)) }
            if page.count < 1000 { return names }
            last = page.last?.key
        }
    }

    private func all() async throws -> [String] {
        let used = try await machine.lakeCatalog.list().map(\.namespace)
        return Set(used + (try await created())).sorted().filter { isSeen($0, nil) }
    }

    func exists(namespace name: String) async throws -> Bool {
        if try await machine.objectStore.head(key(name)) != nil { return true }
        return try await machine.lakeCatalog.list().contains { $0.namespace == name }
    }

    private func properties(of name: String) async throws -> [JSONMember] {
        do {
            let bytes = try await machine.objectStore.get(key(name))
            return (try? JSONValue(parsing: bytes))?.object ?? []
        } catch ObjectStoreError.notFound {
            return []
        }
    }

    func listNamespaces(_ request: WebRequest) async throws -> WebResponse {
        let all = try await all()
        if let parent = request.parameter("parent"), !parent.isEmpty {
            let parent = Self.name(parent)
            let below = all.filter { $0.hasPrefix(parent + ".") }
            if below.isEmpty && !all.contains(parent) { throw Self.noNamespace(parent) }
            return WebResponse(json: ["namespaces": .array(below.map(Self.levels))])
        }
        return WebResponse(json: ["namespaces": .array(all.map(Self.levels))])
    }

    func loadNamespace(_ levels: String) async throws -> WebResponse {
        let name = Self.name(levels)
        guard try await exists(namespace: name) else { throw Self.noNamespace(name) }
        return WebResponse(json: [
            "namespace": Self.levels(name),
            "properties": .object(try await properties(of: name)),
        ])
    }

    func createNamespace(_ request: WebRequest) async throws -> WebResponse {
        let body = try Self.object(request)
        let name = try Self.name(body["namespace"])
        let properties = body["properties"]?.object ?? []
        if try await exists(namespace: name) {
            throw CatalogRefusal(409, "AlreadyExistsException", "namespace \(name) exists")
        }
        do {
            _ = try await machine.objectStore.put(
                Array(JSONValue.object(properties).compact.utf8), at: key(name), .ifAbsent)
        } catch ObjectStoreError.preconditionFailed {
            throw CatalogRefusal(409, "AlreadyExistsException", "namespace \(name) exists")
        }
        return WebResponse(json: [
            "namespace": Self.levels(name), "properties": .object(properties),
        ])
    }

    func dropNamespace(_ levels: String) async throws -> WebResponse {
        let name = Self.name(levels)
        guard try await exists(namespace: name) else { throw Self.noNamespace(name) }
        if try await machine.lakeCatalog.list().contains(where: { $0.namespace == name }) {
            throw CatalogRefusal(
                409, "NamespaceNotEmptyException", "namespace \(name) has tables")
        }
        try await machine.objectStore.delete(key(name))
        return Self.done
    }

    func setProperties(of levels: String, _ request: WebRequest) async throws -> WebResponse {
        let name = Self.name(levels)
        guard try await exists(namespace: name) else { throw Self.noNamespace(name) }
        let body = try Self.object(request)
        let updates = body["updates"]?.object ?? []
        let removals = body["removals"]?.array?.compactMap(\.string) ?? []
        let old = try await properties(of: name)
        let kept = old.filter { member in
            !removals.contains(member.name) && !updates.contains { $0.name == member.name }
        }
        _ = try await machine.objectStore.put(
            Array(JSONValue.object(kept + updates).compact.utf8), at: key(name), .always)
        let removed = removals.filter { name in old.contains { $0.name == name } }
        let missing = removals.filter { name in !old.contains { $0.name == name } }
        return WebResponse(json: [
            "updated": .array(updates.map { .string($0.name) }),
            "removed": .array(removed.map { .string($0) }),
            "missing": .array(missing.map { .string($0) }),
        ])
    }
}
