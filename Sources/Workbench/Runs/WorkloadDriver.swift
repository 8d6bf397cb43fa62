import Changelog
import Cluster
import Columnar
import Oracles
import Platform
import ScenarioFiles
import Workloads

/// Runs one workload through its writers, and tells the reference models what became of each
/// change.
final class WorkloadDriver: ObservedWorkload {
    let workload: any Workload
    /// In the workload's order.
    private(set) var slots: [WrittenTable]
    /// Called at each outcome.
    var onOutcome: (TableWriter.Outcome, _ since: Instant) -> Void = { _, _ in }
    /// Called with each change that is handed to a writer, and when it has an outcome.
    var onSent: (BucketIdentifier, Int) -> Void = { _, _ in }
    var onSettled: (BucketIdentifier, Int) -> Void = { _, _ in }
    /// Called with each table that was created, and with the identifier of one that is dropped.
    var onCreated: (TableDescription) -> Void = { _ in }
    var onDropped: (Int64) -> Void = { _ in }
    private(set) var sentCount = 0
    private(set) var settledCount = 0
    private(set) var isReady = false
    private(set) var isStopped = false
    /// Acts that have begun and not ended, by the position of their table.
    var acts: [Int: String] = [:]
    var openActs: [String] { acts.keys.sorted().map { acts[$0]! } }
    private var ledger: Ledger?
    /// Its place among the scenario's workloads.
    let position: Int
    let layout: ClusterLayout
    private let limit: Int?

    /// `limit` ends the workload after as many changes.
    init(
        _ workload: any Workload, at position: Int, _ layout: ClusterLayout, limit: Int? = nil
    ) {
        self.workload = workload
        self.position = position
        self.layout = layout
        self.limit = limit
        slots = workload.tables.map(WrittenTable.init)
    }

    /// Writes steps and outcomes into a ledger from now on.
    func record(in ledger: Ledger) { self.ledger = ledger }

    /// Tells oracles of each change when it is sent, and when it has an outcome.
    func tell(_ oracles: OracleSet) {
        let first = position << 40
        onSent = { oracles.tell(.sent($0, change: first + $1)) }
        onSettled = { oracles.tell(.settled($0, change: first + $1)) }
    }

    /// Takes the workload and the models to where a former life left them; what it was not told of
    /// is of unknown outcome.
    func resume(_ history: Ledger.History) throws {
        for now in history.steps {
            guard let step = workload.next(now: now) else { break }
            for change in step.changes {
                sentCount += 1
                settledCount += 1
                let table = slots[change.table]
                let outcome = history.outcomes[sentCount] ?? .unknown
                try table.learned(change, number: table.nextNumber(), outcome.known)
            }
        }
    }

    // MARK: What oracles see

    /// The tables as the cluster has them; empty before they are created.
    var tables: [TableDescription] { slots.compactMap(\.present) }

    func model(of table: Int64) -> TableModel? {
        slots.first { $0.present?.identifier == table }?.model
    }

    func isEvolving(_ table: Int64) -> Bool {
        slots.first { $0.present?.identifier == table }?.definition.isEvolving ?? false
    }

    var isSettled: Bool { isStopped && sentCount == settledCount && acts.isEmpty }

    func stop() { isStopped = true }

    // MARK: Tables

    /// Creates the tables; every machine may then write.
    func createTables(with client: ClusterClient) async throws {
        for position in slots.indices { try await create(position, with: client) }
        isReady = true
    }

    /// Creates a table, or one that was dropped again.
    func create(_ position: Int, with client: ClusterClient) async throws {
        let definition = slots[position].definition
        let wanted = try TableDescription(definition, in: layout)
        // A cluster that has just begun writes a format that knows less of tables.
        while client.mirror.format < .newest && wanted.needsNewestFormat {
            _ = try await client.mirror.changed.wait(
                until: client.machine.clock.now + .seconds(1))
        }
        let table = try await client.createTable(wanted)
        if slots[position].wasDropped {
            let isBusy = slots[position].isBusy
            slots[position] = WrittenTable(definition)
            slots[position].isBusy = isBusy
        }
        slots[position].learned(table)
        workload.learned(table.schema, of: position)
        onCreated(table)
    }

    // MARK: Changes

    /// Draws changes and hands them to the writers until stopped.
    ///
    /// A key belongs to one writer, so that its changes keep their order.
    func run(_ clients: [ClusterClient], epochMilliseconds: Int64, started: Instant) async throws {
        precondition(!clients.isEmpty && isReady, "a workload without writers or tables")
        let machine = clients[0].machine
        while !isStopped {
            let elapsed = machine.clock.now - started
            let now = epochMilliseconds * 1000 + elapsed.nanoseconds / 1000
            guard let step = workload.next(now: now), sentCount < limit ?? .max else {
                isStopped = true
                return
            }
            if step.delay > .zero { try await machine.sleep(step.delay) }
            if isStopped { return }
            if let ledger, !ledger.step(position, now: now) {
                isStopped = true
                return
            }
            for change in step.changes { try write(change, clients) }
        }
    }

    private func write(_ change: Change, _ clients: [ClusterClient]) throws {
        let table = slots[change.table]
        // Drawn before the table was dropped, for one that is there again since.
        guard let version = table.version(change.schema) else { return }
        // Rows that no key spreads are spread over the writers in turn.
        let spread =
            version.bucketKeyFields.isEmpty
            ? UInt32(truncatingIfNeeded: sentCount)
            : crc32c(try table.bucketKey(of: change), seed: 7)
        let number = Int(spread % UInt32(clients.count))
        sentCount += 1
        let sent = SentChange(
            change: change, table: table, version: version, number: table.nextNumber(),
            sequence: sentCount, since: clients[0].machine.clock.now)
        try table.inOrder(change) { [self] in
            if case .insertIfAbsent(let key) = change.kind {
                return insertIfAbsent(key, sent, with: clients[number])
            }
            let writers = table.writers(of: change) { version in
                clients.map {
                    TableWriter(
                        $0, version, deliveryTimeout: layout.deliveryTimeout,
                        batchLimit: layout.writerBatchChanges,
                        keyless: keylessAssignment(of: change.table))
                }
            }
            send(sent, to: writers[number], on: clients[number].machine)
        }
    }

