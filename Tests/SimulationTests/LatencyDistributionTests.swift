import Platform
import Testing

@testable import Simulation

@Suite("How long operations take")
struct LatencyDistributionTests {
    @Test("An even one draws as a range does")
    func even() {
        let distribution = LatencyDistribution.even(.microseconds(40)..<(.microseconds(120)))
        let (one, other) = (
            RandomStream(seed: 3, label: "x"), RandomStream(seed: 3, label: "x")
        )
        for _ in 0..<100 {
            #expect(
                one.nanoseconds(in: distribution)
                    == other.nanoseconds(in: .microseconds(40)..<(.microseconds(120))))
        }
    }

    @Test("A measured one has its times at its shares")
    func measured() {
        let times: [Duration] = [10, 20, 50, 90, 1000, 5000].map { .microseconds($0) }
        let distribution = LatencyDistribution.measured(times)
        #expect(distribution.nanoseconds(at: 0) == 10_000)
        #expect(distribution.nanoseconds(at: 500_000) == 50_000)
        #expect(distribution.nanoseconds(at: 700_000) == 70_000)
        #expect(distribution.nanoseconds(at: 990_000) == 1_000_000)
        let random = RandomStream(seed: 1, label: "x")
        let drawn = (0..<20_000).map { _ in random.nanoseconds(in: distribution) }.sorted()
        #expect((48_000...52_000).contains(drawn[10_000]))
        #expect((85_000...95_000).contains(drawn[18_000]))
        #expect(drawn.last! <= 5_000_000 && drawn[0] >= 10_000)
    }

    @Test("Further files of one sync add their times at each share")
    func adding() {
        let further = LatencyDistribution.even(.microseconds(2)..<(.microseconds(8)))
        let even = LatencyDistribution.even(.microseconds(100)..<(.microseconds(200)))
        #expect(
            even.adding(further, times: 3)
                == .even(.microseconds(106)..<(.microseconds(224))))
        let measured = LatencyDistribution.measured([1, 2, 3, 4, 5, 6].map { .milliseconds($0) })
        #expect(measured.adding(further, times: 1).nanoseconds(at: 500_000) == 3_005_000)
    }
}
