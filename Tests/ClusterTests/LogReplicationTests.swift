import Changelog
import Cluster
import Columnar
import Platform
import Simulation
import Testing

@Suite("Replicated logs")
struct LogReplicationTests {
    @Test(
        "What was acknowledged is read back, once, whatever crashes",
        arguments: 1...20 as ClosedRange<UInt64>)
    func acknowledgedSurvives(seed: UInt64) throws {
        let cluster = ClusterWorld(seed: seed)
        let world = cluster.world
        let random = RandomStream(seed: seed, label: "test")
        var acknowledged: [Int64] = []
        var refused = 0
        var unknown = 0
        var readBack: [Int64] = []
        var isDone = false
        let total = 2000
        cluster.startClient { client in
            let table = try await client.createTable(eventTable)
            let writer = TableWriter(client, table)
            for number in 0..<Int64(total) {
                writer.write(.append([.bigint(number), .string("event \(number)")])) { outcome in
                    switch outcome {
                    case .acknowledged: acknowledged.append(number)
                    case .refused: refused += 1
                    case .unknown: unknown += 1
                    }
                }
                try await client.machine.sleep(.milliseconds(10))
            }
            while acknowledged.count + refused + unknown < total {
                try await client.machine.sleep(.milliseconds(100))
            }
            for bucket in table.buckets {
                var offset: Int64 = 0
                while true {
                    let end: Int64
                    do {
                        end = try await client.offsets(of: bucket).highWatermark
                        if offset >= end { break }
                        let fetched = try await client.fetch(
                            bucket, from: offset, waiting: .seconds(1))
                        for batch in fetched.batches {
                            let (records, _) = try batch.decodeRecords(table.schema)
                            for row in records.rows {
                                if case .bigint(let number) = row[0] { readBack.append(number) }
                            }
                        }
                        offset = fetched.nextOffset
                    } catch let error as ClusterError where error.isRetriable {
                        try await client.machine.sleep(.milliseconds(100))
                    }
                }
            }
            isDone = true
        }
        for round in 0..<4 {
            let victim = "server-\(1 + random.next(in: 0..<3))"
            world.after(.seconds(3 + 8 * round)) {
                if random.chance(1, in: 2) { world.losePower(victim) } else { world.crash(victim) }
            }
            world.after(.seconds(5 + 8 * round)) {
                if !world.isRunning(victim) { cluster.startServer(victim) }
            }
        }
        #expect(world.run(atMost: .seconds(600)) { isDone })
        world.shutDown()
        #expect(
            world.journal.errorCount == 0, "\(world.journal.notes.filter { $0.severity == .error })"
        )
        #expect(Set(readBack).count == readBack.count)
        #expect(Set(readBack).isSuperset(of: acknowledged))
        #expect(acknowledged.count > total / 2)
        #expect(refused == 0)
    }
}
