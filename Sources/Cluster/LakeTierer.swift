import Columnar
import Iceberg
public import Platform
public import LakeTiering

/// Commits all tables to the lake at an interval, while it is the leader of the tierers.
///
/// The term's epoch is the tiering epoch: what a tierer of an earlier term still tries to commit is
/// turned away at the lake table itself.
public final class LakeTierer {
    static let leaseName = "tierer"

    public let machine: Machine
    public let mirror: MetadataMirror
    /// The last commit of each table, by the table's identifier.
    public private(set) var progress: [Int64: LakeCommit] = [:]
    /// The tables, by identifier, that a round is taking to the lake just now.
    public private(set) var tablesInRound: Set<Int64> = []
    /// Of the term under which it tiers; nil while another leads the tierers.
    public private(set) var epoch: Int64?
    /// Called after each commit.
    public var onCommit: ((TableDescription, LakeCommit) -> Void)?
    private let client: ClusterClient
    private let configuration: ClusterConfiguration

    /// Called after maintenance that did anything.
    public var onMaintenance: ((TableDescription, LakeMaintenance) -> Void)?

    public init(_ machine: Machine, _ configuration: ClusterConfiguration) {
        self.machine = machine
        self.configuration = configuration
        client = ClusterClient(machine, configuration)
        mirror = client.mirror
    }

    public func run() async throws {
        machine.spawn("metadata of \(machine.name)") { try await self.client.run() }
        let lease = LeaderLease(machine, Self.leaseName, mirror, configuration)
        try await lease.run { term in
            var followed: Set<Int64> = []
            self.epoch = term.epoch
            defer { if self.epoch == term.epoch { self.epoch = nil } }
            while term.isHeld {
                for table in self.mirror.tables.keys.sorted().map({ self.mirror.tables[$0]! })
                where table.isInLake && followed.insert(table.identifier).inserted {
                    self.machine.spawn("lake of \(table.name)") {
                        try await self.follow(table, term)
                    }
                }
                _ = try await self.mirror.changed.wait(until: self.machine.clock.now + .seconds(5))
            }
        }
    }

    /// Commits one table again and again until the term ends or the table has to be refused.
    private func follow(_ table: TableDescription, _ term: LeaderLease.Term) async throws {
        guard SystemColumns.fit(table.schema) else {
            machine.observer.note(
                .warning,
                "\(table.name) does not go to the lake: rename its columns that clash with "
                    + "\(SystemColumns.all.map(\.name))")
            return
        }
        let tiering = TableTiering(
            machine, table.tiered, epoch: term.epoch, in: configuration.lakeLocation,
            from: client, configuration: configuration.lakeTiering)
        var retry = Backoff(configuration)
        // What was told already: the same again is for debugging alone.
        var told = ""
        // A file that was gone at the last try.
        var missed = ""
        while term.isHeld && mirror.tables[table.identifier] != nil {
            let due = machine.clock.now + configuration.lakeInterval
            do {
                try await catchUp(tiering, table, term)
                retry.reset()
                told = ""
                missed = ""
                try await machine.sleep(until: due)
                continue
            } catch let error as LakeTieringError {
                switch error {
                case .unavailable, .overtaken:
                    machine.observer.note(.debug, "lake of \(table.name): \(error)")
                case .fenced:
                    machine.observer.note(.information, "lake of \(table.name): \(error)")
                    return
                case .damaged, .refused:
                    tell("\(error)", of: table, &told)
                }
            } catch let error as IcebergError {
                switch error {
                case .unavailable, .tooManyConflicts, .outcomeUnknown, .noSuchTable:
                    // Where another table has the name, this one is dropped, or its lake table is
                    // made anew.
                    machine.observer.note(.debug, "lake of \(table.name): \(error)")
                case _ where error.isOfMissingFile && "\(error)" != missed:
                    // Another tierer may have let it go since the table's metadata was read: what
                    // the table names now is read before anybody is told.
                    missed = "\(error)"
                    machine.observer.reached("lake file gone under a tierer that reads")
                default: tell("\(error)", of: table, &told)
                }
            }
            // What failed has been waiting for an interval: it is tried again sooner than that.
            try await machine.sleep(retry.next(machine.entropy))
        }
    }

    /// A table that people have to look at waits: once they did, it goes on by itself.
    private func tell(_ reason: String, of table: TableDescription, _ told: inout String) {
        machine.observer.note(
            reason == told ? .debug : .warning, "lake of \(table.name) waits: \(reason)")
        told = reason
    }

    private func catchUp(
        _ tiering: TableTiering, _ table: TableDescription, _ term: LeaderLease.Term
    ) async throws {
        tablesInRound.insert(table.identifier)
        defer { tablesInRound.remove(table.identifier) }
        func round() async throws -> LakeCommit? {
            // It may have been altered meanwhile.
            if let present = mirror.tables[table.identifier] {
                tiering.adopt(present.tiered(with: mirror.partitions(of: table.identifier)))
            }
            return try await tiering.round()
        }
        while term.isHeld, let commit = try await round() {
            progress[table.identifier] = commit
            onCommit?(table, commit)
            if !commit.isBehind { break }
        }
        if !term.isHeld { return }
        try await publishProgress(of: table)
        do {
            let done = try await tiering.maintain()
            if done != LakeMaintenance() { onMaintenance?(table, done) }
        } catch let error as LakeTieringError {
            guard case .overtaken = error else { throw error }
        } catch let error as IcebergError {
            guard case .unsupported = error else { throw error }
            machine.observer.note(.debug, "lake of \(table.name) is not maintained: \(error)")
        }
    }

    /// Says up to where the lake has the table's log, so that the log may go below.
    private func publishProgress(of table: TableDescription) async throws {
        guard let commit = progress[table.identifier] else { return }
        var offsets = ConsumedOffsets()
        for entry in commit.to.entries {
            offsets[BucketIdentifier(table: table.identifier, entry.bucket)] = entry.offset
        }
        if mirror.consumed[table.identifier]?[LogConsumer.lake] == offsets { return }
        if try await mirror.publish(offsets, by: LogConsumer.lake, of: table.identifier) {
            machine.observer.reached("progress of the lake published")
        }
    }
}
