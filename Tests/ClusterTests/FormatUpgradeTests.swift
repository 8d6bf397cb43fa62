import Changelog
@testable import Cluster
import Columnar
import Platform
import Simulation
import Testing

@Suite("Nodes of two formats")
struct FormatUpgradeTests {
    @Test(
        "A cluster is upgraded one server after the other, and writes the new format once all are",
        arguments: 1...4 as ClosedRange<UInt64>)
    func rollingUpgrade(seed: UInt64) throws {
        let cluster = ClusterWorld(seed: seed, format: .oldest)
        let world = cluster.world
        let random = RandomStream(seed: seed, label: "upgrade")
        var acknowledged: [Int64] = []
        var settled: [Int64] = []
        var readBack: Set<Int64> = []
        var formats: [FormatVersion] = []
        var isUpgraded = false
        var isDone = false
        cluster.startClient { client in
            let table = try await client.createTable(eventTable)
            let writer = TableWriter(client, table)
            var number: Int64 = 0
            while !isUpgraded || client.mirror.format < .newest {
                let sent = number
                writer.write(.append([.bigint(sent), .string("event")])) { outcome in
                    if case .acknowledged = outcome { acknowledged.append(sent) }
                }
                number += 1
                if formats.last != client.mirror.format { formats.append(client.mirror.format) }
                try await client.machine.sleep(.milliseconds(50))
            }
            formats.append(client.mirror.format)
            var isRead = false
            while !isRead {
                writer.write(.append([.bigint(number), .string("last")])) { outcome in
                    if case .acknowledged = outcome { isRead = true }
                }
                number += 1
                try await client.machine.sleep(.milliseconds(500))
            }
            settled = acknowledged
            // Old servers were sent nothing that they cannot read.
            let forms = try await allBatches(of: table, client).map(\.holdsRows)
            #expect(forms.first == false && forms.contains(true))
            let rows = try await allRows(of: table, client)
            for row in rows { if case .bigint(let number) = row[0] { readBack.insert(number) } }
            isDone = true
        }
        for (position, name) in cluster.serverNames.enumerated() {
            world.after(.seconds(10 + 15 * position)) {
                if random.chance(1, in: 2) { world.losePower(name) } else { world.crash(name) }
                cluster.formats[name] = .newest
            }
            world.after(.seconds(12 + 15 * position)) {
                if !world.isRunning(name) { cluster.startServer(name) }
                if position == 2 { isUpgraded = true }
            }
        }
        #expect(world.run(atMost: .seconds(300)) { isDone })
        world.shutDown()
        #expect(world.journal.errorCount == 0)
        #expect(formats.first == .oldest && formats.last == .newest)
        #expect(settled.count > 400)
        let lost = settled.filter { !readBack.contains($0) }
        #expect(lost.isEmpty)
    }

    @Test("A server too old for the cluster's format takes no part, and says so")
    func downgrade() throws {
        let cluster = ClusterWorld(seed: 3)
        let world = cluster.world
        var isRaised = false
        cluster.startClient { client in
            _ = try await client.createTable(eventTable)
            while client.mirror.format < .newest {
                try await client.machine.sleep(.milliseconds(100))
            }
            isRaised = true
        }
        #expect(world.run(atMost: .seconds(60)) { isRaised })
        world.crash("server-2")
        cluster.formats["server-2"] = .oldest
        cluster.startServer("server-2")
        _ = world.run(atMost: .seconds(30)) { false }
        #expect(cluster.servers["server-1"]?.mirror.servers["server-2"] == nil)
        #expect(
            world.journal.notes.contains {
                $0.message.contains("the cluster writes format 6 and this server reads up to 1")
            })
        world.crash("server-2")
        cluster.formats["server-2"] = .newest
        cluster.startServer("server-2")
        #expect(
            world.run(atMost: .seconds(30)) {
                cluster.servers["server-1"]?.mirror.servers["server-2"] != nil
            })
        world.shutDown()
        #expect(world.journal.errorCount == 0)
    }

    @Test("A stored value of each format reads, a later one says what to do, a damaged one is none")
    func storedValues() throws {
        let value = ManifestPointer(key: "a/b", endOffset: 7, leaderEpoch: 2)
        for format in [FormatVersion.oldest, .checksummed, .newest] {
            let bytes = value.stored(in: format)
            #expect(try ManifestPointer(stored: bytes, supported: .newest) == value)
        }
        let newest = value.stored(in: .newest)
        #expect(
            throws: ClusterError.unsupportedFormat("ManifestPointer", version: 6, newest: 1)
        ) { try ManifestPointer(stored: newest, supported: .oldest) }
        for position in 2..<newest.count {
            var damaged = newest
            damaged[position] ^= 1
            #expect(throws: ClusterError.self) {
                try ManifestPointer(stored: damaged, supported: .newest)
            }
        }
        for count in newest.indices {
            #expect(throws: ClusterError.self) {
                try ManifestPointer(stored: Array(newest[..<count]), supported: .newest)
            }
        }
    }
}

/// Every row that the log of a table has, under the present schema.
func allRows(of table: TableDescription, _ client: ClusterClient) async throws -> [Row] {
    try await allBatches(of: table, client).flatMap {
        try $0.decodeRecords(table.schemas).records.rows
    }
}

/// Every batch that the log of a table has, one bucket after the other.
func allBatches(
    of table: TableDescription, _ client: ClusterClient
) async throws -> [LogBatch] {
    var batches: [LogBatch] = []
    for bucket in table.buckets {
        var offset: Int64 = 0
        while true {
            do {
                let end = try await client.offsets(of: bucket).highWatermark
                if offset >= end { break }
                let fetched = try await client.fetch(bucket, from: offset, waiting: .seconds(1))
                batches += fetched.batches
                offset = fetched.nextOffset
            } catch let error as ClusterError where error.isRetriable {
                try await client.machine.sleep(.milliseconds(100))
            }
        }
    }
    return batches
}
