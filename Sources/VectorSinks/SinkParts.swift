import Cluster
import Platform

/// The buckets of a table that a sink follows, while partitions come and go.
///
/// A partition that is dropped has its points removed. What says so is the ledger, in which each
/// bucket is before anything of it is sent: so also those go that were dropped while no sink ran.
final class SinkParts {
    private let machine: Machine
    private let mirror: MetadataMirror
    private let table: TableDescription
    private let sink: TableSink
    private let ledger: ConsumerLedger
    private let ended: Signal
    /// How many buckets of a partition are followed; 0 stands for those of a table without.
    private var followedCounts: [Int64: Int] = [:]
    private var followed: Set<BucketIdentifier> = []
    /// Partitions that are gone, of which the mirror may hear later.
    private var dropped: Set<Int64> = []
    var onConfirmed: (BucketIdentifier, Int64) -> Void = { _, _ in }
    var onTrouble: (SinkError) -> Void = { _ in }

    init(
        _ sink: TableSink, _ ledger: ConsumerLedger, of table: TableDescription,
        _ mirror: MetadataMirror, on machine: Machine
    ) {
        self.sink = sink
        self.ledger = ledger
        self.table = table
        self.mirror = mirror
        self.machine = machine
        ended = Signal(machine)
    }

    /// Follows all buckets there are, until another sink writes.
    func run() async throws {
        if table.isPartitioned {
            machine.spawn("sink of dropped partitions of \(table.name)") {
                try await self.removeDropped()
            }
        }
        while sink.isRunning {
            for bucket in mirror.buckets(of: table)
            where !dropped.contains(bucket.partition ?? 0) && followed.insert(bucket).inserted {
                followedCounts[bucket.partition ?? 0, default: 0] += 1
                machine.spawn("sink of \(bucket)") { try await self.follow(bucket) }
            }
            try await waitForChange()
        }
    }

    private func follow(_ bucket: BucketIdentifier) async throws {
        try await sink.follow(bucket) { _ in
            if let offset = self.sink.confirmed[bucket] { self.onConfirmed(bucket, offset) }
            return !self.mirror.isGone(bucket)
        }
        followedCounts[bucket.partition ?? 0, default: 0] -= 1
        ended.notify()
    }

    private func removeDropped() async throws {
        while sink.isRunning {
            for partition in try await ledger.gonePartitions() {
                do { try await remove(partition) } catch let error as SinkError {
                    onTrouble(error)
                } catch let error as ConsumerFenced {
                    return onTrouble(.fenced(reason: "\(error)"))
                }
            }
            try await waitForChange()
        }
    }

    private func remove(_ partition: Int64) async throws {
        dropped.insert(partition)
        // Who still follows it has not heard, and would begin more.
        while followedCounts[partition] ?? 0 > 0 {
            if !sink.isRunning { return }
            _ = try await ended.wait(until: machine.clock.now + .seconds(1))
        }
        try await sink.remove(partition: partition)
        try await machine.keepApart("points of a partition removed and not noted")
        try await ledger.forget(partition: partition)
        machine.observer.reached("vector sink removed a dropped partition")
    }

    private func waitForChange() async throws {
        _ = try await mirror.changed.wait(until: machine.clock.now + .seconds(5))
    }
}
