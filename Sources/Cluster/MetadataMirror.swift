public import Platform

/// A node's copy of the cluster's metadata, kept up to date by a watch.
///
/// It may lag behind the coordination service but never shows a state that was not there, and for
/// each key never goes back. Whoever acts on it fences the act with the revision it acted on.
public final class MetadataMirror {
    public struct Versioned<Value> {
        public var value: Value
        public var revision: Revision
    }

    public private(set) var servers: [String: ServerRegistration] = [:]
    public private(set) var tables: [Int64: TableDescription] = [:]
    /// The partitions of each table, by identifier.
    public private(set) var partitions: [Int64: [Int64: PartitionDescription]] = [:]
    /// What is still to be collected of dropped tables and partitions, by what was dropped.
    private(set) var dropped: [DroppedOwner: TableDescription] = [:]
    /// Tables and partitions that were here and are gone: they never come again.
    private(set) var gone: Set<DroppedOwner> = []
    private var storedDatabases: [String: DatabaseDescription] = [:]
    public private(set) var buckets: [BucketIdentifier: Versioned<BucketState>] = [:]
    public private(set) var remoteLogs: [BucketIdentifier: Versioned<ManifestPointer>] = [:]
    public private(set) var snapshots: [BucketIdentifier: Versioned<ManifestPointer>] = [:]
    /// By table, then by the name of who reads its log.
    private(set) var consumed: [Int64: [String: ConsumedOffsets]] = [:]
    /// Who may do what, by the resource.
    private(set) var accessLists: [AccessResource: [AccessEntry]] = [:]
    /// The rebalance of the cluster that is under way, or was last.
    public private(set) var rebalance: Versioned<Rebalance>?
    /// The machine that leads each service.
    public private(set) var leaders: [String: String] = [:]
    public private(set) var isLoaded = false
    /// All changes up to this one are known here, and none after it.
    private(set) var revision = Revision.zero
    /// The format of everything that is written now.
    public private(set) var format = FormatVersion.oldest
    /// Notified after each batch of changes.
    public let changed: Signal
    let machine: Machine
    let configuration: ClusterConfiguration
    private var revisions: [String: Revision] = [:]
    /// One for each topic that somebody here waited for.
    private var topics: [Topic: Signal] = [:]
    /// What changed since the last announcement, in order and perhaps more than once.
    private var touched: [Topic] = []
    /// Buckets that changed, or a server of which did, since they were last asked for; nil until
    /// somebody does.
    private var attention: Set<BucketIdentifier>?
    /// Which buckets each server that was asked for holds, until a bucket is placed elsewhere.
    private var placements: [String: [BucketIdentifier]] = [:]

    public init(_ machine: Machine, _ configuration: ClusterConfiguration) {
        self.machine = machine
        self.configuration = configuration
        changed = Signal(machine)
    }

    /// Loads everything and follows the changes until the machine ends.
    public func follow() async throws {
        var retry = Backoff(configuration)
        while true {
            do {
                let range = try await machine.coordination.range(prefix: MetadataKey.root)
                reload(range)
                retry.reset()
                let watch = try await machine.coordination.watch(
                    prefix: MetadataKey.root, after: range.revision)
                while true {
                    for event in try await watch.next() { apply(event) }
                    announce()
                }
            } catch is CoordinationError {
                machine.observer.reached("metadata watch broken")
                try await machine.sleep(retry.next(machine.entropy))
            }
        }
    }

    // MARK: Values

    /// The bytes of a value as this cluster writes it now.
    func stored(_ value: some StoredValue) -> [UInt8] {
        value.stored(in: min(format, configuration.formatVersion))
    }

    private func follow(_ written: ClusterFormat?) {
        guard let written else { return }
        if let known = FormatVersion(written.number), known <= configuration.formatVersion {
            format = max(format, known)
        } else {
            machine.observer.note(
                .warning,
                "the cluster writes format \(written.number) and this node reads up to "
                    + "\(configuration.formatVersion): upgrade \(machine.name)")
        }
    }

    /// A value that stands in the coordination service, of any version that this node reads.
    func read<Value: StoredValue>(_ type: Value.Type, from bytes: [UInt8]) throws -> Value {
        try Value(stored: bytes, supported: configuration.formatVersion)
    }

    /// The active coordinator.
    public var coordinator: String? { leaders[Coordinator.leaseName] }

    /// The table at a path.
    public func table(at path: TablePath) -> TableDescription? {
        tables.values.filter { $0.path == path }.max { $0.identifier < $1.identifier }
    }

