@testable import Changelog
@testable import Cluster
import Columnar
import Platform
import Simulation
import Testing

@Suite("Stories of where replicas and leaders are")
struct PlacementStories {
    @Test("A leader that was away leads again once it is in sync and has been there for a while")
    func preferredLeader() throws {
        let t = try ClusterScript { $0.preferredLeaderDelay = .seconds(30) }
        let preferred = t.leader!
        t.server(preferred).crash()
        try t.waitForLeader(otherThan: preferred)
        try t.write(10)
        t.server(preferred).start()
        try t.waitForInSync([1, 2, 3])
        t.run(.seconds(15))
        #expect(t.leader != preferred)
        try t.wait("it leads again", atMost: .seconds(60)) { t.leader == preferred }
        try t.write(10)
        #expect(try t.readBack() == t.acknowledged)
        #expect(t.count("leader moved back to the preferred replica") == 1)
    }

    @Test(
        "Leaders move back while they are written to, and nothing is lost",
        arguments: 1...6 as ClosedRange<UInt64>)
    func movesUnderWrites(seed: UInt64) throws {
        let t = try ClusterScript(seed: seed, table: keyedTable) {
            $0.preferredLeaderDelay = .seconds(2)
            $0.placementInterval = .seconds(1)
        }
        let preferred = t.leader!
        for round in 0..<4 {
            t.begin(20)
            t.run(.milliseconds(Int64(3 * seed)))
            if round % 2 == 0 {
                t.server(preferred).crash()
            } else {
                t.server(preferred).losePower()
            }
            t.begin(20)
            t.run(.seconds(6))
            t.server(preferred).start()
            try t.wait("it leads again") { t.leader == preferred }
        }
        try t.wait("all is acknowledged") { t.acknowledged.count == 160 }
        try t.settle()
        #expect(try t.readBack().sorted() == t.acknowledged.sorted())
        #expect(t.count("leader moved back to the preferred replica") >= 2)
        #expect(t.defects.isEmpty, "\(t.defects)")
    }

    @Test("A wiped replica begins at the end of the remote log, not at offset 0 through its leader")
    func wipedReplica() throws {
        let t = try ClusterScript {
            $0.remoteLogTaskInterval = .seconds(1)
            // Leaders keep all of it on their disks.
            $0.localSegmentCount = 1000
        }
        for _ in 0..<20 { try t.write(20, textLength: 400) }
        try t.wait("the remote log has most of it") { t.leaderReplica!.remoteLogEndOffset > 200 }
        let wiped = t.followers[0]
        t.server(wiped).crash()
        t.world.replaceDisk("server-\(wiped)")
        t.server(wiped).start()
        try t.wait("it begins at the end of the remote log") {
            t.count("empty replica began at the end of the remote log") > 0
        }
        try t.waitForInSync([1, 2, 3])
        #expect(t.server(wiped).replica!.log.startOffset > 200)
        #expect(try t.readBack() == t.acknowledged)
    }

