import Changelog
import Cluster
import Platform
import Simulation
import Testing

@Suite("Stories of damage and recovery")
struct RecoveryStories {
    @Test("A rotten log is left, fetched anew, and joins again")
    func rottenFollower() throws {
        let t = try ClusterScript()
        try t.write(200, textLength: 200)
        let victim = t.followers[0]
        t.server(victim).crash()
        t.server(victim).rotLog()
        t.server(victim).start()
        try t.settle()
        #expect(try t.readBack() == t.acknowledged)
        #expect(t.defects.isEmpty, "\(t.defects)")
    }

    @Test("A leader whose disk fails to sync stops, and another leads")
    func failingSync() throws {
        let t = try ClusterScript()
        try t.write(10)
        let former = t.leader!
        t.server(former).failSyncs()
        t.begin(5)
        try t.waitForLeader(otherThan: former)
        try t.wait("the changes are acknowledged") { t.acknowledged.count == 15 }
        t.server(former).freeDisk()
        try t.settle()
        #expect(try t.readBack().sorted() == t.acknowledged.sorted())
    }

    @Test(
        "A leader dies in the middle of a batch, at many moments",
        arguments: 1...12 as ClosedRange<UInt64>)
    func diesInTheMiddle(seed: UInt64) throws {
        let t = try ClusterScript(seed: seed)
        try t.write(5)
        t.begin(30)
        t.run(.microseconds(Int64(2_000 + 250 * seed)))
        let former = t.leader!
        if seed % 2 == 0 { t.server(former).losePower() } else { t.server(former).crash() }
        try t.wait("everything is acknowledged") { t.acknowledged.count == 35 }
        try t.settle()
        let found = try t.readBack()
        #expect(found.sorted() == t.acknowledged.sorted())
    }

    @Test("Servers lose power one after the other, each while it is written to")
    func rollingPowerLoss() throws {
        let t = try ClusterScript(seed: 7)
        for number in 1...3 {
            t.begin(20)
            t.run(.milliseconds(4))
            t.server(number).losePower()
            t.run(.seconds(2))
            try t.settle()
        }
        try t.wait("everything is acknowledged") { t.acknowledged.count == 60 }
        #expect(try t.readBack().sorted() == t.acknowledged.sorted())
    }

    @Test("A new leader that has not heard the watermark asks to wait, and does not refuse")
    func watermarkNotHeard() throws {
        // Refused, an indexer would take its index for broken and drop it.
        let t = try ClusterScript()
        try t.write(10)
        let bucket = t.bucket
        let end = t.leaderReplica!.highWatermark
        let former = t.leader!
        t.server(former).crash()
        try t.waitForLeader(otherThan: former)
        let fetched = try t.ask { try await $0.fetch(bucket, from: end, waiting: .zero) }
        #expect(fetched.batches.isEmpty)
    }
}

@Suite("Stories of the remote log")
struct RemoteLogStories {
    private func withShortInterval() throws -> ClusterScript {
        try ClusterScript {
            $0.remoteLogTaskInterval = .seconds(1)
            $0.localSegmentCount = 1
        }
    }

    private func writeUntilDropped(_ t: ClusterScript) throws {
        for _ in 0..<12 { try t.write(50, textLength: 200) }
        try t.wait("the leader drops what the remote log has") {
            (t.leaderReplica?.log.startOffset ?? 0) > 0
        }
    }

    @Test("What was dropped from the disks is read from the remote log")
    func readRemote() throws {
        let t = try withShortInterval()
        try writeUntilDropped(t)
        #expect(t.leaderReplica!.startOffset == 0)
        #expect(try t.readBack() == t.acknowledged)
    }

    @Test("While the object store is away writes go on, and nothing is dropped")
    func storeAway() throws {
        let t = try withShortInterval()
        var away = ServiceFaults()
        away.isUnavailable = true
        t.world.objects.faults = away
        for _ in 0..<12 { try t.write(50, textLength: 200) }
        t.run(.seconds(10))
        #expect(t.leaderReplica!.log.startOffset == 0)
        #expect(try t.readBack() == t.acknowledged)
    }

    @Test("A follower that lacks what the leader dropped begins at the end of the remote log")
    func restartFromRemoteLog() throws {
        let t = try withShortInterval()
        let late = t.followers[0]
        t.server(late).crash()
        try writeUntilDropped(t)
        t.server(late).start()
        try t.waitForInSync([1, 2, 3])
        #expect(t.count("replica restarted from the remote log") > 0)
        #expect(t.server(late).replica!.log.startOffset > 0)
        // It knows the writers of what it never saw, so it can lead.
        for number in 1...3 where number != late { t.server(number).crash() }
        t.run(.seconds(1))
        for number in 1...3 where number != late { t.server(number).start() }
        try t.settle()
        try t.write(10)
        #expect(try t.readBack() == t.acknowledged)
        #expect(t.defects.isEmpty, "\(t.defects)")
    }

    @Test("While it cannot, it waits for the object store and harms nobody")
    func restartWaits() throws {
        let t = try withShortInterval()
        let late = t.followers[0]
        t.server(late).crash()
        try writeUntilDropped(t)
        var away = ServiceFaults()
        away.isUnavailable = true
        t.world.objects.faults = away
        t.server(late).start()
        try t.write(20)
        t.run(.seconds(10))
        #expect(!t.inSync.contains(late))
        try t.settle()
        #expect(t.inSync == [1, 2, 3])
    }
}

@Suite("Stories of full disks")
struct FullDiskStories {
    private func script() throws -> ClusterScript {
        let t = try ClusterScript {
            $0.remoteLogTaskInterval = .seconds(5)
            $0.localSegmentCount = 3
        }
        for _ in 0..<10 { try t.write(50, textLength: 200) }
        t.run(.seconds(12))
        return t
    }

    @Test("A follower whose disk is full makes room, and catches up")
    func followerMakesRoom() throws {
        let t = try script()
        let full = t.followers[0]
        let before = t.server(full).replica!.log.startOffset
        t.server(full).fillDisk()
        try t.write(40, textLength: 200)
        try t.wait("it drops what the remote log has", atMost: .seconds(30)) {
            (t.server(full).replica?.log.startOffset ?? 0) > before
        }
        try t.wait("it catches up while its disk is full", atMost: .seconds(30)) {
            t.server(full).replica?.log.syncedEndOffset == t.leaderReplica?.log.endOffset
        }
        #expect(t.server(full).isRunning)
        #expect(t.defects.isEmpty, "\(t.defects)")
    }

    @Test("So does a leader, and it goes on leading")
    func leaderMakesRoom() throws {
        let t = try script()
        let leader = t.leader!
        t.server(leader).fillDisk()
        try t.write(40, textLength: 200)
        #expect(t.leader == leader)
        #expect(t.count("room made on a full disk") + t.count("disk full") > 0)
    }

    @Test("A disk that stays full loses nothing, and goes on when there is room")
    func roomComesBack() throws {
        let t = try ClusterScript { $0.remoteLogTaskInterval = .seconds(3600) }
        try t.write(20)
        let full = t.leader!
        t.server(full).fillDisk()
        t.begin(10)
        t.run(.seconds(5))
        t.server(full).freeDisk()
        try t.wait("everything is acknowledged") { t.acknowledged.count == 30 }
        #expect(try t.readBack().sorted() == t.acknowledged.sorted())
    }
}
