/// A figure that benchmarks measure in simulated time or count: exact, a whole number.
public struct BenchFigure: Sendable, Hashable {
    public enum Unit: String, Sendable, Hashable {
        case count, bytes, nanoseconds
        /// Thousandths a second.
        case perSecond
        /// Thousandths: of a ratio, or of a mean count.
        case ratio
        /// Parts per million of a whole.
        case share
        /// Billionths of a dollar.
        case nanodollars
    }

    public enum Better: Sendable, Hashable {
        case lower, higher
        /// It says how much was done, not how well.
        case neither
    }

    /// Words divided by dots, the first of them being the group.
    public var name: String
    /// For people, such as `Write latency p99`.
    public var title: String
    public var unit: Unit
    public var better: Better
    /// The limit of scenario files that holds for it; nil for none.
    public var limit: String?
    /// Whether it stands in the history and in short tables.
    public var isHeadline: Bool
    /// The figures that it is made of: what to look at when it moves.
    public var parts: [String]

    public init(
        _ name: String, _ title: String, _ unit: Unit, _ better: Better, limit: String? = nil,
        isHeadline: Bool = false, parts: [String] = []
    ) {
        self.name = name
        self.title = title
        self.unit = unit
        self.better = better
        self.limit = limit
        self.isHeadline = isHeadline
        self.parts = parts
    }

    /// The figure of a name; one that an older report has and this build does not know is a count
    /// without limit.
    public static func named(_ name: String) -> BenchFigure {
        all.first { $0.name == name } ?? BenchFigure(name, name, .count, .neither)
    }
}

extension BenchFigure {
    /// All figures, in the order in which reports show them.
    public static let all: [BenchFigure] =
        changes + latencies + freshness + recovery + reads + amplification + disk + network
        + memory + objects + lake + cost + scheduler + ByteLayer.figures

    private static let changes = [
        BenchFigure("changes.acknowledged", "Changes acknowledged", .count, .neither),
        BenchFigure("changes.refused", "Changes refused", .count, .neither),
        BenchFigure("changes.unknown", "Changes of unknown outcome", .count, .neither),
        BenchFigure("changes.bytes", "Bytes that the changes say", .bytes, .neither),
        BenchFigure("changes.liveBytes", "Bytes that live rows say", .bytes, .neither),
        BenchFigure(
            "throughput", "Throughput", .perSecond, .higher, limit: "throughput",
            isHeadline: true),
    ]

    private static func percentiles(
        _ group: String, _ title: String, limit: String, tailLimit: String? = nil,
        headline: String = "p99"
    ) -> [BenchFigure] {
        [
            ("p50", "p50"), ("p90", "p90"), ("p99", "p99"), ("p999", "p99.9"),
            ("maximum", "maximum"),
        ].map { name, word in
            let isTail = !["p50", "p90"].contains(name)
            return BenchFigure(
                "\(group).\(name)", "\(title) \(word)", .nanoseconds, .lower,
                limit: isTail ? tailLimit ?? limit : limit, isHeadline: name == headline)
        }
    }

    private static let latencies = percentiles(
        "latency", "Write latency", limit: "latency", tailLimit: "tailLatency")

    private static let freshness = [
        ("changelog", "From change to a reader of the log"), ("lake", "From change to lake"),
        ("vector", "From change to vector index"),
    ].flatMap {
        percentiles("freshness.\($0)", $1, limit: "freshness", tailLimit: "tailLatency")
    }

    private static let recovery = [
        BenchFigure(
            "availability.worst", "Time in which nobody waited for the worst bucket", .share,
            .higher, limit: "recovery"),
        BenchFigure(
            "availability.all", "Time in which nobody waited for a bucket", .share, .higher,
            limit: "recovery"),
        BenchFigure("recovery.outages", "Times that writers waited", .count, .neither),
        BenchFigure(
            "recovery.longest", "Longest wait of writers", .nanoseconds, .lower,
            limit: "recovery", isHeadline: true),
        BenchFigure(
            "recovery.total", "All waits of writers", .nanoseconds, .lower, limit: "recovery"),
        BenchFigure(
            "recovery.settled", "From the end of the writes to a whole cluster", .nanoseconds,
            .lower, limit: "recovery"),
    ]

    private static let reads =
        [
            ("lookup", "Lookup"), ("scan", "Scan"), ("search", "Search"),
            ("nearRows", "Near rows search"), ("unionRead", "Union read"), ("follow", "Follow"),
            ("filter", "Filtered read"), ("consume", "Consumer read"),
        ].flatMap { kind, title in
            [
                BenchFigure("\(kind).answered", "\(title)s answered", .count, .neither),
                BenchFigure("\(kind).failed", "\(title)s that failed", .count, .neither),
            ] + percentiles(kind, title, limit: "readLatency", tailLimit: "tailLatency")
        } + [
            BenchFigure(
                "search.recall", "Recall", .share, .higher, limit: "recall", isHeadline: true),
            BenchFigure(
                "search.bytesPerRow", "Memory of the vector indexes a row", .bytes, .lower,
                limit: "memory", parts: ["memory.indexer"]),
        ]

