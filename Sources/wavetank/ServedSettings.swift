import ArgumentParser
import Cluster
import Foundation
import Host
import ScenarioFiles
import Workbench

/// What a process serves, by the command line and, where that says nothing, by its file.
struct ServedSettings {
    var cluster: ServedCluster
    let data: String
    let logFormat: ServeLog.Format
    let logLevel: ServeLog.Level
    /// What should be looked at, though it is served.
    private(set) var warnings: [String] = []
    private let etcd: String?
    private let s3: String?
    private let s3Style: S3Configuration.Style
    private var certificate: (path: String, key: String)?
    private var innerAuthorities: String?
    private let authorities: String?
    private var catalog: ServingFile.Catalog?

    /// - Throws: What is wrong, for people; wrong usage if an option is.
    init(_ options: ServedClusterOptions, data: String?) throws {
        let file = try options.config.map { try Self.read($0) }
        let folder = options.config.map { URL(fileURLWithPath: $0).deletingLastPathComponent() }
        func path(_ text: String) -> String {
            folder.map { URL(fileURLWithPath: text, relativeTo: $0).path } ?? text
        }
        guard let data = data ?? file?.data.map(path) else {
            throw ValidationError("name the folder of all data: --data DIR")
        }
        self.data = data
        logFormat =
            options.logFormat ?? file?.logFormat.flatMap(ServeLog.Format.init) ?? .text
        logLevel = options.logLevel ?? file?.logLevel.flatMap(ServeLog.Level.init) ?? .warning
        if let objection = options.contradiction(file) {
            throw refusal(file.map { "\($0.path): \(objection)" } ?? objection)
        }
        cluster = ServedCluster(folder: URL(fileURLWithPath: data).standardizedFileURL.path)
        let listen = options.listen ?? file?.listen ?? "127.0.0.1:9123"
        guard let place = Self.place(listen) else {
            throw refusal(
                "\(file?.path ?? ""): 'listen' is HOST:PORT, the port from 1 to 65534, not "
                    + "'\(listen)'")
        }
        (cluster.listenHost, cluster.port) = place
        cluster.role =
            options.role ?? file?.role.flatMap(ServedCluster.Role.init) ?? .all
        cluster.number = options.number ?? file?.number ?? 1
        cluster.serverCount = options.servers ?? file?.servers ?? 1
        cluster.advertisedHost = options.advertise ?? file?.advertise
        cluster.httpPort = options.httpPort ?? file?.httpPort
        cluster.isInsecure = options.insecure || file?.isInsecure == true
        cluster.connectionLimit = file?.connectionLimit
        cluster.openFileLimit = file?.openFileLimit
        etcd = options.etcd ?? file?.etcd
        s3 = options.s3 ?? file?.s3
        s3Style = options.s3Style ?? file?.s3Style.flatMap(S3Configuration.Style.init) ?? .path
        if let chain = options.tlsCertificate, let key = options.tlsKey {
            certificate = (chain, key)
        } else if let chain = file?.certificate, let key = file?.key {
            certificate = (path(chain), path(key))
        }
        innerAuthorities = options.tlsAuthorities ?? file?.innerAuthorities.map(path)
        if innerAuthorities != nil && certificate == nil {
            throw refusal("the processes show each other a certificate: name tls's, and its key")
        }
        authorities = options.authorities ?? file?.authorities.map(path)
        catalog = file?.catalog
        if let url = options.catalog { catalog = ServingFile.Catalog(url: url) }
        if let name = options.catalogWarehouse { catalog?.warehouse = name }
        if case .file(let name)? = catalog?.credential { catalog?.credential = .file(path(name)) }
        if case .file(let name)? = catalog?.token { catalog?.token = .file(path(name)) }
        if let file { cluster.access = try Self.access(file, path) }
        if let file, file.hasSecrets, Self.isReadableByOthers(file.path) {
            warnings.append(
                "\(file.path) has secrets and others of this computer may read it: chmod 600 it, "
                    + "or name files by passwordFile")
        }
    }

