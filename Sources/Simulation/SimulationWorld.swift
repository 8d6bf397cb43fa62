public import Platform

/// A deterministic world: machines, time, faults and the trace of what happened.
///
/// It is the executor of every task in it. Jobs run in the order in which they became ready,
/// unless another `JobOrder` is asked for; when none is ready, time jumps to the next event. One
/// thread at a time may use a world; many worlds may run at once on different threads. Same seed,
/// same code: same `trace.hash`.
public final class SimulationWorld: SerialExecutor, TaskExecutor, @unchecked Sendable {
    public let seed: UInt64
    public let costs: CostModel
    public internal(set) var trace: Trace
    /// Simulated nanoseconds since the start of the run.
    public private(set) var nanoseconds: Int64 = 0
    /// Jobs and events run so far.
    public private(set) var stepCount = 0
    /// The wall clock at the start: 2026-01-01T00:00:00Z.
    public let epochMilliseconds: Int64 = 1_767_225_600_000
    public let objects: SimulatedObjects
    public let coordinator: SimulatedCoordinator
    public let catalog: SimulatedCatalog
    public let vectors: SimulatedVectors
    public let journal: Journal

    /// Called when a machine has halted by its own decision.
    public var onHalt: ((String) -> Void)?
    /// Called when an operation of a machine is struck, with whether its power is lost: the caller
    /// ends the machine and decides when it starts again.
    public var onStrike: ((String, Bool) -> Void)?
    var strikes = Strikes()
    /// Called when all is drawn anew from now on.
    public var onRedraw: (() -> Void)?
    /// Who sees what is written, sent and stored.
    public weak var byteWitness: (any ByteWitness)?
    /// Who sees the requests that machines make.
    public weak var requestWitness: (any RequestWitness)?
    /// Before the run: draw everything anew from a moment on.
    public var redraw: Redraw?
    let randomEpoch = RandomEpoch()

    var nodes: [SimulatedNode] = []
    var nodeIndexes: [String: Int32] = [:]
    let links: Links
    private var ready: ReadyJobs
    private var queue = EventQueue()
    private let strays = StrayJobs()
    private var isStopping = false
    private var isGuardMissed = false
    /// Whose event ran last, and so whose jobs most likely run now.
    private var currentNode: Int32 = -1
    /// The event that ran last.
    private(set) var currentEvent: UInt64 = 0

    /// `keeping` are the numbers of events to keep in full, for comparing two runs; a sketch is for
    /// comparing with runs of builds to come.
    public init(
        seed: UInt64, costs: CostModel = CostModel(), keeping window: Range<Int> = 0..<0,
        isSketched: Bool = false, order: JobOrder = .inOrder
    ) {
        ready = ReadyJobs(order, seed: seed, randomEpoch)
        self.seed = seed
        self.costs = costs
        trace = Trace(window: window, isSketched: isSketched)
        objects = SimulatedObjects(seed: seed, randomEpoch)
        coordinator = SimulatedCoordinator(seed: seed, randomEpoch)
        catalog = SimulatedCatalog(seed: seed, randomEpoch)
        vectors = SimulatedVectors(seed: seed, randomEpoch)
        journal = Journal(seed: seed, randomEpoch)
        links = Links(seed: seed, randomEpoch)
        objects.world = self
        coordinator.world = self
        catalog.world = self
        vectors.world = self
        journal.world = self
    }

    deinit { precondition(ready.isEmpty, "a world was dropped with jobs left to run") }

    // MARK: Executor

    public func enqueue(_ job: consuming ExecutorJob) {
        admit(UnownedJob(job))
    }

    func admit(_ job: UnownedJob) {
        if EscapeGuard.thread == strays.owner { ready.append(job) } else { strays.add(job) }
    }

    public func asUnownedSerialExecutor() -> UnownedSerialExecutor {
        UnownedSerialExecutor(ordinary: self)
    }

    /// Whoever uses the world from outside of its jobs does so on its one thread.
    public func checkIsolated() {}

    // MARK: Running

    /// Runs for a span of simulated time.
    public func run(for duration: Duration) {
        run(untilNanoseconds: nanoseconds + duration.nanoseconds)
    }

    /// Runs until `condition` holds, tested after each event; false if time ran out first.
    public func run(atMost duration: Duration, until condition: @escaping () -> Bool) -> Bool {
        var isMet = condition()
        if !isMet {
            let limit = nanoseconds + duration.nanoseconds
            run(untilNanoseconds: limit) {
                isMet = condition()
                return isMet
            }
        }
        return isMet
    }

    /// Asks a running `run` to return after the present event.
    public func stop() { isStopping = true }

    private func run(untilNanoseconds limit: Int64, stopping: (() -> Bool)? = nil) {
        strays.setRunning(true)
        noteMissingGuard()
        EscapeGuard.watching(self) {
            takeStrays()
            runEvents(until: limit, stopping)
            takeStrays()
        }
        strays.setRunning(false)
        noteTasksThatNeverRan()
    }

    /// Notes that jobs could leave this world unseen: the program hides the runtime's hooks.
    private func noteMissingGuard() {
        if EscapeGuard.isInstalled || isGuardMissed { return }
        isGuardMissed = true
        journal.note(
            .error, node: -1,
            "the hooks of Swift's runtime are not found, so that a job that leaves the world would "
                + "go unseen: do not link the standard library in")
    }

