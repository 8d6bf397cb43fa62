/// What is to be called later, by deadline and then by order of request.
struct TimerQueue {
    private struct Entry {
        var deadline: Int64
        var identifier: UInt64

        func precedes(_ other: Entry) -> Bool {
            deadline != other.deadline
                ? deadline < other.deadline : identifier < other.identifier
        }
    }

    private var heap: [Entry] = []
    private var actions: [UInt64: () -> Void] = [:]
    private var lastIdentifier: UInt64 = 0

    /// When the next call is due; cancelled ones are dropped on the way.
    mutating func earliest() -> Int64? {
        while let first = heap.first {
            if actions[first.identifier] != nil { return first.deadline }
            removeFirst()
        }
        return nil
    }

    mutating func add(at deadline: Int64, _ action: @escaping () -> Void) -> UInt64 {
        lastIdentifier += 1
        actions[lastIdentifier] = action
        heap.append(Entry(deadline: deadline, identifier: lastIdentifier))
        siftUp()
        return lastIdentifier
    }

    mutating func cancel(_ identifier: UInt64) {
        actions[identifier] = nil
        // Most waits are cancelled long before they are due: do not let them pile up.
        if heap.count > 64 && heap.count > 2 * actions.count {
            heap.removeAll { actions[$0.identifier] == nil }
            heap.sort { $0.precedes($1) }
        }
    }

    /// Takes out the next action that is due at `now`.
    mutating func next(dueAt now: Int64) -> (() -> Void)? {
        guard let deadline = earliest(), deadline <= now else { return nil }
        let first = heap[0]
        removeFirst()
        return actions.removeValue(forKey: first.identifier)
    }

    private mutating func siftUp() {
        var child = heap.count - 1
        while child > 0 {
            let parent = (child - 1) / 2
            if !heap[child].precedes(heap[parent]) { return }
            heap.swapAt(child, parent)
            child = parent
        }
    }

    private mutating func removeFirst() {
        heap.swapAt(0, heap.count - 1)
        heap.removeLast()
        var parent = 0
        while true {
            var least = parent
            for child in [2 * parent + 1, 2 * parent + 2]
            where child < heap.count && heap[child].precedes(heap[least]) { least = child }
            if least == parent { return }
            heap.swapAt(parent, least)
            parent = least
        }
    }
}
