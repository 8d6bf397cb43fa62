import Columnar

/// What the object store holds of one bucket's log: a run of objects without gap or overlap.
///
/// Objects hold whole batches, one after the other, and are cut by offsets, not by the files of the
/// leader that wrote them: leaders roll their segments at different offsets. Bytes, little endian:
/// version u8 = 2, then for each object its key (length-prefixed), base offset i64, end offset i64,
/// byte count i64 and CRC-32C u32, after a count; since version 2 a byte that says whether the key
/// and the CRC-32C u32 of the log's state at the end follow; last the CRC-32C of all that.
public struct RemoteLogManifest: Hashable, Sendable {
    public struct Segment: Hashable, Sendable {
        public var key: String
        public var baseOffset: Int64
        public var endOffset: Int64
        public var byteCount: Int64
        public var checksum: UInt32

        public init(
            key: String, baseOffset: Int64, endOffset: Int64, byteCount: Int64, checksum: UInt32
        ) {
            self.key = key
            self.baseOffset = baseOffset
            self.endOffset = endOffset
            self.byteCount = byteCount
            self.checksum = checksum
        }
    }

    /// Writers and epochs of everything below the end, for a log that begins there.
    public struct State: Hashable, Sendable {
        public var key: String
        public var checksum: UInt32

        public init(key: String, checksum: UInt32) {
            self.key = key
            self.checksum = checksum
        }
    }

    public private(set) var segments: [Segment] = []
    /// Nil in what was written before version 2.
    public private(set) var state: State?

    public init() {}

    public var startOffset: Int64 { segments.first?.baseOffset ?? 0 }

    /// The first offset that the remote log lacks.
    public var endOffset: Int64 { segments.last?.endOffset ?? 0 }

    /// Adds the segment that follows. Precondition: it begins where the last one ended.
    public mutating func append(_ segment: Segment, state: State?) {
        precondition(segment.baseOffset == endOffset || segments.isEmpty, "a gap in a remote log")
        precondition(segment.endOffset > segment.baseOffset, "an empty remote segment")
        segments.append(segment)
        self.state = state
    }

    /// The segment that holds an offset. Complexity: O(log n).
    public func segment(holding offset: Int64) -> Segment? {
        var low = 0
        var high = segments.count
        while low < high {
            let middle = (low + high) / 2
            if segments[middle].endOffset <= offset { low = middle + 1 } else { high = middle }
        }
        guard low < segments.count, segments[low].baseOffset <= offset else { return nil }
        return segments[low]
    }

    public var encoded: [UInt8] {
        var writer = ByteWriter()
        writer.append(byte: 2)
        writer.append(varint: UInt64(segments.count))
        for segment in segments {
            writer.append(string: segment.key)
            writer.append(littleEndian: segment.baseOffset)
            writer.append(littleEndian: segment.endOffset)
            writer.append(littleEndian: segment.byteCount)
            writer.append(littleEndian: segment.checksum)
        }
        writer.append(byte: state == nil ? 0 : 1)
        if let state {
            writer.append(string: state.key)
            writer.append(littleEndian: state.checksum)
        }
        writer.append(littleEndian: crc32c(writer.bytes))
        return writer.bytes
    }

    public init(decoding bytes: [UInt8]) throws(RemoteLogError) {
        guard bytes.count > 4 else { throw .damaged(reason: "a manifest of \(bytes.count) bytes") }
        do {
            var tail = ByteReader(bytes, range: bytes.count - 4..<bytes.count)
            let checksum: UInt32 = try tail.readLittleEndian()
            if checksum != crc32c(bytes[..<(bytes.count - 4)]) {
                throw RemoteLogError.damaged(reason: "the manifest's checksum is wrong")
            }
            var reader = ByteReader(bytes, range: 0..<bytes.count - 4)
            let version = try reader.readByte()
            if version < 1 || version > 2 {
                throw RemoteLogError.damaged(reason: "manifest version \(version)")
            }
            let count = try reader.readCount(ofAtLeast: 29)
            for _ in 0..<count {
                let segment = Segment(
                    key: try reader.readString(), baseOffset: try reader.readLittleEndian(),
                    endOffset: try reader.readLittleEndian(),
                    byteCount: try reader.readLittleEndian(),
                    checksum: try reader.readLittleEndian())
                if segment.endOffset <= segment.baseOffset
                    || !segments.isEmpty && segment.baseOffset != endOffset
                {
                    throw RemoteLogError.damaged(reason: "segments do not follow each other")
                }
                segments.append(segment)
            }
            if version > 1, try reader.readByte() != 0 {
                state = State(
                    key: try reader.readString(), checksum: try reader.readLittleEndian())
            }
        } catch let error as RemoteLogError {
            throw error
        } catch {
            throw .damaged(reason: "\(error)")
        }
    }
}
