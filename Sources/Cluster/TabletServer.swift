import Changelog
public import Platform

/// A server that holds replicas: it serves those it leads and follows the leaders of the others.
public final class TabletServer {
    public let machine: Machine
    public let mirror: MetadataMirror
    public private(set) var replicas: [BucketIdentifier: Replica] = [:] {
        didSet {
            heldBuckets = replicas.keys.sorted()
            heldReplicas = heldBuckets.map { replicas[$0]! }
            replicaChanges += 1
        }
    }
    /// The buckets of `replicas`, in order.
    private(set) var heldBuckets: [BucketIdentifier] = []
    /// The replicas of `heldBuckets`.
    private(set) var heldReplicas: [Replica] = []
    /// Counts the replicas that came and went.
    private var replicaChanges = 0
    /// The lease of the present registration: one run of this server between two losses of its
    /// lease.
    public private(set) var incarnation: Int64 = 0
    let configuration: ClusterConfiguration
    let calls: Calls
    private let server: CallServer
    /// All logs of this server are made durable together.
    let groupCommit: GroupCommit
    /// The leaders that are fetched from.
    var fetchers: Set<String> = []
    var opening: Set<BucketIdentifier> = []
    /// Holds clients to what they may ask of this server.
    public let quotas: QuotaKeeper
    /// Whether a machine that calls is a node of the cluster, and no client.
    private let isOfCluster: (String) -> Bool
    /// Whether the disk is not the one that this server had: it holds nothing that counts.
    var isDiskReplaced = false

    /// - Parameter isOfCluster: Whether a machine that calls is a node of the cluster, and no
    ///   client.
    public init(
        _ machine: Machine, _ configuration: ClusterConfiguration,
        isOfCluster: @escaping (String) -> Bool = { _ in false }
    ) {
        self.machine = machine
        self.configuration = configuration
        self.isOfCluster = isOfCluster
        var table = QuotaTable()
        table.standard = configuration.clientQuota
        quotas = QuotaKeeper(machine, table)
        mirror = MetadataMirror(machine, configuration)
        calls = Calls(machine, mirror, timeout: configuration.callTimeout)
        server = CallServer(machine, configuration)
        groupCommit = GroupCommit(machine)
    }

    /// Serves until the machine ends.
    public func run() async throws {
        machine.spawn("metadata of \(machine.name)") {
            try await self.mirror.follow()
        }
        while !mirror.isLoaded { _ = try await mirror.changed.wait() }
        try await checkDisk()
        machine.spawn("files of dropped tables") { try await self.removeDropped() }
        // Everything that is held is opened, and damage made known, before anyone counts on this
        // server.
        for bucket in mirror.buckets(on: machine.name) { _ = try await open(bucket) }
        try await removeStrayLogs()
        machine.spawn("registration of \(machine.name)") { try await self.stayRegistered() }
        machine.spawn("roles of \(machine.name)") { try await self.reconcile() }
        try await server.serve { request, caller in
            if self.isOfCluster(caller) { return try await self.answer(request) }
            return try await self.answer(request, forClient: caller)
        }
    }

    // MARK: Registration

    private func stayRegistered() async throws {
        var retry = Backoff(configuration)
        while true {
            do {
                guard let format = try await formatCondition() else {
                    try await machine.sleep(configuration.leaseDuration)
                    continue
                }
                guard let lease = try await register(if: format) else { continue }
                incarnation = lease.number
                applyStates()
                retry.reset()
                try await keepAlive(lease, on: machine, configuration)
                machine.observer.reached("server lost its lease")
            } catch is CoordinationError {
                try await machine.sleep(retry.next(machine.entropy))
            } catch let error as ClusterError {
                machine.observer.note(.warning, "registration of \(machine.name): \(error)")
                try await machine.sleep(retry.next(machine.entropy))
            }
            // A server without its lease leads nothing: someone else may by now.
            incarnation = 0
            for bucket in heldBuckets { replicas[bucket]!.resign() }
        }
    }

    /// Registers under a new lease; nil if the cluster's format or the entry was changed meanwhile.
    ///
    /// The entry is exchanged, not put: a request of unknown outcome may get there late, and would
    /// take the entry to a lease that nobody renews any more.
    private func register(
        if format: CoordinationTransaction.Condition
    ) async throws -> LeaseIdentifier? {
        let key = MetadataKey.server(machine.name).text
        let former = try await machine.coordination.get(key)
        let lease = try await machine.coordination.grantLease(configuration.leaseDuration)
        let registration = ServerRegistration(
            incarnation: lease.number, formatVersion: configuration.formatVersion.number)
        let result = try await machine.coordination.commit(
            CoordinationTransaction(
                conditions: [
                    format, former.map { .revision(key: key, $0.revision) } ?? .absent(key: key),
                ],
                operations: [
                    .put(key: key, value: registration.stored(in: .oldest), lease: lease)
                ]))
        if case .committed = result { return lease }
        machine.observer.reached("registration crossed a raise of the format")
        return nil
    }

