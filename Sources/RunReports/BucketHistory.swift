import JSON

/// What a bucket was at each moment of a run that was looked at: who led it, who was in sync, how
/// far it was committed, and how far the lake had it.
public struct BucketHistory: Sendable, Hashable {
    /// Holds until the next one.
    public struct Change: Sendable, Hashable {
        public var atSeconds: Double
        /// Empty where nobody leads.
        public var leader: String
        public var epoch: Int
        public var inSync: [String]
        public var highWatermark: Int
        /// The first offset that the lake does not have; nil where the table is in no lake.
        public var lakeOffset: Int?

        public init(
            atSeconds: Double, leader: String, epoch: Int, inSync: [String], highWatermark: Int,
            lakeOffset: Int?
        ) {
            self.atSeconds = atSeconds
            self.leader = leader
            self.epoch = epoch
            self.inSync = inSync
            self.highWatermark = highWatermark
            self.lakeOffset = lakeOffset
        }

        /// Whether only the moment differs.
        public func isSame(as other: Change) -> Bool {
            var moved = other
            moved.atSeconds = atSeconds
            return self == moved
        }
    }

    /// The table and the number, as in `orders/0`.
    public var bucket: String
    /// In order of time.
    public var changes: [Change]

    public init(bucket: String, changes: [Change]) {
        self.bucket = bucket
        self.changes = changes
    }
}

extension BucketHistory {
    var json: JSONValue {
        [
            "bucket": .string(bucket),
            "changes": .array(
                changes.map {
                    .array([
                        .number($0.atSeconds), .string($0.leader), .integer(Int64($0.epoch)),
                        .array($0.inSync.map { .string($0) }), .integer(Int64($0.highWatermark)),
                        $0.lakeOffset.map { .integer(Int64($0)) } ?? .null,
                    ])
                }),
        ]
    }

    init(field: JSONField) throws(JSONError) {
        bucket = try field.required("bucket").string()
        changes = []
        for field in try field.required("changes").array() {
            let parts = try field.array()
            guard parts.count == 6 else {
                throw .wrongType(path: field.path, expected: "six values")
            }
            var inSync: [String] = []
            for name in try parts[3].array() { inSync.append(try name.string()) }
            changes.append(
                Change(
                    atSeconds: try parts[0].finite(), leader: try parts[1].string(),
                    epoch: try parts[2].count(), inSync: inSync,
                    highWatermark: try parts[4].count(),
                    lakeOffset: parts[5].value == .null ? nil : try parts[5].count()))
        }
    }
}