    /// Tables whose columns change are there to meet everything: every third has its rows spread
    /// one by one.
    private func keylessAssignment(of table: Int) -> TableWriter.KeylessAssignment {
        slots[table].definition.isEvolving && table % 3 == 1 ? .roundRobin : .sticky
    }

    private func send(_ sent: SentChange, to writer: TableWriter, on machine: Machine) {
        let written: TableWriter.Change =
            switch sent.change.kind {
            case .append(let row): .append(row)
            case .upsert(let row): .upsert(row)
            case .update(let row, let columns): .update(row, columns: columns)
            case .delete(let key): .delete(key: key)
            case .deletePart(let key, let columns): .deletePart(key: key, columns: columns)
            case .insertIfAbsent: preconditionFailure("no change that a writer writes")
            }
        let bucket = writer.bucket(of: written)
        if let bucket { onSent(bucket, sent.sequence) }
        writer.write(written) { [self] outcome in
            if let bucket { onSettled(bucket, sent.sequence) }
            settle(sent, outcome, on: machine)
        }
    }

    /// Looks a key up and inserts it if it has no row, until the answer says so.
    private func insertIfAbsent(_ key: [Value], _ sent: SentChange, with client: ClusterClient) {
        let machine = client.machine
        machine.spawn("insert unless there, in \(sent.version.name)") {
            var mayHaveArrived = false
            let deadline = machine.clock.now + self.layout.deliveryTimeout
            var outcome: TableWriter.Outcome?
            while outcome == nil {
                do {
                    _ = try await client.lookup([key], in: sent.version, insertingMissing: true)
                    // What was sent before may still arrive, after what comes next.
                    outcome = mayHaveArrived ? .unknown : nil
                    if !mayHaveArrived { break }
                } catch let error as ClusterError {
                    switch error {
                    case .notEnoughReplicas, .recovering, .unknownBucket: break
                    case .unknownPartition: outcome = .refused(error)
                    default: mayHaveArrived = true
                    }
                    if machine.clock.now > deadline || sent.table.present == nil
                        || !error.isRetriable
                    {
                        outcome = mayHaveArrived ? .unknown : .refused(error)
                    }
                }
                if outcome == nil { try await machine.sleep(.milliseconds(200)) }
            }
            self.finish(sent, outcome?.known ?? .acknowledged, on: machine)
        }
    }

    private func settle(_ sent: SentChange, _ outcome: TableWriter.Outcome, on machine: Machine) {
        ledger?.done(position, change: sent.sequence, outcome)
        finish(sent, outcome.known, on: machine)
        if case .refused(let error) = outcome, sent.isExplained(error) { return }
        onOutcome(outcome, sent.since)
    }

    private func finish(
        _ sent: SentChange, _ outcome: ReferenceModel.Outcome, on machine: Machine
    ) {
        settledCount += 1
        do {
            try sent.table.learned(sent.change, number: sent.number, outcome)
            try sent.table.settled(sent.change)
        } catch {
            machine.observer.note(
                .error, "the model of \(sent.table.definition.name): \(error)")
        }
    }

    /// Shows the model of a primary-key table what was committed, in the order of its log.
    func committed(_ row: Row, _ schema: Schema, _ change: ChangeType, in table: Int64) {
        guard change != .updateBefore,
            let slot = slots.first(where: { $0.present?.identifier == table }),
            slot.definition.isPrimaryKeyTable
        else { return }
        do {
            switch slot.model {
            case .merged(let model):
                try model.committed(
                    row, under: schema, change == .delete ? .deleted : .written)
            case .rows(let model):
                try model.committed(row, isDelete: change == .delete) { CommittedLog.hash($0) }
            }
        } catch {
            preconditionFailure(
                "a committed key of \(slot.definition.name) cannot be encoded: \(error)")
        }
    }
}

/// A change on its way.
struct SentChange {
    let change: Change
    let table: WrittenTable
    /// The table as the writer knows it.
    let version: TableDescription
    /// Among those of its table, and among all of the workload.
    let number: Int
    let sequence: Int
    let since: Instant

    /// Whether it had to be refused: its table is gone or takes no deletions, or it names a column
    /// that was dropped.
    func isExplained(_ error: ClusterError) -> Bool {
        guard let present = table.present else { return true }
        if case .unknownPartition = error, table.hasLostPartitions { return true }
        guard case .invalidRequest = error else { return false }
        switch change.kind {
        case .delete, .deletePart: return table.definition.refusesDeletes
        case .update: return table.isBusy || change.schema != present.schema.identifier
        case .append, .upsert, .insertIfAbsent: return false
        }
    }
}

extension TableWriter.Outcome {
    /// As models know it.
    var known: ReferenceModel.Outcome {
        switch self {
        case .acknowledged: .acknowledged
        case .refused: .refused
        case .unknown: .unknown
        }
    }
}

extension TableDescription {
    /// Whether the first format could not hold it.
    fileprivate var needsNewestFormat: Bool {
        isPartitioned || autoIncrementField != nil
            || properties.value("table.statistics.columns") != nil
            || path.database != TablePath.defaultDatabase
    }
}
