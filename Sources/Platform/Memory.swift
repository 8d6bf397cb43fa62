/// The memory of one process: what its program says that it holds, and what it may hold.
///
/// Swift does not tell what a value takes, so programs keep this account themselves, of what grows
/// with their load: requests under way, batches that wait for the disk, rows that wait for a flush.
/// A process that holds more than its limit is ended at once, as by the kernel's out-of-memory
/// killer in a control group (Linux, Documentation/admin-guide/cgroup-v2.rst, `memory.max`). What
/// it held goes with it.
public final class Memory {
    /// What the process may hold, in bytes.
    public private(set) var limitByteCount: Int
    /// What it holds, in bytes.
    public private(set) var usedByteCount = 0
    /// The most that it has held, in bytes.
    public private(set) var peakByteCount = 0
    private let onExceeded: (Memory) -> Void
    private var isExceeded = false

    fileprivate init(limitByteCount: Int, onExceeded: @escaping (Memory) -> Void) {
        self.limitByteCount = limitByteCount
        self.onExceeded = onExceeded
    }

    /// What may still be taken, in bytes.
    public var freeByteCount: Int { max(0, limitByteCount - usedByteCount) }

    /// Whether less than a quarter would be free with `byteCount` more: time to refuse work and to
    /// let go of what can be fetched again.
    public func isShort(with byteCount: Int = 0) -> Bool {
        freeByteCount - byteCount < limitByteCount / 4
    }

    /// Why a process that holds too much is ended, for people.
    public var excess: String {
        "it holds \(usedByteCount) bytes of memory and may hold \(limitByteCount)"
    }

    fileprivate func limit(to byteCount: Int) {
        limitByteCount = byteCount
        check()
    }

    fileprivate func change(by byteCount: Int) {
        usedByteCount += byteCount
        precondition(usedByteCount >= 0, "more memory was given back than was taken")
        peakByteCount = max(peakByteCount, usedByteCount)
        check()
    }

    private func check() {
        if usedByteCount <= limitByteCount || isExceeded { return }
        isExceeded = true
        onExceeded(self)
    }
}

/// What the processes of one machine may hold, from one life to the next.
public final class MemoryAllowance {
    /// In bytes.
    public private(set) var limitByteCount = Int.max
    private var memory: Memory?
    private var formerPeakByteCount = 0

    public init() {}

    /// The memory of a process that starts; `onExceeded` ends it and is called once.
    public func begin(onExceeded: @escaping (Memory) -> Void) -> Memory {
        let memory = Memory(limitByteCount: limitByteCount, onExceeded: onExceeded)
        self.memory = memory
        return memory
    }

    /// Forgets the memory of a process that ended.
    public func end() {
        formerPeakByteCount = peakByteCount
        memory = nil
    }

    /// What the present process holds, in bytes.
    public var usedByteCount: Int { memory?.usedByteCount ?? 0 }

    /// The most that any of the processes has held, in bytes.
    public var peakByteCount: Int { max(formerPeakByteCount, memory?.peakByteCount ?? 0) }

    /// Sets how much the process may hold from now on, and those that follow it.
    public func limit(to byteCount: Int) {
        precondition(byteCount >= 0, "a negative limit")
        limitByteCount = byteCount
        memory?.limit(to: byteCount)
    }
}

/// What one part of a program holds; it is given back when this goes away.
public final class MemoryUse {
    /// In bytes.
    public var byteCount: Int {
        didSet { if byteCount != oldValue { memory.change(by: byteCount - oldValue) } }
    }
    private let memory: Memory

    public init(of memory: Memory, byteCount: Int = 0) {
        self.memory = memory
        self.byteCount = byteCount
        memory.change(by: byteCount)
    }

    deinit { memory.change(by: -byteCount) }
}
