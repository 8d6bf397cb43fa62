import Oracles
import Changelog
import Cluster
import Columnar
import LakeTiering
import Platform
public import RunReports
import ScenarioFiles
import Server
import Simulation
import Vectors

/// Watches a run step by step and tells what happened, most of all to one record.
///
/// It only looks, between two events of the world, and so changes nothing in the run.
public final class Storyteller {
    private let run: TankRun
    private let subject: Subject?
    private var events: [Story.Event] = []
    private var nodeStates: [NodeName: NodeLane.State] = [:]
    private var copies: [NodeName: Copy] = [:]
    private var state: MetadataMirror.Versioned<BucketState>?
    private var isIndexed = false
    private var isInLake = false

    /// What a server has of the bucket, as far as it is worth telling.
    private struct Copy: Equatable {
        var leads: Int32?
        var holds = false
        var epoch: Int32?
        var isDurable = false
        var isCommitted = false
        var isDropped = false
        var isRemote = false
        var rows: RowFiles?
    }

    init(_ run: TankRun, about subject: Subject?) {
        self.run = run
        self.subject = subject
        run.onStep = { [unowned self] in look() }
        let (onChange, onProbe) = (run.faults.onChange, run.world.journal.onProbe)
        run.faults.onChange = { [unowned self] fault, began in
            onChange(fault, began)
            tell(fault, began)
        }
        run.world.journal.onNote = { [unowned self] note in
            let kind: Story.Event.Kind = note.severity == .error ? .violation : .note
            add(kind, note.node == "world" ? "" : note.node, note.message)
        }
        run.world.journal.onProbe = { [unowned self] probe, node in
            onProbe?(probe, node)
            add(.probe, node, "reached: \(probe)")
        }
        let onDelete = run.world.objects.onDelete
        let paths = subject.flatMap { run.paths(ofTable: $0.table) } ?? []
        run.world.objects.onDelete = { [unowned self] key in
            onDelete?(key)
            if paths.contains(where: { "/\(key)".contains($0) }) {
                add(.lake, "", "object \(key) is deleted")
            }
        }
        for tally in run.oracles.tallies {
            tally.onViolation = { [unowned self] message in
                add(.violation, "", "\(tally.name.rawValue): \(message)")
            }
        }
        run.onAcknowledged = { [unowned self] receipt, client in acknowledged(receipt, client) }
    }

    private func add(
        _ kind: Story.Event.Kind, _ node: String, _ text: String, from: String = ""
    ) {
        events.append(
            Story.Event(
                atSeconds: Double(run.world.nanoseconds) / 1e9, node: node, from: from, kind: kind,
                text: text))
    }

    // MARK: What is told by others

    private func tell(_ fault: PlannedFault, _ began: Bool) {
        let nodes = fault.kind.nodes.map(\.description)
        let node = nodes.count == 1 ? nodes[0] : ""
        if !began {
            if fault.duration > .zero { add(.fault, node, "ends: \(fault.kind)") }
            return
        }
        let span = fault.duration > .zero ? ", for \(fault.duration.rounded.shortText)" : ""
        add(.fault, node, "\(fault.kind)\(span)")
    }

    private func acknowledged(_ receipt: TableWriter.Receipt, _ client: String) {
        guard let subject, let offset = subject.offset, receipt.bucket == subject.bucket else {
            return
        }
        let told = receipt.acknowledgement
        // Who writes through a gateway is told where the batch ends.
        let isToldStart = told.baseOffset != Acknowledgement.untoldOffset
        let first = isToldStart ? told.baseOffset : told.endOffset - 1
        if (first..<told.endOffset).contains(offset) {
            add(
                .client, client,
                "is told that offsets \(first) to \(told.endOffset - 1) are safe "
                    + "(epoch \(told.leaderEpoch))")
        }
    }

    // MARK: What is seen

    private func look() {
        lookAtNodes()
        guard let subject else { return }
        lookAtState(subject.bucket)
        for node in run.scenario.nodes where node.role == .server { look(at: node, subject) }
        lookAtLake(subject)
    }

