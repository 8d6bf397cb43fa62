import Changelog
import Cluster
import Columnar
import KeyValue
import Platform
import Simulation
import Testing
import LakeTiering
import UnionRead

private let stockTable = TableDescription(
    name: "stock",
    schema: Schema(
        fields: [
            Field(identifier: 1, name: "item", type: .bigint, isNullable: false),
            Field(identifier: 2, name: "count", type: .int),
        ], primaryKey: [0]),
    bucketCount: 3, replicationFactor: 3, bucketKey: [0])

@Suite("The lake of a cluster")
struct LakeTiererTests {
    @Test(
        "Union reads equal the table, and each snapshot the table then, whatever crashes",
        arguments: 1...6 as ClosedRange<UInt64>)
    func unionReads(seed: UInt64) throws {
        let lake = LakeOfCluster(seed: seed)
        let (cluster, world) = (lake.cluster, lake.cluster.world)
        let random = RandomStream(seed: seed, label: "test")
        lake.fail()
        var compared = 0
        var isDone = false
        cluster.startClient { client in
            let stock = try await client.createTable(stockTable)
            let events = try await client.createTable(eventTable)
            let writers = (TableWriter(client, stock), TableWriter(client, events))
            var settled = 0
            for number in 0..<Int64(1500) {
                let item = Value.bigint(Int64(random.next(in: 0..<200)))
                let isDelete = random.chance(1, in: 5)
                writers.0.write(
                    isDelete ? .delete(key: [item]) : .upsert([item, .int(Int32(number))])
                ) { _ in settled += 1 }
                writers.1.write(.append([.bigint(number), .string("event \(number)")])) { _ in
                    settled += 1
                }
                try await client.machine.sleep(.milliseconds(20))
            }
            while settled < 3000 { try await client.machine.sleep(.milliseconds(100)) }
            lake.heal()
            for table in [stock, events] {
                let head = try await client.patientRead(table, at: .head)
                #expect(head.rows == (try await client.reference(table, upTo: head.offsets)))
                #expect(
                    head.lakeOffsets.entries.reduce(0) { $0 + $1.offset } > 0,
                    "the lake has a part of it")
                compared += head.rowCount
                for commit in lake.commits where commit.table == table.name {
                    let then = try await client.patientRead(table, at: .snapshot(commit.snapshot))
                    #expect(then.rows == (try await client.reference(table, upTo: then.offsets)))
                    compared += then.rowCount
                }
            }
            isDone = true
        }
        #expect(world.run(atMost: .seconds(600)) { isDone })
        world.shutDown()
        #expect(compared > 3000)
        #expect(lake.commits.count > 4)
        #expect(
            world.journal.errorCount == 0, "\(world.journal.notes.filter { $0.severity == .error })"
        )
    }
}

/// A cluster with two tierers that commit often.
private final class LakeOfCluster {
    let cluster: ClusterWorld
    private(set) var commits: [(table: String, snapshot: Int64)] = []

    init(seed: UInt64) {
        cluster = ClusterWorld(seed: seed)
        cluster.configuration.lakeInterval = .seconds(4)
        for name in ["tierer-1", "tierer-2"] {
            cluster.world.addMachine(name)
            start(name)
        }
    }

    private func start(_ name: String) {
        cluster.world.start(name) { machine in
            let tierer = LakeTierer(machine, self.cluster.configuration)
            tierer.onCommit = { [unowned self] in commits.append(($0.name, $1.snapshot)) }
            try await tierer.run()
        }
    }

    /// Lets answers of stores get lost, and tierers and servers crash.
    func fail() {
        var faults = ServiceFaults()
        faults.lostAfterPerMillion = 30_000
        faults.lostBeforePerMillion = 30_000
        faults.refusalsPerMillion = 30_000
        cluster.world.catalog.faults = faults
        cluster.world.objects.faults = faults
        for round in 0..<5 {
            let victim = round % 2 == 0 ? "tierer-\(1 + round / 2 % 2)" : "server-\(1 + round % 3)"
            cluster.world.after(.seconds(6 + 8 * round)) { [self] in
                cluster.world.crash(victim)
            }
            cluster.world.after(.seconds(9 + 8 * round)) { [self] in
                if cluster.world.isRunning(victim) { return }
                if victim.hasPrefix("server") {
                    cluster.startServer(victim)
                } else {
                    start(victim)
                }
            }
        }
    }

    func heal() {
        cluster.world.catalog.faults = ServiceFaults()
        cluster.world.objects.faults = ServiceFaults()
    }
}

extension ClusterClient {
    /// A union read, tried again while a leader is being elected or has not caught up.
    fileprivate func patientRead(
        _ table: TableDescription, at moment: ReadMoment
    ) async throws -> UnionAnswer {
        while true {
            do {
                return try await read(table, at: moment)
            } catch let error as LogSourceError {
                if case .damaged = error { throw error }
            } catch let error as UnionReadError {
                if case .inconsistent = error { throw error }
            }
            try await machine.sleep(.milliseconds(200))
        }
    }

    /// The same rows out of the log alone.
    fileprivate func reference(
        _ table: TableDescription, upTo ends: LakeOffsets
    ) async throws -> [Row] {
        var logged: [Row] = []
        var keyed: [(key: [UInt8], row: Row)] = []
        for (bucket, end) in ends.entries.map(\.offset).enumerated() {
            var fold = table.isPrimaryKeyTable ? ChangelogFold(schemas: [table.schema]) : nil
            var offset: Int64 = 0
            while offset < end {
                let batches: [LogBatch]
                do {
                    batches = try await self.batches(
                        of: table.identifier, bucket: Int32(bucket), in: offset..<end,
                        byteCount: 1 << 20)
                } catch LogSourceError.unavailable {
                    try await machine.sleep(.milliseconds(200))
                    continue
                }
                for batch in batches {
                    try fold?.apply(batch)
                    if fold == nil { logged += try batch.decodeRecords(table.schema).records.rows }
                    offset = batch.endOffset
                }
            }
            if let fold { keyed += fold.rows }
        }
        keyed.sort { $0.key.lexicographicallyPrecedes($1.key) }
        return table.isPrimaryKeyTable ? keyed.map(\.row) : logged
    }
}
