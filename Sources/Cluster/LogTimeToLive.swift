import Platform

/// The value of `table.log.ttl`: how long segments of a log are kept after their last batch.
enum LogTimeToLive: Hashable {
    case forever
    case limited(Duration)

    /// Reads Fluss's forms: a number and a unit (`7 d`, `12h`, `30 min`, `500 ms`), milliseconds
    /// without one, -1 for ever. Nil for anything else, and for more than a million days.
    init?(_ text: String) {
        if text == "-1" {
            self = .forever
            return
        }
        let digits = text.prefix { $0.isASCII && $0.isNumber }
        let unit = text.dropFirst(digits.count).drop { $0 == " " }
        guard let count = Int64(digits), let milliseconds = Self.units[String(unit).lowercased()],
            count <= 86_400_000 * 1_000_000 / milliseconds
        else { return nil }
        self = .limited(.milliseconds(count * milliseconds))
    }

    /// In milliseconds.
    private static let units: [String: Int64] = [
        "": 1, "ms": 1, "milli": 1, "millis": 1, "millisecond": 1, "milliseconds": 1,
        "s": 1000, "sec": 1000, "secs": 1000, "second": 1000, "seconds": 1000,
        "m": 60_000, "min": 60_000, "mins": 60_000, "minute": 60_000, "minutes": 60_000,
        "h": 3_600_000, "hour": 3_600_000, "hours": 3_600_000,
        "d": 86_400_000, "day": 86_400_000, "days": 86_400_000,
    ]
}

extension TableDescription {
    /// Whether the table itself says how long its log is kept, or how much of it.
    public var hasLogRetention: Bool {
        properties[.logTimeToLive] != nil || properties[.logRetentionByteCount] != nil
    }
}

/// How much of a table's log is kept: its own properties, else the cluster's.
struct LogRetention: Hashable {
    /// Nil for ever.
    var timeToLive: Duration?
    /// Of one bucket's remote log; nil for no bound.
    var byteCount: Int64?
    /// Sealed segments on each replica's disk though the remote log has them.
    var localSegmentCount: Int

    init(of table: TableDescription, _ configuration: ClusterConfiguration) {
        let properties = table.properties
        switch properties[.logTimeToLive].flatMap(LogTimeToLive.init) {
        case .forever: timeToLive = nil
        case .limited(let duration): timeToLive = duration
        case nil: timeToLive = configuration.logTimeToLive
        }
        switch properties[.logRetentionByteCount].flatMap(Int64.init) {
        case -1: byteCount = nil
        case let count?: byteCount = count
        case nil: byteCount = configuration.logRetentionByteCount
        }
        localSegmentCount =
            properties[.localSegments].flatMap(Int.init) ?? configuration.localSegmentCount
    }
}
