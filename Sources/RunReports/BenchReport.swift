/// What came of a set of benchmarks, in two parts that never mix.
///
/// The tank part is in simulated time and counters: the same build of the engine gives the same
/// bytes on every machine, so that it can be compared exactly. The wall part is what a clock and an
/// operating system said; it names its machine.
public struct BenchReport: Sendable, Hashable {
    public var tank: BenchTank
    /// Absent where only exact figures are kept, as in a baseline.
    public var wall: BenchWall?

    public init(tank: BenchTank, wall: BenchWall?) {
        self.tank = tank
        self.wall = wall
    }
}

/// One scenario at one size, with or without the storm's faults, under one seed.
public struct BenchCase: Sendable, Hashable, Comparable, CustomStringConvertible {
    /// The path of the scenario file.
    public var scenario: String
    public var size: String
    public var faults: String
    public var seed: UInt64

    public init(scenario: String, size: String, faults: String, seed: UInt64) {
        self.scenario = scenario
        self.size = size
        self.faults = faults
        self.seed = seed
    }

    /// The file's name without folder and ending.
    public var name: String {
        let file = scenario.split(separator: "/").last.map(String.init) ?? scenario
        return file.hasSuffix(".yaml") ? String(file.dropLast(5)) : file
    }

    public var description: String { "\(name), \(size), faults \(faults)" }

    private static let sizes = ["small", "medium", "large"]

    public static func < (left: BenchCase, right: BenchCase) -> Bool {
        func rank(_ text: String) -> Int { sizes.firstIndex(of: text) ?? sizes.count }
        return (left.scenario, rank(left.size), left.faults, left.seed)
            < (right.scenario, rank(right.size), right.faults, right.seed)
    }
}

/// The exact part.
public struct BenchTank: Sendable, Hashable {
    public struct Run: Sendable, Hashable {
        public var of: BenchCase
        public var title: String
        public var verdict: RunReport.Verdict
        public var reason: String
        public var traceHash: String
        /// In the order of `BenchFigure.all`; what was not measured is not there.
        public var figures: [Figure]
        /// By the name of the limit, in parts per million, as the scenario's file had them.
        public var limits: [Limit]

        public init(
            of: BenchCase, title: String, verdict: RunReport.Verdict, reason: String,
            traceHash: String, figures: [Figure], limits: [Limit]
        ) {
            self.of = of
            self.title = title
            self.verdict = verdict
            self.reason = reason
            self.traceHash = traceHash
            self.figures = figures
            self.limits = limits
        }

        public subscript(_ name: String) -> Int? {
            figures.first { $0.name == name }?.value
        }

        public func limit(_ name: String) -> Int? {
            limits.first { $0.name == name }?.partsPerMillion
        }
    }

    public struct Figure: Sendable, Hashable {
        public var name: String
        public var value: Int

        public init(name: String, value: Int) {
            self.name = name
            self.value = value
        }
    }

    public struct Limit: Sendable, Hashable {
        public var name: String
        public var partsPerMillion: Int

        public init(name: String, partsPerMillion: Int) {
            self.name = name
            self.partsPerMillion = partsPerMillion
        }
    }

    /// Where the prices of its costs come from.
    public var prices: String
    public var libraries: [LibraryVersion]
    /// In the order of their cases.
    public private(set) var runs: [Run]

    public init(prices: String, libraries: [LibraryVersion], runs: [Run]) {
        self.prices = prices
        self.libraries = libraries
        self.runs = runs.sorted { $0.of < $1.of }
    }

    /// The runs of one scenario, in the order of the scenarios.
    public var byScenario: [(name: String, title: String, runs: [Run])] {
        var groups: [(name: String, title: String, runs: [Run])] = []
        for run in runs {
            if let last = groups.last, last.runs[0].of.scenario == run.of.scenario {
                groups[groups.count - 1].runs.append(run)
            } else {
                groups.append((run.of.name, run.title, [run]))
            }
        }
        return groups
    }

    public func run(_ of: BenchCase) -> Run? { runs.first { $0.of == of } }
}

/// What a clock said.
public struct BenchWall: Sendable, Hashable {
    public struct Run: Sendable, Hashable {
        public var of: BenchCase
        public var cpuSeconds: Double
        public var peakMemoryBytes: Int
        public var simulatedSeconds: Double
        public var steps: Int
        /// Calls between nodes: the frames that were sent.
        public var requests: Int
        /// Processor seconds of the reference loop, just before the run and on the same core.
        public var referenceSeconds: Double

        public init(
            of: BenchCase, cpuSeconds: Double, peakMemoryBytes: Int, simulatedSeconds: Double,
            steps: Int, requests: Int, referenceSeconds: Double
        ) {
            self.of = of
            self.cpuSeconds = cpuSeconds
            self.peakMemoryBytes = peakMemoryBytes
            self.simulatedSeconds = simulatedSeconds
            self.steps = steps
            self.requests = requests
            self.referenceSeconds = referenceSeconds
        }

        /// How many times the reference loop it took: the figure that two machines may compare.
        public var ratio: Double { referenceSeconds > 0 ? cpuSeconds / referenceSeconds : 0 }
    }

    /// The processor, and how many cores there are.
    public var machine: String
    /// The commit and the configuration of the binary.
    public var build: String
    public private(set) var runs: [Run]

    public init(machine: String, build: String, runs: [Run]) {
        self.machine = machine
        self.build = build
        self.runs = runs.sorted { $0.of < $1.of }
    }

    public func run(_ of: BenchCase) -> Run? { runs.first { $0.of == of } }
}