    private func lookAtNodes() {
        for node in run.scenario.nodes {
            let name = node.description
            let now = run.world.laneState(of: name)
            let before = nodeStates[node]
            if now == before { continue }
            nodeStates[node] = now
            // They all start at once, which is no news.
            if before == nil { continue }
            add(.node, name, now == .up ? "is up" : now == .down ? "is down" : "stands still")
        }
    }

    private func lookAtState(_ bucket: BucketIdentifier) {
        var newest = state
        for (_, server) in run.deployment.runningServers {
            if let seen = server.mirror.buckets[bucket],
                newest.map({ seen.revision > $0.revision }) ?? true
            {
                newest = seen
            }
        }
        guard let newest, newest.revision != state?.revision else { return }
        let before = state?.value
        state = newest
        let now = newest.value
        if before?.leader != now.leader || before?.leaderEpoch != now.leaderEpoch {
            let leader = now.leader?.server ?? ""
            add(
                .leadership, leader,
                leader.isEmpty
                    ? "nobody leads the bucket, epoch \(now.leaderEpoch)"
                    : "is made leader in epoch \(now.leaderEpoch)",
                from: before?.leader?.server ?? "")
        }
        if before?.inSync != now.inSync {
            add(.leadership, "", "in sync: \(now.inSync.joined(separator: ", "))")
        }
    }

    private func look(at node: NodeName, _ subject: Subject) {
        let before = copies[node] ?? Copy()
        var now = Copy()
        let replica = run.deployment.servers[node]?.replicas[subject.bucket]
        guard let replica else {
            // What a server that is down has on its disk is told when it comes back.
            return
        }
        now.leads = replica.isLeader ? replica.leaderEpoch : nil
        if let offset = subject.offset {
            let log = replica.log
            now.holds = log.startOffset <= offset && offset < log.endOffset
            now.epoch = now.holds ? log.leaderEpochs.epoch(at: offset) : nil
            now.isDurable = now.holds && log.syncedEndOffset > offset
            now.isCommitted = replica.highWatermark > offset
            now.isDropped = log.startOffset > offset
            now.isRemote = replica.isLeader && replica.remoteLogEndOffset > offset
        }
        now.rows = replica.rowFiles
        if now == before { return }
        copies[node] = now
        tell(node.description, before, now, replica, subject)
    }

    private func tell(
        _ node: String, _ before: Copy, _ now: Copy, _ replica: Replica, _ subject: Subject
    ) {
        if let epoch = now.leads, before.leads != epoch {
            add(
                .leadership, node,
                "leads in epoch \(epoch), its log ends at \(replica.log.endOffset)")
        } else if let epoch = before.leads, now.leads == nil {
            add(.leadership, node, "leads no more (epoch \(epoch))")
        }
        tellRows(node, before.rows, now.rows)
        guard let offset = subject.offset else { return }
        if now.isRemote && !before.isRemote {
            add(.record, node, "knows offset \(offset) to be in the object store")
        }
        if now.holds && (!before.holds || before.epoch != now.epoch) {
            let leader = now.leads == nil ? state?.value.leader?.server ?? "" : ""
            add(
                .record, node,
                "has offset \(offset), of epoch \(now.epoch.map(String.init) ?? "?")",
                from: leader == node ? "" : leader)
        }
        if before.holds && !now.holds && !now.isDropped {
            add(
                .record, node, "has lost offset \(offset): its log ends at \(replica.log.endOffset)"
            )
        }
        if now.isDropped && !before.isDropped {
            add(.record, node, "drops offset \(offset) from its disk: it is tiered")
        }
        if now.isDurable && !before.isDurable { add(.record, node, "has synced offset \(offset)") }
        if now.isCommitted && !before.isCommitted {
            add(.record, node, "counts offset \(offset) as committed")
        } else if before.isCommitted && !now.isCommitted {
            add(.record, node, "does not count offset \(offset) as committed any more")
        }
    }