    /// The databases in order: those that were created, those that have tables, and the standard
    /// one.
    public var databases: [DatabaseDescription] {
        var found = storedDatabases
        for name in tables.values.map(\.path.database) + [TablePath.defaultDatabase]
        where found[name] == nil {
            found[name] = DatabaseDescription(name: name)
        }
        return found.values.sorted { $0.name < $1.name }
    }

    public func database(_ name: String) -> DatabaseDescription? {
        storedDatabases[name] ?? databases.first { $0.name == name }
    }

    /// The tables of a database, by name in order.
    public func tables(in database: String) -> [TableDescription] {
        tables.values.filter { $0.path.database == database }.sorted { $0.path < $1.path }
    }

    /// The partitions of a table, in order of their creation.
    public func partitions(of table: Int64) -> [PartitionDescription] {
        (partitions[table] ?? [:]).values.sorted { $0.identifier < $1.identifier }
    }

    public func partition(_ name: String, of table: Int64) -> PartitionDescription? {
        partitions[table]?.values.first { $0.name == name }
    }

    /// All buckets of a table, those of its partitions included, in order.
    public func buckets(of table: TableDescription) -> [BucketIdentifier] {
        if !table.isPartitioned { return table.buckets }
        return partitions(of: table.identifier).flatMap { $0.buckets(table.bucketCount) }
    }

    /// Whether the table or the partition of a bucket was dropped, as far as this node has heard.
    public func isGone(_ bucket: BucketIdentifier) -> Bool {
        if gone.isEmpty { return false }
        return gone.contains(DroppedOwner(table: bucket.table, partition: nil))
            || bucket.partition != nil
                && gone.contains(DroppedOwner(table: bucket.table, partition: bucket.partition))
    }

    private func follow(_ owner: DroppedOwner, isThere: Bool) {
        if isThere { return }
        gone.insert(owner)
        for bucket in buckets.keys.sorted() where owner.owns(bucket) {
            touched += (buckets[bucket]?.value.replicas ?? []).map(Topic.held)
            touched.append(.bucket(bucket))
        }
    }

    /// The manifest pointer that stands at a key.
    func pointer(at key: String) -> Versioned<ManifestPointer>? {
        switch MetadataKey(key) {
        case .remoteLog(let bucket): remoteLogs[bucket]
        case .snapshot(let bucket): snapshots[bucket]
        default: nil
        }
    }

    /// All buckets that a server holds a replica of, in order.
    public func buckets(on server: String) -> [BucketIdentifier] {
        if let known = placements[server] { return known }
        let held = buckets.filter { $0.value.value.replicas.contains(server) }.keys.sorted()
        placements[server] = held
        return held
    }

    private func set(_ bucket: BucketIdentifier, _ state: Versioned<BucketState>?) {
        let former = buckets[bucket]?.value.replicas ?? []
        let replicas = state?.value.replicas ?? []
        if former != replicas {
            placements.removeAll()
            touched += former.map(Topic.held)
        }
        buckets[bucket] = state
        attention?.insert(bucket)
        touched += replicas.map(Topic.held)
        touched.append(.bucket(bucket))
    }

    /// Takes in what this node itself has just written or read, ahead of the watch.
    func learn(_ bucket: BucketIdentifier, _ state: BucketState, at revision: Revision) {
        if let known = buckets[bucket], known.revision >= revision { return }
        set(bucket, Versioned(value: state, revision: revision))
        revisions[MetadataKey.bucket(bucket).text] = revision
        announce()
    }

    func learn(_ rebalance: Rebalance, at revision: Revision) {
        if let known = self.rebalance, known.revision >= revision { return }
        self.rebalance = Versioned(value: rebalance, revision: revision)
        revisions[Rebalance.key] = revision
        announce()
    }

    // MARK: Attention

    /// Has `takeAttention` answer with all buckets, and then with those that news concerns.
    func attendToAll() { attention = Set(buckets.keys) }

    func attend(to bucket: BucketIdentifier) { attention?.insert(bucket) }

    /// The buckets to look at since the last call, in order.
    func takeAttention() -> [BucketIdentifier] {
        guard let taken = attention else { preconditionFailure("nobody attends to the buckets") }
        attention = []
        return taken.sorted()
    }

    // MARK: Topics

    /// What a change is about, for those who need not look at everything: with many buckets, nearly
    /// all changes are about others.
    enum Topic: Hashable {
        /// The state, the remote log or the snapshot of a bucket.
        case bucket(BucketIdentifier)
        /// The replicas that a server holds.
        case held(by: String)
        /// Which servers are registered.
        case servers
    }

