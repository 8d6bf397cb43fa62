import Columnar
import Platform

/// Looks at the files of a log from outside, for tools and tests.
public enum StoredSegment {
    /// What the index file of a sealed segment says that is not so of the segment's own file; nil
    /// if they agree.
    ///
    /// - Parameter interval: As many bytes as the log keeps an entry each.
    public static func disagreement(
        index bytes: [UInt8], segment: [UInt8], interval: Int64
    ) -> String? {
        guard let said = SegmentIndex(decoding: bytes) else { return "it is no sound index" }
        var times: (first: Timestamp, last: Timestamp)?
        var entries = said.entries[...]
        var end = said.baseOffset
        var position = 0
        var lastEntry = -interval
        while position < segment.count {
            guard
                case .batch(let batch, _) = SegmentFrame.parse(
                    segment, at: position, isVerifying: false)
            else { return "at \(position) of the segment is no batch" }
            if batch.baseOffset != end {
                return "a batch at \(batch.baseOffset) stands where \(end) should"
            }
            let time = batch.commitTimestamp
            if let entry = entries.first, entry.offset == batch.baseOffset {
                if entry.position != Int64(position) || entry.timestamp != time {
                    return "offset \(entry.offset) is at \(position) and of \(time), not at "
                        + "\(entry.position) and of \(entry.timestamp)"
                }
                entries.removeFirst()
                lastEntry = Int64(position)
            } else if Int64(position) - lastEntry >= interval {
                return "offset \(batch.baseOffset) at \(position) has no entry, and the one before "
                    + "is at \(lastEntry)"
            }
            times = (times?.first ?? time, time)
            end = batch.endOffset
            position += SegmentFrame.byteCount + batch.byteCount
        }
        if let entry = entries.first { return "no batch begins at its entry \(entry.offset)" }
        if said.endOffset != end || said.byteCount != Int64(position) {
            return "it ends at offset \(said.endOffset) with \(said.byteCount) bytes, and the "
                + "segment at \(end) with \(position)"
        }
        guard let times, times != (said.firstTimestamp, said.lastTimestamp) else { return nil }
        return "it is said to be of \(said.firstTimestamp) to \(said.lastTimestamp), and is of "
            + "\(times.first) to \(times.last)"
    }
}
