public import Changelog
import Platform
import RemoteLog

/// One server's copy of one bucket: its log, its part in replication, and while it leads the rows.
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
    private let progress: Signal
    /// Notified when any replica of the server moves.
    private let serverProgress: Signal
    let machine: Machine
    let configuration: ClusterConfiguration
    let mirror: MetadataMirror
    /// Held by whoever changes the log: appends, truncation and dropping take turns.
    let logGate: Gate
    let remoteLog: RemoteLog
    private(set) var role = Role.idle
    private var isSyncing = false
    private let syncNeeded: Signal

    init(
        bucket: BucketIdentifier, table: TableDescription, log: ChangeLog, machine: Machine,
        mirror: MetadataMirror, serverProgress: Signal, configuration: ClusterConfiguration
    ) {
        self.bucket = bucket
        openedTable = table
        self.log = log
        self.machine = machine
        self.mirror = mirror
        self.configuration = configuration
        highWatermark = log.startOffset
        progress = Signal(machine)
        self.serverProgress = serverProgress
        logGate = Gate(machine)
        remoteLog = RemoteLog(machine, folder: "remote-log/\(bucket.path)")
        syncNeeded = Signal(machine)
    }

    /// Wakes whoever waits for this replica to get on.
    func moved() {
        progress.notify()
        serverProgress.notify()
    }

    /// Waits for the next move; false if `deadline` came first.
    func waitForMove(until deadline: Instant? = nil) async throws -> Bool {
        try await progress.wait(until: deadline)
    }

    // MARK: Roles

    /// Whether this replica leads its bucket, as far as it knows.
    public var isLeader: Bool { leadership != nil }

    var leadership: Leadership? {
        if case .leading(let leadership) = role, !leadership.isEnded { return leadership }
        return nil
    }

    /// The term that a call may rely on, or an error that tells the caller to look elsewhere.
    func requireLeadership() throws -> Leadership {
        guard let leadership else { throw ClusterError.notLeader(bucket) }
        return leadership
    }

    /// Takes the part that the bucket's state gives to this server.
    func take(_ state: MetadataMirror.Versioned<BucketState>, incarnation: Int64) {
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

    private func follow(_ leader: String, epoch: Int32) {
        if case .following(let known) = role, known == leader, leaderEpoch == epoch { return }
        resign()
        leaderEpoch = epoch
        role = .following(leader: leader)
        moved()
    }

    private func lead(_ state: MetadataMirror.Versioned<BucketState>) {
        precondition(state.value.leaderEpoch > leaderEpoch, "a term of \(bucket) began twice")
        resign()
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

    // MARK: Appending as the leader

    /// Appends a batch and waits until it is acknowledged.
    func append(_ batch: LogBatch) async throws -> Acknowledgement {
        if table.isPrimaryKeyTable {
            throw ClusterError.invalidRequest(reason: "\(bucket) takes upserts, not batches")
        }
        let leadership = try requireLeadership()
        let appended = try await logGate.run {
            try self.requireInSync(leadership)
            return try self.append(batch, in: leadership)
        }
        return try await acknowledge(appended, in: leadership)
    }

    /// Puts a batch into the log; the caller holds `logGate`.
    func append(_ batch: LogBatch, in leadership: Leadership) throws -> AppendedRange {
        do {
            let appended = try log.append(
                asLeader: batch, leaderEpoch: leadership.epoch,
                commitTimestamp: machine.clock.timestamp)
            syncNeeded.notify()
            moved()
            return AppendedRange(
                baseOffset: appended.baseOffset, endOffset: appended.endOffset,
                isDuplicate: appended.isDuplicate)
        } catch {
            throw try translate(error)
        }
    }

    func requireInSync(_ leadership: Leadership) throws {
        if leadership.isEnded { throw ClusterError.notLeader(bucket) }
        let needed = min(configuration.minimumInSync, leadership.state.value.replicas.count)
        let inSync = leadership.state.value.inSync.count
        if inSync < needed {
            throw ClusterError.notEnoughReplicas(bucket, inSync: inSync, needed: needed)
        }
    }

    /// Waits until an appended batch is committed in this very term.
    func acknowledge(
        _ appended: AppendedRange, in leadership: Leadership
    ) async throws -> Acknowledgement {
        let endOffset = appended.endOffset
        let deadline = machine.clock.now + configuration.callTimeout
        while highWatermark < endOffset {
            if leadership.isEnded { throw ClusterError.notLeader(bucket) }
            if try await !waitForMove(until: deadline) {
                throw ClusterError.timedOut("replication of \(bucket) up to \(endOffset)")
            }
        }
        // A fence is checked at the effect: the acknowledgement is one.
        if leadership.isEnded { throw ClusterError.notLeader(bucket) }
        return Acknowledgement(
            baseOffset: appended.baseOffset, endOffset: endOffset, leaderEpoch: leadership.epoch)
    }

    /// Syncs the log whenever it has grown; many appends share one sync.
    private func syncLoop(_ leadership: Leadership) async throws {
        while !leadership.isEnded {
            if log.syncedEndOffset >= log.endOffset {
                _ = try await syncNeeded.wait(until: machine.clock.now + .seconds(5))
                continue
            }
            try await syncLog()
            advanceHighWatermark()
        }
    }

    /// Makes the log durable; a disk that fails to is a reason to stop the server.
    func syncLog() async throws {
        var retry = Backoff(configuration)
        while true {
            do {
                return try await log.sync()
            } catch ChangelogError.storageFull {
                // Nothing is acknowledged meanwhile, and nothing is lost.
                machine.observer.reached("disk full")
                try await machine.sleep(retry.next(machine.entropy))
            } catch ChangelogError.truncated {
                return
            } catch let error as ChangelogError {
                throw try translate(error)
            }
        }
    }

    /// Raises the high watermark to what the whole in-sync set has made durable.
    func advanceHighWatermark() {
        guard let leadership else { return }
        let inSync = leadership.maximalInSync
        let needed = min(configuration.minimumInSync, leadership.state.value.replicas.count)
        if leadership.state.value.inSync.count < needed { return }
        var end = log.syncedEndOffset
        for server in inSync where server != machine.name {
            end = min(end, leadership.followers[server]?.endOffset ?? 0)
        }
        if end > highWatermark {
            precondition(end <= log.endOffset, "the high watermark passed the end of \(bucket)")
            highWatermark = end
            moved()
        }
    }

    /// What a follower is told of the leader's high watermark.
    func learnHighWatermark(_ offset: Int64) {
        let known = min(offset, log.endOffset)
        if known > highWatermark { highWatermark = known }
    }

    /// Turns a read that the disk failed into what the caller is told: nothing was changed by it,
    /// and it may well succeed the next time.
    func translate(_ error: DiskError) -> ClusterError {
        machine.observer.reached("read failed by the disk")
        return .busy(reason: "\(bucket) on \(machine.name): \(error)")
    }

    /// Turns what the log refuses into what the caller is told; damage stops the server.
    func translate(_ error: ChangelogError) throws -> ClusterError {
        switch error {
        case .outOfOrderSequence(_, let writer, let sequence, _):
            return .outOfOrderSequence(bucket, writer: writer, sequence: sequence)
        case .invalidBatch(let reason): return .invalidRequest(reason: reason)
        case .truncated, .divergent: return .notLeader(bucket)
        case .offsetOutOfRange(_, let offset, let valid):
            return .offsetOutOfRange(
                bucket, offset: offset, start: valid.lowerBound, end: valid.upperBound)
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
        default:
            machine.halt("log of \(bucket): \(error)")
            throw Terminated()
        }
    }
}

/// Where an appended batch stands.
struct AppendedRange {
    var baseOffset: Int64
    var endOffset: Int64
    var isDuplicate: Bool
}
