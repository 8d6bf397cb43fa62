import Cluster
import Platform

/// Reads of consumers that keep nothing themselves: where they go on, the cluster tells them.
extension ClusterReader {
    /// Asks where this consumer of a table was, goes on there in a bucket, and has it kept how far
    /// it is then; now and then it goes back and begins anew.
    func consume(
        _ bucket: BucketIdentifier, _ table: TableDescription
    ) async throws -> String? {
        guard let log = oracles.evidence.logs[bucket] else { return nil }
        let name = "consumer-of-\(machine.name)"
        let found = try await client.offsets(of: name, in: table)
        let kept = keptOffsets[table.identifier] ?? [:]
        if !oracles.evidence.isDropped(table.identifier) {
            oracles.tell(
                .keptOffsets(
                    KeptOffsets(table: table, consumer: name, found: found, kept: kept)))
        }
        var offsets = kept
        if random.chance(1, in: 10) {
            offsets[bucket] = 0
        } else {
            switch try await readOn(bucket, log, from: kept[bucket] ?? 0) {
            case .refused(let reason): return reason
            case .begins(let offset), .seen(let offset): offsets[bucket] = offset
            }
        }
        do { try await client.keep(offsets, of: name, in: table) } catch ClusterError.unknownTable {
            return "\(table.path) was dropped"
        }
        keptOffsets[table.identifier] = offsets
        return nil
    }
}
