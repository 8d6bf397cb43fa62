/// Where things stand in the coordination service.
enum MetadataKey: Hashable {
    case leader(String)
    case server(String)
    case table(Int64)
    /// Which table has a path.
    case path(TablePath)
    case database(String)
    case partition(table: Int64, Int64)
    /// Which partition of a table has a name.
    case partitionName(table: Int64, String)
    /// What is still to be collected of a dropped table, or of one of its partitions.
    case dropped(table: Int64, partition: Int64?)
    /// How far a named consumer has read a table.
    case consumer(table: Int64, String)
    case bucket(BucketIdentifier)
    case remoteLog(BucketIdentifier)
    case snapshot(BucketIdentifier)
    /// How far a service, or a reader by its name, has made what it needs of a table's log its own.
    case consumed(by: String, table: Int64)
    /// Changed whenever somebody begins to hold a table's log: what expires depends on it.
    case holds(table: Int64)
    /// Readers' leases on snapshots of a bucket's rows: the prefix of all, and one by its reader.
    case snapshotLeases(BucketIdentifier)
    case snapshotLease(BucketIdentifier, reader: String)
    /// Who may do what to a resource.
    case access(AccessResource)
    /// Which disk a server has.
    case disk(of: String)
    /// The rebalance that is under way, or was last.
    case rebalance
    case counter(String)
    /// The format of everything that is written.
    case format

    static let root = "/wavetank/"

    var text: String {
        switch self {
        case .leader(let name): Self.root + "leaders/" + name
        case .server(let name): Self.root + "servers/" + name
        case .table(let identifier): Self.root + "tables/\(identifier)"
        case .path(let path): Self.root + "paths/\(path.database)/\(path.table)"
        case .database(let name): Self.root + "databases/" + name
        case .partition(let table, let identifier):
            Self.root + "partitions/\(table)/\(identifier)"
        case .partitionName(let table, let name): Self.root + "partition-names/\(table)/\(name)"
        case .dropped(let table, let partition):
            Self.root + "dropped/\(table)" + (partition.map { "/\($0)" } ?? "")
        case .consumer(let table, let name): Self.root + "consumers/\(table)/" + name
        case .bucket(let bucket): Self.root + "buckets/" + bucket.path
        case .remoteLog(let bucket): Self.root + "remote-logs/" + bucket.path
        case .snapshot(let bucket): Self.root + "snapshots/" + bucket.path
        case .consumed(let name, let table): Self.root + "consumed/\(table)/" + name
        case .holds(let table): Self.root + "holds/\(table)/"
        case .snapshotLeases(let bucket): Self.root + "snapshot-leases/" + bucket.path + "/"
        case .snapshotLease(let bucket, let reader):
            MetadataKey.snapshotLeases(bucket).text + reader
        case .access(let resource):
            Self.root + "access/\(resource.kind.text)/" + resource.name
        case .disk(let server): Self.root + "disks/" + server
        case .rebalance: Self.root + "rebalance"
        case .counter(let name): Self.root + "counters/" + name
        case .format: Self.root + "format"
        }
    }

    init?(_ text: String) {
        guard text.hasPrefix(Self.root) else { return nil }
        let parts = text.dropFirst(Self.root.count).split(separator: "/").map(String.init)
        switch (parts.first, parts.count) {
        case ("leaders", 2): self = .leader(parts[1])
        case ("servers", 2): self = .server(parts[1])
        case ("counters", 2): self = .counter(parts[1])
        case ("paths", 3): self = .path(TablePath(database: parts[1], table: parts[2]))
        case ("format", 1): self = .format
        case ("rebalance", 1): self = .rebalance
        case ("databases", 2): self = .database(parts[1])
        case ("dropped", 2):
            guard let table = Int64(parts[1]) else { return nil }
            self = .dropped(table: table, partition: nil)
        case ("dropped", 3), ("partitions", 3):
            guard let table = Int64(parts[1]), let partition = Int64(parts[2]) else { return nil }
            self =
                parts[0] == "dropped"
                ? .dropped(table: table, partition: partition)
                : .partition(table: table, partition)
        case ("partition-names", 3), ("consumers", 3):
            guard let table = Int64(parts[1]) else { return nil }
            self =
                parts[0] == "consumers"
                ? .consumer(table: table, parts[2]) : .partitionName(table: table, parts[2])
        case ("access", 3):
            guard let kind = AccessResource.Kind.allCases.first(where: { $0.text == parts[1] })
            else { return nil }
            self = .access(AccessResource(kind, parts[2]))
        case ("tables", 2):
            guard let identifier = Int64(parts[1]) else { return nil }
            self = .table(identifier)
        case ("consumed", 3):
            guard let table = Int64(parts[1]) else { return nil }
            self = .consumed(by: parts[2], table: table)
        case (let kind?, 3...):
            guard let bucket = BucketIdentifier(path: parts.dropFirst()) else { return nil }
            switch kind {
            case "buckets": self = .bucket(bucket)
            case "remote-logs": self = .remoteLog(bucket)
            case "snapshots": self = .snapshot(bucket)
            default: return nil
            }
        default: return nil
        }
    }
}

/// Where a tablet server's registration stands in the coordination service, for tools and tests.
public func registrationKey(of server: String) -> String { MetadataKey.server(server).text }

extension BucketState {
    /// Where the coordination service has the state of a bucket.
    public static func key(of bucket: BucketIdentifier) -> String {
        MetadataKey.bucket(bucket).text
    }

    /// Reads the state that the coordination service has.
    public init(reading stored: [UInt8], _ configuration: ClusterConfiguration) throws {
        try self.init(stored: stored, supported: configuration.formatVersion)
    }
}

/// Names the current manifest of something in the object store, and how far it reaches.
public struct ManifestPointer: Hashable, Sendable {
    public var key: String
    /// The first log offset that the manifest does not cover.
    public var endOffset: Int64
    /// The leader that wrote it.
    public var leaderEpoch: Int32

    public init(key: String, endOffset: Int64, leaderEpoch: Int32) {
        self.key = key
        self.endOffset = endOffset
        self.leaderEpoch = leaderEpoch
    }
}
