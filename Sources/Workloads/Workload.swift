public import Columnar

/// One change that a workload makes to a table.
public struct Change: Sendable, Hashable {
    public enum Kind: Sendable, Hashable {
        case append(Row)
        case upsert(Row)
        /// Changes the columns at these positions, the key's among them.
        case update(Row, columns: [Int])
        case delete(key: [Value])
        /// Deletes the values of the columns at these positions, the key's among them, and the row
        /// with them once no other column has a value.
        case deletePart(key: [Value], columns: [Int])
        /// Gives the key a row with nothing but itself, unless it has one.
        case insertIfAbsent(key: [Value])

        /// Whether a table can refuse it as a deletion.
        public var isDeletion: Bool {
            switch self {
            case .delete, .deletePart: true
            case .append, .upsert, .update, .insertIfAbsent: false
            }
        }
    }

    /// A position in the workload's `tables`.
    public var table: Int
    public var kind: Kind
    /// The identifier of the table's schema that rows and columns are of.
    public var schema: Int16

    public init(table: Int, _ kind: Kind, schema: Int16 = 0) {
        self.table = table
        self.kind = kind
        self.schema = schema
    }
}

/// A stream of changes, the same for the same seed.
public protocol Workload: AnyObject {
    var tables: [TableDefinition] { get }

    /// What happens next and how long after the step before; nil at the end of a finite workload.
    ///
    /// `now` is the simulated time, in microseconds since 1970, for the events' own timestamps.
    func next(now: Int64) -> WorkloadStep?

    /// A table has another schema from now on, or with nil is not there; changes that come later
    /// may for a while still be of the schema before.
    func learned(_ schema: Schema?, of table: Int)

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
    /// Only tables that are altered while they are written have other schemas.
    public func learned(_ schema: Schema?, of table: Int) {}

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
