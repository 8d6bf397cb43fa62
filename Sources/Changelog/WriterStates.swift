import Columnar
public import Platform

/// What a log remembers of its writers, so that a batch that comes twice is appended once.
///
/// It is a function of the log alone. A writer is forgotten when the commit timestamps of the log
/// have moved on by `expiration` since its last batch: leader, follower and recovery agree on that,
/// which they could not if each asked its own clock.
public struct WriterStates: Hashable, Sendable {
    /// A batch that may come again.
    public struct Batch: Hashable, Sendable {
        public var sequence: Int32
        public var baseOffset: Int64
        public var lastOffset: Int64
        public var commitTimestamp: Timestamp
    }

    /// The newest batches of one writer, oldest first; never empty.
    struct Entry: Hashable, Sendable {
        var batches: [Batch]
        var newest: Batch { batches[batches.count - 1] }
    }

    enum Verdict: Hashable {
        case next
        case duplicate(Batch)
        case outOfOrder(expected: Int32)
        /// The writer was forgotten, or has never begun.
        case unknownWriter
    }

    /// As many as a writer may have under way at once.
    public static let batchLimit = 5

    let expiration: Duration
    private(set) var entries: [Int64: Entry] = [:]

    init(expiration: Duration) {
        precondition(expiration > .zero, "writers expire at once")
        self.expiration = expiration
    }

    /// Writers that are remembered, those included that have expired but were not swept yet.
    public var count: Int { entries.count }

    /// The newest batch of a writer, as of the log's newest commit timestamp.
    public func newestBatch(of writer: Int64, at timestamp: Timestamp) -> Batch? {
        guard let entry = entries[writer], !isExpired(entry, at: timestamp) else { return nil }
        return entry.newest
    }

    /// Judges a batch that is to be appended with a commit timestamp.
    func judge(writer: Int64, sequence: Int32, at timestamp: Timestamp) -> Verdict {
        precondition(writer >= 0, "a batch without a writer is always next")
        guard let entry = entries[writer], !isExpired(entry, at: timestamp) else {
            // What is still remembered of it is known, expired or not: identifiers do not come
            // again.
            if let known = entries[writer]?.batches.last(where: { $0.sequence == sequence }) {
                return .duplicate(known)
            }
            return sequence == 0 ? .next : .unknownWriter
        }
        let expected = entry.newest.sequence == .max ? 0 : entry.newest.sequence + 1
        if sequence == expected { return .next }
        if let batch = entry.batches.last(where: { $0.sequence == sequence }) {
            return .duplicate(batch)
        }
        return .outOfOrder(expected: expected)
    }

    /// Notes a batch that is in the log, whatever `judge` would say of it.
    mutating func append(_ batch: LogBatch) {
        if batch.writer < 0 { return }
        let noted = Batch(
            sequence: batch.sequence, baseOffset: batch.baseOffset, lastOffset: batch.lastOffset,
            commitTimestamp: batch.commitTimestamp)
        if let entry = entries[batch.writer], isExpired(entry, at: batch.commitTimestamp) {
            entries[batch.writer] = nil
        }
        entries[batch.writer, default: Entry(batches: [])].batches.append(noted)
        if entries[batch.writer]!.batches.count > Self.batchLimit {
            entries[batch.writer]!.batches.removeFirst()
        }
    }

    /// Lets go of the memory of expired writers: what they send from then on is of an unknown
    /// writer, also where it comes again.
    mutating func sweep(at timestamp: Timestamp) {
        let expiration = self.expiration
        entries = entries.filter {
            !Self.isExpired($0.value, expiration, at: timestamp)
        }
    }

    private func isExpired(_ entry: Entry, at timestamp: Timestamp) -> Bool {
        Self.isExpired(entry, expiration, at: timestamp)
    }

    private static func isExpired(
        _ entry: Entry, _ expiration: Duration, at timestamp: Timestamp
    ) -> Bool {
        let age =
            timestamp.millisecondsSinceEpoch
            - entry.newest.commitTimestamp.millisecondsSinceEpoch
        return age > expiration.nanoseconds / 1_000_000
    }
}

extension WriterStates {
    /// Appends all writers by identifier: count, then of each writer i64, batch count u8 and
    /// batches.
    func encode(to bytes: inout ByteWriter) {
        bytes.append(varint: UInt64(entries.count))
        for writer in entries.keys.sorted() {
            let batches = entries[writer]!.batches
            bytes.append(littleEndian: writer)
            bytes.append(byte: UInt8(batches.count))
            for batch in batches {
                bytes.append(littleEndian: batch.sequence)
                bytes.append(littleEndian: batch.baseOffset)
                bytes.append(littleEndian: batch.lastOffset)
                bytes.append(littleEndian: batch.commitTimestamp.millisecondsSinceEpoch)
            }
        }
    }

    init(decoding bytes: inout ByteReader, expiration: Duration) throws(ColumnarError) {
        self.init(expiration: expiration)
        let count = try bytes.readCount(ofAtLeast: 37)
        for _ in 0..<count {
            let writer: Int64 = try bytes.readLittleEndian()
            let batchCount = Int(try bytes.readByte())
            guard batchCount > 0, batchCount <= Self.batchLimit, writer >= 0 else {
                throw .corrupt(
                    reason: "\(batchCount) batches of writer \(writer)", position: bytes.position)
            }
            var batches: [Batch] = []
            for _ in 0..<batchCount {
                batches.append(
                    Batch(
                        sequence: try bytes.readLittleEndian(),
                        baseOffset: try bytes.readLittleEndian(),
                        lastOffset: try bytes.readLittleEndian(),
                        commitTimestamp: Timestamp(
                            millisecondsSinceEpoch: try bytes.readLittleEndian())))
            }
            entries[writer] = Entry(batches: batches)
        }
    }
}
