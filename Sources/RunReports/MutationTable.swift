/// What a bank of planted bugs came to: who saw each of them, and after how many seeds.
public struct MutationTable: Sendable, Hashable {
    public struct Row: Sendable, Hashable {
        public var mutant: String
        /// The part of the engine that it breaks.
        public var part: String
        /// Where it was hunted.
        public var scenario: String
        /// Up to and with the first that showed it, or all that did not.
        public var seeds: Int
        public var seconds: Int
        /// Oracles, a defect or a trap; nil if nobody saw it.
        public var seenBy: String?
    }

    /// A line that is no result of the bank.
    public struct Malformed: Error, Hashable, CustomStringConvertible {
        /// From 1.
        public var line: Int
        public var reason: String

        public var description: String { "line \(line): \(reason)" }
    }

    public static let columns = ["mutant", "part", "scenario", "seeds", "seconds", "seen by"]
    /// Must be seen by the first seed.
    static let canary = "canary"
    /// Changes nothing and must not be seen.
    static let control = "control"

    public private(set) var rows: [Row] = []

    /// Reads what `ci/mutants` keeps: columns with tabs between, under a line of their names.
    public init(parsing text: String) throws(Malformed) {
        let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
            .map { $0.split(separator: "\t", omittingEmptySubsequences: false).map(String.init) }
        guard lines[0] == Self.columns else {
            throw Malformed(line: 1, reason: "the columns are not \(Self.columns)")
        }
        for (number, fields) in lines.enumerated().dropFirst() where fields != [""] {
            guard fields.count == Self.columns.count, let seeds = Int(fields[3]),
                let seconds = Int(fields[4]), seeds >= 0, seconds >= 0
            else {
                throw Malformed(
                    line: number + 1, reason: "no \(Self.columns.count) columns with two counts")
            }
            rows.append(
                Row(
                    mutant: fields[0], part: fields[1], scenario: fields[2], seeds: seeds,
                    seconds: seconds, seenBy: fields[5] == "-" ? nil : fields[5]))
        }
    }

    /// The bugs themselves, without canary and control.
    public var bugs: [Row] {
        rows.filter { $0.mutant != Self.canary && $0.mutant != Self.control }
    }

    public var missed: [Row] { bugs.filter { $0.seenBy == nil } }

    /// Whether all is as it should be: each bug seen, the canary at once, the control never.
    public var isGood: Bool {
        missed.isEmpty
            && rows.allSatisfy { row in
                switch row.mutant {
                case Self.canary: row.seenBy != nil && row.seeds == 1
                case Self.control: row.seenBy == nil
                default: true
                }
            }
    }
}
