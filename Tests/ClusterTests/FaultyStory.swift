import Changelog
@testable import Cluster
import Columnar
import Platform
import Simulation
import Testing

/// A cluster whose servers crash and lose power, and whose services lose answers, while a client
/// plays a story to its end.
final class FaultyStory {
    let cluster: ClusterWorld
    let random: RandomStream
    var world: SimulationWorld { cluster.world }

    init(seed: UInt64, _ configure: (inout ClusterConfiguration) -> Void = { _ in }) {
        cluster = ClusterWorld(seed: seed, configure)
        random = RandomStream(seed: seed, label: "story")
        var faults = ServiceFaults()
        faults.refusalsPerMillion = 10_000
        faults.lostBeforePerMillion = 5_000
        faults.lostAfterPerMillion = 15_000
        world.coordinator.faults = faults
        world.objects.faults = faults
    }

    /// Takes a server away every few seconds, and one coordinator once.
    func fail(rounds: Int, every seconds: Int = 6) {
        for round in 0..<rounds {
            let victim = "server-\(1 + random.next(in: 0..<3))"
            let losesPower = random.chance(1, in: 2)
            world.after(.seconds(4 + seconds * round)) { [self] in
                if losesPower { world.losePower(victim) } else { world.crash(victim) }
            }
            world.after(.seconds(6 + seconds * round)) { [self] in
                if !world.isRunning(victim) { cluster.startServer(victim) }
            }
        }
        world.after(.seconds(9)) { [self] in world.crash("coordinator-1") }
        world.after(.seconds(19)) { [self] in cluster.startCoordinator("coordinator-1") }
    }

    /// No more faults; whatever is down comes back.
    func heal() {
        world.coordinator.faults = ServiceFaults()
        world.objects.faults = ServiceFaults()
        for name in cluster.serverNames where !world.isRunning(name) { cluster.startServer(name) }
    }

    /// Runs a client's story to its end.
    func play(
        atMost limit: Duration = .seconds(1200),
        _ story: @escaping (ClusterClient) async throws -> Void
    ) {
        var isDone = false
        var failure: (any Error)?
        cluster.startClient { client in
            while client.mirror.format < .newest {
                try await client.machine.sleep(.milliseconds(100))
            }
            do { try await story(client) } catch let error where !(error is Terminated) {
                failure = error
            }
            isDone = true
        }
        #expect(world.run(atMost: limit) { isDone }, "the story does not end")
        if let failure { Issue.record("\(failure)") }
    }

    func end() {
        world.shutDown()
        let errors = world.journal.notes.filter { $0.severity == .error }
        #expect(errors.isEmpty, "\(errors.prefix(3))")
    }

    func count(_ probe: String) -> Int {
        world.journal.probes.first { $0.name == probe }?.count ?? 0
    }

    /// No server has a file of buckets that were dropped, neither of their logs nor of their rows.
    func expectNoFiles(of buckets: [BucketIdentifier]) {
        for name in cluster.serverNames {
            var files: [String]?
            let disk = cluster.servers[name]!.machine.disk
            cluster.servers[name]!.machine.spawn("look of a test") {
                var found: [String] = []
                for bucket in buckets {
                    for folder in ["logs/\(bucket.path)", "rows/\(bucket.path)/0"] {
                        do {
                            found += try await disk.list(folder)
                                .filter { !$0.hasSuffix("/") }.map { "\(folder)/\($0)" }
                        } catch DiskError.notFound {
                        }
                    }
                }
                files = found
            }
            #expect(world.run(atMost: .seconds(10)) { files != nil })
            #expect(files == [], "files of what was dropped, on \(name)")
        }
    }
}

extension ClusterClient {
    /// Waits until nothing is left to be collected of what was dropped.
    func waitForCollection() async throws {
        while !mirror.dropped.isEmpty || mirror.buckets.keys.contains(where: mirror.isGone) {
            try await machine.sleep(.seconds(1))
        }
    }

    /// Does something again until it is not refused for a while.
    func patiently<Value>(_ action: () async throws -> Value) async throws -> Value {
        while true {
            do {
                return try await action()
            } catch let error as ClusterError where error.isRetriable {
                try await machine.sleep(.milliseconds(100))
            }
        }
    }

    /// Writes changes one after the other's start and waits until each is settled; answers those
    /// that were acknowledged, and those of which nobody knows, by position.
    func write(
        _ changes: [TableWriter.Change], to table: TableDescription
    ) async throws -> (acknowledged: [Int], unknown: [Int]) {
        let writer = TableWriter(self, table)
        var acknowledged: [Int] = []
        var unknown: [Int] = []
        var settled = 0
        for (position, change) in changes.enumerated() {
            writer.write(change) { outcome in
                settled += 1
                switch outcome {
                case .acknowledged: acknowledged.append(position)
                case .unknown: unknown.append(position)
                case .refused: break
                }
            }
            if position % 20 == 19 { try await machine.sleep(.milliseconds(50)) }
        }
        while settled < changes.count { try await machine.sleep(.milliseconds(50)) }
        return (acknowledged.sorted(), unknown.sorted())
    }

    /// All committed batches of a bucket.
    func allBatches(of bucket: BucketIdentifier) async throws -> [FetchedBatches] {
        var found: [FetchedBatches] = []
        var next = try await patiently { try await offsets(of: bucket).start }
        while true {
            let end = try await patiently { try await offsets(of: bucket).highWatermark }
            if next >= end { return found }
            let from = next
            let fetched = try await patiently {
                try await fetch(bucket, from: from, waiting: .seconds(1))
            }
            found.append(fetched)
            next = fetched.nextOffset
        }
    }

    /// All rows of a table, by its buckets' logs.
    func loggedRows(of table: TableDescription) async throws -> [Row] {
        var rows: [Row] = []
        for bucket in mirror.buckets(of: table) {
            for fetched in try await allBatches(of: bucket) {
                for batch in fetched.batches {
                    rows += try batch.decodeRecords(table.schemas).records.rows
                }
            }
        }
        return rows
    }
}
