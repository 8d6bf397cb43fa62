/// Where a world of real machines keeps its things.
public struct HostConfiguration: Sendable {
    /// An absolute path; it and the folders in it are made as needed.
    public var folder: String
    /// The `catalog_name` of our rows in the lake catalog.
    public var catalogName = "wavetank"
    /// Threads for system calls that block.
    public var workerCount = 4
    /// Threads for work that computes.
    public var processorCount = 2
    /// Files of machines that have a descriptor at a time; nil for what the process may have.
    public var openFileLimit: Int?
    /// Ports of machines that programs of others call, without a greeting, by the real port behind
    /// which each is; 0 for any.
    public var publicPorts: [Int: Int] = [:]
    /// The S3 store that has the objects; nil for a folder.
    public var s3: S3Configuration?
    /// The etcd that coordinates; nil for a database in the folder.
    public var etcd: EtcdConfiguration?
    /// The address that all listeners are bound to; loopback unless asked for another.
    public var listenHost = "127.0.0.1"
    /// The address that listeners of machines are bound to which no program of others calls.
    public var innerHost = "127.0.0.1"
    /// Shown to programs of others, which then have to speak TLS; nil for none.
    public var tls: TLSIdentity?
    /// How machines of other processes are called, and are to call; nil for without TLS.
    public var innerTLS: TLSBetweenProcesses?
    /// Connections of programs of others, at each port that they call; nil for the standard.
    public var connectionLimit: Int?
    /// What other processes reach this one by.
    public var advertisedHost = "127.0.0.1"
    /// The lake catalog that speaks Iceberg's REST protocol; nil for a database in the folder, or
    /// pointers in etcd.
    public var lakeCatalog: RESTCatalogConfiguration?
    /// The file in which what the machines ask for is counted; nil to count in memory alone.
    public var countersPath: String?
    /// How long connecting may take.
    public var connectTimeout = Duration.seconds(3)

    public init(folder: String) { self.folder = folder }

    /// Where the machines' disks are, one folder each.
    public var machinesFolder: String { folder + "/machines" }
    /// Where the objects are, each a plain file at its key's path unless the key needs escaping.
    public var objectsFolder: String { storeFolder + "/objects" }
    public var catalogPath: String { folder + "/catalog.sqlite" }
    public var coordinationPath: String { folder + "/coordination.sqlite" }
    var storeFolder: String { folder + "/store" }
}
