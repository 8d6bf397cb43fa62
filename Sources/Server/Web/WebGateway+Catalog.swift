import Cluster
import Iceberg
import JSON
import Platform

extension WebGateway {
    /// An Iceberg REST catalog, for reading: the tables of the lake and where their files are.
    ///
    /// <https://iceberg.apache.org/spec/#rest-catalog>; commits go through the cluster's own tierer.
    func catalog(_ request: WebRequest, _ path: [String]) async throws -> WebResponse {
        if request.method != "GET" && request.method != "HEAD" {
            return Self.refused(406, "UnsupportedOperationException", "this catalog is read only")
        }
        switch (path.first, path.count) {
        case ("config", 1): return WebResponse(json: Self.configuration)
        case ("namespaces", 1): return try await namespaces(request)
        case ("namespaces", 2): return try await namespace(path[1])
        case ("namespaces", 3) where path[2] == "tables": return try await tables(in: path[1])
        case ("namespaces", 4) where path[2] == "tables":
            return try await table(LakeTableName(namespace: Self.name(path[1]), name: path[3]))
        default: return Self.refused(404, "NoSuchEndpointException", "there is no such resource")
        }
    }

    private static let configuration: JSONValue = [
        "defaults": [:], "overrides": [:],
        "endpoints": [
            "GET /v1/{prefix}/namespaces", "GET /v1/{prefix}/namespaces/{namespace}",
            "GET /v1/{prefix}/namespaces/{namespace}/tables",
            "GET /v1/{prefix}/namespaces/{namespace}/tables/{table}",
            "HEAD /v1/{prefix}/namespaces/{namespace}",
            "HEAD /v1/{prefix}/namespaces/{namespace}/tables/{table}",
        ],
    ]

    // MARK: Namespaces

    /// A namespace's levels come with a unit separator between them, and are joined by dots here.
    private static func name(_ levels: String) -> String {
        levels.replacing("\u{1f}", with: ".")
    }

    private static func levels(_ namespace: String) -> JSONValue {
        .array(namespace.split(separator: ".").map { .string(String($0)) })
    }

    private func namespaceNames() async throws -> [String] {
        Set(try await machine.lakeCatalog.list().map(\.namespace)).sorted()
    }

    private func namespaces(_ request: WebRequest) async throws -> WebResponse {
        let all = try await namespaceNames()
        if let parent = request.parameter("parent") {
            let parent = Self.name(parent)
            let below = all.filter { $0.hasPrefix(parent + ".") }
            if below.isEmpty && !all.contains(parent) { return Self.noNamespace(parent) }
            return WebResponse(json: ["namespaces": .array(below.map(Self.levels))])
        }
        return WebResponse(json: ["namespaces": .array(all.map(Self.levels))])
    }

    private func namespace(_ levels: String) async throws -> WebResponse {
        let name = Self.name(levels)
        guard try await machine.lakeCatalog.list().contains(where: { $0.namespace == name }) else {
            return Self.noNamespace(name)
        }
        return WebResponse(json: ["namespace": Self.levels(name), "properties": [:]])
    }

    // MARK: Tables

    private func tables(in levels: String) async throws -> WebResponse {
        let name = Self.name(levels)
        let found = try await machine.lakeCatalog.list().filter { $0.namespace == name }
        if found.isEmpty { return Self.noNamespace(name) }
        let identifiers = found.map { table -> JSONValue in
            ["namespace": Self.levels(name), "name": .string(table.name)]
        }
        return WebResponse(json: ["identifiers": .array(identifiers)])
    }

    private func table(_ name: LakeTableName) async throws -> WebResponse {
        guard let (location, json) = try await metadata(of: name) else {
            return Self.refused(404, "NoSuchTableException", "there is no table \(name)")
        }
        return WebResponse(json: [
            "metadata-location": .string(location), "metadata": json,
            "config": [
                "s3.endpoint": .string(address), "s3.path-style-access": "true",
                "s3.region": "us-east-1", "client.region": "us-east-1",
                // Anyone on this address may read; clients want to have something to sign with.
                "s3.access-key-id": "reader", "s3.secret-access-key": "reader",
            ],
        ])
    }

    /// A table's metadata file, and where it is; nil if there is no such table.
    func metadata(of name: LakeTableName) async throws -> (location: String, json: JSONValue)? {
        guard let state = try await machine.lakeCatalog.load(name) else { return nil }
        let location = state.metadataLocation
        if let json = state.metadata { return (location, json) }
        do {
            let key = try ClusterConfiguration.defaultLakeLocation.key(of: location)
            let bytes = try await machine.objectStore.get(key)
            return (location, try JSONValue(parsing: bytes))
        } catch let error as IcebergError {
            throw LakeCatalogError.invalidRequest(reason: "\(error)")
        } catch let error as JSONError {
            throw LakeCatalogError.invalidRequest(reason: "\(location): \(error)")
        } catch ObjectStoreError.notFound {
            // Another commit has taken its place, and the file was cleaned up: ask again.
            throw LakeCatalogError.unavailable(name)
        }
    }

    // MARK: Refusals

    private static func noNamespace(_ name: String) -> WebResponse {
        refused(404, "NoSuchNamespaceException", "there is no namespace \(name)")
    }

    private static func refused(_ status: Int, _ type: String, _ message: String) -> WebResponse {
        WebResponse(
            json: [
                "error": [
                    "message": .string(message), "type": .string(type),
                    "code": .integer(Int64(status)),
                ]
            ], status: status)
    }
}
