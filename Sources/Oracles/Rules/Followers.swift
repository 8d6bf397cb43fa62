import Changelog
import Cluster
import Columnar
import Workloads

extension OracleName {
    public static let followers = OracleName("followers")
}

/// Who follows a log from a saved offset sees each committed change once, in order, and the same
/// again after a restart.
final class Followers: Oracle {
    static let description = OracleDescription(
        .followers, "who follows a log sees each committed change, once and in order",
        compares: "offsets that followers passed, and those that consumers kept")

    private let tally: Tally
    private var hasFollowed = false

    init(_ evidence: Evidence, _ tally: Tally) { self.tally = tally }

    /// Only a scenario that asks for followers has some.
    var hasWork: Bool { hasFollowed }

    func learned(_ fact: Fact) {
        switch fact {
        case .followed(let answer) where answer.end > answer.start:
            hasFollowed = true
            answer.log.whenReached(answer.end) { self.check(answer, $0) }
        case .readWanted(let answer) where answer.end > answer.start:
            hasFollowed = true
            answer.log.whenReached(answer.end) { self.check(answer, $0) }
        case .keptOffsets(let answer):
            hasFollowed = true
            tally.expect(
                answer.found == answer.kept,
                "\(answer.table.name): \(answer.consumer) kept "
                    + "\(describe(answer.kept)), and is told \(describe(answer.found))")
        case .notAnswered(.follow, let reason), .notAnswered(.filter, let reason),
            .notAnswered(.consume, let reason):
            tally.violated(reason)
        default: break
        }
    }

    private func describe(_ offsets: [BucketIdentifier: Int64]) -> String {
        if offsets.isEmpty { return "nothing" }
        return offsets.keys.sorted().map { "\($0): \(offsets[$0]!)" }.joined(separator: ", ")
    }

    /// What came is as it was committed, and no wanted row was left out.
    private func check(_ answer: WantedAnswer, _ log: CommittedLog) {
        for offset in answer.start..<answer.end {
            if let found = answer.changes[offset] {
                let expected = log.changes[Int(offset)]
                tally.expect(
                    found.hash == expected.hash && found.type == expected.type,
                    "\(log.place): who wants rows of the log is given at \(offset) another change "
                        + "than was committed")
                continue
            }
            guard let written = log.written(at: offset),
                written.schema.identifier <= answer.schema.identifier
            else { continue }
            let row = SchemaRules.row(written.row, from: written.schema, to: answer.schema)
            tally.expect(
                !answer.wanted.holds(of: row, answer.schema),
                "\(log.place): who wants the rows with \(answer.wanted.text) from offset "
                    + "\(answer.start) on is not given that of offset \(offset)")
        }
    }

    private func check(_ answer: FollowAnswer, _ log: CommittedLog) {
        for offset in answer.start..<answer.end {
            let expected = log.changes[Int(offset)]
            // An offset without a row has nothing to see.
            let hash = answer.changes[offset]?.hash ?? 0
            let isSame =
                hash == expected.hash
                && (hash == 0 || answer.changes[offset]?.type == expected.type)
            tally.expect(
                isSame,
                "\(log.place): who follows the log from offset \(answer.start) sees at \(offset) "
                    + (hash == 0 ? "nothing" : "another change than was committed"))
        }
    }
}
