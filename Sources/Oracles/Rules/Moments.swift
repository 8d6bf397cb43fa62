import Cluster

extension OracleName {
    public static let moments = OracleName("moments")
}

/// The offset of a moment is the first whose batch was committed then or later.
final class Moments: Oracle {
    static let description = OracleDescription(
        .moments, "the offset of a moment is the first that was committed then or later",
        compares: "offsets of moments with the times of batches")

    private let tally: Tally
    private var wasAsked = false

    init(_ evidence: Evidence, _ tally: Tally) { self.tally = tally }

    var hasWork: Bool { wasAsked }

    func learned(_ fact: Fact) {
        guard case .foundMoment(let answer) = fact else { return }
        wasAsked = true
        answer.log.whenReached(answer.offset) { self.judge(answer, $0) }
    }

    private func judge(_ answer: MomentAnswer, _ log: CommittedLog) {
        let entries = log.entries
        let position = entries.firstIndex { $0.baseOffset >= answer.offset } ?? entries.count
        // What has expired is passed over, whenever it was committed.
        let before = entries[..<position].last { $0.endOffset > answer.start }
        tally.expect(
            before.map { $0.commitTimestamp < answer.timestamp } ?? true,
            "\(log.place): the moment \(answer.timestamp) is said to be at offset "
                + "\(answer.offset), but the batch at \(before?.baseOffset ?? 0) is of "
                + "\(before.map { "\($0.commitTimestamp)" } ?? "no time")")
        // What was not committed yet when it was asked may be of any time.
        guard position < entries.count, answer.offset < answer.seen else { return }
        tally.expect(
            entries[position].commitTimestamp >= answer.timestamp
                && entries[position].baseOffset == answer.offset,
            "\(log.place): the moment \(answer.timestamp) is said to be at offset "
                + "\(answer.offset), where the batch at \(entries[position].baseOffset) of "
                + "\(entries[position].commitTimestamp) stands")
    }
}
