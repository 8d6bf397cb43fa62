@testable import Cluster
import Columnar
import Platform
import Simulation
import Testing

@Suite("Stories of clusters that are rebalanced")
struct RebalanceStories {
    /// A cluster whose last server holds nothing, with a table of some buckets.
    private func script(
        seed: UInt64 = 1, buckets: Int32 = 12, movesAtOnce: Int = 2
    ) throws -> (ClusterScript, TableDescription) {
        let t = try ClusterScript(seed: seed, serverCount: 5) {
            $0.placementInterval = .seconds(1)
            $0.reassignmentsAtOnce = movesAtOnce
        }
        let empty = t.servers.upperBound
        t.server(empty).crash()
        t.run(.seconds(10))
        var wide = logTable
        wide.path = TablePath(database: wide.path.database, table: "wide")
        wide.bucketCount = buckets
        let wanted = wide
        let table = try t.ask { try await $0.createTable(wanted) }
        t.server(empty).start()
        t.run(.seconds(10))
        return (t, table)
    }

    private func states(_ t: ClusterScript) throws -> [BucketState] {
        try t.ask { client in
            client.mirror.buckets.keys.sorted().map { client.mirror.buckets[$0]!.value }
        }
    }

    private func rebalance(_ t: ClusterScript) throws -> Rebalance? {
        try t.ask { client in client.mirror.rebalance?.value }
    }

    private func spread(_ counts: [Int]) -> Int { counts.max()! - counts.min()! }

    private func expectEven(_ t: ClusterScript) throws {
        let states = try states(t)
        let servers = t.servers.map { "server-\($0)" }
        let replicas = servers.map { name in states.count { $0.replicas.contains(name) } }
        let leaders = servers.map { name in states.count { $0.leader?.server == name } }
        #expect(spread(replicas) <= 1, "replicas \(replicas)")
        #expect(spread(leaders) <= 1, "leaders \(leaders)")
        #expect(states.allSatisfy { $0.reassignment == nil && $0.replicas.count == 3 })
    }

    @Test("Replicas and leaders are even at the end, and never more move at once than may")
    func even() throws {
        let (t, table) = try script()
        let isEmpty = try t.ask { client in
            table.buckets.allSatisfy {
                client.mirror.buckets[$0]?.value.replicas.contains("server-5") == false
            }
        }
        #expect(isEmpty)
        _ = try t.ask { try await $0.rebalance(Rebalance.Goal.allCases) }
        var most = 0
        for _ in 0..<600 {
            most = max(most, try states(t).count { $0.reassignment != nil })
            if try rebalance(t)?.status != .rebalancing { break }
            t.run(.milliseconds(50))
        }
        #expect(most > 0 && most <= 2, "\(most) at once")
        #expect(try rebalance(t)?.status == .completed)
        try expectEven(t)
        // Asked again there is nothing to do.
        let next = try t.ask { try await $0.rebalance(Rebalance.Goal.allCases) }
        let last = try rebalance(t)
        #expect(last?.identifier == next && last?.status == .completed && last?.moves == [])
    }

    @Test(
        "Coordinators and servers fail, and the rebalance comes to its end all the same",
        arguments: 1...4 as ClosedRange<UInt64>)
    func failures(seed: UInt64) throws {
        let (t, _) = try script(seed: seed)
        _ = try t.ask { try await $0.rebalance(Rebalance.Goal.allCases) }
        for round in 0..<4 {
            t.begin(5)
            t.run(.milliseconds(Int64(100 * seed)))
            let coordinator = t.cluster.coordinatorNames[round % 2]
            t.world.crash(coordinator)
            if round == 2 { t.server(Int(seed) + 1).crash() }
            t.run(.seconds(6))
            t.cluster.startCoordinator(coordinator)
            for number in t.servers where !t.server(number).isRunning { t.server(number).start() }
        }
        try t.wait("it ends") {
            t.cluster.serverList.first?.mirror.rebalance?.value.status == .completed
        }
        try t.settle()
        #expect(try states(t).allSatisfy { $0.reassignment == nil && $0.replicas.count == 3 })
        #expect(try Set(t.readBack()).isSuperset(of: t.acknowledged))
        #expect(t.defects.isEmpty, "\(t.defects)")
    }

    @Test("A canceled rebalance leaves each bucket where it was, or where it had come")
    func canceled() throws {
        let (t, _) = try script(movesAtOnce: 1)
        t.server(5).isolate()
        let before = try states(t)
        let identifier = try t.ask { try await $0.rebalance(Rebalance.Goal.allCases) }
        t.run(.seconds(3))
        #expect(try states(t).contains { $0.reassignment != nil })
        try t.ask { try await $0.cancelRebalance(identifier) }
        try t.ask { try await $0.cancelRebalance(identifier) }
        t.server(5).rejoin()
        try t.wait("nothing moves") {
            t.cluster.serverList.allSatisfy {
                $0.mirror.buckets.values.allSatisfy { $0.value.reassignment == nil }
            }
        }
        #expect(try rebalance(t)?.status == .canceled)
        let after = try states(t)
        #expect(zip(before, after).count { $0.replicas != $1.replicas } <= 1)
        #expect(throws: ClusterError.unknownRebalance(identifier: 99)) {
            try t.ask { try await $0.cancelRebalance(99) }
        }
    }

    @Test("Plans are even for any placement, and the same each time", arguments: 1...40)
    func plans(seed: UInt64) {
        var random = SplitMix(state: seed)
        let servers = (1...Int(3 + random.below(6))).map { "server-\($0)" }
        var placements: [BucketIdentifier: RebalancePlan.Placement] = [:]
        for number in 0..<Int32(5 + random.below(60)) {
            var rest = servers
            let replicas = (0..<3).map { _ in rest.remove(at: random.below(min(rest.count, 4))) }
            placements[BucketIdentifier(table: Int64(number % 3), bucket: number)] =
                RebalancePlan.Placement(
                    replicas: replicas, leader: replicas[random.below(3)], inSync: replicas,
                    isMovable: true)
        }
        let plan = { (limit: Int) in
            RebalancePlan.moves(
                placements, servers: servers.reversed(), goals: Rebalance.Goal.allCases,
                limit: limit)
        }
        let moves = plan(1000)
        #expect(moves == plan(1000))
        #expect(plan(3) == Array(moves.prefix(3)))
        var after = placements.mapValues(\.replicas)
        for move in moves {
            #expect(Set(move.target).count == 3 && move.source == after[move.bucket])
            after[move.bucket] = move.target
        }
        let replicas = servers.map { name in after.values.count { $0.contains(name) } }
        let leaders = servers.map { name in after.values.count { $0[0] == name } }
        #expect(spread(replicas) <= 1, "\(replicas)")
        #expect(spread(leaders) <= 1, "\(leaders)")
    }
}

/// A small generator of numbers for tests.
private struct SplitMix {
    var state: UInt64

    mutating func below(_ limit: Int) -> Int {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return Int((mixed ^ (mixed >> 31)) % UInt64(limit))
    }
}
