public import Columnar

/// A table that a workload writes to.
public struct TableDefinition: Sendable, Hashable {
    public var name: String
    public var schema: Schema
    /// Positions of the columns that choose the bucket.
    public var bucketKey: [Int]
    /// The column whose vectors are indexed.
    public var vectorColumn: Int?
    /// By Fluss's names.
    public var properties: [Property]
    /// Whether some changes are about some columns only.
    public var hasPartialUpdates: Bool

    /// One property of a table, such as its merge engine.
    public struct Property: Sendable, Hashable {
        public var name: String
        public var value: String

        public init(name: String, value: String) {
            self.name = name
            self.value = value
        }
    }

    public init(
        name: String, schema: Schema, bucketKey: [Int], vectorColumn: Int? = nil,
        properties: [Property] = [], hasPartialUpdates: Bool = false
    ) {
        self.name = name
        self.properties = properties
        self.hasPartialUpdates = hasPartialUpdates
        self.schema = schema
        self.bucketKey = bucketKey
        self.vectorColumn = vectorColumn
    }

    public var isPrimaryKeyTable: Bool { !schema.primaryKey.isEmpty }
}

/// One change that a workload makes to a table.
public struct Change: Sendable, Hashable {
    public enum Kind: Sendable, Hashable {
        case append(Row)
        case upsert(Row)
        /// Changes the columns at these positions, the key's among them.
        case update(Row, columns: [Int])
        case delete(key: [Value])
    }

    /// A position in the workload's `tables`.
    public var table: Int
    public var kind: Kind

    public init(table: Int, _ kind: Kind) {
        self.table = table
        self.kind = kind
    }
}

/// A stream of changes, the same for the same seed.
public protocol Workload: AnyObject {
    var tables: [TableDefinition] { get }

    /// What happens next and how long after the step before; nil at the end of a finite workload.
    ///
    /// `now` is the simulated time, in microseconds since 1970, for the events' own timestamps.
    func next(now: Int64) -> WorkloadStep?

    /// From now on draws otherwise than its seed says; what is no draw stays as it is.
    func redraw(_ number: UInt64)

    /// What came from outside so far and could not be taken.
    var refusedLines: RefusedLines { get }

    /// How much of what came from outside was played, when so many changes were sent; nil for a
    /// workload that draws them.
    func coverage(sentCount: Int) -> CaptureCoverage?

    /// Who holds its changes against what is stated of it; nil where nothing is.
    var profiler: (any WorkloadProfiler)? { get }
}

extension Workload {
    /// A capture is what it is.
    public func redraw(_ number: UInt64) {}

    /// A workload that draws its changes refuses none.
    public var refusedLines: RefusedLines { RefusedLines() }

    public func coverage(sentCount: Int) -> CaptureCoverage? { nil }

    public var profiler: (any WorkloadProfiler)? { nil }
}

/// Changes that happen together.
public struct WorkloadStep: Sendable, Hashable {
    public var delay: Duration
    public var changes: [Change]

    public init(delay: Duration, changes: [Change]) {
        self.delay = delay
        self.changes = changes
    }
}

/// How fast a workload is: a rate with times of more.
public struct Pace: Sendable, Hashable {
    /// Between two steps outside a burst.
    public var interval: Duration
    public var burstEvery: Duration?
    public var burstDuration: Duration
    public var burstFactor: Int

    public init(
        interval: Duration, burstEvery: Duration? = nil, burstDuration: Duration = .zero,
        burstFactor: Int = 1
    ) {
        precondition(interval > .zero && burstFactor > 0, "a pace without time")
        self.interval = interval
        self.burstEvery = burstEvery
        self.burstDuration = burstDuration
        self.burstFactor = burstFactor
    }

    /// Between a half and one and a half of the mean interval, less in a burst.
    func delay(at elapsed: Duration, _ random: inout RandomSource) -> Duration {
        var mean = interval
        if let burstEvery {
            let within = nanoseconds(elapsed) % max(1, nanoseconds(burstEvery))
            if within < nanoseconds(burstDuration) { mean = mean / burstFactor }
        }
        let whole = Int(nanoseconds(mean))
        return .nanoseconds(whole / 2 + random.below(max(1, whole)))
    }

    private func nanoseconds(_ duration: Duration) -> Int64 {
        let (seconds, attoseconds) = duration.components
        return seconds * 1_000_000_000 + attoseconds / 1_000_000_000
    }
}
