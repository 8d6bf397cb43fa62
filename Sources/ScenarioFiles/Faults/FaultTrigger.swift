/// What a fault waits for, from its date on, before it begins.
public enum FaultTrigger: Sendable, Hashable {
    /// The engine took a rare path, by the name of its probe.
    case probe(String)
    case condition(FaultCondition)
}

/// What must be so for a fault to begin.
public enum FaultCondition: Sendable, Hashable, CustomStringConvertible {
    /// A round that takes a table's log to the lake is under way.
    case tiering(table: String)
    /// Fewer replicas of a bucket than this are in sync.
    case inSync(table: String, bucket: Int, below: Int)
    /// The lake lacks more changes of a table than this.
    case lakeLag(table: String, above: Int)

    /// Each form as files write it, with what it means.
    static let forms = [
        Choice(name: "tiering TABLE", meaning: "a round of tiering the table is under way"),
        Choice(name: "inSync TABLE/BUCKET < N", meaning: "fewer replicas are in sync"),
        Choice(name: "lakeLag TABLE > N", meaning: "the lake lacks more changes of the table"),
    ]

    init?(_ text: String) {
        let words = text.split(separator: " ").map(String.init)
        switch (words.first, words.count) {
        case ("tiering", 2): self = .tiering(table: words[1])
        case ("inSync", 4):
            guard words[2] == "<", let place = BucketPlace(words[1]), let count = Int(words[3]),
                (1...9).contains(count)
            else { return nil }
            self = .inSync(table: place.table, bucket: place.bucket, below: count)
        case ("lakeLag", 4):
            guard words[2] == ">", let count = Int(words[3]), count >= 0 else { return nil }
            self = .lakeLag(table: words[1], above: count)
        default: return nil
        }
    }

    public var description: String {
        switch self {
        case .tiering(let table): "tiering \(table)"
        case .inSync(let table, let bucket, let count): "inSync \(table)/\(bucket) < \(count)"
        case .lakeLag(let table, let count): "lakeLag \(table) > \(count)"
        }
    }

    /// The table that it is about, and the bucket where it is about one.
    var subject: (table: String, bucket: Int?) {
        switch self {
        case .tiering(let table), .lakeLag(let table, _): (table, nil)
        case .inSync(let table, let bucket, _): (table, bucket)
        }
    }
}