    @Test(
        "A server that comes back at once with an empty disk is not taken for one in sync",
        arguments: 1...6 as ClosedRange<UInt64>)
    func emptyDisk(seed: UInt64) throws {
        let t = try ClusterScript(seed: seed)
        try t.write(50, textLength: 100)
        let end = t.leaderReplica!.highWatermark
        let victim = seed % 2 == 0 ? t.leader! : t.followers[0]
        t.server(victim).crash()
        t.world.replaceDisk("server-\(victim)")
        t.server(victim).start()
        // Those that have the data go, one by one, before it can have fetched it.
        t.run(.milliseconds(Int64(3 * seed)))
        let others = (1...3).filter { $0 != victim }
        for other in others { t.server(other).crash() }
        t.run(.seconds(20))
        // It may lead if it was faster than that, and has fetched everything.
        if t.leader == victim { #expect(t.server(victim).replica!.log.syncedEndOffset >= end) }
        for other in others { t.server(other).start() }
        try t.settle()
        #expect(try t.readBack() == t.acknowledged)
        #expect(t.count("disk replaced") > 0)
        #expect(t.defects.isEmpty, "\(t.defects)")
    }

    @Test("Many tables are created at once: no transaction is larger than etcd takes")
    func largeTransactions() throws {
        let t = try ClusterScript()
        var table = logTable
        table.path = TablePath(database: table.path.database, table: "wide")
        table.bucketCount = 300
        let wide = table
        let made = try t.ask { try await $0.createTable(wide) }
        // A server's end moves a hundred leaders at a time.
        let from = t.server(1).name
        t.server(1).crash()
        try t.wait("all buckets have leaders elsewhere") {
            let mirror = t.server(2).replica!.mirror
            return made.buckets.allSatisfy {
                guard let leader = mirror.buckets[$0]?.value.leader else { return false }
                return leader.server != from
            }
        }
    }

    @Test("All buckets of a writer share one identifier")
    func oneWriter() throws {
        let t = try ClusterScript()
        var table = logTable
        table.path = TablePath(database: table.path.database, table: "several")
        table.bucketCount = 8
        let wanted = table
        var receipts: [TableWriter.Receipt] = []
        var made: TableDescription?
        t.inBackground { client in
            let table = try await client.createTable(wanted)
            let writer = TableWriter(client, table)
            for number in 0..<100 {
                writer.write(.append([.bigint(Int64(number)), .string("x")])) {
                    if case .acknowledged(let receipt) = $0 { receipts.append(receipt) }
                }
            }
            made = table
        }
        try t.wait("all is acknowledged") { receipts.count == 100 }
        #expect(made != nil)
        #expect(Set(receipts.map(\.writer)).count == 1)
        #expect(Set(receipts.map(\.bucket)).count > 4)
    }
}

@Suite("Stories of servers that do not come back")
struct ReplacementStories {
    @Test(
        "Another server takes the place of a lost one, which finds itself replaced",
        arguments: [logTable, keyedTable])
    func replaced(table: TableDescription) throws {
        let cluster = ClusterWorld(seed: 5, serverCount: 4) {
            $0.replacementDelay = .seconds(30)
            $0.placementInterval = .seconds(2)
            $0.remoteLogTaskInterval = .seconds(1)
        }
        let world = cluster.world
        defer { world.shutDown() }
        var acknowledged = 0
        var made: TableDescription?
        var writer: TableWriter?
        cluster.startClient { client in
            let table = try await client.createTable(table)
            writer = TableWriter(client, table)
            made = table
        }
        #expect(world.run(atMost: .seconds(60)) { made != nil && writer != nil })
        let bucket = made!.buckets[0]
        func write(_ count: Int) -> Bool {
            let wanted = acknowledged + count
            for number in acknowledged..<wanted {
                let row: Row = [
                    .bigint(Int64(number)), .string(String(repeating: "x", count: 200)),
                ]
                writer!.write(table.isPrimaryKeyTable ? .upsert(row) : .append(row)) {
                    if case .acknowledged = $0 { acknowledged += 1 }
                }
            }
            return world.run(atMost: .seconds(60)) { acknowledged >= wanted }
        }
        for _ in 0..<5 { #expect(write(40)) }
        let mirror = { cluster.serverList.first { $0.mirror.isLoaded }!.mirror }
        let before = mirror().buckets[bucket]!.value
        let lost = before.replicas[0]
        world.crash(lost)
        #expect(write(40))
        let isReplaced = world.run(atMost: .seconds(120)) {
            let state = mirror().buckets[bucket]!.value
            return !state.replicas.contains(lost) && state.inSync.count == 3
        }
        #expect(isReplaced)
        let spare = mirror().buckets[bucket]!.value.replicas[0]
        #expect(!before.replicas.contains(spare))
        // It leads if it has to: what it never saw it has from the remote log.
        for name in before.replicas.dropFirst() { world.crash(name) }
        _ = world.run(atMost: .seconds(20)) { false }
        for name in before.replicas.dropFirst() { cluster.startServer(name) }
        #expect(write(10))
        cluster.startServer(lost)
        #expect(write(10))
        let isRemoved = world.run(atMost: .seconds(60)) {
            world.journal.probes.contains { $0.name == "stray log removed" }
        }
        #expect(isRemoved)
        #expect(cluster.servers[lost]!.replicas[bucket] == nil)
        #expect(world.journal.errorCount == 0)
        var read = 0
        cluster.servers[spare]!.machine.spawn("count") {
            let client = ClusterClient(cluster.servers[spare]!.machine, cluster.configuration)
            client.machine.spawn("metadata") { try await client.run() }
            try await client.machine.sleep(.seconds(3))
            read = try await allRows(of: made!, client).count
        }
        _ = world.run(atMost: .seconds(60)) { read > 0 }
        #expect(read >= acknowledged)
    }
}
