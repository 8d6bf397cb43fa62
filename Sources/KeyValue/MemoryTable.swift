/// The newest changes of a store, not yet in a file.
struct MemoryTable {
    private struct Slot {
        var value: [UInt8]?
    }

    private var slots: [[UInt8]: Slot] = [:]
    /// Keys in order, and those that came since they were put in order.
    private var sorted: [[UInt8]] = []
    private var added: [[UInt8]] = []
    /// Bytes of keys and values, roughly.
    private(set) var byteCount = 0

    var isEmpty: Bool { slots.isEmpty }
    var count: Int { slots.count }

    mutating func set(_ key: [UInt8], _ value: [UInt8]?) {
        let before = slots.updateValue(Slot(value: value), forKey: key)
        byteCount += value?.count ?? 0
        if let before {
            byteCount -= before.value?.count ?? 0
        } else {
            added.append(key)
            byteCount += key.count + 32
        }
    }

    /// What is known of a key: nil if nothing is, an entry without a value if it was deleted.
    func entry(_ key: [UInt8]) -> KeyEntry? {
        slots[key].map { KeyEntry(key: key, value: $0.value) }
    }

    /// Entries from `start` on and before `end`, until `limit` of them have values.
    mutating func entries(
        from start: [UInt8]?, to end: [UInt8]?, limit: Int = .max
    ) -> [KeyEntry] {
        sort()
        var low = 0
        if let start {
            var high = sorted.count
            while low < high {
                let middle = (low + high) / 2
                if isBefore(sorted[middle], start) { low = middle + 1 } else { high = middle }
            }
        }
        var entries: [KeyEntry] = []
        var living = 0
        while low < sorted.count, living < limit {
            let key = sorted[low]
            if let end, !isBefore(key, end) { break }
            guard let slot = slots[key] else { preconditionFailure("a key without a slot") }
            if slot.value != nil { living += 1 }
            entries.append(KeyEntry(key: key, value: slot.value))
            low += 1
        }
        return entries
    }

    private mutating func sort() {
        if added.isEmpty { return }
        added.sort(by: isBefore)
        if sorted.isEmpty {
            swap(&sorted, &added)
            return
        }
        var merged: [[UInt8]] = []
        merged.reserveCapacity(sorted.count + added.count)
        var left = 0
        var right = 0
        while left < sorted.count || right < added.count {
            if right == added.count
                || (left < sorted.count && isBefore(sorted[left], added[right]))
            {
                merged.append(sorted[left])
                left += 1
            } else {
                merged.append(added[right])
                right += 1
            }
        }
        sorted = merged
        added.removeAll(keepingCapacity: true)
        precondition(sorted.count == slots.count, "keys and slots differ")
    }
}
