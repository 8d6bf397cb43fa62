public import Changelog
import KeyValue
import Platform
import RemoteLog

/// One server's copy of one bucket: its log, its part in replication, and while it leads the rows.
///
/// This file holds what every role has in common: the state, the roles, and what the log's errors
/// mean. `Replica+Leading` and `Replica+InSync` are the leader's side, `Replica+Following` the
/// follower's, `Replica+Rows` and `Replica+RowRecovery` the rows of a primary-key table, and
/// `Replica+RemoteLog` the part of the log in the object store. What belongs to one term of leading
/// stands in `Leadership`, and goes with it.
public final class Replica {
    enum Role {
        case idle
        case following(leader: String)
        case leading(Leadership)
    }

    public let bucket: BucketIdentifier
    /// The table as this server knows it now; as it was once it is dropped.
    public var table: TableDescription { mirror.tables[bucket.table] ?? openedTable }
    private let openedTable: TableDescription
    public let log: ChangeLog
    /// The newest leader epoch that this replica has heard of.
    public private(set) var leaderEpoch: Int32 = -1
    /// All batches below are durable on the whole in-sync set.
    public private(set) var highWatermark: Int64
    /// Notified when the end of the log, the high watermark or the role moves.
    let progress: Signal
    /// Notified when the end of the log or the role moves: followers that wait need no more.
    let grown: Signal
    let machine: Machine
    let configuration: ClusterConfiguration
    let mirror: MetadataMirror
    /// Held by whoever changes the log: appends, truncation and dropping take turns.
    let logGate: Gate
    let remoteLog: RemoteLog
    /// Notified when the disk is full: what can be dropped is dropped at once.
    let spaceNeeded: Signal
    /// Notified when there is something to sync.
    let syncNeeded: Signal
    private(set) var role = Role.idle
    /// Folders of rows that are in use, by number.
    var rowFolders: Set<Int> = []
    /// Set once the bucket was dropped or is another server's: nothing is done for it any more.
    private(set) var isRetired = false
    /// When the next fetch may ask for this bucket again, after a part was refused.
    var fetchPause: FetchPause

    init(
        bucket: BucketIdentifier, table: TableDescription, log: ChangeLog, machine: Machine,
        mirror: MetadataMirror, configuration: ClusterConfiguration
    ) {
        precondition(bucket.table == table.identifier, "\(bucket) is not of table \(table.name)")
        self.bucket = bucket
        openedTable = table
        self.log = log
        self.machine = machine
        self.mirror = mirror
        self.configuration = configuration
        highWatermark = log.startOffset
        progress = Signal(machine)
        grown = Signal(machine)
        logGate = Gate(machine)
        remoteLog = RemoteLog(machine, folder: "remote-log/\(bucket.path)")
        spaceNeeded = Signal(machine)
        syncNeeded = Signal(machine)
        fetchPause = FetchPause(configuration)
    }

    /// Wakes whoever waits for this replica to get on.
    func moved() {
        progress.notify()
        grown.notify()
    }

    /// Waits for the next move; false if `deadline` came first.
    func waitForMove(until deadline: Instant? = nil) async throws -> Bool {
        try await progress.wait(until: deadline)
    }

    /// The first offset that can be read, here or from the remote log, as far as this node has
    /// heard; what is below has expired.
    public var startOffset: Int64 {
        remoteLog.manifestKey == nil ? log.startOffset : remoteLog.manifest.startOffset
    }

    /// How many rows the leader counts of a primary-key table, and up to which offset they are
    /// committed; nil where it has none.
    public var committedRows: (count: Int64, endOffset: Int64)? {
        leadership?.tablet.map { ($0.rowCount, $0.committedOffset) }
    }

    /// The end offset and the bytes of each segment in the remote log, oldest first.
    public var remoteSegments: [(endOffset: Int64, byteCount: Int64)] {
        remoteLog.manifest.segments.map { ($0.endOffset, $0.byteCount) }
    }

    /// Moves the high watermark on; it never goes back while this server runs.
    func raiseHighWatermark(to offset: Int64) {
        precondition(offset > highWatermark, "the high watermark of \(bucket) went back")
        precondition(
            offset <= log.endOffset, "the high watermark passed the end of \(bucket)")
        highWatermark = offset
        progress.notify()
    }

    // MARK: Roles

    /// Whether this replica leads its bucket, as far as it knows.
    public var isLeader: Bool { leadership != nil }

    /// Whether it leads and knows to be committed what its predecessors may have acknowledged:
    /// until then it answers no reader.
    public var knowsWatermark: Bool {
        leadership.map { highWatermark >= $0.startOffset } ?? false
    }

    var leadership: Leadership? {
        if case .leading(let leadership) = role, !leadership.isEnded { return leadership }
        return nil
    }

    /// The term that a call may rely on, or an error that tells the caller to look elsewhere.
    func requireLeadership() throws(ClusterError) -> Leadership {
        guard let leadership else { throw ClusterError.notLeader(bucket) }
        return leadership
    }