    /// The condition under which this server may register: that the cluster's format is still one
    /// that it reads. Nil if it is not.
    private func formatCondition() async throws -> CoordinationTransaction.Condition? {
        let key = MetadataKey.format.text
        guard let entry = try await machine.coordination.get(key) else { return .absent(key: key) }
        let format = try mirror.read(ClusterFormat.self, from: entry.value)
        if format.number <= configuration.formatVersion.number {
            return .revision(key: key, entry.revision)
        }
        machine.observer.reached("server too old for the cluster's format")
        machine.observer.note(
            .warning,
            "the cluster writes format \(format.number) and this server reads up to "
                + "\(configuration.formatVersion): it takes no part until it is upgraded")
        return nil
    }

    // MARK: Roles

    private func reconcile() async throws {
        while true {
            applyStates()
            _ = try await mirror.changed(.held(by: machine.name)).wait()
        }
    }

    func applyStates() {
        retireDropped()
        retireReplicas()
        for bucket in mirror.buckets(on: machine.name) where !mirror.isGone(bucket) {
            guard let replica = replicas[bucket] else {
                openLater(bucket)
                continue
            }
            guard let state = mirror.buckets[bucket], incarnation != 0 else { continue }
            replica.apply(state, incarnation: incarnation)
            if case .following(let leader) = replica.role { fetch(from: leader) }
        }
    }

    private func openLater(_ bucket: BucketIdentifier) {
        if opening.contains(bucket) || mirror.tables[bucket.table] == nil { return }
        opening.insert(bucket)
        machine.spawn("opening of \(bucket)") {
            while try await !self.open(bucket) {
                // Until people restored the data, or another replica has all of it again.
                try await self.machine.sleep(self.configuration.leaseDuration)
            }
            if self.replicas[bucket] == nil && self.mirror.isGone(bucket) {
                // It was dropped while it could not be opened: what the tries left goes as well.
                _ = try await self.removeFiles(of: bucket.path)
            }
            self.opening.remove(bucket)
            self.applyStates()
        }
    }

    /// False if what is there cannot be served.
    private func open(_ bucket: BucketIdentifier) async throws -> Bool {
        guard let table = mirror.tables[bucket.table], replicas[bucket] == nil,
            !mirror.isGone(bucket)
        else { return true }
        if isDiskReplaced, try await !leaveInSync(bucket) {
            machine.observer.note(
                .warning,
                "\(bucket) is not served here: its disk was replaced, and no other replica "
                    + "holds all of it")
            return false
        }
        let log: ChangeLog
        do {
            guard let opened = try await openLog(of: bucket) else { return false }
            log = opened
        } catch let error as ChangelogError {
            machine.halt("log of \(bucket): \(error)")
            throw Terminated()
        } catch DiskError.full(let path) {
            // Others serve meanwhile; what is here is kept.
            machine.observer.note(.warning, "\(bucket) is not open: no space for \(path)")
            return false
        } catch let error as DiskError {
            machine.halt("log of \(bucket): \(error)")
            throw Terminated()
        }
        let replica = Replica(
            bucket: bucket, table: table, log: log, machine: machine, mirror: mirror,
            configuration: configuration)
        try await replica.forgetRows()
        replicas[bucket] = replica
        machine.spawn("remote log of \(bucket)") { try await replica.runRemoteLogTask() }
        return true
    }

    /// Ends the service of a bucket that was dropped.
    func retire(_ bucket: BucketIdentifier) -> Replica? {
        guard let replica = replicas.removeValue(forKey: bucket) else { return nil }
        replica.retire()
        return replica
    }

    // MARK: Calls

