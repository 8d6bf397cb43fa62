/// What is to happen later, ordered by time and then by order of request.
struct EventQueue {
    private struct Entry {
        var nanoseconds: Int64
        var sequence: UInt64
        var slot: Int32
        var generation: UInt32
    }

    private struct Slot {
        var action: (() -> Void)?
        var node: Int32
        var generation: UInt32
    }

    private var heap: [Entry] = []
    private var slots: [Slot] = []
    private var freeSlots: [Int32] = []
    private var sequence: UInt64 = 0
    /// Entries of the heap whose event was taken back.
    private var deadCount = 0

    /// Entries held in memory, the cancelled among them.
    var heapCount: Int { heap.count }

    /// When the next event is due and whose it is; nil if there is none.
    mutating func peek() -> (nanoseconds: Int64, node: Int32)? {
        while let entry = heap.first {
            let slot = Int(entry.slot)
            if slots[slot].generation == entry.generation {
                return (entry.nanoseconds, slots[slot].node)
            }
            removeFirst()
            deadCount -= 1
        }
        return nil
    }

    /// Adds an event of `node` and names it.
    mutating func add(at nanoseconds: Int64, node: Int32, _ action: @escaping () -> Void) -> UInt64
    {
        let slot: Int32
        if let free = freeSlots.popLast() {
            slot = free
            slots[Int(slot)].action = action
            slots[Int(slot)].node = node
        } else {
            slot = Int32(slots.count)
            slots.append(Slot(action: action, node: node, generation: 0))
        }
        push(slot, at: nanoseconds)
        return UInt64(slots[Int(slot)].generation) << 32 | UInt64(UInt32(slot))
    }

    /// Takes an event back; nothing happens if it is past.
    mutating func cancel(_ name: UInt64) {
        guard let slot = liveSlot(name) else { return }
        release(slot)
        deadCount += 1
        if deadCount > 1024 && deadCount * 2 > heap.count { compact() }
    }

    /// Takes the event that `peek` showed out.
    mutating func next() -> (name: UInt64, action: () -> Void) {
        let name = park()
        let slot = Int(UInt32(truncatingIfNeeded: name))
        let action = slots[slot].action!
        release(slot)
        return (name, action)
    }

    // MARK: Events of machines that are paused

    /// Takes the event that `peek` showed out of the order; it keeps its name.
    mutating func park() -> UInt64 {
        let entry = heap[0]
        removeFirst()
        return UInt64(entry.generation) << 32 | UInt64(UInt32(entry.slot))
    }

    /// Puts a parked event back into the order, unless it was taken back.
    mutating func unpark(_ name: UInt64, at nanoseconds: Int64) {
        if let slot = liveSlot(name) { push(Int32(slot), at: nanoseconds) }
    }

    /// Takes a parked event back.
    mutating func dropParked(_ name: UInt64) {
        if let slot = liveSlot(name) { release(slot) }
    }

    mutating func removeAll() {
        for entry in heap where slots[Int(entry.slot)].generation == entry.generation {
            release(Int(entry.slot))
        }
        heap.removeAll()
        deadCount = 0
    }

    // MARK: The heap

    private func liveSlot(_ name: UInt64) -> Int? {
        let slot = Int(UInt32(truncatingIfNeeded: name))
        precondition(slot < slots.count, "an alarm of another world")
        return slots[slot].generation == UInt32(name >> 32) ? slot : nil
    }

    private mutating func push(_ slot: Int32, at nanoseconds: Int64) {
        sequence += 1
        heap.append(
            Entry(
                nanoseconds: nanoseconds, sequence: sequence, slot: slot,
                generation: slots[Int(slot)].generation))
        siftUp(heap.count - 1)
    }

    private mutating func release(_ slot: Int) {
        slots[slot].action = nil
        slots[slot].generation &+= 1
        freeSlots.append(Int32(slot))
    }

    /// Drops the entries of cancelled events: most time-outs never come, and would pile up.
    private mutating func compact() {
        heap.removeAll { slots[Int($0.slot)].generation != $0.generation }
        deadCount = 0
        // A sorted array is a heap.
        heap.sort(by: Self.precedes)
    }

    private static func precedes(_ left: Entry, _ right: Entry) -> Bool {
        left.nanoseconds != right.nanoseconds
            ? left.nanoseconds < right.nanoseconds : left.sequence < right.sequence
    }

    private mutating func siftUp(_ start: Int) {
        heap.withUnsafeMutableBufferPointer { heap in
            var child = start
            let entry = heap[child]
            while child > 0 {
                let parent = (child - 1) / 4
                if !Self.precedes(entry, heap[parent]) { break }
                heap[child] = heap[parent]
                child = parent
            }
            heap[child] = entry
        }
    }

    private mutating func removeFirst() {
        let last = heap.removeLast()
        if heap.isEmpty { return }
        heap.withUnsafeMutableBufferPointer { heap in
            var parent = 0
            while true {
                let first = parent * 4 + 1
                if first >= heap.count { break }
                var least = first
                var child = first + 1
                let end = min(first + 4, heap.count)
                while child < end {
                    if Self.precedes(heap[child], heap[least]) { least = child }
                    child += 1
                }
                if !Self.precedes(heap[least], last) { break }
                heap[parent] = heap[least]
                parent = least
            }
            heap[parent] = last
        }
    }
}
