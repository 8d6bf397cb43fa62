import Cluster
import Iceberg
import JSON
import Platform

extension WebGateway {
    /// How a client of S3 says who it is: it signs with its secret and does not show it.
    public struct Signature {
        public var name: String
        public var isOfSecret: (_ secret: [UInt8]) -> Bool

        public init(_ name: String, isOfSecret: @escaping (_ secret: [UInt8]) -> Bool) {
            self.name = name
            self.isOfSecret = isOfSecret
        }
    }

    /// Who sends a request, by HTTP's Basic or Bearer authentication, or by the signature of a
    /// client of S3.
    ///
    /// - Throws: `AccessError.notAuthenticated`.
    func caller(
        _ request: WebRequest, from host: String, _ signature: Signature?
    ) async throws -> Caller {
        if access.configuration.isOpen { return Caller(.anonymous, host: host) }
        if let signature {
            let principal = try await access.authenticate(
                signature.name, from: host, proving: signature.isOfSecret)
            return Caller(principal, host: host)
        }
        let words = (request.header("authorization") ?? "").split(separator: " ")
        guard words.count == 2 else {
            throw AccessError.notAuthenticated(
                reason: "send a name and a password (Basic), or a token (Bearer)")
        }
        let secret = Array(words[1].utf8)
        switch words[0].lowercased() {
        case "basic":
            guard let bytes = Self.base64(secret),
                let colon = bytes.firstIndex(of: UInt8(ascii: ":")),
                let name = String(validating: bytes[..<colon], as: UTF8.self)
            else { throw AccessError.notAuthenticated(reason: "the credentials cannot be read") }
            let principal = try await access.authenticate(
                name, password: Array(bytes[(colon + 1)...]), from: host)
            return Caller(principal, host: host)
        case "bearer":
            return Caller(try await access.authenticate(token: secret, from: host), host: host)
        default:
            throw AccessError.notAuthenticated(reason: "\(words[0]) is not understood here")
        }
    }

    /// The bytes of base64 with its padding; nil if it is none.
    static func base64(_ text: [UInt8]) -> [UInt8]? {
        let body = text.reversed().drop { $0 == UInt8(ascii: "=") }.reversed()
        guard text.count % 4 == 0, text.count - body.count <= 2 else { return nil }
        var bytes: [UInt8] = []
        var bits: UInt32 = 0
        var count = 0
        for byte in body {
            guard let value = value(ofDigit: byte) else { return nil }
            bits = bits << 6 | UInt32(value)
            count += 6
            if count >= 8 {
                count -= 8
                bytes.append(UInt8(truncatingIfNeeded: bits >> UInt32(count)))
                bits &= (1 << UInt32(count)) - 1
            }
        }
        return bytes
    }

    private static func value(ofDigit byte: UInt8) -> UInt8? {
        switch byte {
        case UInt8(ascii: "A")...UInt8(ascii: "Z"): byte - UInt8(ascii: "A")
        case UInt8(ascii: "a")...UInt8(ascii: "z"): byte - UInt8(ascii: "a") + 26
        case UInt8(ascii: "0")...UInt8(ascii: "9"): byte - UInt8(ascii: "0") + 52
        case UInt8(ascii: "+"): 62
        case UInt8(ascii: "/"): 63
        default: nil
        }
    }

    // MARK: What it needs

    /// - Throws: `AccessError.denied`.
    func check(_ call: WebCall) throws(AccessError) {
        guard let (operation, resource) = call.demand else { return }
        try access.check(call.caller, operation, on: resource)
    }

