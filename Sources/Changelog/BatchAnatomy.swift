import Columnar

/// What the bytes of log batches are for.
public struct BatchAnatomy: Hashable, Sendable {
    /// What segment files put before each batch.
    public var frames = 0
    /// Headers and statistics.
    public var headers = 0
    /// What Arrow messages say of their buffers before them.
    public var arrow = 0
    /// Change types and values: compacted rows, or Arrow buffers with their padding.
    public var records = 0
    /// What is no batch.
    public var other = 0

    public init() {}

    /// Of batches one after the other, as `LogBatch.split` takes them.
    public init(ofBatches bytes: [UInt8]) { count(bytes, frameByteCount: 0) }

    /// Of batches as `PackedBatches` sends them: their headers are short.
    public init(ofPacked bytes: [UInt8]) {
        count(bytes, frameByteCount: 0)
        if bytes.isEmpty { return }
        var packed = ByteWriter(capacity: bytes.count)
        PackedBatches.append(bytes, to: &packed)
        headers += packed.count - bytes.count
    }

    /// Of a segment file, or of what is written to one.
    public init(ofSegment bytes: [UInt8]) {
        count(bytes, frameByteCount: SegmentFrame.byteCount)
    }

    private mutating func count(_ bytes: [UInt8], frameByteCount: Int) {
        var position = 0
        while position < bytes.count {
            guard position + frameByteCount <= bytes.count,
                let batch = try? LogBatch(bytes, at: position + frameByteCount, end: bytes.count)
            else {
                other += bytes.count - position
                return
            }
            frames += frameByteCount
            count(batch)
            position += frameByteCount + batch.byteCount
        }
    }

    private mutating func count(_ batch: LogBatch) {
        let body = batch.bodyRange
        let prefix = LogBatch.headerByteCount + batch.statisticsByteCount
        headers += prefix
        var described = 0
        // An Arrow message is its mark, the size of its metadata, the metadata, the buffers.
        if !batch.holdsRows && body.count >= 8 {
            let size = Int(loadLittleEndian(Int32.self, batch.storage, at: body.lowerBound + 4))
            described = min(body.count, 8 + max(0, size))
        }
        arrow += described
        records += batch.byteCount - prefix - described
    }
}
