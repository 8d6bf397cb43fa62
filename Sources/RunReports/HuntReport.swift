import JSON

/// What came of one scenario under many seeds.
public struct HuntReport: Sendable, CustomStringConvertible {
    /// One seed of a scenario.
    public struct Seed: Sendable {
        public var scenario: String
        public var seed: UInt64
        /// Nil where the worker ended without a report, as after a trap.
        public var report: RunReport?
        /// What such a worker said last.
        public var lastWords: String

        public init(scenario: String, seed: UInt64, report: RunReport?, lastWords: String) {
            self.scenario = scenario
            self.seed = seed
            self.report = report
            self.lastWords = lastWords
        }

        public var isClean: Bool { report?.verdict == .pass }

        /// What failed, without the numbers in it: seeds that fail alike have one cause.
        public var cause: String {
            let text = report.map { "\($0.verdict.rawValue): \($0.reason)" } ?? lastWords
            var cause = ""
            for character in text.prefix(200) {
                if character.isNumber {
                    if cause.last != "#" { cause.append("#") }
                } else {
                    cause.append(character)
                }
            }
            return cause
        }
    }

    public struct Cause: Sendable {
        public var text: String
        public var seeds: [Seed]
    }

    /// In the order of scenario and seed, whatever the order in which they ended.
    public private(set) var seeds: [Seed]

    public init(_ seeds: [Seed]) {
        self.seeds = seeds.sorted { ($0.scenario, $0.seed) < ($1.scenario, $1.seed) }
    }

    public var cleanCount: Int { seeds.count { $0.isClean } }

    /// Failures by cause, the most frequent first.
    public var causes: [Cause] {
        var found: [Cause] = []
        for seed in seeds where !seed.isClean {
            if let position = found.firstIndex(where: { $0.text == seed.cause }) {
                found[position].seeds.append(seed)
            } else {
                found.append(Cause(text: seed.cause, seeds: [seed]))
            }
        }
        return found.enumerated()
            .sorted { ($1.element.seeds.count, $0.offset) < ($0.element.seeds.count, $1.offset) }
            .map(\.element)
    }

    /// How many seeds reached each probe, rarest first.
    public var probes: [ProbeResult] {
        var counts: [String: Int] = [:]
        for seed in seeds {
            for probe in seed.report?.probes ?? [] {
                counts[probe.name, default: 0] += probe.count > 0 ? 1 : 0
            }
        }
        return counts.keys.sorted().map { ProbeResult(name: $0, count: counts[$0]!) }
            .sorted { ($0.count, $0.name) < ($1.count, $1.name) }
    }

    private func median(_ values: [Double]) -> Double {
        values.isEmpty ? 0 : values.sorted()[values.count / 2]
    }

    /// For people, in some lines.
    public var description: String {
        let reports = seeds.compactMap(\.report)
        let cpu = reports.map(\.cpuSeconds)
        let memory = NumberText.bytes(Double(reports.map(\.peakMemoryBytes).max() ?? 0))
        let events = reports.reduce(0) { $0 + $1.events }
        let changes = reports.reduce(0) { $0 + $1.changesAcknowledged }
        let middle = NumberText.seconds(median(cpu))
        let most = NumberText.seconds(cpu.max() ?? 0)
        let whole = NumberText.seconds(cpu.reduce(0, +))
        var lines = ["\(cleanCount) of \(seeds.count) seeds are clean"]
        lines.append("  a seed    \(middle) of one core in the median, \(most) at most; \(memory)")
        lines.append("  together  \(whole) of one core, \(events) events, \(changes) changes")
        for cause in causes {
            let names = cause.seeds.prefix(8).map { "\($0.seed)" }.joined(separator: " ")
            let first = cause.seeds[0]
            lines += [
                "", "\(cause.seeds.count) seeds (\(names)): \(cause.text)",
                "  again: \(first.report?.reproduceCommand ?? "\(first.scenario) \(first.seed)")",
            ]
        }
        lines += ["", "Probes reached, by how many seeds:"]
        lines += probes.map { "  \($0.count)  \($0.name)" }
        return lines.joined(separator: "\n")
    }

    /// One line a seed, for programs: the run's own summary.
    public var jsonLines: String {
        seeds.map { seed -> String in
            let summary: JSONValue =
                seed.report?.summaryJSON
                ?? [
                    "scenario": .string(seed.scenario), "seed": .integer(Int64(seed.seed)),
                    "verdict": "crash", "reason": .string(seed.lastWords),
                ]
            return summary.compact
        }.joined(separator: "\n")
    }
}
