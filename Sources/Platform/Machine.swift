/// Everything one node may touch: the seam between the engine and either world.
///
/// A node is plain code: classes and structs that are not `Sendable`, reached only from tasks that
/// `spawn` started. All of them run on one serial executor, so code between two waits is atomic,
/// and each wait costs exactly one job, in debug and in release alike.
public final class Machine {
    /// Unique in its world and stable over restarts, such as `server-1`.
    public let name: String
    public let clock: any TimeSource
    public let disk: any Disk
    public let network: any Network
    public let objectStore: any ObjectStore
    public let coordination: any Coordination
    public let lakeCatalog: any LakeCatalog
    /// Where it may bring vectors, if anywhere.
    public let vectorService: (any VectorService)?
    public let entropy: any Entropy
    public let observer: any Observer
    public let lifetime: Lifetime
    public let memory: Memory
    public let processor: any Processor
    private let lane: Lane

    public init(
        name: String,
        clock: any TimeSource,
        disk: any Disk,
        network: any Network,
        objectStore: any ObjectStore,
        coordination: any Coordination,
        lakeCatalog: any LakeCatalog,
        vectorService: (any VectorService)? = nil,
        entropy: any Entropy,
        observer: any Observer,
        lifetime: Lifetime,
        memory: Memory,
        processor: any Processor,
        executor: any SerialExecutor & TaskExecutor
    ) {
        self.name = name
        self.clock = clock
        self.disk = disk
        self.network = network
        self.objectStore = objectStore
        self.coordination = coordination
        self.lakeCatalog = lakeCatalog
        self.vectorService = vectorService
        self.entropy = entropy
        self.observer = observer
        self.lifetime = lifetime
        self.memory = memory
        self.processor = processor
        self.lane = Lane(executor)
    }

    /// Starts a task of this machine: the one way to run two things at once.
    ///
    /// `Terminated` ends a task in silence; any other error that leaves `body` is noted as a
    /// defect.
    public func spawn(_ label: String, _ body: @escaping () async throws -> Void) {
        let observer = self.observer
        lane.spawn {
            do {
                try await body()
            } catch is Terminated {
            } catch {
                observer.note(.error, "task \(label) failed: \(error)")
            }
        }
    }
}

extension Machine {
    /// Ends this machine by its own decision, because going on could lose data: it fails stop.
    ///
    /// Who runs the machine may start it again, as a supervisor restarts a process.
    public func halt(_ reason: String) {
        if lifetime.isEnded { return }
        observer.note(.warning, "\(name) halts: \(reason)")
        lifetime.end()
    }
}

/// Runs a machine's tasks on its world's executor.
///
/// The actor is what keeps waits at one job each: code without an isolation is enqueued again at
/// each return from an async call, and how often differs between debug and release. That is why
/// Tidy refuses capture lists in async closures: such a closure has no isolation. A task begins on
/// the actor, too: begun elsewhere it is enqueued twice, but in release once, where the optimizer
/// drops the hop.
private actor Lane {
    private nonisolated let executor: any SerialExecutor & TaskExecutor

    nonisolated var unownedExecutor: UnownedSerialExecutor { executor.asUnownedSerialExecutor() }

    init(_ executor: any SerialExecutor & TaskExecutor) { self.executor = executor }

    nonisolated func spawn(_ body: @escaping () async -> Void) {
        // Safe because the executor is serial and everything that `body` reaches is reached on it
        // only.
        nonisolated(unsafe) let body = body
        assumeIsolated { $0.start { await body() } }
    }

    private func start(_ body: @escaping @Sendable () async -> Void) {
        Task(executorPreference: executor) { await self.run(body) }
    }

    private func run(_ body: () async -> Void) async { await body() }
}
