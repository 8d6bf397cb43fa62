import Columnar
public import Platform

/// What the object store holds of one bucket's log: a run of objects without gap or overlap.
///
/// Objects hold whole batches, one after the other, and are cut by offsets, not by the files of the
/// leader that wrote them: leaders roll their segments at different offsets. Bytes, little endian:
/// version u8, since version 3 the start offset i64, then for each object its key
/// (length-prefixed), base offset i64, end offset i64, byte count i64, CRC-32C u32 and since
/// version 3 its newest commit timestamp i64 (the least number if unknown), after a count; since
/// version 2 a byte that says whether the key and the CRC-32C u32 of the log's state at the end
/// follow; last the CRC-32C of all that.
public struct RemoteLogManifest: Hashable, Sendable {
    public struct Segment: Hashable, Sendable {
        public var key: String
        public var baseOffset: Int64
        public var endOffset: Int64
        public var byteCount: Int64
        public var checksum: UInt32
        /// The commit timestamp of the newest batch; nil in what was written before version 3.
        public var maximumTimestamp: Timestamp?

        public init(
            key: String, baseOffset: Int64, endOffset: Int64, byteCount: Int64, checksum: UInt32,
            maximumTimestamp: Timestamp? = nil
        ) {
            self.key = key
            self.baseOffset = baseOffset
            self.endOffset = endOffset
            self.byteCount = byteCount
            self.checksum = checksum
            self.maximumTimestamp = maximumTimestamp
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
    /// The first offset that has not expired.
    public private(set) var startOffset: Int64 = 0

    /// The layout that this program writes where all members of the cluster read it.
    public static let newestVersion: UInt8 = 3
    /// The last one that says neither where the log starts nor how old a segment is.
    public static let untimedVersion: UInt8 = 2

    public init() {}

    /// The first offset that the remote log lacks.
    public var endOffset: Int64 { segments.last?.endOffset ?? startOffset }

    /// Objects that the manifest names.
    public var keys: [String] { segments.map(\.key) + (state.map { [$0.key] } ?? []) }

    /// Adds the segment that follows. Precondition: it begins where the last one ended.
    public mutating func append(_ segment: Segment, state: State?) {
        let isFirst = segments.isEmpty && startOffset == 0
        precondition(segment.baseOffset == endOffset || isFirst, "a gap in a remote log")
        precondition(segment.endOffset > segment.baseOffset, "an empty remote segment")
        if segments.isEmpty { startOffset = segment.baseOffset }
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

    /// Gives the oldest segments up: the log starts behind them.
    public mutating func removeFirst(_ count: Int) {
        precondition(count <= segments.count, "more segments than there are")
        if count == 0 { return }
        startOffset = segments[count - 1].endOffset
        segments.removeFirst(count)
    }

    /// The bytes; `version` is one that all who read them know.
    ///
    /// Precondition: a manifest that lost segments is not written in `untimedVersion` while it is
    /// empty, which could not say where the log starts.
    public func encoded(version: UInt8 = newestVersion) -> [UInt8] {
        let isTimed = version > Self.untimedVersion
        precondition(version >= Self.untimedVersion && version <= Self.newestVersion, "no version")
        precondition(isTimed || !segments.isEmpty || startOffset == 0, "its start cannot be said")
        var writer = ByteWriter()
        writer.append(byte: version)
        if isTimed { writer.append(littleEndian: startOffset) }
        writer.append(varint: UInt64(segments.count))
        for segment in segments {
            writer.append(string: segment.key)
            writer.append(littleEndian: segment.baseOffset)
            writer.append(littleEndian: segment.endOffset)
            writer.append(littleEndian: segment.byteCount)
            writer.append(littleEndian: segment.checksum)
            if isTimed {
                writer.append(
                    littleEndian: segment.maximumTimestamp?.millisecondsSinceEpoch ?? .min)
            }
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
            if version < 1 || version > Self.newestVersion {
                throw RemoteLogError.damaged(reason: "manifest version \(version)")
            }
            let isTimed = version > Self.untimedVersion
            if isTimed { startOffset = try reader.readLittleEndian() }
            let count = try reader.readCount(ofAtLeast: isTimed ? 37 : 29)
            for _ in 0..<count {
                let segment = try Segment(from: &reader, isTimed: isTimed)
                let isFirst = segments.isEmpty && !isTimed
                if segment.endOffset <= segment.baseOffset || segment.baseOffset < 0
                    || !isFirst && segment.baseOffset != endOffset
                {
                    throw RemoteLogError.damaged(reason: "segments do not follow each other")
                }
                if isFirst { startOffset = segment.baseOffset }
                segments.append(segment)
            }
            if startOffset < 0 { throw RemoteLogError.damaged(reason: "a start below 0") }
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

extension RemoteLogManifest.Segment {
    fileprivate init(from reader: inout ByteReader, isTimed: Bool) throws(ColumnarError) {
        self.init(
            key: try reader.readString(), baseOffset: try reader.readLittleEndian(),
            endOffset: try reader.readLittleEndian(), byteCount: try reader.readLittleEndian(),
            checksum: try reader.readLittleEndian())
        guard isTimed else { return }
        let milliseconds: Int64 = try reader.readLittleEndian()
        if milliseconds != .min {
            maximumTimestamp = Timestamp(millisecondsSinceEpoch: milliseconds)
        }
    }
}
