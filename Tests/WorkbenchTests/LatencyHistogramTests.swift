import Testing
import Workbench

@Suite("Histograms of times")
struct LatencyHistogramTests {
    /// The value that stands at the percentile in the sorted list.
    private func exact(_ values: [Int64], _ perHundredThousand: Int) -> Int64 {
        let sorted = values.sorted()
        let position = max(1, (values.count * perHundredThousand + 99_999) / 100_000)
        return sorted[position - 1]
    }

    private func values(seed: UInt64, count: Int) -> [Int64] {
        var state = seed &* 0x9E37_79B9_7F4A_7C15 | 1
        return (0..<count).map { _ in
            state ^= state << 13
            state ^= state >> 7
            state ^= state << 17
            return Int64(state >> (10 + state % 50))
        }
    }

    @Test(
        "Percentiles are those of the sorted list, to a thousandth",
        arguments: 1...20 as ClosedRange<UInt64>)
    func percentiles(seed: UInt64) {
        let values = values(seed: seed, count: 1000 + Int(seed) * 37)
        var histogram = LatencyHistogram()
        for value in values { histogram.record(value) }
        #expect(histogram.count == values.count)
        #expect(histogram.maximum == values.max())
        for part in [1, 1000, 50_000, 90_000, 99_000, 99_900, 100_000] {
            let wanted = exact(values, part)
            let found = histogram.percentile(perHundredThousand: part)
            #expect(found >= wanted, "\(part) of seed \(seed)")
            #expect(found - wanted <= wanted / 1000, "\(part) of seed \(seed)")
        }
    }

    @Test("Small values are exact, at every edge of a step as well")
    func edges() {
        for value in [0, 1, 1023, 1024, 2047, 2048, 2049, 4095, 4096, .max] as [Int64] {
            var histogram = LatencyHistogram()
            histogram.record(value)
            #expect(histogram.percentile(perHundredThousand: 50_000) == value)
        }
        var two = LatencyHistogram()
        two.record(2048)
        two.record(2050)
        #expect(two.percentile(perHundredThousand: 50_000) == 2049)
    }

    @Test("Nothing recorded is nothing; negative times count as none")
    func empty() {
        var histogram = LatencyHistogram()
        #expect(histogram.percentile(perHundredThousand: 99_000) == 0)
        histogram.record(-5)
        #expect(histogram.count == 1 && histogram.maximum == 0)
    }
}
