public import Cluster
public import Host
import Iceberg
import Server

/// What a server process of the engine runs, and which services it uses.
public struct ServedCluster: Sendable {
    /// Which parts of a cluster a process runs.
    public enum Role: String, Sendable, CaseIterable {
        /// Everything.
        case all
        /// The coordinator, tierer and indexer.
        case coordinator
        /// A tablet server, and the gateway that clients call.
        case tablet
    }

    /// An absolute path.
    public var folder: String
    public var role = Role.all
    /// Which process of the cluster this is; no other has the number at the time.
    public var number = 1
    /// Tablet servers of the cluster, in all processes.
    public var serverCount = 1
    public var listenHost = "127.0.0.1"
    /// What clients and other processes are told; the address listened at if nil.
    public var advertisedHost: String?
    /// Where clients of the Fluss protocol bootstrap; the port after it is the tablet server's.
    public var port = 9123
    /// Where HTTP is served: health, metrics, the cluster's state, the lake's catalog and files;
    /// nil for nowhere, 0 for a free port.
    public var httpPort: Int?
    /// Who may call, and how much of it; everybody if nothing is said.
    public var access = AccessConfiguration()
    /// Clients have to speak TLS where there is one.
    public var tls: TLSIdentity?
    /// How the processes of the cluster call each other; nil for without TLS.
    public var innerTLS: TLSBetweenProcesses?
    /// Whether others than this computer are served without TLS, or without users.
    public var isInsecure = false
    /// Connections of programs of others, at each port; nil for the standard.
    public var connectionLimit: Int?
    /// Files of nodes that are open at a time; nil for what the process may have.
    public var openFileLimit: Int?
    public var s3: S3Configuration?
    /// Nil for a cluster in this one process.
    public var etcd: EtcdConfiguration?
    /// The Iceberg REST catalog that has the lake's tables; nil for the cluster's own.
    public var catalog: RESTCatalogConfiguration?

    public init(folder: String) { self.folder = folder }

    /// Refuses to let others than this computer in unless they are kept apart, or it was asked for.
    ///
    /// - Throws: `HostError.port`, which says what to do.
    public func checkExposure() throws(HostError) {
        if isInsecure || Self.isLoopback(listenHost) { return }
        var missing: [String] = []
        if tls == nil { missing.append("nothing is encrypted (name tls)") }
        if access.isOpen { missing.append("nobody has to say who he is (name users)") }
        if etcd != nil && innerTLS == nil {
            missing.append(
                "the processes of the cluster talk to each other without either (name tls's "
                    + "authorities)")
        }
        if missing.isEmpty { return }
        throw .port(
            host: listenHost, port: port,
            reason: "others than this computer could call, and \(missing.joined(separator: "; ")); "
                + "in a network that is safe say --insecure")
    }

    private static func isLoopback(_ host: String) -> Bool {
        host == "localhost" || host == "::1" || host == "[::1]"
            || host.hasPrefix("127.") && host.split(separator: ".").count == 4
    }

    /// Where the files of the lake are, as their catalog is told. Readers that come by a catalog of
    /// others open them in the store itself; those that come by ours, through us.
    var lakeLocation: LakeLocation? {
        if catalog == nil { return nil }
        if let s3 {
            var location = LakeLocation(prefix: "s3://\(s3.bucket)/\(s3.prefix)lake/")
            location.otherBuckets = S3Configuration.otherBucket
            return location
        }
        return .folder("\(folder)/store/objects", former: [])
    }

    /// The nodes that this process runs, in the order in which they start.
    var nodes: [NodeName] {
        if etcd == nil {
            return [NodeName(.coordinator, 1)] + (1...serverCount).map { NodeName(.server, $0) } + [
                NodeName(.tierer, 1), NodeName(.indexer, 1), NodeName(.gateway, 1),
            ]
        }
        let roles: [NodeRole] =
            switch role {
            case .all: [.coordinator, .server, .tierer, .indexer, .gateway]
            case .coordinator: [.coordinator, .tierer, .indexer]
            case .tablet: [.server, .gateway]
            }
        return roles.map { NodeName($0, number) }
    }
}
