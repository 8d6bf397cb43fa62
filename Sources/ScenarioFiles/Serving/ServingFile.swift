public import Cluster

/// What `wavetank serve --config FILE` serves: a configuration file, read strictly.
///
/// Members are nil where the file says nothing, so that the command line, or the program's own
/// default, decides.
public struct ServingFile: Sendable {
    /// A secret, which stands in the file or in one of its own. It prints as neither.
    public enum Secret: Sendable, Hashable, CustomStringConvertible {
        case text(String)
        case file(String)

        public var description: String {
            if case .file(let path) = self { "the secret in \(path)" } else { "a secret" }
        }
    }

    public struct User: Sendable, Hashable {
        public var name: String
        public var password: Secret
        public var token: Secret?
    }

    /// An Iceberg REST catalog.
    public struct Catalog: Sendable, Hashable {
        public var url: String
        public var warehouse: String?
        public var scope: String?
        /// Id and secret, with a colon between them.
        public var credential: Secret?
        public var token: Secret?

        public init(url: String) { self.url = url }
    }

    public var path: String
    public var listen: String?
    public var advertise: String?
    public var httpPort: Int?
    public var data: String?
    public var servers: Int?
    public var role: String?
    public var number: Int?
    public var etcd: String?
    public var s3: String?
    public var s3Style: String?
    public var catalog: Catalog?
    /// Of services.
    public var authorities: String?
    public var logFormat: String?
    public var logLevel: String?
    public var isInsecure: Bool?
    /// Paths as the file says them.
    public var certificate: String?
    public var key: String?
    /// Of the cluster's processes.
    public var innerAuthorities: String?
    public var users: [User]
    public var isAuthorizing: Bool
    public var superUsers: [Principal]
    public var access: [AccessBinding]
    public var quotas: QuotaTable
    public var connectionLimit: Int?
    public var openFileLimit: Int?

    /// Whether a password or a token stands in the file itself.
    public var hasSecrets: Bool {
        var secrets: [Secret?] = [catalog?.credential, catalog?.token]
        for user in users { secrets += [user.password, user.token] }
        return secrets.contains { secret in
            if case .text? = secret { true } else { false }
        }
    }

    /// Reads and checks a file; on failure the error holds everything that is wrong.
    ///
    /// `path` is only what messages name; no file is opened.
    public static func load(text: String, path: String) throws(ScenarioErrors) -> ServingFile {
        let start = SourceMark(line: 1, column: 1)
        let root =
            try SourceNode.parse(yaml: text, path: path)
            ?? SourceNode(mark: start, content: .mapping([]))
        var reader = ShapeReader(path: path)
        guard case .mapping = root.content,
            let record = reader.readRecord(root, as: shape, of: "a configuration")
        else {
            reader.refuse(
                root.mark ?? start, "a configuration must be a mapping, not \(root.kindName)")
            throw ScenarioErrors(reader.errors)
        }
        var checks = ServingChecks(reader: reader)
        let file = checks.file(record, path: path)
        guard let file, checks.reader.errors.isEmpty else {
            throw ScenarioErrors(
                checks.reader.errors.sorted { ($0.mark ?? start) < ($1.mark ?? start) })
        }
        return file
    }
}

/// What no shape can say of a configuration.
private struct ServingChecks {
    var reader: ShapeReader

    mutating func file(_ record: CheckedRecord, path: String) -> ServingFile? {
        func text(_ name: String) -> String? { record.has(name) ? record.text(name) : nil }
        func number(_ name: String) -> Int? { record.has(name) ? record.integer(name) : nil }
        let tls = record.has("tls") ? record.record("tls") : nil
        let limits = record.has("limits") ? record.record("limits") : nil
        let place = record.has("catalog") ? record.record("catalog") : nil
        if !record.isWhole || tls?.isWhole == false || place?.isWhole == false { return nil }
        var catalog: ServingFile.Catalog?
        if let place { catalog = self.catalog(place) }
        let users = users(record.list("users"))
        let superUsers = record.list("superUsers").compactMap { principal($0) }
        let access = record.list("access").flatMap { bindings($0.table) }
        let isAuthorizing = record.has("authorization") && record.boolean("authorization")
        if !isAuthorizing && !(superUsers.isEmpty && access.isEmpty) {
            reader.refuse(
                record.mark(access.isEmpty ? "superUsers" : "access"),
                "nobody asks for access where 'authorization: true' is not said")
        }
        return ServingFile(
            path: path, listen: text("listen"), advertise: text("advertise"),
            httpPort: number("http"), data: text("data"), servers: number("servers"),
            role: text("role"), number: number("number"), etcd: text("etcd"), s3: text("s3"),
            s3Style: text("s3Style"), catalog: catalog, authorities: text("authorities"),
            logFormat: text("logFormat"), logLevel: text("logLevel"),
            isInsecure: record.has("insecure") ? record.boolean("insecure") : nil,
            certificate: tls?.text("certificate"), key: tls?.text("key"),
            innerAuthorities: tls.flatMap {
                $0.has("authorities") ? $0.text("authorities") : nil
            }, users: users,
            isAuthorizing: isAuthorizing, superUsers: superUsers, access: access,
            quotas: quotas(record.list("quotas")),
            connectionLimit: limits.flatMap {
                $0.has("connections") ? $0.integer("connections") : nil
            },
            openFileLimit: limits.flatMap { $0.has("openFiles") ? $0.integer("openFiles") : nil })
    }

