/// Everything that a run says: the one source of the page, the JSON and the summaries.
///
/// All times are simulated seconds since the start of the run, unless a name says otherwise.
public struct RunReport: Sendable, Hashable {
    public enum Verdict: String, Sendable, Hashable, CaseIterable {
        case pass, fail
        /// A checker ran out of its budget, or had work and looked at nothing.
        case inconclusive
    }

    public var title: String
    /// The path of the scenario file.
    public var scenario: String
    public var seed: UInt64
    /// The commit and the configuration of the binary that ran.
    public var build: String
    public var verdict: Verdict
    /// Why, in a sentence; may be empty for a pass.
    public var reason: String
    /// In hexadecimal.
    public var traceHash: String
    /// What the scheduler did, counted.
    public var events: Int
    public var simulatedSeconds: Double
    public var cpuSeconds: Double
    public var peakMemoryBytes: Int
    public var changesAcknowledged: Int
    public var changesRefused: Int
    /// Changes whose answers got lost.
    public var changesUnknown: Int
    public var oracles: [OracleResult] = []
    public var probes: [ProbeResult] = []
    public var coverage: FaultCoverage?
    public var faults: [FaultEvent] = []
    public var nodes: [NodeLane] = []
    public var leadership: [LeadershipLane] = []
    public var lakeTables: [LakeTableLane] = []
    public var buckets: [BucketHistory] = []
    public var charts: [Chart] = []
    public var latencies: LatencyMap?
    public var counters: [Counter] = []
    /// Of a run on the real machine, the tank beside it.
    public var comparison: TankComparison?
    /// What the reader should know before trusting a figure.
    public var notes: [String] = []
    /// The command that does this run again.
    public var reproduceCommand: String
    /// Where the failure was saved; empty if it was not, or there was none.
    public var failureFile = ""
    /// The versions of the libraries on which figures depend.
    public var libraryVersions: [LibraryVersion] = []

    public init(
        title: String, scenario: String, seed: UInt64, build: String, verdict: Verdict,
        reason: String, traceHash: String, events: Int, simulatedSeconds: Double,
        cpuSeconds: Double, peakMemoryBytes: Int, changesAcknowledged: Int, changesRefused: Int,
        changesUnknown: Int, reproduceCommand: String
    ) {
        precondition(simulatedSeconds.isFinite && cpuSeconds.isFinite, "a time without end")
        self.title = title
        self.scenario = scenario
        self.seed = seed
        self.build = build
        self.verdict = verdict
        self.reason = reason
        self.traceHash = traceHash
        self.events = events
        self.simulatedSeconds = simulatedSeconds
        self.cpuSeconds = cpuSeconds
        self.peakMemoryBytes = peakMemoryBytes
        self.changesAcknowledged = changesAcknowledged
        self.changesRefused = changesRefused
        self.changesUnknown = changesUnknown
        self.reproduceCommand = reproduceCommand
    }

    /// Simulated seconds for each second of a core.
    public var speed: Double { cpuSeconds > 0 ? simulatedSeconds / cpuSeconds : 0 }

    public var violationCount: Int { oracles.reduce(0) { $0 + $1.violations.count } }
}

/// What one oracle saw.
public struct OracleResult: Sendable, Hashable {
    public struct Violation: Sendable, Hashable {
        public var message: String
        public var atSeconds: Double

        public init(message: String, atSeconds: Double) {
            self.message = message
            self.atSeconds = atSeconds
        }
    }

    public var name: String
    /// What it holds to be true, in a sentence; may be empty.
    public var meaning: String
    /// How many things it compared; zero says that it looked at nothing.
    public var compared: Int
    public var violations: [Violation]
    /// Whether the run gave it anything to look at.
    public var hadWork: Bool

    public init(
        name: String, meaning: String = "", compared: Int, violations: [Violation] = [],
        hadWork: Bool = true
    ) {
        self.name = name
        self.meaning = meaning
        self.compared = compared
        self.violations = violations
        self.hadWork = hadWork
    }

    /// In two or three words, for tables.
    var state: String {
        if !violations.isEmpty { return "\(violations.count)" }
        if compared > 0 { return "-" }
        return hadWork ? "- (looked at nothing)" : "- (had no work)"
    }
}

/// A rare path of the engine, and how often the run took it.
public struct ProbeResult: Sendable, Hashable {
    public var name: String
    public var count: Int