    /// Whether this replica still follows a leader in the very term that something began in.
    func isFollowing(_ leader: String, epoch: Int32) -> Bool {
        if case .following(leader) = role { return leaderEpoch == epoch }
        return false
    }

    /// Plays the part that the bucket's state gives to this server.
    func apply(_ state: MetadataMirror.Versioned<BucketState>, incarnation: Int64) {
        precondition(incarnation != 0, "a server without a lease has no part in \(bucket)")
        if isRetired { return }
        let value = state.value
        if value.leaderEpoch < leaderEpoch { return }
        if let leadership, leadership.epoch == value.leaderEpoch {
            if leadership.state.revision < state.revision { leadership.state = state }
            if value.leader?.server == machine.name, value.leader?.incarnation == incarnation {
                advanceHighWatermark()
                return
            }
        }
        let isOurs = value.leader?.server == machine.name
        if isOurs && value.leader?.incarnation == incarnation {
            lead(state)
        } else if let leader = value.leader?.server, !isOurs {
            follow(leader, epoch: value.leaderEpoch)
        } else {
            // Nobody leads, or a former life of this server does until the coordinator notices.
            resign()
            leaderEpoch = value.leaderEpoch
        }
    }

    /// Ends a term, if there is one: from here on nothing is acknowledged in it.
    func resign() {
        if case .leading(let leadership) = role { leadership.end() }
        role = .idle
        moved()
    }

    /// Ends all that this replica does, for good: the bucket was dropped or is another server's.
    func retire() {
        isRetired = true
        resign()
        spaceNeeded.notify()
        syncNeeded.notify()
    }

    private func follow(_ leader: String, epoch: Int32) {
        precondition(epoch >= leaderEpoch, "\(bucket) follows a leader of an earlier epoch")
        if isFollowing(leader, epoch: epoch) { return }
        resign()
        leaderEpoch = epoch
        role = .following(leader: leader)
        fetchPause.reset()
        moved()
    }

    private func lead(_ state: MetadataMirror.Versioned<BucketState>) {
        precondition(state.value.leaderEpoch > leaderEpoch, "a term of \(bucket) began twice")
        precondition(
            state.value.inSync.contains(machine.name), "a leader of \(bucket) is not in sync")
        resign()
        remoteLog.forgetGarbage()
        leaderEpoch = state.value.leaderEpoch
        let leadership = Leadership(
            epoch: leaderEpoch, startOffset: log.endOffset, startedAt: machine.clock.now,
            state: state)
        role = .leading(leadership)
        machine.spawn("sync of \(bucket)") { try await self.syncLoop(leadership) }
        machine.spawn("in-sync set of \(bucket)") { try await self.watchFollowers(leadership) }
        if table.isPrimaryKeyTable {
            machine.spawn("rows of \(bucket)") { try await self.serveRows(leadership) }
        }
        advanceHighWatermark()
        moved()
    }

    // MARK: Errors

    /// Turns a read that the disk failed into what the caller is told: nothing was changed by it,
    /// and it may well succeed the next time.
    func translate(_ error: DiskError) -> ClusterError {
        machine.observer.reached("read failed by the disk")
        return .busy(reason: "\(bucket) on \(machine.name): \(error)")
    }

    /// Turns what the log refuses into what the caller is told; damage stops the server.
    func translate(_ error: ChangelogError) throws -> ClusterError {
        // What happens to the files of a dropped table is nobody's failure.
        if isRetired { return .unknownBucket(bucket) }
        switch error {
        case .outOfOrderSequence(_, let writer, let sequence, _):
            return .outOfOrderSequence(bucket, writer: writer, sequence: sequence)
        case .unknownWriter(_, let writer): return .unknownWriter(bucket, writer: writer)
        case .invalidBatch(let reason): return .invalidRequest(reason: reason)
        case .batchTooLarge(let byteCount, let limit):
            return .tooLarge("a batch of \(bucket)", byteCount: byteCount, limit: limit)
        case .truncated, .divergent: return .notLeader(bucket)
        case .offsetOutOfRange(_, let offset, let valid):
            return .offsetOutOfRange(
                bucket, offset: offset, start: valid.lowerBound, end: valid.upperBound)
        case .storageFull(let path):
            // Nothing is acknowledged meanwhile, and nothing is lost.
            machine.observer.reached("disk full")
            spaceNeeded.notify()
            return .busy(reason: "no space is left on \(machine.name) for \(path)")
        case .damaged:
            // The next start looks at all of the log, leaves the in-sync set and fetches it anew.
            machine.spawn("verification mark of \(bucket)") {
                do {
                    try await TabletServer.markForVerification(self.bucket, on: self.machine)
                } catch let disk as DiskError {
                    self.machine.observer.note(.warning, "\(disk)")
                }
                self.machine.halt("log of \(self.bucket): \(error)")
            }
            return .busy(reason: "this server's copy of \(bucket) is damaged; another takes over")
        case .closed where isRetired: return .unknownBucket(bucket)
        case .storageFailed, .closed:
            machine.halt("log of \(bucket): \(error)")
            throw Terminated()
        }
    }
}
