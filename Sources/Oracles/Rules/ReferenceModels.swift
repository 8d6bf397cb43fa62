import Cluster
import Columnar
import Workloads

extension OracleName {
    public static let referenceModel = OracleName("referenceModel")
}

/// What the workload's model says: each acknowledged change is there, each refused one is not,
/// each unknown one is there at most once.
final class ReferenceModels: Oracle {
    static let description = OracleDescription(
        .referenceModel, "what the workload was told is what the tables say",
        compares: "keys and rows of tables with the workload's model")

    private let evidence: Evidence
    private let tally: Tally

    init(_ evidence: Evidence, _ tally: Tally) {
        self.evidence = evidence
        self.tally = tally
    }

    func learned(_ fact: Fact) {
        guard case .refused(let error) = fact else { return }
        // What is asked here is never wrong: it may only have to wait too long.
        tally.expect(error.isRetriable, "a good change was refused for good: \(error)")
    }

    func conclude() {
        for workload in evidence.observation.workloads { check(workload) }
    }

    private func check(_ workload: any ObservedWorkload) {
        for table in workload.tables {
            let model = workload.model(of: table.identifier)
            let logs = evidence.logs(of: table.identifier).filter { log in
                // Of a partition that was dropped, and made anew, the model knows nothing; the drop
                // may have got there just now.
                if evidence.isGone(log.bucket) { return false }
                let partition = log.bucket.partition.flatMap { identifier in
                    evidence.client?.mirror.partitions(of: table.identifier).first {
                        $0.identifier == identifier
                    }
                }
                return partition.map { model?.isExempt(partition: $0.name) != true } ?? true
            }
            switch model {
            case nil: break
            case .merged(let model):
                var rows: [[UInt8]: Row] = [:]
                for log in logs { rows.merge(log.presentRows) { first, _ in first } }
                let schema = logs.map(\.table).max {
                    $0.schema.identifier < $1.schema.identifier
                }?.schema
                tally.count(
                    model.check(rows: rows, under: schema ?? table.schema) { tally.violated($0) })
            case .rows(let model) where table.isPrimaryKeyTable:
                var rows: [[UInt8]: Row] = [:]
                for log in logs { rows.merge(log.rows) { first, _ in first } }
                tally.count(
                    model.check(
                        rows: rows, hash: { CommittedLog.hash($0) },
                        violated: { tally.violated($0) }))
            case .rows(let model):
                for log in logs {
                    for change in log.changes where change.hash != 0 {
                        model.saw(change.hash) { tally.violated($0) }
                    }
                }
                tally.count(model.checkAppended { tally.violated($0) })
            }
        }
    }
}
