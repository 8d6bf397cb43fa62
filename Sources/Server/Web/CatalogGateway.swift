public import Iceberg
public import JSON
public import Platform

/// An Iceberg REST catalog over the lake catalog and the object store of a machine.
///
/// A commit's requirements are checked against the state that the catalog names, its updates are
/// applied to that state's metadata, the result is written beside it, and the pointer is swapped.
/// Members of the metadata that nobody here knows stay as they are.
///
/// Source: the REST catalog's description,
/// <https://github.com/apache/iceberg/blob/main/open-api/rest-catalog-open-api.yaml>.
public struct CatalogGateway {
    let machine: Machine
    let location: LakeLocation
    /// Whether anything may be changed.
    let isWritable: Bool
    /// Where clients reach the files, as `http://HOST:PORT`.
    let storeAddress: String
    /// Hears of each commit that was made, with the metadata before it, if any, and after it.
    public var didCommit: (Commit) -> Void = { _ in }

    /// Whether clients need no name and no secret of their own for the files.
    var isAnybodyLetIn = true
    /// Whether a namespace, or a table of it, is named in lists.
    var isSeen: (_ namespace: String, _ table: String?) -> Bool = { _, _ in true }

    /// A commit that was made.
    public struct Commit {
        public var table: LakeTableName
        public var before: JSONValue?
        public var after: JSONValue
        /// The actions of its updates.
        public var actions: [String]
    }

    public init(
        _ machine: Machine, _ location: LakeLocation, isWritable: Bool, storeAddress: String
    ) {
        self.machine = machine
        self.location = location
        self.isWritable = isWritable
        self.storeAddress = storeAddress
    }

    /// What of a request decides how it is answered.
    public enum Operation: Hashable, Sendable {
        case configuration
        case listNamespaces, createNamespace, loadNamespace, namespaceExists, dropNamespace
        case setNamespaceProperties
        case listTables, createTable, loadTable, tableExists, commitTable, dropTable
        case registerTable, renameTable, reportMetrics
        case unknown
    }

    /// The operation that a method and the parts of a path after `v1` stand for.
    public static func operation(_ method: String, _ path: [String]) -> Operation {
        switch (method, path.first, path.count) {
        case ("GET", "config", 1): .configuration
        case ("POST", "tables", 2) where path[1] == "rename": .renameTable
        case (_, "namespaces", 1):
            ["GET": .listNamespaces, "POST": .createNamespace][method] ?? .unknown
        case (_, "namespaces", 2):
            ["GET": .loadNamespace, "HEAD": .namespaceExists, "DELETE": .dropNamespace][method]
                ?? .unknown
        case ("POST", "namespaces", 3) where path[2] == "properties": .setNamespaceProperties
        case ("POST", "namespaces", 3) where path[2] == "register": .registerTable
        case (_, "namespaces", 3) where path[2] == "tables":
            ["GET": .listTables, "POST": .createTable][method] ?? .unknown
        case (_, "namespaces", 4) where path[2] == "tables":
            [
                "GET": .loadTable, "HEAD": .tableExists, "POST": .commitTable,
                "DELETE": .dropTable,
            ][method] ?? .unknown
        case ("POST", "namespaces", 5) where path[2] == "tables" && path[4] == "metrics":
            .reportMetrics
        default: .unknown
        }
    }

    /// Answers a request; `path` are the parts of its path after `v1`.
    public func answer(_ request: WebRequest, _ path: [String]) async throws -> WebResponse {
        do {
            return try await carryOut(Self.operation(request.method, path), request, path)
        } catch let refusal as CatalogRefusal {
            return refusal.response
        } catch LakeCatalogError.unavailable(let table) {
            return CatalogRefusal(
                503, "ServiceUnavailableException", "the catalog is unavailable for \(table)"
            ).response
        } catch LakeCatalogError.outcomeUnknown(let table) {
            // By the protocol: the client must not take the commit for failed.
            return CatalogRefusal(
                500, "CommitStateUnknownException", "no answer about table \(table)"
            ).response
        } catch let error as ObjectStoreError {
            return CatalogRefusal(503, "ServiceUnavailableException", "\(error)").response
        }
    }

    private func carryOut(
        _ operation: Operation, _ request: WebRequest, _ path: [String]
    ) async throws -> WebResponse {
        func table() throws(CatalogRefusal) -> LakeTableName {
            let name = LakeTableName(namespace: Self.name(path[1]), name: path[3])
            if name.name.isEmpty || name.namespace.isEmpty {
                throw .badRequest("the name of the table lacks a part")
            }
            return name
        }
        switch operation {
        case .configuration: return WebResponse(json: configuration)
        case .listNamespaces: return try await listNamespaces(request)
        case .loadNamespace, .namespaceExists: return try await loadNamespace(path[1])
        case .listTables: return try await listTables(in: path[1])
        case .loadTable, .tableExists: return try await load(try table())
        case .reportMetrics: return Self.done
        case .unknown:
            throw CatalogRefusal(404, "NoSuchEndpointException", "there is no such resource")
        default: break
        }
        if !isWritable {
            throw CatalogRefusal(
                406, "UnsupportedOperationException", "this catalog is read only")
        }
        switch operation {
        case .createNamespace: return try await createNamespace(request)
        case .dropNamespace: return try await dropNamespace(path[1])
        case .setNamespaceProperties: return try await setProperties(of: path[1], request)
        case .createTable: return try await create(in: Self.name(path[1]), request)
        case .registerTable: return try await register(in: Self.name(path[1]), request)
        case .commitTable: return try await commit(try table(), request)
        case .dropTable: return try await drop(try table(), request)
        case .renameTable: return try await rename(request)
        default: preconditionFailure("answered above")
        }
    }