    /// Notes a machine whose first task was called and has done nothing, not even wait.
    ///
    /// Its closure belongs to an actor that is no part of the world, and so do all its jobs: a run
    /// in which nothing happens would pass for a good one.
    private func noteTasksThatNeverRan() {
        for node in nodes where node.firstTask == .called {
            guard let lifetime = node.lifetime, !lifetime.isUsed else { continue }
            node.firstTask = .none
            journal.note(
                .error, node: node.index,
                "the first task of \(node.name) never ran: its closure belongs to another actor, "
                    + "such as the main actor in a @main type; start machines from nonisolated "
                    + "code, such as a nonisolated static func main()")
        }
    }

    private func runEvents(until limit: Int64, _ stopping: (() -> Bool)?) {
        isStopping = false
        drain()
        if let stopping, stopping() { return }
        while !isStopping, let (time, node) = queue.peek(), time <= limit {
            precondition(time >= nanoseconds, "time went back")
            nanoseconds = time
            if let redraw, time >= redraw.at.nanoseconds { begin(redraw) }
            if node >= 0 && nodes[Int(node)].isPaused {
                nodes[Int(node)].held.append(queue.park())
                continue
            }
            let (name, action) = queue.next()
            currentEvent = name
            stepCount += 1
            currentNode = node
            trace.record(.timer, at: time, node: node, 0, 0, "")
            action()
            drain()
            if let stopping, stopping() { return }
        }
        if !isStopping && nanoseconds < limit { nanoseconds = limit }
    }

    /// Takes in what came from other threads; what came during a run is a defect.
    private func takeStrays() {
        let (jobs, strayCount) = strays.take()
        if jobs.isEmpty { return }
        if strayCount > 0 {
            noteEscape(to: "the main actor, Task.sleep or another thread, and back")
        }
        ready.append(contentsOf: jobs)
        drain()
    }

    private func begin(_ redraw: Redraw) {
        self.redraw = nil
        // Every number makes another salt, and none the zero that stands for the seed's own.
        randomEpoch.salt = (redraw.number &* 0x9E37_79B9_7F4A_7C15) | 1
        onRedraw?()
    }

    /// A stream of random bits that is a function of the seed and the label, and of the moment
    /// from which on all is drawn anew.
    public func randomStream(_ label: String) -> RandomStream {
        RandomStream(seed: seed, label: label, epoch: randomEpoch)
    }

    private func drain() {
        let serial = asUnownedSerialExecutor()
        let task = asUnownedTaskExecutor()
        while let job = ready.next() {
            stepCount += 1
            job.runSynchronously(isolatedTo: serial, taskExecutor: task)
        }
    }

    // MARK: Events

    /// The name of the machine with a number, as a sketch counts them.
    public func nodeName(_ number: Int) -> String {
        nodes.indices.contains(number) ? nodes[number].name : "node \(number)"
    }

    /// Calls `action` after `duration`, as an event of the world itself.
    @discardableResult
    public func after(_ duration: Duration, _ action: @escaping () -> Void) -> Alarm {
        Alarm(identifier: schedule(nanoseconds + max(0, duration.nanoseconds), node: -1, action))
    }

    /// Takes back what `after` scheduled.
    public func cancel(_ alarm: Alarm) { queue.cancel(alarm.identifier) }

    @discardableResult
    func schedule(_ time: Int64, node: Int32, _ action: @escaping () -> Void) -> UInt64 {
        queue.add(at: max(time, nanoseconds), node: node, action)
    }

    func cancelEvent(_ name: UInt64) { queue.cancel(name) }

    /// Puts events of a machine that was paused back into the order, to happen now.
    func release(held names: [UInt64]) {
        for name in names { queue.unpark(name, at: nanoseconds) }
    }

    func drop(held names: [UInt64]) {
        for name in names { queue.dropParked(name) }
    }

    func dropEvents() { queue.removeAll() }

    /// Adds an event to the trace; `detail` is for people and only asked for if the event is kept.
    func record(
        _ kind: EventKind, node: Int32 = -1, _ first: UInt64 = 0, _ second: UInt64 = 0,
        _ detail: @autoclosure () -> String = ""
    ) {
        trace.record(kind, at: nanoseconds, node: node, first, second, detail())
    }

    /// Adds an event of the code under test, or of its oracles, to the trace.
    public func mark(_ first: UInt64, _ second: UInt64 = 0) {
        record(.marker, first, second, "\(first), \(second)")
    }

    /// The events that `keeping` asked for, with the names of their nodes.
    public var keptEvents: [Trace.Event] {
        trace.kept.map { event in
            var named = event
            if event.node >= 0 { named.nodeName = nodes[Int(event.node)].name }
            return named
        }
    }

    /// Notes a defect: a job that left this world.
    func noteEscape(to place: String) {
        journal.note(
            .error, node: currentNode,
            "a job escaped the world's executor to \(place): its run is no function of the seed; "
                + "start tasks with machine.spawn and wait with machine.sleep")
    }
}
