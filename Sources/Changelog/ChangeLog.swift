public import Platform

/// The log of one replica of one bucket, in one folder of the machine's disk.
///
/// Appending is done in memory and takes no time; `sync` writes and makes durable what was
/// appended, for all who wait for it together. Offsets at or above `syncedEndOffset` are lost by a
/// crash. All calls come from tasks of one machine. The folder holds:
///
///     <base offset>.log        batches, each behind a `SegmentFrame`
///     <base offset>.index      a `SegmentIndex`, once the segment is sealed
///     <base offset>.snapshot   the `LogState` at the segment's start
///     checkpoint               a `LogCheckpoint`
///
/// A read that the disk fails throws its `DiskError`, changes nothing and may be tried again; so
/// may a truncation that throws one.
///
/// A segment file is created only when the one before it is durable and indexed.
public final class ChangeLog {
    /// The folder, relative to the machine's disk.
    public let directory: String
    public let configuration: ChangeLogConfiguration
    let machine: Machine
    let groupCommit: GroupCommit
    /// At most one task writes to the folder.
    let gate: Gate
    /// Never empty; the last one grows.
    var segments: [LogSegment]
    var state: LogState
    var tail = LogTail() { didSet { tailMemory.byteCount = tail.byteCount } }
    private let tailMemory: MemoryUse
    var checkpoint: LogCheckpoint
    /// Why the log cannot be used any more.
    var failure: ChangelogError?
    var isTruncating = false
    /// Counts truncations, so that whoever waited can tell that the log is another one.
    var truncationCount = 0
    /// The first offset that can be read from here.
    public internal(set) var startOffset: Int64
    /// All batches below are durable.
    public internal(set) var syncedEndOffset: Int64
    /// What opening the log found.
    public internal(set) var recovery = LogRecovery()

    init(
        machine: Machine, groupCommit: GroupCommit, directory: String,
        configuration: ChangeLogConfiguration, checkpoint: LogCheckpoint, segments: [LogSegment],
        state: LogState
    ) {
        precondition(!segments.isEmpty, "a log has a segment that grows")
        precondition(
            segments[segments.count - 1].endOffset == state.endOffset, "state and log differ")
        self.machine = machine
        self.groupCommit = groupCommit
        self.directory = directory
        self.configuration = configuration
        self.checkpoint = checkpoint
        self.segments = segments
        self.state = state
        gate = Gate(machine)
        tailMemory = MemoryUse(of: machine.memory)
        startOffset = checkpoint.startOffset
        syncedEndOffset = state.endOffset
        checkSegments()
    }

    /// What must be so whenever no truncation is under way.
    func checkSegments() {
        precondition(segments[0].baseOffset <= startOffset, "\(directory) starts before its files")
        precondition(
            startOffset <= syncedEndOffset && syncedEndOffset <= endOffset,
            "\(directory) starts at \(startOffset) and is durable up to \(syncedEndOffset) of "
                + "\(endOffset)")
        for (left, right) in zip(segments, segments.dropFirst()) {
            precondition(
                left.endOffset == right.baseOffset,
                "\(directory) has a gap between \(left.endOffset) and \(right.baseOffset)")
            precondition(left.isCreated || !right.isCreated, "a file before the one below it")
        }
    }

    /// Whether a file in the folder may have this name: that of a segment, or the checkpoint's.
    public func knows(fileNamed name: String) -> Bool {
        guard let (baseOffset, _) = LogSegment.parse(name) else {
            return name == LogFile.checkpoint || name == LogFile.checkpointDraft
        }
        var (low, high) = (0, segments.count)
        while low < high {
            let middle = (low + high) / 2
            if segments[middle].baseOffset < baseOffset { low = middle + 1 } else { high = middle }
        }
        return low < segments.count && segments[low].baseOffset == baseOffset
    }

    /// The offset that the next record gets.
    public var endOffset: Int64 { state.endOffset }

    /// The commit timestamp of the newest batch.
    public var maximumTimestamp: Timestamp { state.timestamp }

    public var leaderEpochs: LeaderEpochCache { state.epochs }

    /// The leader epoch of the newest batch; nil in an empty log.
    public var latestLeaderEpoch: Int32? { state.epochs.latest }

    public var writers: WriterStates { state.writers }

    /// Where the epoch ends in this log, as `LeaderEpochCache.end(of:logEndOffset:)`.
    public func end(ofEpoch epoch: Int32) -> LeaderEpochCache.End? {
        state.epochs.end(of: epoch, logEndOffset: endOffset)
    }

    /// Where this log has to be cut after a leader said where it ends the epoch that both know.
    public func truncationOffset(for leader: LeaderEpochCache.End) -> Int64 {
        let own = end(ofEpoch: leader.epoch)?.endOffset ?? startOffset
        return max(startOffset, min(leader.endOffset, own))
    }

    func checkUsable() throws(ChangelogError) {
        if let failure { throw failure }
        if isTruncating { throw .truncated(directory, endOffset: endOffset) }
    }

    // MARK: Appending

