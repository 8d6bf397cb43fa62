import Testing

@testable import Workloads

@Suite("Draws by integers")
struct DrawTests {
    @Test("Quantiles come as often as they say", arguments: [1, 2] as [UInt64])
    func quantiles(seed: UInt64) {
        for table in [QuantileTable.thinkTime, .price, .exponential] {
            var random = RandomSource(seed: seed, label: "quantiles")
            let draws = (0..<20_000).map { _ in table.draw(&random) }
            for percent in [10, 50, 90] {
                let below = draws.count { $0 < table.percentile(percent) }
                #expect(abs(below - percent * 200) < 250)
            }
            let mean = draws.reduce(0, +) / draws.count
            #expect(abs(mean - table.mean) < table.mean / 20)
        }
    }

    @Test("The first rank is drawn twice as often as the second", arguments: [30, 5000, 1_000_000])
    func ranks(count: Int) {
        let table = ZipfTable(count: count)
        var random = RandomSource(seed: 3, label: "ranks")
        var draws = [Int](repeating: 0, count: 3)
        var tenth = 0
        for _ in 0..<100_000 {
            let rank = table.draw(&random)
            #expect(rank >= 0 && rank < count)
            if rank < 3 { draws[rank] += 1 }
            if rank < count / 10 { tenth += 1 }
        }
        #expect(abs(Double(draws[0]) / Double(draws[1]) - 2) < 0.15)
        #expect(abs(Double(draws[0]) / Double(draws[2]) - 3) < 0.3)
        #expect(abs(tenth * 10 - table.share(ofFirst: count / 10)) < 30_000)
    }

    @Test("An agenda gives back by time, and in order at one time")
    func agenda() {
        var agenda = Agenda<Int>()
        var random = RandomSource(seed: 4, label: "agenda")
        for number in 0..<2000 { agenda.add(number, at: Int64(random.below(100))) }
        var last: (at: Int64, Int) = (-1, -1)
        while !agenda.isEmpty {
            let next = agenda.removeFirst()
            #expect(next.at > last.at || (next.at == last.at && next.1 > last.1))
            last = next
        }
    }

    @Test("A week's curve is 1 in the mean, and has its peak in the evening")
    func week() {
        let hours = (0..<168).map { WeekCurve.factor(at: Int64($0) * WeekCurve.hour) }
        #expect(abs(hours.reduce(0, +) / 168 - 10_000) < 100)
        #expect(
            (0..<7).allSatisfy { day in
                hours[day * 24 + 20] == hours[day * 24..<day * 24 + 24].max()
            })
    }
}
