import Platform
import Simulation
import Testing
import Workbench

@Suite("A search for the commit since which something fails")
struct FailureSearchTests {
    /// Searches among commits of which those from `first` on fail in so many of 20 runs.
    static func search(
        _ count: Int, from first: Int, good: Int, bad: Int, seed: UInt64, unbuildable: Set<Int> = []
    ) -> (found: ClosedRange<Int>?, looked: Int) {
        let random = RandomStream(seed: seed, label: "commits")
        func failing(_ rate: Int) -> Int {
            (0..<20).count { _ in random.chance(UInt64(rate), in: 20) }
        }
        var search = FailureSearch(commitCount: count, runCount: 20, good: good, bad: bad)
        var looked = 0
        while let next = search.next {
            looked += 1
            if unbuildable.contains(next) {
                search.skip(next)
            } else {
                search.learn(next, failing: failing(next >= first ? bad : good))
            }
        }
        return (search.firstBad, looked)
    }

    @Test("Finds it in few steps where failing is sure", arguments: [0, 1, 17, 62, 63])
    func sure(first: Int) {
        let (found, looked) = Self.search(64, from: first, good: 0, bad: 20, seed: 1)
        #expect(found == first...first)
        #expect(looked <= 6)
    }

    @Test("Finds it nearly always where failing is a matter of luck")
    func likely() {
        let right = (0..<200 as Range<UInt64>).count { seed in
            let first = Int(seed % 64)
            return Self.search(64, from: first, good: 1, bad: 12, seed: seed).found == first...first
        }
        #expect(right > 190)
    }

    @Test("Names all that it may be where commits do not build")
    func unbuildable() {
        let (found, _) = Self.search(
            10, from: 5, good: 0, bad: 20, seed: 1, unbuildable: [3, 4, 5, 6])
        #expect(found == 3...7)
    }

    @Test("Does not start where both ends fail alike often")
    func undecidable() {
        #expect(!FailureSearch(commitCount: 9, runCount: 20, good: 5, bad: 6).isDecidable)
        #expect(!FailureSearch(commitCount: 9, runCount: 20, good: 6, bad: 0).isDecidable)
        #expect(FailureSearch(commitCount: 9, runCount: 20, good: 0, bad: 9).isDecidable)
    }
}
