/// One workload of a scenario; all of them run at the same time.
public enum WorkloadOptions: Sendable, Hashable {
    case ecommerceCDC(EcommerceOptions)
    case clickstream(ClickstreamOptions)
    case merging(MergingOptions)
    case capture(CaptureOptions)

    /// Nodes that write; those that follow them only read.
    public var writerCount: Int {
        switch self {
        case .ecommerceCDC(let options): options.writers
        case .clickstream(let options): options.writers
        case .merging(let options): options.writers
        case .capture: 1
        }
    }

    /// What readers are asked to do, where the scenario says so.
    public var reads: ReadRates {
        guard case .ecommerceCDC(let options) = self else { return ReadRates() }
        return options.reads
    }

    /// Nodes that write or read on the cluster from outside.
    public var clientCount: Int {
        switch self {
        case .ecommerceCDC(let options): options.writers + options.readers
        case .clickstream(let options): options.writers
        case .merging(let options): options.writers + options.readers
        case .capture: 1
        }
    }
}

/// A shop's database as a stream of changes.
public struct EcommerceOptions: Sendable, Hashable {
    /// The names of the tables that there are; all of them when empty.
    public var tables: [String] = []
    public var rate: EventRate
    public var customers: Int
    public var products: Int
    public var skew: Skew
    public var burst: Burst?
    public var lateEventsPartsPerMillion: Int
    /// A late event comes by up to so much.
    public var lateBy: Duration
    public var deletesPartsPerMillion: Int
    /// Finished orders that are deleted together, the oldest first; any one of them when 1.
    public var cleanUpCount: Int
    public var writers: Int
    /// Clients that look up, scan and search while the writers write.
    public var readers: Int
    /// What readers ask and how often; a little of everything when empty.
    public var reads: ReadRates
}

/// Visits to a web shop.
public struct ClickstreamOptions: Sendable, Hashable {
    /// The names of the tables that there are; all of them when empty.
    public var tables: [String] = []
    public var rate: EventRate
    /// Sessions that are open at the same time.
    public var sessions: Int
    public var burst: Burst?
    public var lateEventsPartsPerMillion: Int
    /// A late event comes by up to so much.
    public var lateBy: Duration
    public var writers: Int
}

/// Rows of few keys in a table of each merge engine.
public struct MergingOptions: Sendable, Hashable {
    /// The names of the tables that there are; all of them when empty.
    public var tables: [String] = []
    public var rate: EventRate
    /// Keys of each table.
    public var keys: Int
    public var writers: Int
    public var readers: Int
}

/// Changes or log lines that were captured from a real system.
public struct CaptureOptions: Sendable, Hashable {
    public enum Format: String, Sendable, Hashable, CaseIterable {
        case wal2json, combinedLog, debezium
    }

    public enum Pace: Sendable, Hashable {
        /// In thousandths of the speed at which it was captured.
        case speed(perThousand: Int)
        case rate(EventRate)
    }

    /// Relative to the scenario file.
    public var file: String
    public var format: Format
    public var pace: Pace
    /// The tables to replay, by name; all of them when empty.
    public var tables: [String] = []
    /// Tables that are not replayed, by name.
    public var without: [String] = []
    /// How a web log is written; combined format when absent.
    public var logFormat: String?
    /// The name of the table that a web log becomes.
    public var logTable: String?

    public init(file: String, format: Format, pace: Pace) {
        self.file = file
        self.format = format
        self.pace = pace
    }
}

/// A time of many events that comes again and again.
public struct Burst: Sendable, Hashable {
    public var every: Duration
    public var duration: Duration
    /// How many times the rate.
    public var factor: Int
}