    /// Flushes and compactions of the rows, by what they leave: a flush moves the offset up to
    /// which rows are in files, a compaction writes files and does not.
    private func tellRows(_ node: String, _ before: RowFiles?, _ now: RowFiles?) {
        guard let now, now != before else { return }
        let files = "\(now.fileCount) \(now.fileCount == 1 ? "file" : "files")"
        guard let before else {
            add(
                .record, node,
                "has recovered the rows: \(files) up to offset \(now.flushedOffset), the log after")
            return
        }
        if now.flushedOffset > before.flushedOffset {
            add(
                .record, node,
                "has flushed the rows up to offset \(now.flushedOffset): \(files)")
        } else if now.nextFile > before.nextFile {
            add(.record, node, "has compacted \(before.fileCount) files of rows into \(files)")
        }
    }

    private func lookAtLake(_ subject: Subject) {
        guard let offset = subject.offset else { return }
        let bucket = subject.bucket.inLake
        if !isInLake, let offsets = run.lake.offsets(of: subject.table), offsets[bucket] > offset {
            isInLake = true
            add(.lake, "", "the lake has \(subject.table) up to \(offsets)")
        }
        if isIndexed { return }
        for (node, indexer) in run.deployment.runningIndexers {
            if let index = indexer.indexes[subject.bucket], index.consumedOffset > offset {
                isIndexed = true
                add(.lake, node.description, "has indexed up to offset \(index.consumedOffset)")
            }
        }
    }

    // MARK: The story

    /// What was told up to the first violation; nil if there was none.
    func story(_ verdict: Verdict, reproduceCommand: String) -> Story? {
        guard let violation = run.firstViolation else { return nil }
        let at = Double(violation.nanoseconds) / 1e9
        return Story(
            title: run.scenario.title, scenario: run.scenario.path, seed: run.world.seed,
            traceHash: hexadecimal(run.endTrace.hash, digits: 16), oracle: violation.oracle,
            violation: violation.message, violatedAtSeconds: at,
            subject: subject?.description ?? "", nodes: run.scenario.nodes.map(\.description),
            events: events.filter { $0.atSeconds <= at }, reproduceCommand: reproduceCommand)
    }
}

extension TankRun {
    /// What names a bucket, given as `orders/0`, in paths and keys; nil if there is none.
    public func paths(ofBucket name: String) -> [String]? {
        guard let subject = Subject(in: name, of: tables) else { return nil }
        return paths(of: subject.bucket)
    }

    /// What names a table and its buckets in paths and keys, in the lake too; nil if there is none.
    public func paths(ofTable name: String) -> [String]? {
        guard let table = tables.first(where: { $0.name == name }) else { return nil }
        return table.buckets.flatMap(paths(of:)) + ["/\(name)-", ".\(name) "]
    }

    private func paths(of bucket: BucketIdentifier) -> [String] {
        ["/\(bucket.path)/", "-\(bucket.table)-\(bucket.bucket)"]
    }

    public var tableNames: [String] { tables.map(\.name) }

    /// What was violated first, by the order of the verdict: defects, then oracles.
    var firstViolation: (oracle: String, message: String, nanoseconds: Int64)? {
        if let defect = world.journal.notes.first(where: { $0.severity == .error }) {
            return ("defect", "\(defect.node): \(defect.message)", defect.nanoseconds)
        }
        let broken = oracles.tallies.filter {
            scenario.checks.contains($0.name) && !$0.violations.isEmpty
        }
        return broken.first.map {
            ($0.name.rawValue, $0.violations[0].message, $0.violations[0].nanoseconds)
        }
    }

    /// Where the first violation points.
    var subject: Subject? {
        firstViolation.flatMap { Subject(in: $0.message, of: tables) }
    }
}

/// Runs a failure twice: to learn what it is about, and to tell what happened to that.
///
/// `make` gives the same run, not yet begun, each time. Nil if nothing is violated.
public func tellStory(reproduceCommand: String, _ make: () throws -> TankRun) rethrows -> Story? {
    let first = try make()
    _ = first.run()
    guard first.firstViolation != nil else { return nil }
    let second = try make()
    let teller = Storyteller(second, about: first.subject)
    let verdict = second.run()
    return teller.story(verdict, reproduceCommand: reproduceCommand)
}

extension Duration {
    /// In whole milliseconds, where it is as long: people need no more.
    fileprivate var rounded: Duration {
        self < .milliseconds(1) ? self : .milliseconds(nanoseconds / 1_000_000)
    }
}
