import Simulation
import TankExample
import Testing

@Suite("Someone else's code in the tank")
struct BankTests {
    @Test("A bank that forgets request numbers is caught paying twice")
    func forgetful() {
        let runs = (1...20).map { runBank(seed: UInt64($0), remembersRequests: false) }
        #expect(runs.contains { !$0.isRight })
    }

    @Test(
        "A bank that remembers them is right on every seed",
        arguments: 1...50 as ClosedRange<UInt64>)
    func remembering(seed: UInt64) {
        let run = runBank(seed: seed, remembersRequests: true)
        #expect(run.paid == 120)
        #expect(run.isRight)
    }

    @Test("A seed shows the same run again")
    func repeatable() {
        let first = runBank(seed: 3, remembersRequests: false)
        let second = runBank(seed: 3, remembersRequests: false)
        #expect(first.traceHash == second.traceHash)
        #expect(first.inLedger == second.inLedger)
    }
}

@Suite("Code that is no function of its seed")
struct RumourTests {
    @Test("An order that a set decides is caught, and the first message that differs is named")
    func caught() throws {
        var runs = 0
        let divergence = firstDivergence(seed: 5) { world in
            runs += 1
            // As the hash seed of another process would, the capacity changes the order alone.
            runRumour(world, isSorted: false, capacity: runs % 2 == 0 ? 1000 : 0)
        }
        let found = try #require(divergence)
        let (first, second) = (try #require(found.first), try #require(found.second))
        #expect(first != second)
        #expect(first.nodeName == "teller" || first.nodeName.hasPrefix("friend-"))
        #expect("\(found)".contains("friend-"), "\(found)")
    }

    @Test(
        "Sorted, it is the same whatever the set's order", arguments: 1...5 as ClosedRange<UInt64>)
    func sorted(seed: UInt64) {
        var runs = 0
        let divergence = firstDivergence(seed: seed) { world in
            runs += 1
            runRumour(world, isSorted: true, capacity: runs % 2 == 0 ? 1000 : 0)
            #expect(world.journal.probes.map(\.count) == [12])
        }
        #expect(divergence == nil)
        #expect(runs == 2)
    }
}
