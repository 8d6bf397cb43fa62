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
