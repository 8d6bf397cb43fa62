import Columnar

/// What a workload generates, beside what it says that it does.
public struct WorkloadProfile: Sendable, Hashable {
    /// A number and the bounds that are stated for it.
    public struct Measure: Sendable, Hashable {
        public var name: String
        public var value: Double
        public var low: Double
        public var high: Double
        /// "%", "s" or nothing.
        public var unit: String
        /// Where the bounds are from.
        public var source: String

        public init(
            _ name: String, _ value: Double, _ bounds: ClosedRange<Double>, unit: String = "%",
            _ source: String
        ) {
            self.name = name
            self.value = value
            low = bounds.lowerBound
            high = bounds.upperBound
            self.unit = unit
            self.source = source
        }

        public var isInside: Bool { value >= low && value <= high }
    }

    /// Shares of some classes, and those that are stated.
    public struct Shape: Sendable, Hashable {
        public struct Bar: Sendable, Hashable {
            public var label: String
            /// Of all that was counted, in parts per million.
            public var observed: Int
            public var stated: Int

            public init(label: String, observed: Int, stated: Int) {
                self.label = label
                self.observed = observed
                self.stated = stated
            }
        }

        public var name: String
        public var bars: [Bar]
        public var source: String

        public init(_ name: String, _ bars: [Bar], _ source: String) {
            self.name = name
            self.bars = bars
            self.source = source
        }
    }

    /// What happens to one table.
    public struct Table: Sendable, Hashable {
        public var name: String
        public var written = 0
        public var deleted = 0
        /// Values that are null, of all that are written.
        public var nulls = 0
        public var values = 0

        public init(name: String) { self.name = name }
    }

    public var changeCount = 0
    /// Changes that happen together.
    public var stepCount = 0
    public var duration = Duration.zero
    public var tables: [Table] = []
    public var measures: [Measure] = []
    public var shapes: [Shape] = []

    public init() {}

    public var isInside: Bool { measures.allSatisfy(\.isInside) }
}

extension WorkloadProfile {
    /// Of a workload's first `changeCount` changes, or of all that it has.
    public init(_ workload: any Workload, changeCount limit: Int) {
        self.init()
        tables = workload.tables.map { Table(name: $0.name) }
        let profiler = workload.profiler
        let start: Int64 = 1_700_000_000_000_000
        while changeCount < limit {
            let now = start + Int64(duration / .microseconds(1))
            guard let step = workload.next(now: now) else { break }
            duration += step.delay
            stepCount += 1
            changeCount += step.changes.count
            for change in step.changes {
                count(change)
                profiler?.take(change)
            }
        }
        if let profiler {
            measures = profiler.measures
            shapes = profiler.shapes
        }
    }

    private mutating func count(_ change: Change) {
        switch change.kind {
        case .append(let row), .upsert(let row), .update(let row, _):
            tables[change.table].written += 1
            tables[change.table].values += row.count
            tables[change.table].nulls += row.count { $0 == .null }
        case .delete, .deletePart: tables[change.table].deleted += 1
        case .insertIfAbsent: tables[change.table].written += 1
        }
    }
}