    private static let amplification = [
        BenchFigure(
            "amplification.write", "Write amplification", .ratio, .lower, limit: "amplification",
            isHeadline: true, parts: ["disk.writtenBytes", "changes.bytes"]),
        BenchFigure(
            "amplification.upload", "Upload amplification", .ratio, .lower,
            limit: "amplification", isHeadline: true,
            parts: ["objects.putBytes", "changes.bytes"]),
        BenchFigure(
            "amplification.space", "Space amplification", .ratio, .lower,
            limit: "amplification", isHeadline: true,
            parts: ["disk.heldBytes", "objects.storedBytes", "changes.liveBytes"]),
        BenchFigure(
            "amplification.network", "Network amplification", .ratio, .lower, limit: "network",
            isHeadline: true, parts: ["network.bytes", "changes.bytes"]),
    ]

    private static let disk = [
        BenchFigure("disk.writes", "Disk writes", .count, .lower, limit: "disk"),
        BenchFigure("disk.writtenBytes", "Bytes written to disks", .bytes, .lower, limit: "disk"),
        BenchFigure("disk.reads", "Disk reads", .count, .lower, limit: "disk"),
        BenchFigure("disk.readBytes", "Bytes read from disks", .bytes, .lower),
        BenchFigure("disk.syncs", "Syncs", .count, .lower, limit: "disk"),
        BenchFigure("disk.heldBytes", "Bytes on disks at the end", .bytes, .lower, limit: "disk"),
    ]

    private static let network = [
        BenchFigure("network.frames", "Frames", .count, .lower, limit: "network"),
        BenchFigure("network.bytes", "Bytes on the network", .bytes, .lower, limit: "network"),
    ]

    private static let memory = [
        BenchFigure(
            "memory.server", "Most memory that a server held", .bytes, .lower, limit: "memory",
            isHeadline: true),
        BenchFigure(
            "memory.tierer", "Most memory that a tierer held", .bytes, .lower, limit: "memory"),
        BenchFigure(
            "memory.indexer", "Most memory that an indexer held", .bytes, .lower, limit: "memory"),
    ]

    private static let objects = [
        BenchFigure("objects.puts", "Puts", .count, .lower, limit: "requests"),
        BenchFigure("objects.gets", "Gets", .count, .lower, limit: "requests"),
        BenchFigure("objects.heads", "Heads", .count, .lower, limit: "requests"),
        BenchFigure("objects.lists", "Lists", .count, .lower, limit: "requests"),
        BenchFigure("objects.deletes", "Deletes", .count, .neither),
        BenchFigure("objects.putBytes", "Bytes put", .bytes, .lower, limit: "amplification"),
        BenchFigure("objects.getBytes", "Bytes got", .bytes, .lower, limit: "network"),
        BenchFigure(
            "objects.storedBytes", "Bytes stored at the end", .bytes, .lower,
            limit: "amplification"),
        BenchFigure("catalog.requests", "Catalog requests", .count, .lower, limit: "requests"),
        BenchFigure(
            "coordination.requests", "Coordination requests", .count, .lower, limit: "requests"),
    ]

    private static let perCommit = ["puts", "gets", "heads", "lists"]

    private static let lake =
        [
            BenchFigure("lake.commits", "Lake commits", .count, .neither, isHeadline: true),
            BenchFigure("lake.files", "Lake files", .count, .neither),
            BenchFigure("lake.fileBytes", "Bytes a lake file", .bytes, .neither),
            BenchFigure(
                "lake.requestsPerCommit", "Requests a commit", .ratio, .lower, limit: "requests",
                isHeadline: true, parts: perCommit.map { "lake.\($0)PerCommit" }),
        ]
        + perCommit.map {
            BenchFigure("lake.\($0)PerCommit", "Of them \($0)", .ratio, .lower, limit: "requests")
        }

    private static let cost = [
        BenchFigure(
            "cost.requests", "Requests, a million changes", .nanodollars, .lower, limit: "cost",
            isHeadline: true,
            parts: ["objects.puts", "objects.gets", "objects.heads", "objects.lists"]),
        BenchFigure(
            "cost.storage", "Storage a month, a million changes", .nanodollars, .lower,
            limit: "cost", parts: ["objects.storedBytes"]),
    ]

    private static let scheduler = [
        BenchFigure(
            "scheduler.stepsPerChange", "Steps a change", .ratio, .lower, limit: "steps",
            isHeadline: true),
        BenchFigure("scheduler.steps", "Steps", .count, .neither),
    ]
}

extension BenchFigure.Unit {
    /// The value for people.
    public func text(_ value: Int) -> String {
        let number = Double(value)
        return switch self {
        case .count: NumberText.grouped(value)
        case .bytes: NumberText.bytes(number)
        case .nanoseconds: NumberText.seconds(number / 1e9)
        case .perSecond: "\(NumberText.short(number / 1000))/s"
        case .ratio: NumberText.fixed(number / 1000, decimals: 2)
        case .share: "\(NumberText.fixed(number / 10_000, decimals: 2)) %"
        case .nanodollars: "$\(NumberText.fixed(number / 1e9, decimals: 3))"
        }
    }
}