    /// Reads `HOST:PORT`; nil if it is none.
    static func place(_ text: String) -> (host: String, port: Int)? {
        guard let colon = text.lastIndex(of: ":"),
            let port = Int(text[text.index(after: colon)...]), (1...65_534).contains(port),
            colon != text.startIndex
        else { return nil }
        return (String(text[..<colon]), port)
    }

    /// How callers are kept out, in words; empty if they are not.
    var guards: String {
        var words: [String] = []
        if certificate != nil { words.append("TLS") }
        if innerAuthorities != nil { words.append("TLS between processes") }
        if !cluster.access.isOpen { words.append("\(cluster.access.users.count) users") }
        if cluster.access.isAuthorizing { words.append("access lists") }
        if !cluster.access.quotas.isEmpty { words.append("quotas") }
        return words.joined(separator: ", ")
    }

    /// The cluster with all that had to be looked up: addresses, the certificate, the folder.
    func opened() throws -> ServedCluster {
        var cluster = cluster
        if let certificate {
            cluster.tls = try TLSIdentity(certificate: certificate.path, key: certificate.key)
        }
        if let identity = cluster.tls, let innerAuthorities {
            cluster.innerTLS = try TLSBetweenProcesses(identity, authorities: innerAuthorities)
        }
        cluster.etcd = try etcd.map {
            try EtcdConfiguration.parse($0, authorities: authorities, identity: cluster.tls)
        }
        let environment = ProcessInfo.processInfo.environment
        cluster.s3 = try s3.map {
            try S3Configuration.parse(
                $0, style: s3Style, environment, authorities: authorities
            ) { path in
                FileManager.default.contents(atPath: path).map { [UInt8]($0) }
            }
        }
        cluster.catalog = try catalog.map { try Self.opened($0, environment, authorities) }
        try cluster.checkExposure()
        try makeFolder(data)
        return cluster
    }

    private static func opened(
        _ catalog: ServingFile.Catalog, _ environment: [String: String], _ authorities: String?
    ) throws -> RESTCatalogConfiguration {
        var configuration = try RESTCatalogConfiguration(
            url: catalog.url, authorities: authorities)
        configuration.warehouse = catalog.warehouse
        if let scope = catalog.scope { configuration.scope = scope }
        configuration.credential =
            try catalog.credential.map { try text($0) }
            ?? environment["WAVETANK_CATALOG_CREDENTIAL"]
        configuration.token =
            try catalog.token.map { try text($0) } ?? environment["WAVETANK_CATALOG_TOKEN"]
        return configuration
    }

    // MARK: Files

    private static func read(_ path: String) throws -> ServingFile {
        let text = try readInputText(path)
        do { return try ServingFile.load(text: text, path: path) } catch {
            throw refusal("\(error)")
        }
    }

    private static func access(
        _ file: ServingFile, _ path: (String) -> String
    ) throws -> AccessConfiguration {
        func text(_ secret: ServingFile.Secret) throws -> String {
            if case .file(let name) = secret { return try Self.text(.file(path(name))) }
            return try Self.text(secret)
        }
        var access = AccessConfiguration()
        access.users = try file.users.map { user in
            AccessConfiguration.User(
                user.name, password: try text(user.password), token: try user.token.map(text))
        }
        access.superUsers = Set(file.superUsers)
        access.isAuthorizing = file.isAuthorizing
        access.grants = file.access
        access.quotas = file.quotas
        return access
    }

    /// What a secret is; that of a file is its first line.
    private static func text(_ secret: ServingFile.Secret) throws -> String {
        switch secret {
        case .text(let text): return text
        case .file(let path):
            let first = try readInputText(path).split(
                separator: "\n", maxSplits: 1, omittingEmptySubsequences: false)[0]
            let text = first.last == "\r" ? first.dropLast() : first
            if text.isEmpty { throw refusal("\(path): its first line is empty") }
            return String(text)
        }
    }

    private static func isReadableByOthers(_ path: String) -> Bool {
        let attributes = try? FileManager.default.attributesOfItem(atPath: path)
        let mode = (attributes?[.posixPermissions] as? NSNumber)?.intValue ?? 0
        return mode & 0o044 != 0
    }
}
