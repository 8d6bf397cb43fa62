import Cluster

extension OracleName {
    public static let consumerOffsets = OracleName("consumerOffsets")
}

/// A consumer finds the offsets that it had kept last, and never those of before.
///
/// One that began to have others kept and was not told the outcome may find either.
final class ConsumerOffsets: Oracle {
    static let description = OracleDescription(
        .consumerOffsets, "a consumer finds the offsets that it had kept last",
        compares: "offsets that consumers had kept with what they find")

    private struct Reader: Hashable {
        var table: Int64
        var consumer: String
    }

    private let tally: Tally
    private var kept: [Reader: [BucketIdentifier: Int64]] = [:]
    /// Of unknown outcome, since the last that is certain.
    private var begun: [Reader: [[BucketIdentifier: Int64]]] = [:]
    private var wasAsked = false

    init(_ evidence: Evidence, _ tally: Tally) { self.tally = tally }

    var hasWork: Bool { wasAsked }

    func learned(_ fact: Fact) {
        switch fact {
        case .keepingOffsets(let given): begun[reader(given), default: []].append(given.offsets)
        case .keptOffsets(let given):
            kept[reader(given)] = given.offsets
            begun[reader(given)] = nil
        case .foundOffsets(let found): judge(found)
        default: break
        }
    }

    private func reader(_ offsets: KeptOffsets) -> Reader {
        Reader(table: offsets.table.identifier, consumer: offsets.consumer)
    }

    private func judge(_ found: KeptOffsets) {
        wasAsked = true
        let last = kept[reader(found)] ?? [:]
        let others = begun[reader(found)] ?? []
        tally.expect(
            found.offsets == last || others.contains(found.offsets),
            "\(found.table.path): the consumer \(found.consumer) finds "
                + "\(describe(found.offsets)), but had \(describe(last)) kept last")
    }

    private func describe(_ offsets: [BucketIdentifier: Int64]) -> String {
        if offsets.isEmpty { return "no offsets" }
        return offsets.keys.sorted().map { "\($0): \(offsets[$0]!)" }.joined(separator: ", ")
    }
}
