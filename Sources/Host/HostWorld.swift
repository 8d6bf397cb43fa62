import NIOCore
import NIOPosix
import Platform

/// The real world: machines on this computer's clock, files, sockets and databases.
///
/// It is the executor of every task in it, as the simulated world is: one thread at a time, the one
/// that calls `run`, runs all jobs, timers and answers. Foreign threads hand their results back
/// with `post`; only that and `stop` may be called from anywhere.
///
/// Unchecked because the inbox is guarded by its monitor and all else belongs to that one thread.
public final class HostWorld: SerialExecutor, TaskExecutor, @unchecked Sendable {
    enum Item {
        case job(UnownedJob)
        case action(() -> Void)
    }

    public let configuration: HostConfiguration
    public let journal = HostJournal()
    /// What the machines have asked for.
    public let counters: HostCounters
    /// Where machines are found, each by its name and port.
    public let directory: any PortDirectory
    /// Called when a machine has halted by its own decision.
    public var onHalt: ((String) -> Void)?

    var nodes: [String: HostNode] = [:]
    let workers: WorkerThreads
    let openFiles: OpenFiles
    /// Nil where an S3 store has the objects.
    let objects: FolderObjects?
    /// Nil where an etcd coordinates.
    let coordinator: CoordinationService?
    let catalog: CatalogService
    /// For work that computes.
    let processors: WorkerThreads
    /// One thread for the databases, which take one request at a time.
    let databaseThread = WorkerThreads(count: 1)
    let eventLoops = MultiThreadedEventLoopGroup(numberOfThreads: 1)
    /// Leases that machines of this process asked for, and that may not have ended.
    var grantedLeases: [LeaseIdentifier] = []
    private(set) var bucket: S3Bucket?
    private(set) var etcdClient: EtcdClient?
    private(set) var catalogClient: RESTCatalogClient?
    /// Connections that were closed and still have something to send.
    var closingConnections = 0
    /// The next turn of the coordination service, nil when it needs none.
    var pulse: UInt64?
    var watches: [HostWatch] = []
    var lastWatch: UInt64 = 0
    private(set) var isShutDown = false

    private let monitor = Monitor()
    private var inbox: [Item] = []
    private var isAsleep = false
    private var timers = TimerQueue()
    private var isStopping = false
    private var isInside = false

    public init(
        _ configuration: HostConfiguration, directory: any PortDirectory = LocalDirectory()
    ) throws(HostError) {
        self.configuration = configuration
        counters =
            if let path = configuration.countersPath { try HostCounters(path: path) } else {
                HostCounters()
            }
        openFiles = OpenFiles(limit: configuration.openFileLimit)
        self.directory = directory
        do {
            try makeFolders(configuration.machinesFolder, root: "")
            objects = configuration.s3 == nil ? try FolderObjects(configuration) : nil
            try syncFolder(configuration.folder)
        } catch {
            throw .folder(path: configuration.folder, reason: "\(error)")
        }
        if configuration.etcd == nil {
            do {
                coordinator = try CoordinationService(path: configuration.coordinationPath)
            } catch {
                throw .database(path: configuration.coordinationPath, reason: "\(error)")
            }
        } else {
            coordinator = nil
        }
        do { catalog = try CatalogService(configuration) } catch {
            throw .database(path: configuration.catalogPath, reason: "\(error)")
        }
        workers = WorkerThreads(count: configuration.workerCount)
        processors = WorkerThreads(count: configuration.processorCount)
        if let s3 = configuration.s3 { bucket = S3Bucket(s3, world: self) }
        if let etcd = configuration.etcd { etcdClient = EtcdClient(etcd, world: self) }
        if let catalog = configuration.lakeCatalog {
            catalogClient = RESTCatalogClient(catalog, world: self)
        }
    }

    deinit { precondition(isShutDown, "a world was dropped before its shutDown") }

    // MARK: Executor

    public func enqueue(_ job: consuming ExecutorJob) { put(.job(UnownedJob(job))) }

    /// Whoever uses the world from outside of its jobs does so on its one thread.
    public func checkIsolated() {}

    public func asUnownedSerialExecutor() -> UnownedSerialExecutor {
        UnownedSerialExecutor(ordinary: self)
    }

