/// A failed run as one file: everything that is needed to run it again, and what was seen.
public struct FailureFile: Sendable, Hashable {
    public struct Violation: Sendable, Hashable {
        public var oracle: String
        public var message: String
        /// Simulated time since the start of the run.
        public var at: Duration

        public init(oracle: String, message: String, at: Duration) {
            self.oracle = oracle
            self.message = message
            self.at = at
        }
    }

    public static let version = 1

    /// The scenario's own path and text, so that later edits of the file do not change the failure.
    public var scenarioPath: String
    public var scenarioText: String
    public var seed: UInt64
    /// The simulated time of the run, which may be shorter than the scenario says.
    public var length: Duration
    /// The faults as they were dated, drawn ones included.
    public var plan: FaultPlan
    /// The commit and the configuration of the binary that ran.
    public var build: String
    /// In hexadecimal.
    public var traceHash: String
    public var verdict: String
    public var violations: [Violation]
    /// The run's trace in little room, for telling where another build's run first differs; nil if
    /// it was not kept.
    public var sketch: String?
    /// How jobs that could run at one instant were ordered, where that is not as the scenario says.
    public var schedule: Schedule?

    public init(
        scenarioPath: String, scenarioText: String, seed: UInt64, length: Duration, plan: FaultPlan,
        build: String, traceHash: String, verdict: String, violations: [Violation],
        sketch: String? = nil, schedule: Schedule? = nil
    ) {
        self.scenarioPath = scenarioPath
        self.scenarioText = scenarioText
        self.seed = seed
        self.length = length
        self.plan = plan
        self.build = build
        self.traceHash = traceHash
        self.verdict = verdict
        self.violations = violations
        self.sketch = sketch
        self.schedule = schedule
    }
}
