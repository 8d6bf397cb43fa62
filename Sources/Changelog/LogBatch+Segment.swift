/// How oracles and tools read a segment file from outside.
extension LogBatch {
    /// The batch in a segment's bytes whose frame begins at `position`, and where the next one
    /// does; nil if there is no whole and sound one.
    public static func inSegment(
        _ bytes: [UInt8], at position: Int
    ) -> (batch: LogBatch, next: Int)? {
        guard position >= 0 && position <= bytes.count,
            case .batch(let batch, _) = SegmentFrame.parse(bytes, at: position)
        else { return nil }
        return (batch, position + SegmentFrame.byteCount + batch.byteCount)
    }

    /// The file in a log's folder that holds an offset, of some files' names, and its first offset.
    public static func segment(
        holding offset: Int64, among names: [String]
    ) -> (name: String, baseOffset: Int64)? {
        var found: (name: String, baseOffset: Int64)?
        for name in names where name.hasSuffix(".log") {
            guard let base = Int64(name.dropLast(4)), base <= offset,
                base > found?.baseOffset ?? -1
            else { continue }
            found = (name, base)
        }
        return found
    }
}
