import Columnar
public import Platform

/// Records that entered the log together, in the bytes of Fluss's record batch of magic 2.
///
/// All numbers are little endian:
///
///      0  BaseOffset        i64   assigned by the leader
///      8  Length            i32   bytes after this field
///     12  Magic             i8    2
///     13  CommitTimestamp   i64   milliseconds since 1970; assigned, never goes back in a log
///     21  LeaderEpoch       i32   assigned
///     25  CRC               u32   CRC-32C of all that follows
///     29  SchemaId          i16
///     31  Attributes        i8    bit 0: append only; bit 1: the body holds compacted rows
///     32  LastOffsetDelta   i32
///     36  WriterId          i64   -1: none
///     44  BatchSequence     i32   -1: none
///     48  RecordCount       i32
///     52  StatisticsLength  i32   0 where there are none
///     56  statistics        see `BatchStatistics`
///         body              a change type a record, left out if append only; then an Arrow
///                           message, or the records one after the other in `RowCodec`'s bytes
///                           without the schema identifier, which is the header's
///
/// An Arrow message says of each column where its buffers stand: some hundred bytes, more than a
/// few rows take. So few rows are written as rows, in Fluss's words a log of the format COMPACTED,
/// and many as Arrow. Both say the same of a batch, and whoever decodes it need not know.
///
/// A batch without records moves the log on by one offset: progress without rows. Its body is
/// empty. The fields that the leader assigns stand outside the CRC; in segment files `SegmentFrame`
/// covers them. Copying a batch shares its bytes.
public struct LogBatch: Sendable {
    public static let headerByteCount = 56
    /// The largest batch, header included: a frame of the network must hold it.
    public static let byteCountLimit = 32 * 1024 * 1024
    static let magic: Int8 = 2
    static let checksumStart = 29

    /// Where the batch stands in `storage`.
    let storage: [UInt8]
    let start: Int
    public let byteCount: Int

    /// The whole of `bytes` as one batch; `ChangelogError.invalidBatch` unless it is one.
    public init(validating bytes: [UInt8]) throws(ChangelogError) {
        try self.init(bytes, at: 0, end: bytes.count)
        guard byteCount == bytes.count else {
            throw .invalidBatch(reason: "\(bytes.count - byteCount) bytes follow the batch")
        }
        try verifyChecksum()
    }

    /// The batch that begins at `position`; its structure is checked, its checksum is not.
    init(_ bytes: [UInt8], at position: Int, end: Int) throws(ChangelogError) {
        precondition(position >= 0 && position <= end && end <= bytes.count)
        guard end - position >= Self.headerByteCount else {
            throw .invalidBatch(reason: "\(end - position) bytes are no batch header")
        }
        let length = Int(loadLittleEndian(Int32.self, bytes, at: position + 8))
        guard length >= Self.headerByteCount - 12, length <= Self.byteCountLimit - 12 else {
            throw .invalidBatch(reason: "a length of \(length)")
        }
        guard length + 12 <= end - position else {
            throw .invalidBatch(reason: "\(length + 12) bytes, of which \(end - position) are here")
        }
        storage = bytes
        start = position
        byteCount = length + 12
        try checkHeader()
    }

    /// For bytes whose structure was checked or made here.
    init(trusted bytes: [UInt8], at position: Int, byteCount: Int) {
        precondition(position >= 0 && position + byteCount <= bytes.count)
        storage = bytes
        start = position
        self.byteCount = byteCount
    }

    private func checkHeader() throws(ChangelogError) {
        guard load(Int8.self, at: 12) == Self.magic else {
            throw .invalidBatch(reason: "magic \(load(Int8.self, at: 12)), not \(Self.magic)")
        }
        let count = load(Int32.self, at: 48)
        let delta = load(Int32.self, at: 32)
        let attributes = load(UInt8.self, at: 31)
        guard count >= 0, delta == max(0, count - 1), attributes <= 3, baseOffset >= 0,
            baseOffset <= Int64.max - Int64(delta) - 1
        else {
            throw .invalidBatch(
                reason: "\(count) records from \(baseOffset) to +\(delta), "
                    + "attributes \(attributes)")
        }
        let statistics = Int(load(Int32.self, at: 52))
        guard statistics >= 0, statistics == 0 || count > 0 else {
            throw .invalidBatch(reason: "\(statistics) bytes of statistics for \(count) records")
        }
        let body = byteCount - Self.headerByteCount - statistics
        // A row takes a byte at least, for its nulls.
        let least = Int(count) * ((isAppendOnly ? 0 : 1) + (holdsRows ? 1 : 0))
        guard count > 0 ? body > (holdsRows ? least - 1 : least) : body == 0 else {
            throw .invalidBatch(reason: "\(body) bytes for \(count) records")
        }
    }

    /// Splits bytes that hold whole batches one after the other; checksums are not checked.
    public static func split(_ bytes: [UInt8]) throws(ChangelogError) -> [LogBatch] {
        var batches: [LogBatch] = []
        var position = 0
        while position < bytes.count {
            let batch = try LogBatch(bytes, at: position, end: bytes.count)
            batches.append(batch)
            position += batch.byteCount
        }
        return batches
    }

