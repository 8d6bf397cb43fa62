import RunReports
import Testing

@Suite("The heat map of latencies")
struct LatencyMapTests {
    /// Two rows, to 1 ms and to 1 s; ten columns of a second.
    private static func page(
        _ cells: [(column: Int, row: Int, count: Int)],
        _ change: (inout RunReport) -> Void = { _ in }
    ) -> String {
        var report = RunReport(
            title: "A", scenario: "a.yaml", seed: 1, build: "b", verdict: .pass, reason: "",
            traceHash: "aa", events: 1, simulatedSeconds: 10, cpuSeconds: 1, peakMemoryBytes: 1,
            changesAcknowledged: 1, changesRefused: 0, changesUnknown: 0, reproduceCommand: "")
        report.latencies = LatencyMap(
            columnNanoseconds: 1_000_000_000, edges: [0, 1_000_000, 1_000_000_000],
            cells: cells.map { .init(column: $0.column, row: $0.row, count: $0.count) })
        change(&report)
        return htmlPage(for: report)
    }

    @Test("Draws each cell at its time, the slower above")
    func places() {
        let page = Self.page([(0, 0, 1), (9, 1, 1)])
        #expect(page.contains("viewBox=\"0 0 10 2\""))
        #expect(page.contains("<path class=\"h-7\" d=\"M0 1h1v1h-1zM9 0h1v1h-1z\"/>"))
        #expect(HTMLChecker(page).problems == [])
    }

    @Test("Has the strongest shade for the fullest cells, and a weaker one for a lone change")
    func shades() {
        let page = Self.page([(0, 0, 1), (1, 0, 100), (2, 0, 70_000)])
        #expect(page.contains("class=\"h-1\" d=\"M0 1h1v1h-1z\""))
        #expect(page.contains("class=\"h-7\" d=\"M2 1h1v1h-1z\""))
        #expect(!page.contains("class=\"h-8\"") && !page.contains("class=\"h-0\""))
        #expect(HTMLChecker(Self.page([(0, 0, .max), (0, 1, .max)])).problems == [])
    }

    @Test("Says in a table what it shows, with the faults of each time and gaps as gaps")
    func table() {
        let page = Self.page([(0, 0, 98), (0, 1, 2), (3, 0, 5)]) {
            $0.faults = [
                FaultEvent(
                    atSeconds: 0.5, untilSeconds: 1.5, kind: "crash", target: "server-1", text: "")
            ]
        }
        func line(_ texts: String...) -> String {
            let cells = texts.dropFirst().map { "<td class=\"n\">\($0)</td>" }.joined()
            return "<tr><th scope=\"row\" class=\"n\">\(texts[0])</th>\(cells)<td>"
        }
        #expect(page.contains(line("0:00", "100", "1 ms", "1 s", "1 s") + "crash</td>"))
        #expect(page.contains(line("0:01", "0", "—", "—", "—") + "crash</td>"))
        #expect(page.contains(line("0:03", "5", "1 ms", "1 ms", "1 ms") + "</td>"))
        #expect(page.contains("crash server-1, 0:00.5 to 0:01.5</title>"))
    }

    @Test("Is left out where nothing was acknowledged")
    func empty() {
        #expect(!Self.page([]).contains("latency-title"))
    }

    @Test("Full to its limits leaves the page well under a megabyte")
    func full() {
        let cells = (0..<LatencyMap.columnLimit).flatMap { column in
            (0..<LatencyMap.rowLimit).map {
                LatencyMap.Cell(column: column, row: $0, count: 1_000_000 + column * $0)
            }
        }
        let edges = (0...Int64(LatencyMap.rowLimit)).map { $0 * 1_000_000 }
        let page = Self.page([]) {
            $0.latencies = LatencyMap(columnNanoseconds: 50_000_000, edges: edges, cells: cells)
        }
        #expect(page.contains("latency-title"))
        #expect(page.utf8.count < 600_000)
    }
}
