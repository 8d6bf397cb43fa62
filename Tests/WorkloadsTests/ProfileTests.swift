import Testing

@testable import Workloads

@Suite("Profiles of worlds")
struct ProfileTests {
    @Test("A shop is inside its stated bounds", arguments: [1, 20] as [UInt64])
    func shop(seed: UInt64) {
        let profile = WorkloadProfile(ShopWorkload(seed: seed), changeCount: 70_000)
        for measure in profile.measures {
            #expect(
                measure.isInside,
                "\(measure.name): \(measure.value), not \(measure.low) to \(measure.high)")
        }
        #expect(profile.measures.count > 15 && profile.shapes.count == 3)
        for bar in profile.shapes[0].bars {
            #expect(abs(bar.observed - bar.stated) < 30_000, "\(bar)")
        }
        let rate = Double(profile.changeCount) / Double(profile.duration / .seconds(1))
        #expect(rate > 140 && rate < 280, "\(rate) changes a second, 200 were asked for")
        #expect(profile.stepCount < profile.changeCount * 3 / 4)
    }

    @Test("A figure outside its bounds is seen", arguments: [0.9, 4.1])
    func outside(value: Double) {
        var profile = WorkloadProfile()
        profile.measures = [.init("a share", 2, 1...4, "nobody")]
        #expect(profile.isInside)
        profile.measures.append(.init("a share", value, 1...4, "nobody"))
        #expect(!profile.isInside)
    }

    @Test("A workload that states nothing has its tables counted")
    func plain() {
        let profile = WorkloadProfile(
            TableTraffic(seed: 1, tables: [], drawnCount: 5), changeCount: 1000)
        #expect(profile.measures.isEmpty && profile.shapes.isEmpty && profile.isInside)
        #expect(profile.tables.map(\.written).reduce(0, +) > 800)
        #expect(profile.tables.contains { $0.nulls > 0 })
    }
}