    /// Calls `action` on the world's thread; from any thread.
    public func post(_ action: @escaping @Sendable () -> Void) { put(.action(action)) }

    private func put(_ item: Item) {
        monitor.locked {
            inbox.append(item)
            if isAsleep {
                isAsleep = false
                monitor.wakeAll()
            }
        }
    }

    // MARK: Running

    /// Runs until `stop`.
    public func run() { run(untilNanoseconds: .max) { false } }

    public func run(for duration: Duration) {
        let deadline = HostClock.monotonicNanoseconds + duration.nanoseconds
        run(untilNanoseconds: deadline) { false }
    }

    /// Runs until `condition` holds, tested after each round of jobs; false if time ran out first.
    public func run(atMost duration: Duration, until condition: @escaping () -> Bool) -> Bool {
        let deadline = HostClock.monotonicNanoseconds + duration.nanoseconds
        var isMet = condition()
        if !isMet {
            run(untilNanoseconds: deadline) {
                isMet = condition()
                return isMet
            }
        }
        return isMet
    }

    /// Asks `run` to return; from any thread.
    public func stop() { post { self.isStopping = true } }

    private func run(untilNanoseconds limit: Int64, stopping: () -> Bool) {
        precondition(!isShutDown, "the world was shut down")
        precondition(!isInside, "one thread at a time runs a world")
        isInside = true
        defer { isInside = false }
        isStopping = false
        while true {
            runInbox()
            runTimers()
            if isStopping || stopping() { return }
            if HostClock.monotonicNanoseconds >= limit { return }
            sleep(untilNanoseconds: min(limit, timers.earliest() ?? limit))
        }
    }

    private func runInbox() {
        let items = monitor.locked {
            let items = inbox
            inbox.removeAll()
            return items
        }
        let serial = asUnownedSerialExecutor()
        let task = asUnownedTaskExecutor()
        for item in items {
            switch item {
            case .job(let job): job.runSynchronously(isolatedTo: serial, taskExecutor: task)
            case .action(let action): action()
            }
        }
    }

    private func runTimers() {
        let now = HostClock.monotonicNanoseconds
        while let action = timers.next(dueAt: now) { action() }
    }

    private func sleep(untilNanoseconds deadline: Int64) {
        monitor.locked {
            if !inbox.isEmpty { return }
            isAsleep = true
            if deadline == .max {
                monitor.wait()
            } else {
                monitor.wait(untilNanoseconds: deadline)
            }
            isAsleep = false
        }
    }

    /// Runs what is ready until nothing is.
    func settle() {
        while monitor.locked({ !inbox.isEmpty }) { runInbox() }
    }

    // MARK: Time and other threads

    func schedule(_ deadline: Int64, _ action: @escaping () -> Void) -> UInt64 {
        timers.add(at: deadline, action)
    }

    func cancel(_ identifier: UInt64) { timers.cancel(identifier) }

    /// Runs `work`, which may block, on other threads and waits for its result.
    func offload<Value>(
        to threads: WorkerThreads, in lifetime: Lifetime,
        _ work: @escaping @Sendable () throws -> Value
    ) async throws -> Value {
        try lifetime.check()
        return try await lifetime.wait { (wait: Wait<Value>) in
            let wait = UncheckedSendableBox(wait)
            threads.submit { [self] in
                let result = UncheckedSendableBox(Result { try work() })
                post {
                    switch result.value {
                    case .success(let value): wait.value.resume(returning: value)
                    case .failure(let error): wait.value.resume(throwing: error)
                    }
                }
            }
        }
    }

    // MARK: Ending

    /// Stops all machines, lets their tasks unwind, and gives back threads, sockets and files.
    public func shutDown() {
        if isShutDown { return }
        for name in nodes.keys.sorted() { crash(name) }
        settle()
        // What was sent before an orderly end gets a moment to leave.
        _ = run(atMost: .seconds(1)) { [self] in closingConnections == 0 }
        if let pulse { cancel(pulse) }
        isShutDown = true
        bucket?.client.close()
        etcdClient?.close()
        catalogClient?.close()
        try? eventLoops.syncShutdownGracefully()
        workers.close()
        processors.close()
        databaseThread.close()
        settle()
    }
}
