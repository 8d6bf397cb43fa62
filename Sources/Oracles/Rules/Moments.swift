import Cluster

extension OracleName {
    public static let moments = OracleName("moments")
}

/// The offset of a moment is the first whose batch was committed then or later; the earliest one is
/// that of all that can still be read, the latest one is behind all that is committed.
final class Moments: Oracle {
    static let description = OracleDescription(
        .moments, "the offset of a moment is the first that was committed then or later",
        compares: "offsets of moments, and the ends of logs, with the batches")

    private let tally: Tally
    private var wasAsked = false

    init(_ evidence: Evidence, _ tally: Tally) { self.tally = tally }

    var hasWork: Bool { wasAsked }

    func learned(_ fact: Fact) {
        switch fact {
        case .foundMoment(let answer):
            wasAsked = true
            answer.log.whenReached(answer.offset) { self.judge(answer, $0) }
        case .foundEnds(let answer):
            wasAsked = true
            judge(answer)
        default: break
        }
    }

    private func judge(_ answer: EndsAnswer) {
        let place = answer.log.place
        tally.expect(
            answer.earliest <= answer.start,
            "\(place): its earliest offset is said to be \(answer.earliest), and it can be read "
                + "from \(answer.start) on")
        tally.expect(
            answer.latest >= answer.known,
            "\(place): its latest offset is said to be \(answer.latest), though all below "
                + "\(answer.known) was acknowledged before")
        guard let committed = answer.committed else { return }
        tally.expect(
            answer.latest <= committed,
            "\(place): its latest offset is said to be \(answer.latest), and its leader has "
                + "only what is below \(committed) committed")
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
