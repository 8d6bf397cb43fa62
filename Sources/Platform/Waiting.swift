extension Machine {
    /// Lets time pass on this machine's monotonic clock.
    public func sleep(_ duration: Duration) async throws {
        try await sleep(until: clock.now + duration)
    }

    public func sleep(until deadline: Instant) async throws {
        try await lifetime.wait { (wait: Wait<Void>) in
            _ = clock.schedule(at: deadline) { wait.resume(returning: ()) }
        }
    }

    /// As `Lifetime.wait`, but answers nil once `deadline` has passed.
    public func wait<Value>(
        until deadline: Instant?, _ register: (Wait<Value?>) -> Void
    ) async throws -> Value? {
        guard let deadline else { return try await lifetime.wait(register) }
        var alarm: Alarm?
        defer { if let alarm { clock.cancel(alarm) } }
        return try await lifetime.wait { (wait: Wait<Value?>) in
            alarm = clock.schedule(at: deadline) { wait.resume(returning: nil) }
            register(wait)
        }
    }
}

extension Machine {
    /// Waits for the next `notify` of any of several signals; false if `deadline` came first.
    public func wait(forAnyOf signals: [Signal], until deadline: Instant?) async throws -> Bool {
        try await wait(until: deadline) { (wait: Wait<Void?>) in
            for signal in signals { signal.add(wait) }
        } != nil
    }
}

/// Something that changed: tasks wait for it instead of polling.
public final class Signal {
    private let machine: Machine
    private var waits: [Wait<Void?>] = []

    public init(_ machine: Machine) { self.machine = machine }

    /// Waits for the next `notify`; false if `deadline` came first.
    ///
    /// There is no memory: test the condition, then wait, with no other wait between the two.
    public func wait(until deadline: Instant? = nil) async throws -> Bool {
        if waits.count >= 16 { waits.removeAll { !$0.isPending } }
        return try await machine.wait(until: deadline) { waits.append($0) } != nil
    }

    /// Has `wait` resumed by the next `notify`, besides whatever else it waits for.
    fileprivate func add(_ wait: Wait<Void?>) {
        if waits.count >= 16 { waits.removeAll { !$0.isPending } }
        waits.append(wait)
    }

    /// Wakes all who wait now, in the order in which they began.
    public func notify() {
        if waits.isEmpty { return }
        let waking = waits
        waits.removeAll()
        for wait in waking { wait.resume(returning: ()) }
    }
}

/// Lets one task at a time through a section that contains waits, in order of arrival.
public final class Gate {
    private let machine: Machine
    private var isHeld = false
    private var queue: [Wait<Void>] = []

    public init(_ machine: Machine) { self.machine = machine }

    public func run<Value>(_ body: () async throws -> Value) async throws -> Value {
        if isHeld {
            // Whoever resumes the wait hands the gate over without opening it.
            try await machine.lifetime.wait { queue.append($0) }
        }
        isHeld = true
        defer { pass() }
        return try await body()
    }

    private func pass() {
        while !queue.isEmpty {
            let next = queue.removeFirst()
            if next.isPending {
                next.resume(returning: ())
                return
            }
        }
        isHeld = false
    }
}

/// A queue between tasks; receivers wait while it is empty.
public final class Channel<Element> {
    private let machine: Machine
    private var elements: [Element] = []
    private var head = 0
    private let arrived: Signal

    public init(_ machine: Machine) {
        self.machine = machine
        arrived = Signal(machine)
    }

    public var count: Int { elements.count - head }

    public func send(_ element: Element) {
        elements.append(element)
        arrived.notify()
    }

    /// The next element, or nil once `deadline` has passed.
    public func receive(until deadline: Instant? = nil) async throws -> Element? {
        while count == 0 {
            if try await !arrived.wait(until: deadline) { return nil }
        }
        let element = elements[head]
        head += 1
        if head == elements.count {
            elements.removeAll(keepingCapacity: true)
            head = 0
        } else if head >= 64 && head * 2 >= elements.count {
            elements.removeFirst(head)
            head = 0
        }
        return element
    }
}