    /// Notified after each batch of changes that has one about `topic`.
    func changed(_ topic: Topic) -> Signal {
        if let known = topics[topic] { return known }
        let signal = Signal(machine)
        topics[topic] = signal
        return signal
    }

    private func announce() {
        changed.notify()
        var told: Set<Topic> = []
        for topic in touched {
            guard let signal = topics[topic], told.insert(topic).inserted else { continue }
            signal.notify()
        }
        touched.removeAll(keepingCapacity: true)
    }

    private func reload(_ range: CoordinationRange) {
        let present = Set(range.entries.map(\.key))
        for key in revisions.keys.sorted() where !present.contains(key) {
            apply(WatchEvent(key: key, entry: nil, revision: range.revision))
        }
        for entry in range.entries {
            apply(WatchEvent(key: entry.key, entry: entry, revision: entry.revision))
        }
        revision = max(revision, range.revision)
        isLoaded = true
        announce()
    }

    private func apply(_ event: WatchEvent) {
        revision = max(revision, event.revision)
        // Repeated and late events are old news.
        if let known = revisions[event.key], known >= event.revision { return }
        revisions[event.key] = event.revision
        do {
            try store(event)
        } catch ClusterError.unsupportedFormat(let what, let version, let newest) {
            let error = ClusterError.unsupportedFormat(what, version: version, newest: newest)
            machine.observer.note(.warning, "metadata under \(event.key): \(error)")
        } catch {
            machine.observer.note(.error, "metadata under \(event.key) cannot be read: \(error)")
        }
    }

    private func store(_ event: WatchEvent) throws {
        let bytes = event.entry?.value
        switch MetadataKey(event.key) {
        case .server(let name):
            servers[name] = try bytes.map { try read(ServerRegistration.self, from: $0) }
            attention?.formUnion(buckets(on: name))
            touched.append(.servers)
        case .table(let identifier):
            tables[identifier] = try bytes.map { try read(TableDescription.self, from: $0) }
            follow(DroppedOwner(table: identifier, partition: nil), isThere: bytes != nil)
            for bucket in tables[identifier].map(buckets(of:)) ?? [] {
                touched += (buckets[bucket]?.value.replicas ?? []).map(Topic.held)
            }
        case .bucket(let bucket):
            let state = try bytes.map {
                Versioned(value: try read(BucketState.self, from: $0), revision: event.revision)
            }
            set(bucket, state)
        case .remoteLog(let bucket):
            remoteLogs[bucket] = try bytes.map {
                Versioned(
                    value: try read(ManifestPointer.self, from: $0), revision: event.revision)
            }
            touched.append(.bucket(bucket))
        case .snapshot(let bucket):
            snapshots[bucket] = try bytes.map {
                Versioned(
                    value: try read(ManifestPointer.self, from: $0), revision: event.revision)
            }
            touched.append(.bucket(bucket))
        case .consumed(let name, let table):
            consumed[table, default: [:]][name] = try bytes.map {
                try read(ConsumedOffsets.self, from: $0)
            }
        case .leader(let name):
            leaders[name] = try bytes.map { try read(LeaderName.self, from: $0).machine }
        case .rebalance:
            rebalance = try bytes.map {
                Versioned(value: try read(Rebalance.self, from: $0), revision: event.revision)
            }
        case .format: try follow(bytes.map { try read(ClusterFormat.self, from: $0) })
        case .database(let name):
            storedDatabases[name] = try bytes.map { try read(DatabaseDescription.self, from: $0) }
        case .partition(let table, let identifier):
            partitions[table, default: [:]][identifier] = try bytes.map {
                try read(PartitionDescription.self, from: $0)
            }
            follow(DroppedOwner(table: table, partition: identifier), isThere: bytes != nil)
        case .access(let resource):
            accessLists[resource] = try bytes.map {
                try read(AccessList.self, from: $0).entries
            }
        case .dropped(let table, let partition):
            let owner = DroppedOwner(table: table, partition: partition)
            dropped[owner] = try bytes.map { try read(TableDescription.self, from: $0) }
            // Who was away when it was dropped finds its buckets there, until they are collected.
            follow(owner, isThere: bytes == nil)
        case .counter, .path, .partitionName, .consumer, .holds, .snapshotLeases, .snapshotLease,
            .disk, nil:
            break
        }
    }
}
