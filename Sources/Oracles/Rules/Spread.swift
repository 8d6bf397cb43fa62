import Cluster

extension OracleName {
    public static let spread = OracleName("spread")
}

/// Rows that no key places are spread over the buckets of their table, or of each partition.
///
/// By batches, or by rows: for one that has to wait rows gather, and make fewer and larger batches;
/// who sends a batch here and the next there leaves more rows where it has to wait.
final class Spread: Oracle {
    static let description = OracleDescription(
        .spread, "rows that no key places are spread over the buckets",
        compares: "batches and rows of buckets with those of the others")

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
            var counts: [Owner: [Int32: (batches: Int, rows: Int)]] = [:]
            for log in evidence.logs(of: table.identifier) {
                let owner = Owner(table: table.identifier, partition: log.bucket.partition ?? -1)
                counts[owner, default: [:]][log.bucket.bucket] = (
                    log.entries.count, Int(log.endOffset)
                )
            }
            for owner in counts.keys.sorted() { judge(counts[owner]!, of: table) }
        }
    }

    private func judge(
        _ counts: [Int32: (batches: Int, rows: Int)], of table: TableDescription
    ) {
        // In any order: they are only added up.
        let batches = counts.values.reduce(0) { $0 + $1.batches } / Int(table.bucketCount)
        let rows = counts.values.reduce(0) { $0 + $1.rows } / Int(table.bucketCount)
        if batches < Self.leastMean { return }
        for bucket in 0..<Int32(table.bucketCount) {
            let count = counts[bucket] ?? (0, 0)
            tally.expect(
                count.batches * Self.leastShare >= batches || count.rows * Self.leastShare >= rows,
                "\(table.name) bucket \(bucket) has \(count.batches) batches with \(count.rows) "
                    + "rows, and the buckets have \(batches) with \(rows) on average")
        }
    }
}