    private mutating func catalog(_ record: CheckedRecord) -> ServingFile.Catalog {
        var catalog = ServingFile.Catalog(url: record.text("url"))
        catalog.warehouse = record.has("warehouse") ? record.text("warehouse") : nil
        catalog.scope = record.has("scope") ? record.text("scope") : nil
        catalog.credential = secret("credential", of: record)
        catalog.token = secret("token", of: record)
        return catalog
    }

    private mutating func users(_ items: [CheckedValue]) -> [ServingFile.User] {
        var users: [ServingFile.User] = []
        var names: Set<String> = []
        for record in items.map(\.table) where record.isWhole {
            let name = record.text("name")
            if !names.insert(name).inserted {
                reader.refuse(record.mark("name"), "user '\(name)' stands here twice")
            }
            if name.contains(":") || name.unicodeScalars.contains("\0") {
                reader.refuse(
                    record.mark("name"), "the name of a user has neither colons nor zero bytes")
            }
            guard let password = secret("password", of: record) else {
                if !record.has("password") && !record.has("passwordFile") {
                    reader.refuse(
                        record.mark,
                        "user '\(name)' needs 'password', or 'passwordFile', the file that has it")
                }
                continue
            }
            users.append(
                ServingFile.User(
                    name: name, password: password, token: secret("token", of: record)))
        }
        return users
    }

    private mutating func secret(
        _ name: String, of record: CheckedRecord
    ) -> ServingFile.Secret? {
        if record.has(name) && record.has(name + "File") {
            reader.refuse(
                record.mark(name + "File"), "'\(name)' and '\(name)File' both say the \(name)")
            return nil
        }
        if record.has(name) {
            if record.text(name).isEmpty {
                reader.refuse(record.mark(name), "the \(name) must not be empty")
            }
            return .text(record.text(name))
        }
        return record.has(name + "File") ? .file(record.text(name + "File")) : nil
    }

    private mutating func principal(_ value: CheckedValue) -> Principal? {
        if let principal = Principal(value.word) { return principal }
        reader.refuse(value.mark, "'\(value.word)' is no principal; write it as in User:alice")
        return nil
    }

    private mutating func bindings(_ record: CheckedRecord) -> [AccessBinding] {
        if !record.isWhole { return [] }
        let principal = Principal(record.text("principal"))
        if principal == nil {
            reader.refuse(
                record.mark("principal"),
                "'\(record.text("principal"))' is no principal; write it as in User:alice, or *:* "
                    + "for everybody")
        }
        let resource = AccessResource(path: record.text("resource"))
        if resource == nil {
            reader.refuse(
                record.mark("resource"),
                "'\(record.text("resource"))' is no resource; write it as in cluster, "
                    + "cluster.shop or cluster.shop.orders")
        }
        guard let principal, let resource else { return [] }
        return record.list("operations").compactMap { item in
            guard let operation = AccessOperation(name: item.word) else {
                preconditionFailure("an operation that the shape does not have")
            }
            return AccessBinding(
                resource, AccessEntry(principal, operation, host: record.text("host")))
        }
    }

    private mutating func quotas(_ items: [CheckedValue]) -> QuotaTable {
        var table = QuotaTable()
        var clients: Set<String> = []
        for record in items.map(\.table) where record.isWhole {
            let client = record.has("client") ? record.text("client") : ""
            if !clients.insert(client).inserted {
                reader.refuse(
                    record.mark("client"),
                    client.isEmpty
                        ? "there are two quotas of every other client"
                        : "there are two quotas of '\(client)'")
            }
            func rate(_ name: String) -> Int64? {
                record.has(name) ? Int64(record.integer(name)) : nil
            }
            let quota = Quota(
                producedBytes: rate("produced"), fetchedBytes: rate("fetched"),
                requests: rate("requests"))
            if quota == Quota() {
                reader.refuse(
                    record.mark, "a quota says at least one of produced, fetched and requests")
            }
            if client.isEmpty { table.standard = quota } else { table.byClient[client] = quota }
        }
        return table
    }
}
