import Cluster
import Platform

extension OracleName {
    public static let growth = OracleName("growth")
}

/// Once a run is long, what the cluster holds grows no faster than what it was given.
///
/// Of a run of ten minutes or more, the second half is held against the first: the bytes and
/// objects of the store and the bytes on disks may grow in proportion to the changes acknowledged,
/// with a quarter to spare; what does not depend on how many changes there were (open files,
/// entries of the coordination service) may not grow at all, with a quarter to spare; memory may
/// grow by the rows that came alive.
final class Growth: Oracle {
    static let description = OracleDescription(
        .growth, "what is held grows no faster than what was given, once a run is long",
        compares: "measures of what is held with those of half the run before",
        needs: [.cluster, .store, .faults], isAmongAll: false)

    static let shortestRun = Duration.seconds(600)
    private static let interval = Duration.seconds(10)

    private struct Sample {
        var at: Int64
        var changes: Int
        var liveRows: Int
        var footprint: Footprint
    }

    private struct Measure: Sendable {
        var name: String
        var value: @Sendable (Footprint) -> Int
        /// What may come on top of the proportion.
        var slack: Int
        var isPerChange: Bool
        /// How much may come for each row that came alive.
        var perRow = 0
    }

    private static let measures: [Measure] = [
        Measure(
            name: "bytes in the object store", value: { $0.objectBytes }, slack: 4 << 20,
            isPerChange: true),
        Measure(name: "objects", value: { $0.objectCount }, slack: 200, isPerChange: true),
        Measure(
            name: "bytes on disks", value: { $0.diskBytes }, slack: 16 << 20, isPerChange: true),
        Measure(name: "open files", value: { $0.openFiles }, slack: 50, isPerChange: false),
        Measure(
            name: "entries of the coordination service", value: { $0.coordinationEntries },
            slack: 20, isPerChange: false),
        Measure(
            name: "bytes of memory", value: { $0.memoryBytes }, slack: 16 << 20,
            isPerChange: false, perRow: 4096),
    ]

    private let evidence: Evidence
    private let tally: Tally
    private var samples: [Sample] = []
    private var isLong: Bool { evidence.observation.nanoseconds >= Self.shortestRun.nanoseconds }

    init(_ evidence: Evidence, _ tally: Tally) {
        self.evidence = evidence
        self.tally = tally
    }

    var hasWork: Bool { isLong }

    func learned(_ fact: Fact) {
        guard case .second = fact else { return }
        let now = evidence.observation.nanoseconds
        if let last = samples.last, now - last.at < Self.interval.nanoseconds { return }
        var rows = 0
        // In any order: they are only added up.
        for log in evidence.logs.values {
            rows += log.table.isPrimaryKeyTable ? log.rows.count : Int(log.endOffset)
        }
        samples.append(
            Sample(
                at: now, changes: evidence.acknowledgedCount, liveRows: rows,
                footprint: evidence.observation.footprint))
    }

    func conclude() {
        guard isLong, samples.count >= 16 else { return }
        // The smoother of two windows: what is collected in bursts is seen at its least.
        let middle = samples[(samples.count * 3 / 8)..<(samples.count / 2)]
        let end = samples[(samples.count * 7 / 8)...]
        for measure in Self.measures { judge(measure, middle, end) }
    }

    private func judge(
        _ measure: Measure, _ middle: ArraySlice<Sample>, _ end: ArraySlice<Sample>
    ) {
        func least(_ samples: ArraySlice<Sample>) -> Int {
            samples.map { measure.value($0.footprint) }.min()!
        }
        let (before, after) = (least(middle), least(end))
        let (first, last) = (middle.last!, end.last!)
        var allowed = before
        if measure.isPerChange {
            let changes = Int128(max(1, last.changes))
            allowed = Int(Int128(before) * changes / Int128(max(1, first.changes)))
        }
        allowed += allowed / 4 + measure.slack
        allowed += measure.perRow * max(0, last.liveRows - first.liveRows)
        tally.expect(
            after <= allowed,
            "\(measure.name) grew from \(before) to \(after) between \(first.at / 1_000_000_000) "
                + "s and \(last.at / 1_000_000_000) s of the run, while the changes acknowledged "
                + "went from \(first.changes) to \(last.changes) and the rows alive from "
                + "\(first.liveRows) to \(last.liveRows): at most \(allowed) is in proportion")
    }
}