    /// Where an appended batch stands.
    public struct Appended: Hashable, Sendable {
        public var baseOffset: Int64
        public var lastOffset: Int64
        public var commitTimestamp: Timestamp
        /// Whether the batch was there before: it is acknowledged once its old offsets are.
        public var isDuplicate: Bool

        public var endOffset: Int64 { lastOffset + 1 }
    }

    /// Gives a batch its offsets, epoch and commit timestamp and puts it at the end of the log.
    ///
    /// `commitTimestamp` is the leader's wall clock; where that is behind the log, the log's
    /// counts. Throws `.outOfOrderSequence` for a batch that does not follow its writer's last.
    @discardableResult
    public func append(
        asLeader batch: LogBatch, leaderEpoch: Int32, commitTimestamp: Timestamp
    ) throws(ChangelogError) -> Appended {
        try checkUsable()
        if let latest = state.epochs.latest, leaderEpoch < latest {
            throw .divergent(
                directory, endOffset: endOffset,
                reason: "leader epoch \(leaderEpoch) comes after \(latest)")
        }
        let timestamp = max(state.timestamp, commitTimestamp)
        if batch.writer >= 0 {
            switch state.writers.judge(
                writer: batch.writer, sequence: batch.sequence, at: timestamp)
            {
            case .next: break
            case .duplicate(let known):
                return Appended(
                    baseOffset: known.baseOffset, lastOffset: known.lastOffset,
                    commitTimestamp: known.commitTimestamp, isDuplicate: true)
            case .outOfOrder(let expected):
                throw .outOfOrderSequence(
                    directory, writer: batch.writer, sequence: batch.sequence, expected: expected)
            case .unknownWriter: throw .unknownWriter(directory, writer: batch.writer)
            }
        }
        let assigned = batch.assigned(
            baseOffset: endOffset, commitTimestamp: timestamp, leaderEpoch: leaderEpoch)
        add(assigned)
        return Appended(
            baseOffset: assigned.baseOffset, lastOffset: assigned.lastOffset,
            commitTimestamp: timestamp, isDuplicate: false)
    }

    /// What `append(asLeader:)` would say of a batch with this sequence: nil if it would take it.
    ///
    /// So a leader can tell a duplicate before it does the work of making the batch.
    public func duplicate(
        writer: Int64, sequence: Int32, commitTimestamp: Timestamp
    ) throws(ChangelogError) -> Appended? {
        if writer < 0 { return nil }
        let timestamp = max(state.timestamp, commitTimestamp)
        switch state.writers.judge(writer: writer, sequence: sequence, at: timestamp) {
        case .next: return nil
        case .duplicate(let known):
            return Appended(
                baseOffset: known.baseOffset, lastOffset: known.lastOffset,
                commitTimestamp: known.commitTimestamp, isDuplicate: true)
        case .outOfOrder(let expected):
            throw .outOfOrderSequence(
                directory, writer: writer, sequence: sequence, expected: expected)
        case .unknownWriter: throw .unknownWriter(directory, writer: writer)
        }
    }

    /// Puts a leader's batches, as `read` gave them out, at the end of the log.
    ///
    /// All checksums are checked before anything is appended. Throws `.divergent` at the first
    /// batch that does not continue the log; the batches before it stay.
    public func append(asFollower bytes: [UInt8]) throws(ChangelogError) {
        let batches = try LogBatch.split(bytes)
        try append(asFollower: batches)
    }

    /// As `append(asFollower:)` for batches that were split before.
    public func append(asFollower batches: [LogBatch]) throws(ChangelogError) {
        try checkUsable()
        for batch in batches { try batch.verifyChecksum() }
        for batch in batches {
            if let objection = state.objection(to: batch) {
                throw .divergent(directory, endOffset: endOffset, reason: objection)
            }
            add(batch.compacted)
        }
    }

    private func add(_ batch: LogBatch) {
        if shouldRoll(for: batch) { roll() }
        segments[segments.count - 1].index.append(batch, interval: configuration.indexInterval)
        state.append(batch)
        tail.append(batch)
        precondition(segments[segments.count - 1].endOffset == endOffset, "segment and log differ")
    }

    private func shouldRoll(for batch: LogBatch) -> Bool {
        let index = segments[segments.count - 1].index
        if index.isEmpty { return false }
        let frame = Int64(SegmentFrame.byteCount + batch.byteCount)
        if index.byteCount + frame > configuration.segmentByteCount { return true }
        let age =
            batch.commitTimestamp.millisecondsSinceEpoch
            - index.firstTimestamp.millisecondsSinceEpoch
        return age >= configuration.segmentDuration.nanoseconds / 1_000_000
    }

    /// Seals the growing segment and begins another, unless it is empty; durable with the next
    /// batch.
    public func roll() {
        if segments[segments.count - 1].index.isEmpty { return }
        state.writers.sweep(at: state.timestamp)
        let segment = LogSegment(baseOffset: endOffset, directory: directory)
        segment.startState = state.encoded()
        segments.append(segment)
        checkSegments()
    }
}
