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
    private(set) var models: [ReferenceModel]
    /// Of the tables whose rows are merged, instead of the reference models.
    let mergeModels: [MergeModel?]
    let workload: any Workload
    /// The tables as the cluster has them, in the workload's order; empty before they are created.
    private(set) var tables: [TableDescription] = []
    /// Called at each outcome.
    var onOutcome: (TableWriter.Outcome, _ since: Instant) -> Void = { _, _ in }
    /// Called with each change that is handed to a writer, and when it has an outcome.
    var onSent: (BucketIdentifier, Int) -> Void = { _, _ in }
    var onSettled: (BucketIdentifier, Int) -> Void = { _, _ in }
    private(set) var sentCount = 0
    private(set) var settledCount = 0
    private var isStopped = false
    private var ledger: Ledger?
    private var position = 0
    private let layout: ClusterLayout
    private let limit: Int?

    /// `limit` ends the workload after as many changes.
    init(_ workload: any Workload, _ layout: ClusterLayout, limit: Int? = nil) {
        self.workload = workload
        self.layout = layout
        self.limit = limit
        models = workload.tables.map(ReferenceModel.init)
        mergeModels = workload.tables.map(MergeModel.init)
    }

    /// Writes steps and outcomes into a ledger from now on.
    func record(in ledger: Ledger, as position: Int) {
        self.ledger = ledger
        self.position = position
    }

    /// Takes the workload and the models to where a former life left them; what it was not told of
    /// is of unknown outcome.
    func resume(_ history: Ledger.History) throws {
        for now in history.steps {
            guard let step = workload.next(now: now) else { break }
            for change in step.changes {
                sentCount += 1
                settledCount += 1
                let number = models[change.table].sent()
                try learn(change, number: number, history.outcomes[sentCount] ?? .unknown)
            }
        }
    }

    private func learn(
        _ change: Change, number: Int, _ outcome: TableWriter.Outcome
    ) throws {
        let known: ReferenceModel.Outcome =
            switch outcome {
            case .acknowledged: .acknowledged
            case .refused: .refused
            case .unknown: .unknown
            }
        if let merged = mergeModels[change.table] {
            try merged.learned(change.kind, number: number, known)
            return
        }
        try models[change.table].learned(change.kind, number: number, known) {
            CommittedLog.hash($0)
        }
    }

    /// Whether all tables are there.
    var isReady: Bool { tables.count == workload.tables.count }

    var isSettled: Bool { isStopped && sentCount == settledCount }

    func stop() { isStopped = true }

    /// Creates the tables; every machine may then write.
    func createTables(with client: ClusterClient) async throws {
        for definition in workload.tables {
            let table = TableDescription(
                name: definition.name, schema: definition.schema,
                bucketCount: Int32(layout.buckets), replicationFactor: layout.replication,
                bucketKey: definition.bucketKey, vectorColumn: definition.vectorColumn,
                properties: try TableProperties(
                    definition.properties.map { ($0.name, $0.value) }))
            tables.append(try await client.createTable(table))
        }
    }

    /// Draws changes and hands them to the writers until stopped.
    ///
    /// A key belongs to one writer, so that its changes keep their order.
    func run(_ clients: [ClusterClient], epochMilliseconds: Int64, started: Instant) async throws {
        precondition(!clients.isEmpty && !tables.isEmpty, "a workload without writers or tables")
        let machine = clients[0].machine
        let writers = clients.map { client in
            tables.map {
                TableWriter(
                    client, $0, deliveryTimeout: layout.deliveryTimeout,
                    batchLimit: layout.writerBatchChanges)
            }
        }
        let codecs = tables.map { table in
            KeyCodec(types: table.bucketKey.map { table.schema.fields[$0].type })
        }
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
            for change in step.changes {
                let key = try codecs[change.table].encode(bucketKey(of: change))
                let writer = Int(crc32c(key, seed: 7) % UInt32(writers.count))
                send(change, to: writers[writer][change.table], on: machine)
            }
        }
    }

    private func bucketKey(of change: Change) -> [Value] {
        let table = tables[change.table]
        switch change.kind {
        case .append(let row), .upsert(let row), .update(let row, _):
            return table.bucketKey.map { row[$0] }
        case .delete(let key):
            return table.bucketKey.map { key[table.schema.primaryKey.firstIndex(of: $0)!] }
        }
    }

    private func send(_ change: Change, to writer: TableWriter, on machine: Machine) {
        let model = models[change.table]
        let number = model.sent()
        let since = machine.clock.now
        sentCount += 1
        let sequence = sentCount
        let written: TableWriter.Change =
            switch change.kind {
            case .append(let row): .append(row)
            case .upsert(let row): .upsert(row)
            case .update(let row, let columns): .update(row, columns: columns)
            case .delete(let key): .delete(key: key)
            }
        let bucket = writer.bucket(of: written)
        if let bucket { onSent(bucket, sequence) }
        writer.write(written) { [self] outcome in
            settledCount += 1
            if let bucket { onSettled(bucket, sequence) }
            ledger?.done(position, change: sequence, outcome)
            do {
                try learn(change, number: number, outcome)
            } catch {
                machine.observer.note(.error, "the model of \(model.table.name): \(error)")
            }
            onOutcome(outcome, since)
        }
    }

    /// Shows the model of a primary-key table what was committed, in the order of its log.
    func committed(_ row: Row, _ change: ChangeType, in table: TableDescription) {
        guard table.isPrimaryKeyTable, change != .updateBefore,
            let position = tables.firstIndex(where: { $0.identifier == table.identifier }),
            mergeModels[position] == nil
        else { return }
        do {
            try models[position].committed(row, isDelete: change == .delete) {
                CommittedLog.hash($0)
            }
        } catch {
            preconditionFailure("a committed key of \(table.name) cannot be encoded: \(error)")
        }
    }
}
