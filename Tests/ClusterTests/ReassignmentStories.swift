@testable import Changelog
@testable import Cluster
import Columnar
import Platform
import Simulation
import Testing

@Suite("Stories of replicas that move to other servers")
struct ReassignmentStories {
    private func script(
        seed: UInt64 = 1, table: TableDescription = logTable, serverCount: Int = 6
    ) throws -> ClusterScript {
        try ClusterScript(seed: seed, table: table, serverCount: serverCount) {
            $0.remoteLogTaskInterval = .seconds(1)
            $0.snapshotInterval = .seconds(2)
            $0.placementInterval = .seconds(1)
        }
    }

    private func names(_ numbers: [Int]) -> [String] { numbers.map { "server-\($0)" } }

    private func reassign(_ t: ClusterScript, to numbers: [Int]) throws {
        let servers = names(numbers)
        try t.ask { try await $0.reassign(t.bucket, to: servers) }
    }

    /// The bucket as the coordination service has it.
    private func stored(_ t: ClusterScript) throws -> BucketState {
        try #require(try t.ask { try await $0.storedState(of: t.bucket) })
    }

    private func waitUntilMoved(_ t: ClusterScript, to numbers: [Int]) throws {
        try t.wait("the replicas are on \(numbers)") {
            t.state?.reassignment == nil && t.replicas == numbers
        }
    }

    private func others(_ t: ClusterScript) -> [Int] {
        t.servers.filter { !t.replicas.contains($0) }
    }

    @Test(
        "All replicas move to other servers, under writes; the old ones keep nothing",
        arguments: [logTable, keyedTable])
    func moves(table: TableDescription) throws {
        let t = try script(table: table)
        for _ in 0..<10 { try t.write(20, textLength: 300) }
        try t.wait("the remote log has some of it") { t.leaderReplica!.remoteLogEndOffset > 50 }
        let (old, new) = (t.replicas, others(t))
        try reassign(t, to: new)
        t.begin(50)
        try waitUntilMoved(t, to: new)
        try t.wait("the first of them leads") { t.leader == new[0] }
        try t.write(20)
        try t.settle()
        #expect(try t.readBack() == t.acknowledged)
        for number in old {
            let folder = "logs/\(t.bucket.path)"
            try t.wait("server \(number) keeps nothing") {
                t.world.fileNames(of: "server-\(number)", in: folder).isEmpty
            }
        }
        #expect(t.count("empty replica began at the end of the remote log") > 0)
        #expect(t.defects.isEmpty, "\(t.defects)")
    }

    @Test("No replica is let go while one that is to stay lags behind, and it serves meanwhile")
    func waitsForThoseToCome() throws {
        let t = try script()
        try t.write(50)
        let (old, new) = (t.replicas, others(t))
        t.server(new[2]).isolate()
        try reassign(t, to: new)
        try t.wait("the two others are in sync") {
            Set(t.inSync) == Set(old + [new[0], new[1]])
        }
        t.run(.seconds(20))
        #expect(Set(try stored(t).replicas) == Set(names(old + new)))
        try t.write(20)
        t.server(new[2]).rejoin()
        try waitUntilMoved(t, to: new)
        try t.settle()
        #expect(try t.readBack() == t.acknowledged)
    }

    @Test("A new replica counts for no acknowledgement before it is in sync")
    func oneReplica() throws {
        var single = logTable
        single.replicationFactor = 1
        let t = try script(table: single, serverCount: 2)
        try t.write(10)
        let (old, new) = (t.replicas[0], others(t)[0])
        t.server(new).isolate()
        try reassign(t, to: [new])
        t.run(.seconds(5))
        try t.write(10)
        #expect(t.leader == old)
        t.server(new).rejoin()
        try waitUntilMoved(t, to: [new])
        try t.write(10)
        #expect(try t.readBack() == t.acknowledged)
    }

