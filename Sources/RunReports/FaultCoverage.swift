/// Which parts of the engine took a rare path under which kinds of fault.
///
/// In the report of a run numbers are times; merged over a hunt they are seeds.
public struct FaultCoverage: Sendable, Hashable {
    public struct Row: Sendable, Hashable {
        /// The kind of fault, as scenarios write it.
        public var kind: String
        /// Faults of the kind, or seeds that had one.
        public var happened: Int
        /// For each part, how often, or in how many seeds, it was reached under the kind.
        public var reached: [Int]

        public init(kind: String, happened: Int, reached: [Int]) {
            self.kind = kind
            self.happened = happened
            self.reached = reached
        }
    }

    public let parts: [String]
    /// Seconds after its end in which a fault still counts as active.
    public let secondsAfter: Int
    /// All kinds, also those that did not happen.
    public let rows: [Row]

    /// Nil if a row has not one number for each part, or a number is less than nothing.
    public init?(parts: [String], secondsAfter: Int, rows: [Row]) {
        guard
            rows.allSatisfy({ row in
                row.reached.count == parts.count && row.happened >= 0
                    && row.reached.allSatisfy { $0 >= 0 }
            })
        else { return nil }
        self.parts = parts
        self.secondsAfter = secondsAfter
        self.rows = rows
    }

    /// In how many of the runs each happened; nil if there are none.
    ///
    /// Runs of other builds may know other kinds and parts: each is found by its name.
    public init?(merging runs: [FaultCoverage]) {
        guard let first = runs.first else { return nil }
        var parts: [String] = []
        var kinds: [String] = []
        var happened: [String: Int] = [:]
        var reached: [String: [String: Int]] = [:]
        for run in runs {
            for part in run.parts where !parts.contains(part) { parts.append(part) }
            for row in run.rows {
                if happened[row.kind] == nil { kinds.append(row.kind) }
                happened[row.kind, default: 0] += row.happened > 0 ? 1 : 0
                for (part, count) in zip(run.parts, row.reached) where count > 0 {
                    reached[row.kind, default: [:]][part, default: 0] += 1
                }
            }
        }
        self.parts = parts
        secondsAfter = first.secondsAfter
        rows = kinds.map { kind in
            Row(
                kind: kind, happened: happened[kind]!,
                reached: parts.map { reached[kind]?[$0] ?? 0 })
        }
    }

    /// Kinds that happened; of the others nothing can be said.
    var seen: [Row] { rows.filter { $0.happened > 0 } }

    var unseen: [String] { rows.filter { $0.happened == 0 }.map(\.kind) }

    /// In a line, for terminals and summaries.
    var summary: String {
        let met = seen.reduce(0) { $0 + $1.reached.count { $0 > 0 } }
        return "\(met) of \(seen.count * parts.count) pairs of fault kind and engine part, with "
            + "\(seen.count) of \(rows.count) kinds"
    }

    /// As a table that can be folded away.
    var markdown: [String] {
        let names = parts.map { markdownText(NumberText.words($0)) }
        let head = ["fault", "happened"] + names
        let lines = seen.map { row in
            let cells = row.reached.map { $0 > 0 ? "\($0)" : "**never**" }
            return "| "
                + ([markdownText(row.kind), "\(row.happened)"] + cells).joined(separator: " | ")
                + " |"
        }
        if lines.isEmpty { return [] }
        return [
            "", "<details><summary>Faults and parts of the engine: \(summary)</summary>", "",
            "| " + head.joined(separator: " | ") + " |",
            "|---|" + String(repeating: "---:|", count: head.count - 1),
        ] + lines + ["", "</details>"]
    }
}
