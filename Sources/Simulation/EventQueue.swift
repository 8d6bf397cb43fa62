/// What is to happen later, ordered by time and then by order of request.
struct EventQueue {
    struct Entry {
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

    /// When the next entry, possibly a cancelled one, is due.
    var earliest: Int64? { heap.first?.nanoseconds }

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
        let generation = slots[Int(slot)].generation
        sequence += 1
        heap.append(
            Entry(nanoseconds: nanoseconds, sequence: sequence, slot: slot, generation: generation))
        siftUp(heap.count - 1)
        return UInt64(generation) << 32 | UInt64(UInt32(slot))
    }

    /// Takes an event back; nothing happens if it is past.
    mutating func cancel(_ name: UInt64) {
        let slot = Int(UInt32(truncatingIfNeeded: name))
        precondition(slot < slots.count, "an alarm of another world")
        if slots[slot].generation == UInt32(name >> 32) { release(slot) }
    }

    /// Takes the earliest live event out.
    mutating func next() -> (nanoseconds: Int64, node: Int32, action: () -> Void)? {
        while let entry = heap.first {
            removeFirst()
            let slot = Int(entry.slot)
            guard slots[slot].generation == entry.generation, let action = slots[slot].action
            else { continue }
            let node = slots[slot].node
            release(slot)
            return (entry.nanoseconds, node, action)
        }
        return nil
    }

    private mutating func release(_ slot: Int) {
        slots[slot].action = nil
        slots[slot].generation &+= 1
        freeSlots.append(Int32(slot))
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
                for child in (first + 1)..<max(first + 1, min(first + 4, heap.count))
                where Self.precedes(heap[child], heap[least]) { least = child }
                if !Self.precedes(heap[least], last) { break }
                heap[parent] = heap[least]
                parent = least
            }
            heap[parent] = last
        }
    }
}