    @Test("What is taken back leaves the replicas where they were, and nothing on the others")
    func takenBack() throws {
        let t = try script()
        try t.write(50)
        let (old, new) = (t.replicas, others(t))
        t.server(new[2]).isolate()
        try reassign(t, to: new)
        try t.wait("some have come") { t.inSync.count > old.count }
        try t.ask { try await $0.cancelReassignment(of: t.bucket) }
        try waitUntilMoved(t, to: old)
        // Asked again it finds nothing to do.
        try t.ask { try await $0.cancelReassignment(of: t.bucket) }
        t.server(new[2]).rejoin()
        try t.write(10)
        try t.wait("the others keep nothing") {
            new.allSatisfy { t.server($0).replica == nil }
        }
        #expect(t.leader == old[0])
        #expect(try t.readBack() == t.acknowledged)
    }

    @Test("A reassignment takes the place of another that is under way")
    func another() throws {
        let t = try script(serverCount: 5)
        try t.write(50)
        let old = t.replicas
        let spare = others(t)
        t.server(spare[0]).isolate()
        try reassign(t, to: [spare[0], old[1], old[2]])
        t.run(.seconds(2))
        try reassign(t, to: [spare[1], old[1], old[2]])
        #expect(!(try stored(t).replicas.contains("server-\(spare[0])")))
        try waitUntilMoved(t, to: [spare[1], old[1], old[2]])
        t.server(spare[0]).rejoin()
        try t.write(10)
        #expect(try t.readBack() == t.acknowledged)
    }

    @Test("Servers that are not there, too many or too few are refused")
    func refused() throws {
        let t = try script()
        let spare = others(t)
        t.server(spare[0]).crash()
        t.run(.seconds(10))
        for servers in [names(spare), names([spare[1]]), names([1, 1, 2]), ["server-9"]] {
            #expect(throws: ClusterError.self) {
                try t.ask { try await $0.reassign(t.bucket, to: servers) }
            }
        }
        #expect(try stored(t).reassignment == nil)
    }

    @Test(
        "Whoever fails in the middle, it comes to its end and nothing is lost",
        arguments: 1...8 as ClosedRange<UInt64>)
    func failures(seed: UInt64) throws {
        let t = try script(seed: seed, table: seed % 2 == 0 ? logTable : keyedTable)
        for _ in 0..<5 { try t.write(20, textLength: 300) }
        let (old, new) = (t.replicas, others(t))
        t.begin(20)
        try reassign(t, to: new)
        t.run(.milliseconds(Int64(37 * seed)))
        switch seed % 4 {
        case 0: t.server(new[0]).losePower()
        case 1: t.server(old[0]).crash()
        case 2: for name in t.cluster.coordinatorNames { t.world.crash(name) }
        default:
            t.server(new[1]).crash()
            t.server(old[1]).losePower()
        }
        t.begin(20)
        t.run(.seconds(8))
        for name in t.cluster.coordinatorNames where !t.world.isRunning(name) {
            t.cluster.startCoordinator(name)
        }
        for number in t.servers where !t.server(number).isRunning { t.server(number).start() }
        try waitUntilMoved(t, to: new)
        try t.waitForOutcomes()
        try t.settle()
        let read = try t.readBack()
        #expect(Set(read).isSuperset(of: t.acknowledged))
        #expect(read.count <= 140 && Set(read).count == read.count)
        #expect(t.defects.isEmpty, "\(t.defects)")
    }

    @Test("A server that is lost on the way is replaced in the target, or it turns back")
    func lostOnTheWay() throws {
        for serverCount in [4, 5] {
            let t = try ClusterScript(serverCount: serverCount) {
                $0.placementInterval = .seconds(1)
                $0.replacementDelay = .seconds(10)
            }
            try t.write(20)
            let old = t.replicas
            let lost = others(t)[0]
            t.server(lost).isolate()
            try reassign(t, to: [lost, old[1], old[2]])
            t.run(.seconds(2))
            t.server(lost).crash()
            let expected = serverCount == 4 ? old : [others(t)[0], old[1], old[2]]
            try waitUntilMoved(t, to: expected)
            try t.write(10)
            #expect(try t.readBack() == t.acknowledged)
        }
    }

    @Test("Nothing is reassigned before the cluster's format has it")
    func format() throws {
        let t = try ClusterScript(format: .compact, serverCount: 4)
        let target = others(t) + t.replicas.dropFirst()
        #expect(throws: ClusterError.self) { try reassign(t, to: target) }
        #expect(throws: ClusterError.self) {
            try t.ask { try await $0.rebalance(Rebalance.Goal.allCases) }
        }
    }
}
