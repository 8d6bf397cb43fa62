import Changelog
import Cluster

extension OracleName {
    public static let followers = OracleName("followers")
}

/// Who follows a log from a saved offset sees each committed change once, in order, and the same
/// again after a restart.
final class Followers: Oracle {
    static let description = OracleDescription(
        .followers, "who follows a log sees each committed change, once and in order",
        compares: "offsets that followers passed")

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
        case .notAnswered(.follow, let reason): tally.violated(reason)
        default: break
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
