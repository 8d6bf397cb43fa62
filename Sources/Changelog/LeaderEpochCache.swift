/// Where each leader's part of a log begins: what followers compare to find where they departed.
public struct LeaderEpochCache: Hashable, Sendable {
    public struct Entry: Hashable, Sendable {
        public var epoch: Int32
        public var startOffset: Int64

        public init(epoch: Int32, startOffset: Int64) {
            self.epoch = epoch
            self.startOffset = startOffset
        }
    }

    /// The end of an epoch in a log.
    public struct End: Hashable, Sendable {
        /// The newest epoch in the log that is not newer than the one asked for.
        public var epoch: Int32
        public var endOffset: Int64

        public init(epoch: Int32, endOffset: Int64) {
            self.epoch = epoch
            self.endOffset = endOffset
        }
    }

    /// Both fields grow strictly.
    public private(set) var entries: [Entry] = []

    public init() {}

    /// The epoch of the last batch, nil in an empty log.
    public var latest: Int32? { entries.last?.epoch }

    /// Notes the epoch of a batch at the end of the log.
    ///
    /// Precondition: epochs and offsets do not go back.
    mutating func append(_ epoch: Int32, at offset: Int64) {
        if let last = entries.last {
            if last.epoch == epoch { return }
            precondition(epoch > last.epoch, "leader epoch \(epoch) after \(last.epoch)")
            precondition(offset > last.startOffset, "an epoch without a batch")
        }
        entries.append(Entry(epoch: epoch, startOffset: offset))
    }

    /// Where `epoch` ends: nil if all of the log is of newer epochs, or it is empty.
    ///
    /// If the log has nothing of that very epoch, the answer names the one before it (KIP-279): the
    /// asker then has to compare its own end of that one.
    public func end(of epoch: Int32, logEndOffset: Int64) -> End? {
        guard let position = entries.lastIndex(where: { $0.epoch <= epoch }) else { return nil }
        let next = position + 1
        return End(
            epoch: entries[position].epoch,
            endOffset: next < entries.count ? entries[next].startOffset : logEndOffset)
    }

    /// The epoch of the batch that holds an offset; nil below the first entry.
    public func epoch(at offset: Int64) -> Int32? {
        entries.last { $0.startOffset <= offset }?.epoch
    }

    /// Forgets what begins at or after the new end of the log.
    mutating func truncate(to endOffset: Int64) {
        entries.removeAll { $0.startOffset >= endOffset }
    }

    /// Forgets what ends before the new start of the log.
    mutating func dropPrefix(below startOffset: Int64) {
        guard let position = entries.lastIndex(where: { $0.startOffset <= startOffset }) else {
            return
        }
        entries.removeFirst(position)
        entries[0].startOffset = startOffset
    }

    /// Entries that were written down before; nil unless they grow.
    init?(entries: [Entry]) {
        for (left, right) in zip(entries, entries.dropFirst()) {
            guard left.epoch < right.epoch, left.startOffset < right.startOffset else { return nil }
        }
        self.entries = entries
    }
}
