import JSON
import RunReports
import Testing

@Suite("A report that was spoilt on its way")
struct RunReportFuzzTests {
    private static let extremes = [
        "1e300", "-1e300", "0", "9223372036854775807", "-9223372036854775808", "-1", "1e-320",
        "1.7976931348623157e308", "null", "\"\"", "[]", "{}", "true", "\"up\"",
        "99999999999999999999",
    ]

    @Test("Is read and shown, or refused, and never brings the tool down", arguments: 0..<6)
    func spoilt(seed: Int) {
        var state = UInt64(seed) &* 0x9E37_79B9_7F4A_7C15 | 1
        func next(below bound: Int) -> Int {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return Int((state >> 33) % UInt64(bound))
        }
        var small = SampleReport.make(seed: UInt64(seed), verdict: .fail)
        for index in small.charts.indices {
            for line in small.charts[index].series.indices {
                small.charts[index].series[line].points.removeLast(580)
            }
        }
        let original = small.json.compact.split(separator: ",", omittingEmptySubsequences: false)
        var shown = 0
        for round in 0..<36 {
            var pieces = original.map(String.init)
            for _ in 0...(round % 2 == 0 ? 0 : next(below: 6)) {
                let at = next(below: pieces.count)
                let choices = round % 4 == 0 ? 3 : Self.extremes.count
                let value = Self.extremes[next(below: choices)]
                // Mostly a value of another kind, sometimes a cut in the text itself.
                if round % 5 == 4 {
                    pieces[at].removeLast(min(pieces[at].count, 1 + next(below: 4)))
                } else if let colon = pieces[at].lastIndex(of: ":") {
                    let tail = pieces[at][colon...].filter { "]}".contains($0) }
                    pieces[at] = pieces[at][...colon] + value + tail
                } else {
                    let tail = pieces[at].filter { "]}".contains($0) }
                    pieces[at] = value + tail
                }
            }
            guard let json = try? JSONValue(parsing: pieces.joined(separator: ",")),
                let report = try? RunReport(json: json)
            else { continue }
            shown += 1
            #expect(HTMLChecker(htmlPage(for: report)).problems == [])
            #expect(!textSummary(for: report).isEmpty)
            #expect(!markdownSummary(for: report).isEmpty)
        }
        #expect(shown > 0, "every spoilt report was refused, so nothing was tried")
    }
}
