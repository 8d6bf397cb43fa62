import JSON
import NIOHTTP1
import Platform

/// One machine's way to a lake catalog that speaks Iceberg's REST protocol.
///
/// The catalog writes the metadata; a commit names what must hold of the table and what is to
/// change. An answer that tells of an error of the server's leaves the outcome of a write open, as
/// the protocol says, and so does none.
final class RESTLakeCatalog: LakeCatalog {
    let metadataWriter = LakeMetadataWriter.catalog
    private let client: RESTCatalogClient
    private let world: HostWorld
    private let lifetime: Lifetime

    init(_ client: RESTCatalogClient, world: HostWorld, lifetime: Lifetime) {
        self.client = client
        self.world = world
        self.lifetime = lifetime
    }

    func load(_ table: LakeTableName) async throws -> LakeTableState? {
        let answer = try await call(table, .GET, RESTCatalogClient.path(of: table), isRead: true)
        if answer.status == 404 { return nil }
        try expect(answer, table)
        guard let metadata = answer.body["metadata"] else {
            throw LakeCatalogError.invalidRequest(
                reason: "the catalog answers without the metadata of table \(table)")
        }
        // Some catalogs do not say where they keep it; what it was made of tells states apart.
        let written = metadata["last-updated-ms"]?.integer ?? 0
        let sequence = metadata["last-sequence-number"]?.integer ?? 0
        return LakeTableState(
            metadataLocation: answer.body["metadata-location"]?.string
                ?? "\(table)@\(written)-\(sequence)", metadata: metadata)
    }

    func create(_ table: LakeTableName, _ creation: LakeTableCreation) async throws -> Bool {
        try table.validate()
        // Some catalogs answer a second creation as if it were the first.
        if try await load(table) != nil { return false }
        let path = RESTCatalogClient.path(of: table.namespace) + "/tables"
        let body = JSONValue.object(
            [JSONMember("name", .string(table.name))] + creation.request)
        var answer = try await call(table, .POST, path, body)
        if answer.status == 404 {
            try await createNamespace(of: table)
            answer = try await call(table, .POST, path, body)
        }
        if answer.status == 409 { return false }
        try expect(answer, table)
        return true
    }

    /// Makes a namespace, and those above it where the catalog wants them first.
    private func createNamespace(of table: LakeTableName) async throws {
        let levels = RESTCatalogClient.levels(table.namespace)
        func create(_ count: Int) async throws -> RESTCatalogClient.Answer {
            try await call(
                table, .POST, "/namespaces",
                [
                    "namespace": .array(levels.prefix(count).map { .string($0) }),
                    "properties": [:],
                ])
        }
        var answer = try await create(levels.count)
        if answer.status == 404 && levels.count > 1 {
            for count in 1..<levels.count { _ = try await create(count) }
            answer = try await create(levels.count)
        }
        if answer.status != 409 { try expect(answer, table) }
    }

    func commit(_ table: LakeTableName, _ commit: LakeTableCommit) async throws -> Bool {
        let answer = try await call(
            table, .POST, RESTCatalogClient.path(of: table),
            [
                "identifier": RESTCatalogClient.identifier(table),
                "requirements": .array(commit.requirements), "updates": .array(commit.updates),
            ])
        if answer.status == 409 || answer.status == 404 { return false }
        try expect(answer, table)
        return true
    }

    func rename(_ table: LakeTableName, to name: LakeTableName) async throws -> Bool {
        try name.validate()
        let answer = try await call(
            table, .POST, "/tables/rename",
            [
                "source": RESTCatalogClient.identifier(table),
                "destination": RESTCatalogClient.identifier(name),
            ])
        if answer.status == 409 || answer.status == 404 { return false }
        try expect(answer, table)
        return true
    }

    func drop(_ table: LakeTableName) async throws -> Bool {
        let answer = try await call(
            table, .DELETE, RESTCatalogClient.path(of: table), query: [("purgeRequested", "false")])
        if answer.status == 404 { return false }
        try expect(answer, table)
        return true
    }

    // MARK: Listing

    /// More pages than that are no list.
    private static let pageLimit = 10_000
    private static let everything = LakeTableName(namespace: "*", name: "*")

    func list() async throws -> [LakeTableName] {
        var tables: [LakeTableName] = []
        var waiting = try await namespaces(below: nil)
        var seen: Set<[String]> = []
        while let levels = waiting.popLast() {
            if levels.isEmpty || !seen.insert(levels).inserted { continue }
            let namespace = levels.joined(separator: ".")
            let path = RESTCatalogClient.path(of: namespace) + "/tables"
            for entry in try await pages(path, [], "identifiers") {
                guard let name = entry["name"]?.string else { continue }
                let own = entry["namespace"]?.array?.compactMap(\.string)
                tables.append(
                    LakeTableName(
                        namespace: own?.joined(separator: ".") ?? namespace, name: name))
            }
            // A catalog without levels may answer with all of them again, or not at all.
            let below = (try? await namespaces(below: levels)) ?? []
            waiting += below.filter { $0.count > levels.count && $0.starts(with: levels) }
        }
        try lifetime.check()
        return Set(tables).sorted()
    }

    private func namespaces(below parent: [String]?) async throws -> [[String]] {
        let query = parent.map { [("parent", $0.joined(separator: "\u{1F}"))] } ?? []
        return try await pages("/namespaces", query, "namespaces").map {
            $0.array?.compactMap(\.string) ?? []
        }
    }

    /// All entries of a list that comes in pages.
    private func pages(
        _ path: String, _ query: [(String, String)], _ member: String
    ) async throws -> [JSONValue] {
        var entries: [JSONValue] = []
        var page: String?
        for _ in 0..<Self.pageLimit {
            let answer = try await call(
                Self.everything, .GET, path,
                query: query + (page.map { [("pageToken", $0)] } ?? []),
                isRead: true)
            // A namespace that was dropped meanwhile has no tables.
            if answer.status == 404 { return entries }
            try expect(answer, Self.everything)
            entries += answer.body[member]?.array ?? []
            page = answer.body["next-page-token"]?.string
            if page?.isEmpty ?? true { return entries }
        }
        throw LakeCatalogError.invalidRequest(reason: "the catalog's list \(path) has no end")
    }

    // MARK: Calls

    private func call(
        _ table: LakeTableName, _ method: HTTPMethod, _ path: String,
        query: [(String, String)] = [], _ body: JSONValue? = nil, isRead: Bool = false
    ) async throws -> RESTCatalogClient.Answer {
        do {
            let answer = try await client.call(method, path, query: query, body, in: lifetime)
            if answer.status < 500 && answer.status != 429 { return answer }
            note("\(method) \(path): \(answer.reason)")
            throw isRead || answer.status == 429
                ? LakeCatalogError.unavailable(table) : .outcomeUnknown(table)
        } catch let failure as HTTPFailure {
            note("\(method) \(path): \(failure)")
            if case .inDoubt = failure, !isRead { throw LakeCatalogError.outcomeUnknown(table) }
            throw LakeCatalogError.unavailable(table)
        } catch let refusal as RESTCatalogRefusal {
            throw LakeCatalogError.denied(table, reason: refusal.reason)
        }
    }

    private func expect(_ answer: RESTCatalogClient.Answer, _ table: LakeTableName) throws {
        if (200..<300).contains(answer.status) { return }
        throw LakeCatalogError.invalidRequest(reason: "table \(table): \(answer.reason)")
    }

    private func note(_ reason: String) {
        world.journal.note(.warning, machine: "", "lake catalog: \(reason)")
    }
}
