import Changelog
import Columnar

/// Answers whose numbers take no more bytes than they need.
extension Response {
    private static let shortFetched: UInt8 = 14
    private static let shortFiltered: UInt8 = 15
    private static let shortAppended: UInt8 = 16

    /// Nil if no short answer has the code.
    static func short(
        _ code: UInt8, from reader: inout ByteReader
    ) throws(ColumnarError) -> Response? {
        switch code {
        case shortFetched: return .fetched(try shortBuckets(&reader))
        case shortFiltered:
            let position = reader.position
            let buckets = try shortBuckets(&reader)
            let nextOffsets = try reader.readList { (reader) throws(ColumnarError) in
                try reader.readZigZag()
            }
            return try filtered(buckets, nextOffsets, position)
        case shortAppended:
            return .appended(
                Acknowledgement(
                    baseOffset: try reader.readZigZag(), endOffset: try reader.readZigZag(),
                    leaderEpoch: try reader.readInt32()))
        default: return nil
        }
    }

    static func filtered(
        _ buckets: [FetchedBucket], _ nextOffsets: [Int64], _ position: Int
    ) throws(ColumnarError) -> Response {
        if buckets.count != nextOffsets.count {
            throw .corrupt(reason: "buckets and offsets differ in number", position: position)
        }
        return .filtered(buckets, nextOffsets: nextOffsets)
    }

    private static func shortBuckets(
        _ reader: inout ByteReader
    ) throws(ColumnarError) -> [FetchedBucket] {
        try reader.readList { (reader) throws(ColumnarError) in
            try FetchedBucket(shortFrom: &reader)
        }
    }

    /// Encodes the answer as the call that it answers asks for by its header.
    func encode(answering call: CallHeader, into writer: inout ByteWriter) {
        let key = APIKey(rawValue: call.key)
        let isFetch = key == .fetchLog && call.version >= 2
        let isWrite =
            key == .produceLog && call.version >= 1 || key == .putKeyValue && call.version >= 2
        switch self {
        case .fetched(let buckets) where isFetch:
            writer.append(byte: Self.shortFetched)
            writer.append(list: buckets) { $1.encode(shortInto: &$0) }
        case .filtered(let buckets, let nextOffsets) where isFetch:
            writer.append(byte: Self.shortFiltered)
            writer.append(list: buckets) { $1.encode(shortInto: &$0) }
            writer.append(list: nextOffsets) { $0.append(zigZag: $1) }
        case .appended(let acknowledgement) where isWrite:
            writer.append(byte: Self.shortAppended)
            writer.append(zigZag: acknowledgement.baseOffset)
            writer.append(zigZag: acknowledgement.endOffset)
            writer.append(zigZag: Int64(acknowledgement.leaderEpoch))
        default: encode(into: &writer)
        }
    }
}

extension FetchedBucket {
    /// As `encode(into:)`, with numbers in as few bytes as they take.
    fileprivate func encode(shortInto writer: inout ByteWriter) {
        let flags: UInt8 = (error == nil ? 0 : 1) | (divergence == nil ? 0 : 2)
        writer.append(byte: flags)
        writer.append(short: bucket)
        error?.encode(into: &writer)
        writer.append(zigZag: highWatermark)
        var packed = ByteWriter(capacity: batches.count + 1)
        if !batches.isEmpty { PackedBatches.append(batches, to: &packed) }
        writer.append(lengthPrefixed: packed.bytes)
        if let divergence {
            writer.append(zigZag: Int64(divergence.epoch))
            writer.append(zigZag: divergence.endOffset)
        }
    }

    fileprivate init(shortFrom reader: inout ByteReader) throws(ColumnarError) {
        let position = reader.position
        let flags = try reader.readByte()
        guard flags <= 3 else {
            throw .corrupt(reason: "flags \(flags) of a fetched bucket", position: position)
        }
        bucket = try reader.readShortBucket()
        error = flags & 1 == 0 ? nil : try ClusterError(from: &reader)
        highWatermark = try reader.readZigZag()
        var packed = try reader.subreader(try reader.readCount())
        batches = packed.isAtEnd ? [] : try PackedBatches.read(&packed)
        divergence =
            flags & 2 == 0
            ? nil
            : EpochEnd(epoch: try reader.readInt32(), endOffset: try reader.readZigZag())
    }
}
