import Cluster

extension OracleName {
    public static let spread = OracleName("spread")
}

/// Rows that no key places are spread over the buckets of their table, or of each partition.
///
/// What is counted is batches: while a bucket has to wait, the rows that come for it gather there.
final class Spread: Oracle {
    static let description = OracleDescription(
        .spread, "rows that no key places are spread over the buckets",
        compares: "batches of buckets with those of the others")

    /// With fewer batches a bucket, chance alone may leave one out.
    private static let leastMean = 40
    /// A bucket may have as much less than the mean.
    private static let leastShare = 4

    private struct Owner: Hashable, Comparable {
        var table: Int64
        var partition: Int64

        static func < (left: Owner, right: Owner) -> Bool {
            (left.table, left.partition) < (right.table, right.partition)
        }
    }

    private let evidence: Evidence
    private let tally: Tally

    init(_ evidence: Evidence, _ tally: Tally) {
        self.evidence = evidence
        self.tally = tally
    }

    var hasWork: Bool { tally.compared > 0 }

    func conclude() {
        for table in evidence.observation.tables
        where table.bucketKeyFields.isEmpty && table.bucketCount > 1 {
            var counts: [Owner: [Int32: Int]] = [:]
            for log in evidence.logs(of: table.identifier) {
                let owner = Owner(table: table.identifier, partition: log.bucket.partition ?? -1)
                counts[owner, default: [:]][log.bucket.bucket] = log.entries.count
            }
            for owner in counts.keys.sorted() { judge(counts[owner]!, of: table) }
        }
    }

    private func judge(_ counts: [Int32: Int], of table: TableDescription) {
        // In any order: they are only added up.
        let mean = counts.values.reduce(0, +) / Int(table.bucketCount)
        if mean < Self.leastMean { return }
        for bucket in 0..<Int32(table.bucketCount) {
            let count = counts[bucket] ?? 0
            tally.expect(
                count * Self.leastShare >= mean,
                "\(table.name) bucket \(bucket) has \(count) batches, and the buckets have "
                    + "\(mean) of them on average")
        }
    }
}
