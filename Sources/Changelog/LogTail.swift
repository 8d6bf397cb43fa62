import Columnar

/// The newest batches of a log in memory: those that are still to be written, and some before.
struct LogTail {
    private var batches: [LogBatch] = []
    private var head = 0
    /// Position of the first batch that is not on the disk yet.
    private var unwritten = 0
    /// Of all batches it holds, in bytes.
    private(set) var byteCount = 0

    /// Where the tail begins; nil if it is empty.
    var startOffset: Int64? { head < batches.count ? batches[head].baseOffset : nil }

    mutating func append(_ batch: LogBatch) {
        batches.append(batch)
        byteCount += batch.byteCount
    }

    /// The first batch to be written.
    var firstUnwritten: LogBatch? { unwritten < batches.count ? batches[unwritten] : nil }

    /// The frames of all batches to be written that end by `limit`.
    func frames(below limit: Int64, syncedEndOffset: Int64) -> (bytes: [UInt8], count: Int) {
        var end = unwritten
        var size = 0
        while end < batches.count, batches[end].endOffset <= limit {
            size += SegmentFrame.byteCount + batches[end].byteCount
            end += 1
        }
        var writer = ByteWriter(capacity: size)
        for batch in batches[unwritten..<end] {
            SegmentFrame.append(batch, syncedEndOffset: syncedEndOffset, to: &writer)
        }
        return (writer.bytes, end - unwritten)
    }

    /// Notes that batches are on the disk now, and lets the oldest go while there are too many.
    mutating func wrote(_ count: Int, keeping limit: Int) {
        unwritten += count
        precondition(unwritten <= batches.count, "wrote more than there is")
        while head < unwritten, byteCount > limit {
            byteCount -= batches[head].byteCount
            head += 1
        }
        if head >= 64 && head * 2 >= batches.count {
            batches.removeFirst(head)
            unwritten -= head
            head = 0
        }
    }

    /// Whole batches from the one that holds `offset` on, at least one unless none ends by `limit`.
    func read(from offset: Int64, below limit: Int64, maximumByteCount: Int) -> [LogBatch] {
        var low = head
        var high = batches.count
        while low < high {
            let middle = (low + high) / 2
            if batches[middle].lastOffset < offset { low = middle + 1 } else { high = middle }
        }
        var size = 0
        var end = low
        while end < batches.count, batches[end].endOffset <= limit {
            size += batches[end].byteCount
            if size > maximumByteCount && end > low { break }
            end += 1
        }
        return Array(batches[low..<end])
    }

    /// Forgets the batches that end after the new end of the log.
    mutating func truncate(to endOffset: Int64) {
        while head < batches.count, batches[batches.count - 1].endOffset > endOffset {
            byteCount -= batches.removeLast().byteCount
        }
        unwritten = min(unwritten, batches.count)
        precondition(head <= unwritten, "the tail lost count")
    }
}
