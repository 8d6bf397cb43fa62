import Cluster
import Platform
import Server
import Vectors

extension OracleName {
    public static let halts = OracleName("halts")
}

/// No server ends itself, no copy is damaged, no table stops going to the lake and no index is
/// dropped without a fault that explains it; nor is a server that holds something left behind by an
/// upgrade of the others.
final class Halts: Oracle {
    static let description = OracleDescription(
        .halts, "nothing stops, and nothing is damaged, without a fault that explains it",
        compares: "seconds of nodes, and halts, damage and warnings with the faults before them",
        needs: [.cluster, .faults])

    /// For as long after it has ended a fault explains what happens to its node.
    private static let aftermath = Duration.seconds(30)

    private struct Index: Hashable {
        var node: String
        var bucket: BucketIdentifier
    }

    private let evidence: Evidence
    private let tally: Tally
    private var lastWarnings: [String: String] = [:]
    private var openIndexes: Set<Index> = []
    private var indexers: [String: ObjectIdentifier] = [:]
    private var observation: any Observation { evidence.observation }

    init(_ evidence: Evidence, _ tally: Tally) {
        self.evidence = evidence
        self.tally = tally
    }

    func learned(_ fact: Fact) {
        switch fact {
        case .halted(let node):
            tally.expect(
                isExplained(node, withStore: false),
                "\(node) ended itself, and no fault explains it"
                    + (lastWarnings[node].map { ": \($0)" } ?? ""))
        case .reached("damaged log", let node):
            tally.expect(
                observation.damagedNodes.contains(node),
                "a log on \(node) is damaged, where no fault damaged anything"
                    + (lastWarnings[node].map { ": \($0)" } ?? ""))
        case .reached("server too old for the cluster's format", let node):
            let held = observation.tables.flatMap { evidence.buckets(of: $0) }.filter {
                observation.state(of: $0)?.replicas.contains(node) ?? false
            }
            tally.expect(
                held.isEmpty,
                "\(node) holds \(held.count) replicas, and the cluster writes what it cannot read")
        case .warned(let node, let message):
            lastWarnings[node] = message
            if message.hasPrefix("lake of ") && message.contains(" waits: ") {
                tally.expect(
                    observation.hasForeignWriters || !observation.damagedNodes.isEmpty,
                    "\(node) has stopped to commit to the lake: \(message)")
            }
        case .second:
            tally.count()
            lookAtIndexes()
        default: break
        }
    }

    /// Whether a fault is or was at work on a node, or on what all share.
    private func isExplained(_ node: String, withStore: Bool) -> Bool {
        if observation.damagedNodes.contains(node) { return true }
        let last = max(
            observation.lastDisturbance(of: node) ?? .min,
            observation.lastDisturbance(withStore: withStore) ?? .min)
        if last == .min { return false }
        return last == .max || observation.nanoseconds - last < Self.aftermath.nanoseconds
    }

    /// An index that was open stays open as long as its indexer runs and is its leader.
    private func lookAtIndexes() {
        var found: Set<Index> = []
        for (name, indexer) in observation.deployment.runningIndexers {
            let node = name.description
            let isSameLife = indexers[node] == ObjectIdentifier(indexer)
            indexers[node] = ObjectIdentifier(indexer)
            for bucket in indexer.indexes.keys { found.insert(Index(node: node, bucket: bucket)) }
            if !isSameLife || isExplained(node, withStore: true) { continue }
            // Those that another indexer has by now were not dropped.
            let lost = openIndexes.filter {
                $0.node == node && !found.contains($0) && indexer.isHolder(of: $0.bucket)
            }
            for index in lost.sorted(by: { $0.bucket < $1.bucket }) {
                tally.violated(
                    "\(evidence.place(of: index.bucket)): \(node) has dropped its vector index, "
                        + "and no fault explains it")
            }
        }
        openIndexes = found
    }
}
