import Changelog
import Cluster
import Platform
import Simulation
import Testing

@Suite("Stories of the in-sync set")
struct InSyncStories {
    @Test("A follower that is cut off leaves the set, and writes go on")
    func cutOff() throws {
        let t = try ClusterScript()
        let cut = t.followers[0]
        t.server(cut).isolate()
        try t.waitForInSync([1, 2, 3].filter { $0 != cut })
        try t.write(20)
        #expect(try t.readBack() == t.acknowledged)
    }

    @Test("It joins again once it holds everything")
    func joinsAgain() throws {
        let t = try ClusterScript()
        let cut = t.followers[0]
        t.server(cut).isolate()
        try t.waitForInSync([1, 2, 3].filter { $0 != cut })
        try t.write(20)
        let end = t.leaderReplica!.highWatermark
        t.server(cut).rejoin()
        try t.waitForInSync([1, 2, 3])
        #expect(t.server(cut).replica!.log.syncedEndOffset >= end)
    }

    @Test("An idle cluster keeps its set, however short the leases are")
    func idleWithShortLeases() throws {
        // The failure file row-snapshots-seed-9100002: a fetch may wait longer than a follower may
        // be silent.
        let t = try ClusterScript {
            $0.leaseDuration = .seconds(1)
            $0.leaseRenewal = .milliseconds(250)
            $0.replicaLagLimit = .milliseconds(1500)
        }
        try t.write(3)
        t.run(.seconds(120))
        #expect(t.count("in-sync set shrunk") == 0)
        #expect(t.inSync == [1, 2, 3])
    }

    @Test("A follower with a slow disk stays in the set as long as it keeps up")
    func slowDisk() throws {
        let t = try ClusterScript()
        t.server(t.followers[0]).slowDisk(20)
        for _ in 0..<10 {
            try t.write(10)
            t.run(.seconds(1))
        }
        #expect(t.inSync == [1, 2, 3])
    }

    @Test("An acknowledged change is on the disk of every server in sync")
    func acknowledgedIsDurable() throws {
        let t = try ClusterScript()
        for _ in 0..<20 {
            try t.write(5)
            let end = t.leaderReplica!.highWatermark
            for number in t.inSync {
                #expect(t.server(number).replica!.log.syncedEndOffset >= end)
            }
        }
    }

    @Test("A server whose lease is gone leaves the set before its lag limit")
    func lostLease() throws {
        let t = try ClusterScript { $0.replicaLagLimit = .seconds(60) }
        let gone = t.followers[0]
        t.server(gone).crash()
        try t.wait("it has left", atMost: .seconds(30)) { !t.inSync.contains(gone) }
    }
}

@Suite("Stories of logs that diverge")
struct TruncationStories {
    /// The leader is cut off with changes that nobody else has.
    private func deposeWithTail(_ t: ClusterScript) throws -> Int {
        let former = t.leader!
        t.server(former).isolate()
        t.begin(6)
        t.run(.milliseconds(200))
        t.world.block(from: .machine("server-\(former)"), to: .coordination)
        t.world.block(from: .coordination, to: .machine("server-\(former)"))
        try t.waitForLeader(otherThan: former)
        return former
    }

    private func reconnect(_ former: Int, _ t: ClusterScript) throws {
        t.world.open(from: .machine("server-\(former)"), to: .coordination)
        t.world.open(from: .coordination, to: .machine("server-\(former)"))
        try t.settle()
    }

    @Test("What a deposed leader could not replicate is cut, and nothing else")
    func tailIsCut() throws {
        let t = try ClusterScript()
        try t.write(10)
        let former = try deposeWithTail(t)
        try t.wait("the changes find the new leader") { t.acknowledged.count == 16 }
        try reconnect(former, t)
        #expect(t.count("divergent tail truncated") > 0)
        #expect(try t.readBack().sorted() == t.acknowledged.sorted())
        #expect(t.defects.isEmpty, "\(t.defects)")
    }

    @Test("Three leaders are deposed one after the other, each with a tail of its own")
    func threeTails() throws {
        let t = try ClusterScript(seed: 3)
        for round in 1...3 {
            try t.write(5)
            let former = try deposeWithTail(t)
            try t.wait("round \(round)") { t.acknowledged.count == 11 * round }
            try reconnect(former, t)
        }
        #expect(try t.readBack().sorted() == t.acknowledged.sorted())
    }

    @Test("A deposed leader's tail survives no power loss either")
    func tailAndPowerLoss() throws {
        let t = try ClusterScript(seed: 5)
        try t.write(10)
        let former = try deposeWithTail(t)
        try t.wait("the changes find the new leader") { t.acknowledged.count == 16 }
        t.server(former).losePower()
        try reconnect(former, t)
        #expect(try t.readBack().sorted() == t.acknowledged.sorted())
    }
}
