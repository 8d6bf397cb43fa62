import Changelog
import Cluster
import Platform
import Server

extension OracleName {
    public static let durability = OracleName("durability")
}

/// At each acknowledgement, the disks of all in the in-sync set durably hold the batch.
///
/// It looks at what each disk would have after a loss of power, at once: replication cannot heal
/// the evidence away. Disks that a fault damages prove nothing, and are left out.
final class Durability: Oracle {
    static let description = OracleDescription(
        .durability, "what is acknowledged is durable on every disk of the in-sync set",
        compares: "acknowledged batches with disks",
        needs: [.cluster, .durableDisks, .faults])

    private struct Copy: Hashable {
        var node: String
        var bucket: BucketIdentifier
    }

    /// How far a segment file has been read.
    private struct Place {
        var segment: String
        var position: Int
        var offset: Int64
    }

    private let evidence: Evidence
    private let tally: Tally
    private var places: [Copy: Place] = [:]
    private var judged: [BucketIdentifier: TableWriter.Receipt] = [:]

    init(_ evidence: Evidence, _ tally: Tally) {
        self.evidence = evidence
        self.tally = tally
    }

    func learned(_ fact: Fact) {
        guard case .acknowledged(let receipt, let leader) = fact, leader != nil,
            // All changes of one batch are told of one after the other.
            judged[receipt.bucket] != receipt,
            receipt.acknowledgement.baseOffset != Acknowledgement.untoldOffset,
            let state = evidence.observation.state(of: receipt.bucket)
        else { return }
        judged[receipt.bucket] = receipt
        // A disk may be taken away between its sync and the acknowledgement that waited for it.
        let damaged = evidence.observation.damagedNodes.union(
            evidence.observation.nodesWithoutDisk)
        for node in state.inSync where !damaged.contains(node) && !removes(receipt.bucket, node) {
            judge(receipt, Copy(node: node, bucket: receipt.bucket))
        }
    }

    /// Whether a server has heard that the bucket's table or partition is dropped: it removes the
    /// log while the answers to what it took before are on their way.
    private func removes(_ bucket: BucketIdentifier, _ node: String) -> Bool {
        evidence.observation.deployment.runningServers.contains {
            $0.server.mirror.isGone(bucket) && $0.name.description == node
        }
    }

    private func judge(_ receipt: TableWriter.Receipt, _ copy: Copy) {
        let offset = receipt.acknowledgement.baseOffset
        // Mostly it stands behind the last one that was looked at.
        if let known = places[copy],
            let found = find(offset, copy, known.segment, known), isOf(receipt, found)
        {
            tally.count()
            return
        }
        let folder = "logs/\(copy.bucket.path)"
        let names = evidence.observation.durableNames(of: copy.node, in: folder)
        if let first = names.compactMap({ firstOffset(of: $0) }).min(), first > offset {
            // It is tiered, and was dropped here.
            return
        }
        guard let (name, base) = LogBatch.segment(holding: offset, among: names) else {
            tally.expect(false, "\(place(receipt, copy)): it has no segment that holds it")
            return
        }
        let found = find(offset, copy, folder + "/" + name, nil)
        tally.expect(
            found.map { isOf(receipt, $0) } ?? false,
            "\(place(receipt, copy)): "
                + (found == nil
                    ? "the segment from offset \(base) ends before it, or is torn there"
                    : "another batch stands there"))
    }

    private func isOf(_ receipt: TableWriter.Receipt, _ batch: LogBatch) -> Bool {
        batch.writer == receipt.writer && batch.sequence == receipt.sequence
    }

    private func firstOffset(of name: String) -> Int64? {
        name.hasSuffix(".log") ? Int64(name.dropLast(4)) : nil
    }

    /// The sound batch at an offset of a segment file, read on from a place in it if that is
    /// before.
    private func find(
        _ offset: Int64, _ copy: Copy, _ path: String, _ known: Place?
    ) -> LogBatch? {
        var place = Place(segment: path, position: 0, offset: 0)
        if let known, known.segment == path, known.offset <= offset { place = known }
        guard
            let bytes = evidence.observation.durableBytes(
                of: copy.node, at: path, from: Int64(place.position))
        else { return nil }
        var position = 0
        while let (batch, next) = LogBatch.inSegment(bytes, at: position) {
            if batch.baseOffset > offset { return nil }
            if batch.baseOffset == offset {
                places[copy] = Place(
                    segment: path, position: place.position + position, offset: offset)
                return batch
            }
            position = next
        }
        return nil
    }

    private func place(_ receipt: TableWriter.Receipt, _ copy: Copy) -> String {
        "\(evidence.place(of: receipt.bucket)): batch \(receipt.sequence) of writer "
            + "\(receipt.writer) was acknowledged at offset "
            + "\(receipt.acknowledgement.baseOffset), and the disk of \(copy.node), which is in "
            + "sync, does not hold it"
    }
}
