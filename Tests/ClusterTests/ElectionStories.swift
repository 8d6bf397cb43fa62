import Changelog
@testable import Cluster
import Platform
import Simulation
import Testing

@Suite("Stories of elections")
struct ElectionStories {
    @Test("The first of a bucket's replicas leads first")
    func firstReplica() throws {
        let t = try ClusterScript()
        #expect(t.state?.replicas.first == "server-\(t.leader!)")
        #expect(t.state?.leaderEpoch == 0)
        #expect(t.inSync == [1, 2, 3])
    }

    @Test("A leader dies, another takes over, and nothing acknowledged is lost")
    func leaderDies() throws {
        let t = try ClusterScript()
        try t.write(20)
        let former = t.leader!
        t.server(former).crash()
        try t.waitForLeader(otherThan: former)
        try t.write(20)
        #expect(try t.readBack() == t.acknowledged)
    }

    @Test("Each leader has an epoch of its own, and epochs grow")
    func epochsGrow() throws {
        let t = try ClusterScript()
        var epochs = [t.leaderReplica!.leaderEpoch]
        for _ in 0..<3 {
            let former = t.leader!
            t.server(former).crash()
            try t.waitForLeader(otherThan: former)
            epochs.append(t.leaderReplica!.leaderEpoch)
            try t.settle()
        }
        #expect(epochs == epochs.sorted() && Set(epochs).count == 4)
    }

    @Test("A follower's death changes no leader")
    func followerDies() throws {
        let t = try ClusterScript()
        let leader = t.leader!
        t.server(t.followers[0]).crash()
        try t.write(10)
        t.run(.seconds(20))
        #expect(t.leader == leader)
        #expect(t.state?.leaderEpoch == 0)
    }

    @Test("A leader that comes back follows the one that took over")
    func leaderComesBack() throws {
        let t = try ClusterScript()
        let former = t.leader!
        t.server(former).crash()
        let next = try t.waitForLeader(otherThan: former)
        t.server(former).start()
        try t.settle()
        #expect(t.leader == next)
        #expect(t.server(former).replica?.isLeader == false)
    }

    @Test("With one server of three nothing is acknowledged; with two it goes on")
    func minimumInSync() throws {
        let t = try ClusterScript()
        try t.write(5)
        for follower in t.followers { t.server(follower).crash() }
        t.run(.seconds(10))
        t.begin(5)
        t.run(.seconds(10))
        #expect(t.acknowledged.count == 5)
        t.server((1...3).first { !t.server($0).isRunning }!).start()
        try t.wait("the changes are acknowledged") { t.acknowledged.count == 10 }
    }

    @Test("Who is not in sync does not lead, even if nobody else is left")
    func noUncleanElection() throws {
        let t = try ClusterScript()
        let outside = t.followers[1]
        t.server(outside).isolate()
        try t.waitForInSync([1, 2, 3].filter { $0 != outside })
        try t.write(10)
        for number in 1...3 where number != outside { t.server(number).crash() }
        t.server(outside).rejoin()
        t.run(.seconds(30))
        #expect(t.leader == nil)
        try t.settle()
        #expect(try t.readBack() == t.acknowledged)
    }

    @Test("All servers stop and start again, and all that was acknowledged is there")
    func allRestart() throws {
        let t = try ClusterScript()
        try t.write(30)
        for number in 1...3 { t.server(number).crash() }
        t.run(.seconds(1))
        for number in 1...3 { t.server(number).start() }
        try t.settle()
        #expect(try t.readBack() == t.acknowledged)
    }

    @Test(
        "All servers lose power in the middle of writes, and all that was acknowledged is there",
        arguments: 1...10 as ClosedRange<UInt64>)
    func allLosePower(seed: UInt64) throws {
        let t = try ClusterScript(seed: seed)
        try t.write(10)
        t.begin(40)
        t.run(.microseconds(Int64(1_500 + 400 * seed)))
        let told = t.acknowledged
        for number in 1...3 { t.server(number).losePower() }
        t.run(.seconds(1))
        try t.settle()
        let found = try t.readBack()
        #expect(Set(found).isSuperset(of: told))
        #expect(Set(found).count == found.count)
        #expect(t.defects.isEmpty, "\(t.defects)")
    }

    @Test("A leader that no longer hears the coordination service acknowledges nothing")
    func leaderWithoutLease() throws {
        let t = try ClusterScript()
        let former = t.leader!
        t.world.block(from: .machine("server-\(former)"), to: .coordination)
        t.world.block(from: .coordination, to: .machine("server-\(former)"))
        try t.wait("it resigns") { t.server(former).replica?.isLeader == false }
        let next = try t.waitForLeader(otherThan: former)
        try t.write(5)
        #expect(t.leader == next)
        #expect(try t.readBack() == t.acknowledged)
    }

    @Test("A coordinator dies, and the other one elects")
    func coordinatorDies() throws {
        let t = try ClusterScript()
        t.world.crash("coordinator-1")
        t.run(.seconds(10))
        let former = t.leader!
        t.server(former).crash()
        try t.waitForLeader(otherThan: former)
        try t.write(5)
    }

    @Test(
        "A server whose registration is answered by nobody and gets there late stays registered",
        arguments: 1...8 as ClosedRange<UInt64>)
    func lateRegistration(seed: UInt64) throws {
        let t = try ClusterScript(seed: seed) { $0.leaseDuration = .seconds(15) }
        for _ in 0..<6 {
            for number in 1...3 { t.server(number).crash() }
            t.run(.seconds(20))
            t.world.coordinator.faults.lostBeforePerMillion = 400_000
            for number in 1...3 { t.server(number).start() }
            t.run(.seconds(3))
            t.world.coordinator.faults = ServiceFaults()
            // As late as a request may get there, and until a lease that nobody renews has ended.
            t.run(.seconds(40))
            for number in 1...3 {
                let key = MetadataKey.server("server-\(number)").text
                #expect(t.world.coordinator.entry(key) != nil, "server-\(number) is unheard of")
            }
        }
    }
}