    /// Throws `ChangelogError.invalidBatch` unless the CRC is that of the bytes.
    public func verifyChecksum() throws(ChangelogError) {
        guard crc32c(checkedBytes) == checksum else {
            throw .invalidBatch(reason: "the checksum of the batch at \(baseOffset) is wrong")
        }
    }

    private var checkedBytes: ArraySlice<UInt8> {
        storage[start + Self.checksumStart..<start + byteCount]
    }

    // MARK: Header

    public var baseOffset: Int64 { load(Int64.self, at: 0) }

    /// The last offset that the batch takes.
    public var lastOffset: Int64 { baseOffset + Int64(load(Int32.self, at: 32)) }

    /// Where the next batch begins.
    public var endOffset: Int64 { lastOffset + 1 }

    /// The leader's wall clock when the batch was appended, but never less than the batch before.
    public var commitTimestamp: Timestamp {
        Timestamp(millisecondsSinceEpoch: load(Int64.self, at: 13))
    }

    public var leaderEpoch: Int32 { load(Int32.self, at: 21) }

    public var checksum: UInt32 { load(UInt32.self, at: 25) }

    public var schemaIdentifier: Int16 { load(Int16.self, at: 29) }

    /// Whether all records are `ChangeType.append`.
    public var isAppendOnly: Bool { attributes & 1 == 1 }

    /// Whether the body holds compacted rows, not an Arrow message.
    public var holdsRows: Bool { attributes & Self.rowsAttribute != 0 }

    /// Bits 0 and 1 of the header; no other is ever set.
    var attributes: UInt8 { load(UInt8.self, at: 31) }

    static let rowsAttribute: UInt8 = 2

    /// Who wrote the batch, -1 if it is not to be recognized when it comes again.
    public var writer: Int64 { load(Int64.self, at: 36) }

    /// Counts the batches of its writer in this log from 0; after `Int32.max` comes 0.
    public var sequence: Int32 { load(Int32.self, at: 44) }

    public var recordCount: Int { Int(load(Int32.self, at: 48)) }

    /// Where the change types, or the records, begin after the header.
    var statisticsByteCount: Int { Int(load(Int32.self, at: 52)) }

    /// What the batch says of its columns; nil if it says nothing.
    ///
    /// `ChangelogError.invalidBatch` if they cannot be read.
    public func statistics() throws(ChangelogError) -> BatchStatistics? {
        if statisticsByteCount == 0 { return nil }
        let first = start + Self.headerByteCount
        var reader = ByteReader(storage, range: first..<first + statisticsByteCount)
        do { return try BatchStatistics(decoding: &reader) } catch {
            throw .invalidBatch(reason: "the statistics of the batch at \(baseOffset): \(error)")
        }
    }

    /// The batch by itself.
    public var bytes: [UInt8] {
        byteCount == storage.count ? storage : Array(storage[start..<start + byteCount])
    }

    /// The batch's bytes without a copy.
    public var slice: ArraySlice<UInt8> { storage[start..<start + byteCount] }

    @inline(__always)
    private func load<Number: FixedWidthInteger & BitwiseCopyable>(
        _ type: Number.Type, at position: Int
    ) -> Number {
        loadLittleEndian(type, storage, at: start + position)
    }

    // MARK: Assigning

    /// The batch as the leader puts it into its log, in bytes of its own.
    func assigned(
        baseOffset: Int64, commitTimestamp: Timestamp, leaderEpoch: Int32
    ) -> LogBatch {
        var writer = ByteWriter(capacity: byteCount)
        writer.append(slice)
        writer.replace(at: 0, littleEndian: baseOffset)
        writer.replace(at: 13, littleEndian: commitTimestamp.millisecondsSinceEpoch)
        writer.replace(at: 21, littleEndian: leaderEpoch)
        return LogBatch(trusted: writer.bytes, at: 0, byteCount: byteCount)
    }

    /// The batch in bytes of its own, so that it does not keep a larger array alive.
    var compacted: LogBatch {
        byteCount == storage.count
            ? self : LogBatch(trusted: Array(slice), at: 0, byteCount: byteCount)
    }
}

extension LogBatch: Hashable {
    public static func == (left: LogBatch, right: LogBatch) -> Bool { left.slice == right.slice }

    public func hash(into hasher: inout Hasher) {
        hasher.combine(baseOffset)
        hasher.combine(checksum)
    }
}

extension LogBatch: CustomStringConvertible {
    public var description: String {
        "offsets \(baseOffset)...\(lastOffset), epoch \(leaderEpoch), "
            + "time \(commitTimestamp.millisecondsSinceEpoch), writer \(writer) "
            + "batch \(sequence), \(recordCount) records, \(byteCount) bytes"
    }
}

/// A number in bytes whose bounds the caller has checked.
@inline(__always)
func loadLittleEndian<Number: FixedWidthInteger & BitwiseCopyable>(
    _ type: Number.Type, _ bytes: [UInt8], at position: Int
) -> Number {
    precondition(position >= 0 && position + MemoryLayout<Number>.size <= bytes.count)
    return bytes.withUnsafeBytes {
        Number(littleEndian: $0.loadUnaligned(fromByteOffset: position, as: Number.self))
    }
}