    /// Holds a request to the lake's catalog against what the caller may do with the lake table's
    /// namesake in the cluster; `path` are the parts of its path after `v1`.
    func checkCatalog(
        _ request: WebRequest, _ path: [String], _ caller: Caller
    ) throws(AccessError) {
        let operation = CatalogGateway.operation(request.method, path)
        let database = path.count > 1 ? CatalogGateway.name(path[1]) : ""
        let table = AccessResource(.table, "\(database).\(path.count > 3 ? path[3] : "")")
        switch operation {
        case .configuration, .unknown, .listNamespaces, .listTables: break
        case .loadNamespace, .namespaceExists:
            try access.check(caller, .describe, on: .database(database))
        case .createNamespace: try access.check(caller, .create, on: .cluster)
        case .dropNamespace: try access.check(caller, .drop, on: .database(database))
        case .setNamespaceProperties: try access.check(caller, .alter, on: .database(database))
        case .createTable, .registerTable:
            try access.check(caller, .create, on: .database(database))
        case .loadTable, .tableExists, .reportMetrics:
            try access.check(caller, .describe, on: table)
        case .commitTable: try access.check(caller, .write, on: table)
        case .dropTable: try access.check(caller, .drop, on: table)
        // It takes from one database and gives to another.
        case .renameTable: try access.check(caller, .alter, on: .cluster)
        }
    }

    /// The catalog as a caller sees it: with the tables that he may describe.
    func catalog(for caller: Caller) -> CatalogGateway {
        var seen = catalog
        seen.isAnybodyLetIn = access.configuration.isOpen
        if !access.configuration.isAuthorizing { return seen }
        seen.isSeen = { [access] database, table in
            access.isAllowed(
                caller, .describe,
                on: table.map { AccessResource(.table, "\(database).\($0)") }
                    ?? .database(database))
        }
        return seen
    }

    /// Holds a request for the lake's files against what the caller may do with the table that they
    /// are of; files of no table, and lists of them, are for who may do it in the whole cluster.
    func checkFiles(_ request: WebRequest, _ caller: Caller) throws(AccessError) {
        let isReading = ["GET", "HEAD"].contains(request.method)
        let key = ObjectGateway.operation(request)
        let parts = ObjectGateway.key(of: request).split(separator: "/")
        let isObject = parts.count > 2 && key != .unknown
        let resource =
            isObject ? AccessResource(.table, "\(parts[0]).\(parts[1])") : AccessResource.cluster
        try access.check(caller, isReading ? .read : .write, on: resource)
        // A copy reads another object, which may be of another table.
        if request.header("x-amz-copy-source") != nil {
            try access.check(caller, .read, on: .cluster)
        }
    }

    // MARK: How much it is

    /// Holds a client to its quota around a request.
    func metered(
        _ request: WebRequest, _ caller: Caller, _ answer: () async throws -> WebResponse
    ) async throws -> WebResponse {
        let client = caller.client
        try await access.quotas.admit(client, .requests, 1)
        if !request.body.isEmpty {
            try await access.quotas.admit(client, .producedBytes, request.body.count)
        }
        try await access.quotas.admit(client, .fetchedBytes, 0)
        let response = try await answer()
        access.quotas.charge(client, .fetchedBytes, response.body.count)
        return response
    }
}

extension WebCall {
    /// What the caller has to be allowed, and on what; nil for what everybody may who is let in,
    /// or what says by itself how much of it a caller sees.
    fileprivate var demand: (AccessOperation, AccessResource)? {
        switch route.operation {
        case .page, .pageStyle, .pageScript, .health, .ready, .description, .tables, .partitions,
            .buckets, .lag, .lake, .listDatabases, .listTables, .askSQL, .createWriter:
            nil
        case .metrics, .cluster, .leaders, .rebalance: (.describe, .cluster)
        case .beginRebalance, .cancelRebalance, .reassign, .cancelReassignment:
            (.alter, .cluster)
        case .createDatabase: (.create, .cluster)
        case .describeDatabase: (.describe, database)
        case .dropDatabase: (.drop, database)
        case .createTable: (.create, database)
        case .describeTable: (.describe, table)
        case .alterTable: (.alter, table)
        case .dropTable: (.drop, table)
        case .writeRows, .deleteRows: (.write, table)
        case .lookUpRows, .readRows, .readChanges, .findNearestRows: (.read, table)
        }
    }

    private var database: AccessResource { .database(name("database")) }

    private var table: AccessResource {
        .table(TablePath(database: name("database"), table: name("table")))
    }
}

extension WebProblem {
    init(_ error: AccessError) {
        switch error {
        case .notAuthenticated: self.init(401, "notAuthenticated", "\(error)")
        case .denied: self.init(403, "denied", "\(error)")
        case .securityDisabled: self.init(422, "securityDisabled", "\(error)")
        }
    }
}
