/// Changes that stand in the log and are not committed yet.
struct WriteBuffer {
    struct Batch {
        var baseOffset: Int64
        var endOffset: Int64
        var changes: [KeyValueStore.Change]
        var rowCountChange: Int64
    }

    private struct Newest {
        var value: [UInt8]?
        var baseOffset: Int64
    }

    private var batches: [Batch] = []
    private var head = 0
    private var newest: [[UInt8]: Newest] = [:]
    /// By how many rows all batches together change the count.
    private(set) var rowCountChange: Int64 = 0

    var isEmpty: Bool { head == batches.count }

    /// The end of the last batch; nil if there is none.
    var endOffset: Int64? { isEmpty ? nil : batches[batches.count - 1].endOffset }

    func newest(_ key: [UInt8]) -> KeyEntry? {
        newest[key].map { KeyEntry(key: key, value: $0.value) }
    }

    mutating func append(_ batch: Batch) {
        note(batch)
        batches.append(batch)
        rowCountChange += batch.rowCountChange
    }

    private mutating func note(_ batch: Batch) {
        for change in batch.changes {
            newest[change.key] = Newest(value: change.value, baseOffset: batch.baseOffset)
        }
    }

    mutating func removeFirst(endingBy offset: Int64) -> Batch? {
        guard head < batches.count, batches[head].endOffset <= offset else { return nil }
        let batch = batches[head]
        head += 1
        rowCountChange -= batch.rowCountChange
        for change in batch.changes where newest[change.key]?.baseOffset == batch.baseOffset {
            newest[change.key] = nil
        }
        if head == batches.count {
            batches.removeAll(keepingCapacity: true)
            head = 0
            precondition(newest.isEmpty, "an empty buffer remembers keys")
        } else if head >= 64 && head * 2 >= batches.count {
            batches.removeFirst(head)
            head = 0
        }
        return batch
    }

    mutating func truncate(to offset: Int64) {
        guard let end = endOffset, end > offset else { return }
        while head < batches.count, batches[batches.count - 1].endOffset > offset {
            rowCountChange -= batches.removeLast().rowCountChange
        }
        newest.removeAll()
        for batch in batches[head...] { note(batch) }
    }
}
