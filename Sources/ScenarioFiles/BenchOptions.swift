/// What a scenario says about its use as a benchmark.
public struct BenchOptions: Sendable, Hashable {
    /// How far a kind of figure may get worse.
    public struct Limit: Sendable, Hashable {
        public var name: BenchLimitName
        public var partsPerMillion: Int

        public init(name: BenchLimitName, partsPerMillion: Int) {
            self.name = name
            self.partsPerMillion = partsPerMillion
        }
    }

    /// Faults of `--faults on`, which come on top of the scenario's own.
    public var scriptedStorm: FaultPlan
    public var drawnStorm: [DrawnFaults]
    /// One for each name, in the order of the names.
    public var limits: [Limit]
    /// How many times wider the limits are with these faults: after any change of the engine its
    /// faults meet the work at other moments.
    public var stormFactor: Int

    /// The limits that hold without or with the storm's faults.
    public func limits(in faults: BenchFaults) -> [Limit] {
        limits.map {
            var limit = $0
            if faults == .on { limit.partsPerMillion *= stormFactor }
            return limit
        }
    }
}

/// The kinds of figures that have a limit of their own.
public enum BenchLimitName: String, Sendable, Hashable, CaseIterable {
    case throughput, latency, tailLatency, freshness, recovery, readLatency, recall
    case amplification, disk, network, memory, requests, cost, steps

    /// Of what it limits, for the schema.
    var meaning: String {
        switch self {
        case .throughput: "changes acknowledged a second"
        case .latency: "median and p90 from a write to its acknowledgement"
        case .tailLatency: "p99, p99.9 and maximum of all times"
        case .freshness: "median and p90 from a change to changelog, lake and vector index"
        case .recovery: "how long writers notice a fault"
        case .readLatency: "median and p90 from a question to its answer"
        case .recall: "the share of the nearest rows that searches find"
        case .amplification: "bytes written, stored and held, to the bytes of the changes"
        case .disk: "operations and bytes of disks"
        case .network: "frames and bytes between machines"
        case .memory: "the most that a node's process holds"
        case .requests: "requests to object store, catalog and coordination"
        case .cost: "what requests and storage would cost"
        case .steps: "steps of the scheduler a change"
        }
    }

    /// Tank figures are exact, yet what happens at the same instant may swap after any change, and
    /// tails feel that most.
    var byDefault: String {
        switch self {
        case .recall: "0.5%"
        case .amplification, .throughput, .requests: "1%"
        case .cost, .disk, .network: "2%"
        case .latency, .memory, .steps: "5%"
        case .freshness, .readLatency: "10%"
        case .tailLatency, .recovery: "25%"
        }
    }
}

/// How much work a benchmark is given: a factor on its rates and on the rows it has.
public enum BenchSize: String, Sendable, Hashable, CaseIterable {
    case small, medium, large

    public var factor: Int {
        switch self {
        case .small: 1
        case .medium: 3
        case .large: 9
        }
    }
}

/// Whether a benchmark runs with the faults of its storm.
public enum BenchFaults: String, Sendable, Hashable, CaseIterable {
    /// With the scenario's own faults alone, which most benchmarks have none of.
    case off
    /// With the faults under `storm` as well.
    case on
}

extension BenchOptions {
    static let shape = RecordShape([
        Field(
            "storm", .list(.tagged(ScenarioFormat.faultShape), isEmptyAllowed: true),
            .emptyByDefault, "faults that `--faults on` adds to the scenario's own"),
        Field(
            "limits",
            .record(
                RecordShape(
                    BenchLimitName.allCases.map {
                        Field($0.rawValue, .share, .byDefault($0.byDefault), $0.meaning)
                    })), .emptyByDefault, "how far figures may get worse"),
        Field(
            "stormFactor", .integer(1...100), .byDefault("10"),
            "times the limits, with the storm's faults"),
    ])

    init(_ record: CheckedRecord, length: Duration) {
        (scriptedStorm, drawnStorm) = Scenario.faults(record.list("storm"), length: length)
        stormFactor = record.integer("stormFactor")
        let written = record.record("limits")
        limits = BenchLimitName.allCases.map {
            Limit(name: $0, partsPerMillion: written.integer($0.rawValue))
        }
    }
}

extension Scenario {
    /// The run that a benchmark makes of this scenario, with as much work, without or with the
    /// storm's faults.
    public func benchmark(_ size: BenchSize, _ faults: BenchFaults) -> Scenario {
        var scenario = self
        scenario.workloads = workloads.map { $0.multiplied(by: size.factor) }
        if faults == .on, let bench {
            scenario.scriptedFaults = FaultPlan(
                scriptedFaults.faults + bench.scriptedStorm.faults)
            scenario.drawnFaults += bench.drawnStorm
        }
        return scenario
    }
}