    func answer(_ request: Request) async throws -> Response {
        switch request {
        case .apiVersions, .createTable, .alterTable, .createDatabase, .dropDatabase,
            .dropTable, .createPartition, .dropPartition, .reassign, .rebalance,
            .cancelRebalance:
            throw ClusterError.invalidRequest(reason: "tables are the coordinator's")
        case .produce(let request):
            try checkMemory(for: request.batch.count)
            let replica = try replica(request.bucket)
            return .appended(try await replica.append(request.checked(for: replica.table)))
        case .upsert(let request):
            try checkMemory(for: request.byteCount)
            return .appended(try await replica(request.bucket).upsert(request))
        case .fetch(let request):
            let answers = try await answer(request)
            guard let filter = request.filter else { return .fetched(answers) }
            let filtered = answers.map { answer in
                replicas[answer.bucket]?.filtered(answer, by: filter) ?? (answer, nil)
            }
            return .filtered(
                filtered.map(\.0), nextOffsets: filtered.map { $0.1 ?? -1 })
        case .lookup(let bucket, let keys):
            let (rows, offset) = try await replica(bucket).lookup(keys)
            return .rows(rows, offset: offset)
        case .insertIfAbsent(let bucket, let keys):
            try checkMemory(for: keys.reduce(0) { $0 + $1.count })
            let (rows, offset) = try await replica(bucket).insertIfAbsent(keys)
            return .rows(rows, offset: offset)
        case .scanRows(let request):
            return .rowScan(try await replica(request.bucket).scanRows(request))
        case .offset(let bucket, let time):
            return .offset(try await replica(bucket).offset(at: time))
        case .scan(let bucket, let after, let limit):
            return .page(try await replica(bucket).scan(after: after, limit: limit))
        case .prefixLookup(let bucket, let prefix, let after, let limit):
            return .page(
                try await replica(bucket).scan(prefix: prefix, after: after, limit: limit))
        case .offsets(let bucket):
            return .offsets(try await replica(bucket).committedOffsets())
        case .search:
            throw ClusterError.invalidRequest(reason: "vectors are searched at the indexer")
        }
    }

    /// Refuses changes before memory runs out: what is under way needs the rest.
    private func checkMemory(for byteCount: Int) throws {
        if !machine.memory.isShort(with: byteCount) { return }
        machine.observer.reached("change refused for want of memory")
        throw ClusterError.busy(
            reason: "\(machine.name) holds \(machine.memory.usedByteCount) of "
                + "\(machine.memory.limitByteCount) bytes of memory")
    }

    private func replica(_ bucket: BucketIdentifier) throws -> Replica {
        guard let replica = replicas[bucket] else { throw ClusterError.unknownBucket(bucket) }
        return replica
    }

    /// Waits until some part has something to say, or the caller's patience ends.
    private func answer(_ request: FetchRequest) async throws -> [FetchedBucket] {
        let wait = Duration.milliseconds(min(max(0, request.waitMilliseconds), 30_000))
        let deadline = machine.clock.now + wait
        var asked = request.parts.map { replicas[$0.bucket] }
        var seenChanges = replicaChanges
        while true {
            if seenChanges != replicaChanges {
                asked = request.parts.map { replicas[$0.bucket] }
                seenChanges = replicaChanges
            }
            let answers = try await answersNow(request, asked)
            if !answers.isEmpty { return answers }
            // Only news of these buckets is news to who asks.
            let signals = asked.compactMap { request.replica == nil ? $0?.progress : $0?.grown }
            if try await !machine.wait(forAnyOf: signals, until: deadline) { return [] }
        }
    }

    /// The parts that have something to say; each has its share of the bytes, and at least a batch.
    private func answersNow(
        _ request: FetchRequest, _ asked: [Replica?]
    ) async throws -> [FetchedBucket] {
        var answers: [FetchedBucket] = []
        var room = min(
            max(1, request.byteCount), 16 * 1024 * 1024, machine.memory.freeByteCount / 4)
        for (position, part) in request.parts.enumerated() where room > 0 || answers.isEmpty {
            guard let replica = asked[position] else {
                answers.append(
                    FetchedBucket(
                        bucket: part.bucket, error: .unknownBucket(part.bucket), highWatermark: 0,
                        batches: [], divergence: nil))
                continue
            }
            let share = min(room, max(64 * 1024, room / (request.parts.count - position)))
            var answer: FetchedBucket
            switch replica.judgeFetch(
                part, from: request.replica, incarnation: request.incarnation)
            {
            case .nothing: continue
            case .answer(let found): answer = found
            case .read(let limit, let leadership):
                answer = try await replica.readFetch(
                    part, below: limit, byteCount: share, in: leadership)
            }
            if let columns = request.columns, answer.error == nil {
                answer = replica.pruned(answer, to: columns)
            }
            room -= answer.batches.count
            answers.append(answer)
        }
        return answers
    }
}
