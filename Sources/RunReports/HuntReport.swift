import JSON

/// What came of one scenario under many seeds.
public struct HuntReport: Sendable {
    /// One seed of a scenario.
    public struct Seed: Sendable {
        public var scenario: String
        public var seed: UInt64
        /// Nil where the worker ended without a report, as after a trap.
        public var report: RunReport?
        /// How such a worker ended, and what it said last.
        public var incident: Incident
        public var lastWords: String
        /// With what the seed was run; nil if that was not kept.
        public var origin: HuntOrigin?
        /// The line that does it again, where there is no report that has it.
        public var command = ""

        public init(
            scenario: String, seed: UInt64, report: RunReport?, incident: Incident = .crash,
            lastWords: String = ""
        ) {
            self.scenario = scenario
            self.seed = seed
            self.report = report
            self.incident = incident
            self.lastWords = lastWords
        }

        public var isClean: Bool { report?.verdict == .pass }

        public var isFailure: Bool { report.map { $0.verdict == .fail } ?? incident.isFailure }

        /// The line that does it again.
        public var reproduceCommand: String {
            if let report { return report.reproduceCommand }
            return command.isEmpty
                ? "ci/wavetank run \(scenario.shellQuoted) --seed \(seed)" : command
        }

        /// What went wrong, in full.
        public var reason: String { report?.reason ?? lastWords }

        /// What failed, without the values in it: seeds that fail alike have one cause.
        public var cause: String {
            let kind = report?.verdict.rawValue ?? incident.rawValue
            return "\(kind): \(reason)".causeText.cutAtWord(after: 200)
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

    /// Of several hunts: a seed that came up twice counts once, and as a failure if its runs
    /// differ.
    public init(merging seeds: [Seed]) {
        var merged: [Seed] = []
        for seed in HuntReport(seeds).seeds {
            guard let last = merged.last, last.scenario == seed.scenario, last.seed == seed.seed
            else {
                merged.append(seed)
                continue
            }
            // A run that was stopped says nothing about one that came to its end.
            if seed.incident == .timeout && seed.report == nil { continue }
            if last.incident == .timeout && last.report == nil {
                merged[merged.count - 1] = seed
                continue
            }
            let hashes = [last, seed].map { $0.report?.traceHash ?? $0.lastWords }
            if hashes[0] == hashes[1] { continue }
            let builds = [last, seed].map { $0.report?.build ?? $0.origin?.build ?? "" }
            merged[merged.count - 1].command = last.reproduceCommand
            merged[merged.count - 1].report = nil
            merged[merged.count - 1].incident = .nondeterministic
            merged[merged.count - 1].lastWords =
                "hash \(hashes[0]) of \(builds[0]), \(hashes[1]) of \(builds[1])"
        }
        self.seeds = merged
    }

    /// Why the seeds cannot be one result; nil if they can.
    ///
    /// Lines of one scenario must have one origin. Of those without an origin nothing is known.
    public var mixture: String? {
        var origins: [String: Seed] = [:]
        for seed in seeds {
            guard let origin = seed.origin else { continue }
            // A strike or a variant is a case of its own of the same scenario.
            var words = seed.scenario.split(separator: " ", omittingEmptySubsequences: false)
            while words.count > 1, !words[words.count - 1].hasSuffix(".yaml") { words.removeLast() }
            let name = words.joined(separator: " ")
            guard let first = origins[name], let known = first.origin else {
                origins[name] = seed
                continue
            }
            if let difference = known.difference(from: origin) {
                return "\(seed.scenario), seed \(seed.seed), was run with \(difference) "
                    + "(seed \(first.seed))"
            }
        }
        return nil
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

    /// In how many seeds each part of the engine was reached under each kind of fault.
    public var coverage: FaultCoverage? {
        FaultCoverage(merging: seeds.compactMap { $0.report?.coverage })
    }

    private func median(_ values: [Double]) -> Double {
        values.isEmpty ? 0 : values.sorted()[values.count / 2]
    }

    /// The median of something counted in each seed that has a report.
    func median(_ value: (RunReport) -> Double) -> Double {
        let values = seeds.compactMap(\.report).map(value).sorted()
        return values.isEmpty ? 0 : values[values.count / 2]
    }
}
