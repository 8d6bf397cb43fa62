/// How much of a report a page draws, so that it stays under a megabyte and quick to open.
///
/// What is left out is said on the page; the JSON always has everything.
struct PageLimits {
    /// Each limit is divided by it; larger when a page came out too large.
    var divisor = 1

    var faults: Int { 400 / divisor }
    var faultRows: Int { 200 / divisor }
    var nodes: Int { 60 / divisor }
    var nodeIntervals: Int { 600 / divisor }
    var buckets: Int { 60 / divisor }
    var leadershipIntervals: Int { 600 / divisor }
    var bucketChanges: Int { 4000 / divisor }
    var lakeTables: Int { 40 / divisor }
    var commits: Int { 800 / divisor }
    var charts: Int { max(6, 24 / divisor) }
    var seriesPerChart: Int { 8 }
    var points: Int { 20_000 / divisor }
    var oracles: Int { 60 }
    var violationsPerOracle: Int { max(2, 20 / divisor) }
    var violationMarks: Int { 100 / divisor }
    var probes: Int { 300 / divisor }
    var counters: Int { 300 / divisor }
    var notes: Int { max(4, 40 / divisor) }

    func clip(_ text: String, to limit: Int = 400) -> String {
        Self.clip(text, to: max(40, limit / divisor))
    }

    /// Cuts by characters, and by bytes where single characters are made of many.
    static func clip(_ text: String, to limit: Int) -> String {
        if text.utf8.count <= limit { return text }
        let head = text.prefix(limit)
        if head.endIndex == text.endIndex, head.utf8.count <= limit * 4 { return text }
        if head.utf8.count <= limit * 4 { return head + "…" }
        return String(text.unicodeScalars.prefix(limit)) + "…"
    }
}