    static let done = WebResponse(204, "application/json", [])

    // MARK: What there is

    private static let readingEndpoints = [
        "GET /v1/{prefix}/namespaces", "GET /v1/{prefix}/namespaces/{namespace}",
        "HEAD /v1/{prefix}/namespaces/{namespace}",
        "GET /v1/{prefix}/namespaces/{namespace}/tables",
        "GET /v1/{prefix}/namespaces/{namespace}/tables/{table}",
        "HEAD /v1/{prefix}/namespaces/{namespace}/tables/{table}",
    ]
    private static let writingEndpoints = [
        "POST /v1/{prefix}/namespaces", "DELETE /v1/{prefix}/namespaces/{namespace}",
        "POST /v1/{prefix}/namespaces/{namespace}/properties",
        "POST /v1/{prefix}/namespaces/{namespace}/tables",
        "POST /v1/{prefix}/namespaces/{namespace}/tables/{table}",
        "DELETE /v1/{prefix}/namespaces/{namespace}/tables/{table}",
        "POST /v1/{prefix}/namespaces/{namespace}/register",
        "POST /v1/{prefix}/namespaces/{namespace}/tables/{table}/metrics",
        "POST /v1/{prefix}/tables/rename",
    ]

    private var configuration: JSONValue {
        let endpoints = Self.readingEndpoints + (isWritable ? Self.writingEndpoints : [])
        return [
            "defaults": .object(clientConfiguration.map { JSONMember($0.0, .string($0.1)) }),
            "overrides": [:], "endpoints": .array(endpoints.map { .string($0) }),
        ]
    }

    /// How clients find the files.
    private var clientConfiguration: [(String, String)] {
        let place = [
            ("s3.endpoint", storeAddress), ("s3.path-style-access", "true"),
            ("s3.region", "us-east-1"), ("client.region", "us-east-1"),
        ]
        if !isAnybodyLetIn { return place }
        // Anyone on this address may come in; clients want to have something to sign with.
        return place + [
            ("s3.access-key-id", "wavetank"), ("s3.secret-access-key", "wavetank"),
        ]
    }

    // MARK: Tables

    private func listTables(in levels: String) async throws -> WebResponse {
        let name = Self.name(levels)
        let found = try await machine.lakeCatalog.list().filter {
            $0.namespace == name && isSeen(name, $0.name)
        }
        if found.isEmpty, try await !exists(namespace: name) { throw Self.noNamespace(name) }
        let identifiers = found.map { table -> JSONValue in
            ["namespace": Self.levels(name), "name": .string(table.name)]
        }
        return WebResponse(json: ["identifiers": .array(identifiers)])
    }

    private func load(_ name: LakeTableName) async throws -> WebResponse {
        guard let (location, json) = try await metadata(of: name) else {
            throw Self.noTable(name)
        }
        return loaded(location, json)
    }

    /// The protocol's "LoadTableResult".
    func loaded(_ location: String?, _ metadata: JSONValue) -> WebResponse {
        WebResponse(json: [
            "metadata-location": location.map { .string($0) } ?? .null, "metadata": metadata,
            "config": .object(clientConfiguration.map { JSONMember($0.0, .string($0.1)) }),
        ])
    }

    /// A table's metadata file, and where it is; nil if there is no such table.
    func metadata(of name: LakeTableName) async throws -> (location: String, json: JSONValue)? {
        guard let state = try await machine.lakeCatalog.load(name) else { return nil }
        if let json = state.metadata { return (state.metadataLocation, json) }
        do {
            return (state.metadataLocation, try await file(state.metadataLocation))
        } catch ObjectStoreError.notFound {
            // Another commit has taken its place, and the file was cleaned up: ask again.
            throw LakeCatalogError.unavailable(name)
        }
    }

    /// Reads a metadata file.
    func file(_ path: String) async throws -> JSONValue {
        do {
            return try JSONValue(
                parsing: try await machine.objectStore.get(try location.key(of: path)))
        } catch let error as IcebergError {
            throw CatalogRefusal.badRequest("\(error)")
        } catch let error as JSONError {
            throw CatalogRefusal.badRequest("\(path): \(error)")
        }
    }

    static func noTable(_ name: LakeTableName) -> CatalogRefusal {
        CatalogRefusal(404, "NoSuchTableException", "there is no table \(name)")
    }
}

/// An answer that says why something is not done, in the protocol's words.
struct CatalogRefusal: Error {
    var status: Int
    var type: String
    var message: String

    init(_ status: Int, _ type: String, _ message: String) {
        self.status = status
        self.type = type
        self.message = message
    }

    static func badRequest(_ message: String) -> CatalogRefusal {
        CatalogRefusal(400, "BadRequestException", message)
    }

    /// The state is not the one that the client had in mind: load it and try again.
    static func conflict(_ message: String) -> CatalogRefusal {
        CatalogRefusal(409, "CommitFailedException", message)
    }

    var response: WebResponse { CatalogGateway.refused(status, type, message) }
}

extension CatalogGateway {
    /// The protocol's "IcebergErrorResponse".
    public static func refused(_ status: Int, _ type: String, _ message: String) -> WebResponse {
        WebResponse(
            json: [
                "error": [
                    "message": .string(message), "type": .string(type),
                    "code": .integer(Int64(status)),
                ]
            ], status: status)
    }

    /// The members of a request's body.
    static func object(_ request: WebRequest) throws(CatalogRefusal) -> JSONValue {
        guard let json = try? JSONValue(parsing: request.body), json.object != nil else {
            throw .badRequest("the body is no JSON object")
        }
        return json
    }
}