    public init(name: String, count: Int) {
        self.name = name
        self.count = count
    }
}

/// One fault as it happened.
public struct FaultEvent: Sendable, Hashable {
    public var atSeconds: Double
    /// The same as `atSeconds` for what happened at one moment.
    public var untilSeconds: Double
    /// The name of its kind, as scenarios write it.
    public var kind: String
    /// The node or service it happened to.
    public var target: String
    /// Its parameters, for people.
    public var text: String

    public init(
        atSeconds: Double, untilSeconds: Double, kind: String, target: String, text: String
    ) {
        self.atSeconds = atSeconds
        self.untilSeconds = untilSeconds
        self.kind = kind
        self.target = target
        self.text = text
    }
}

/// The states of one node over the run; what no interval covers counts as up.
public struct NodeLane: Sendable, Hashable {
    public enum State: String, Sendable, Hashable, CaseIterable {
        case up, down, paused
    }

    public struct Interval: Sendable, Hashable {
        public var from: Double
        public var until: Double
        public var state: State

        public init(from: Double, until: Double, state: State) {
            self.from = from
            self.until = until
            self.state = state
        }
    }

    public var node: String
    public var intervals: [Interval]

    public init(node: String, intervals: [Interval]) {
        self.node = node
        self.intervals = intervals
    }
}

/// Who led a bucket, and in which epoch; a gap is a time without leader.
public struct LeadershipLane: Sendable, Hashable {
    public struct Interval: Sendable, Hashable {
        public var from: Double
        public var until: Double
        public var leader: String
        public var epoch: Int

        public init(from: Double, until: Double, leader: String, epoch: Int) {
            self.from = from
            self.until = until
            self.leader = leader
            self.epoch = epoch
        }
    }

    /// The table and the number, as in `orders/0`.
    public var bucket: String
    public var intervals: [Interval]

    public init(bucket: String, intervals: [Interval]) {
        self.bucket = bucket
        self.intervals = intervals
    }
}

/// The commits to one table of the lake.
public struct LakeTableLane: Sendable, Hashable {
    public struct Commit: Sendable, Hashable {
        public var atSeconds: Double
        public var snapshotIdentifier: Int64
        /// Rows added or changed by the commit.
        public var rows: Int

        public init(atSeconds: Double, snapshotIdentifier: Int64, rows: Int) {
            self.atSeconds = atSeconds
            self.snapshotIdentifier = snapshotIdentifier
            self.rows = rows
        }
    }

    public var table: String
    public var commits: [Commit]

    public init(table: String, commits: [Commit]) {
        self.table = table
        self.commits = commits
    }
}

/// A figure over time, as one or more lines of one unit.
public struct Chart: Sendable, Hashable {
    public enum Unit: String, Sendable, Hashable, CaseIterable {
        case count, perSecond, seconds, bytes, bytesPerSecond
    }

    public enum Style: String, Sendable, Hashable, CaseIterable {
        case lines
        /// Percentiles: the series go up from the lowest, with the space between them filled. They
        /// are drawn on a logarithmic scale.
        case bands
    }

    public struct Series: Sendable, Hashable {
        public var name: String
        /// In the order of time; where nothing was measured there is no point.
        public var points: [Point]

        public init(name: String, points: [Point]) {
            self.name = name
            self.points = points
        }
    }

    public struct Point: Sendable, Hashable {
        public var atSeconds: Double
        public var value: Double

        public init(atSeconds: Double, value: Double) {
            self.atSeconds = atSeconds
            self.value = value
        }
    }

    public var title: String
    public var unit: Unit
    public var style: Style
    /// What is measured, in a sentence; may be empty.
    public var meaning: String
    public var series: [Series]

    public init(
        title: String, unit: Unit, style: Style = .lines, meaning: String = "", series: [Series]
    ) {
        self.title = title
        self.unit = unit
        self.style = style
        self.meaning = meaning
        self.series = series
    }
}

/// A sum over the whole run.
public struct Counter: Sendable, Hashable {
    /// Words divided by dots, the first of them being the group: `disk.syncs`.
    public var name: String
    public var value: Int

    public init(name: String, value: Int) {
        self.name = name
        self.value = value
    }
}

/// A library whose version can show in the figures.
public struct LibraryVersion: Sendable, Hashable {
    public var name: String
    public var version: String

    public init(name: String, version: String) {
        self.name = name
        self.version = version
    }
}
