import Cluster

extension OracleName {
    public static let drawnNumbers = OracleName("drawnNumbers")
}

/// Whatever has a number has drawn it: the counter in the coordination service has come so far.
///
/// Who takes a number without knowing that its draw was done may have one that another draws next;
/// two writers of one number would each be told that the other's batches are their own.
final class DrawnNumbers: Oracle {
    static let description = OracleDescription(
        .drawnNumbers, "the numbers of writers, tables and partitions were drawn",
        compares: "numbers in use with their counters", needs: [.cluster, .store])

    private let evidence: Evidence
    private let tally: Tally
    /// Up to where each counter was seen to have come.
    private var drawn: [StoredReferences.Numbers: Int64] = [:]

    init(_ evidence: Evidence, _ tally: Tally) {
        self.evidence = evidence
        self.tally = tally
    }

    /// A log whose writers have no number asks for none.
    var hasWork: Bool { tally.compared > 0 }

    func learned(_ fact: Fact) {
        switch fact {
        case .acknowledged(let receipt, _) where receipt.writer >= 0:
            judge(receipt.writer, .writers) { "a writer in \(evidence.place(of: receipt.bucket))" }
        case .second:
            for table in evidence.observation.tables {
                judge(table.identifier, .tables) { "\(table.name)" }
                if !table.isPartitioned { continue }
                for partition in evidence.buckets(of: table).compactMap(\.partition) {
                    judge(partition, .partitions) { "a partition of \(table.name)" }
                }
            }
        default: break
        }
    }

    private func judge(
        _ number: Int64, _ numbers: StoredReferences.Numbers, _ owner: () -> String
    ) {
        if number > drawn[numbers] ?? 0 {
            let value = evidence.observation.coordinationValue(
                StoredReferences.counterKey(of: numbers))
            drawn[numbers] = value.flatMap { StoredReferences.lastNumber(in: $0) } ?? 0
        }
        let last = drawn[numbers] ?? 0
        tally.expect(
            number <= last,
            "\(owner()) has number \(number), and of \(numbers.rawValue) only \(last) were drawn")
    }
}
