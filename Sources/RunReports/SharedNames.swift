/// Words that many reports have in common, kept in memory once.
///
/// A hunt holds the reports of all its seeds, and each that was read has its own copy of the names
/// of oracles, probes, counters and kinds of faults, which are the same in all.
public struct SharedNames {
    private var known: Set<String> = []

    public init() {}

    fileprivate mutating func shared(_ text: String) -> String {
        known.insert(text).memberAfterInsert
    }
}

extension HuntReport.Seed {
    /// Puts the words that other reports have too in place of the report's own.
    public mutating func share(_ names: inout SharedNames) {
        scenario = names.shared(scenario)
        report?.share(&names)
    }
}

extension RunReport {
    fileprivate mutating func share(_ names: inout SharedNames) {
        title = names.shared(title)
        scenario = names.shared(scenario)
        build = names.shared(build)
        for position in oracles.indices {
            oracles[position].name = names.shared(oracles[position].name)
            oracles[position].meaning = names.shared(oracles[position].meaning)
        }
        for position in probes.indices {
            probes[position].name = names.shared(probes[position].name)
        }
        for position in counters.indices {
            counters[position].name = names.shared(counters[position].name)
        }
        coverage = coverage.flatMap { coverage in
            let none = Array(repeating: 0, count: coverage.parts.count)
            return FaultCoverage(
                parts: coverage.parts.map { names.shared($0) },
                secondsAfter: coverage.secondsAfter,
                rows: coverage.rows.map { row in
                    FaultCoverage.Row(
                        kind: names.shared(row.kind), happened: row.happened,
                        reached: row.reached == none ? none : row.reached)
                })
        }
    }
}
