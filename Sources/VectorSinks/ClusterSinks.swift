public import Cluster
public import Platform

/// Brings every table that has vector columns to the vector service of its machine, while it is the
/// leader of the sinks.
///
/// The lease keeps two from writing at once; the ledger of each table, which a term takes over
/// under its epoch, keeps one that does not know yet that its term is over from beginning anything
/// more; and what that one had begun and sent is waited for before the first write.
public final class ClusterSinks {
    static let leaseName = "sinks"
    static let consumer = "vector-sink"

    public let machine: Machine
    public let mirror: MetadataMirror
    private let client: ClusterClient
    private let configuration: ClusterConfiguration
    private var sinks: [Int64: TableSink] = [:]
    /// Called when everything of a bucket below an offset is confirmed by the service.
    public var onConfirmed: (BucketIdentifier, Int64) -> Void = { _, _ in }

    public init(_ machine: Machine, _ configuration: ClusterConfiguration) {
        self.machine = machine
        self.configuration = configuration
        client = ClusterClient(machine, configuration)
        mirror = client.mirror
    }

    /// Whether a table is brought to the service.
    public static func takes(_ table: TableDescription) -> Bool { SinkTable(table) != nil }

    /// Up to where a bucket is confirmed; nil while this node does not write it.
    public func confirmedOffset(of bucket: BucketIdentifier) -> Int64? {
        guard let sink = sinks[bucket.table], sink.isRunning else { return nil }
        return sink.confirmed[bucket]
    }

    public func run() async throws {
        machine.spawn("metadata of \(machine.name)") { try await self.client.run() }
        guard let service = machine.vectorService else {
            machine.observer.note(
                .warning, "\(machine.name) has no vector service to bring tables to")
            return
        }
        let lease = LeaderLease(machine, Self.leaseName, mirror, configuration)
        try await lease.run { term in
            var followed: Set<Int64> = []
            self.sinks.removeAll()
            while term.isHeld {
                for table in self.mirror.tables.keys.sorted().map({ self.mirror.tables[$0]! })
                where Self.takes(table) && followed.insert(table.identifier).inserted {
                    self.machine.spawn("sink of \(table.name)") {
                        try await self.follow(table, service, term)
                    }
                }
                _ = try await self.mirror.changed.wait(until: self.machine.clock.now + .seconds(5))
            }
        }
    }

    private func follow(
        _ table: TableDescription, _ service: any VectorService, _ term: LeaderLease.Term
    ) async throws {
        guard let points = SinkTable(table) else {
            preconditionFailure("\(table.path) is no table for a sink")
        }
        let ledger = try ConsumerLedger(Self.consumer, of: table, client)
        do { try await ledger.takeOver(epoch: term.epoch) } catch let error as ConsumerFenced {
            machine.observer.note(.debug, "sink of \(table.name): \(error)")
            return
        }
        let sink = TableSink(
            ClusterChanges(client, table, points), to: VectorCollection.all(of: table),
            of: service, ledger, on: machine, settings
        ) { [machine, mirror] in
            term.isValid(at: machine.clock.now) && mirror.tables[table.identifier] != nil
        }
        sink.onTrouble = { self.tell($0, of: table) }
        do { try await sink.create() } catch let error as SinkError {
            return tell(error, of: table)
        }
        sinks[table.identifier] = sink
        let parts = SinkParts(sink, ledger, of: table, mirror, on: machine)
        parts.onConfirmed = { self.onConfirmed($0, $1) }
        parts.onTrouble = { self.tell($0, of: table) }
        try await parts.run()
    }

    private var settings: SinkConfiguration {
        var settings = SinkConfiguration()
        settings.readWait = configuration.fetchWait
        settings.retryWait = configuration.retryWait
        settings.retryWaitLimit = configuration.retryWaitLimit
        return settings
    }

    private func tell(_ error: SinkError, of table: TableDescription) {
        switch error {
        case .unavailable, .fenced:
            machine.observer.note(.debug, "sink of \(table.name): \(error)")
        case .expired, .refused:
            machine.observer.note(.warning, "sink of \(table.name) waits: \(error)")
        }
    }
}
