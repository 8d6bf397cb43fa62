import JSON
import Testing

@testable import RunReports

@Suite("Tank and machine side by side")
struct TankComparisonTests {
    private func figure(
        _ group: TankComparison.Group, _ unit: Chart.Unit, _ tank: Double, _ machine: Double
    ) -> TankComparison.Figure {
        TankComparison.Figure(group, "x", in: unit, tank: tank, machine: machine)
    }

    @Test("Twice and half diverge by one, the same by nothing, whatever the unit")
    func divergence() {
        #expect(figure(.bytes, .bytes, 1_000_000, 1_000_000).divergence == 0)
        #expect(abs(figure(.bytes, .bytes, 1_000_000, 2_000_000).divergence - 1) < 0.001)
        #expect(abs(figure(.bytes, .bytes, 2_000_000, 1_000_000).divergence - 1) < 0.001)
        #expect(abs(figure(.latency, .seconds, 0.01, 0.04).divergence - 2) < 0.001)
        #expect(figure(.operations, .count, 0, 0).divergence == 0)
    }

    @Test("The whole is the mean of the groups, not of the figures")
    func groups() {
        let comparison = TankComparison(
            tankVerdict: .pass, tankReason: "", tankTraceHash: "",
            figures: [
                figure(.operations, .count, 1023, 2047), figure(.operations, .count, 1023, 2047),
                figure(.operations, .count, 1023, 2047), figure(.throughput, .perSecond, 7, 63),
            ])
        #expect(comparison.divergence(of: .operations) == 1)
        #expect(comparison.divergence(of: .throughput) == 3)
        #expect(comparison.divergence(of: .latency) == nil)
        #expect(comparison.divergence == 2)
    }

    @Test("A report with it reads back as it was, and its page and text show it")
    func roundTrip() throws {
        var report = SampleReport.make()
        report.traceHash = ""
        var comparison = TankComparison(
            tankVerdict: .inconclusive, tankReason: "nothing <ran>", tankTraceHash: "ab",
            figures: [figure(.latency, .seconds, 0.25, 0.5)])
        comparison.faultsLeftOut = [.init(name: "clockStep", reason: "one clock")]
        comparison.oraclesLeftOut = [.init(name: "durability", reason: "no power is lost")]
        comparison.faultsMade = [.init(name: "crash", reason: "kill -9")]
        report.comparison = comparison
        let again = try RunReport(json: JSONValue(parsing: report.json.compact))
        #expect(again.comparison == comparison)
        let page = Page(report).markup.text
        #expect(page.contains("nothing &lt;ran&gt;") && page.contains("no power is lost"))
        let text = textSummary(for: report)
        #expect(text.contains("tank and machine side by side") && text.contains("one clock"))
    }
}
