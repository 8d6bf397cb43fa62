import Changelog
import Iceberg
import LakeTiering
import Platform

/// The lake's part of a read.
struct UnionBase {
    var lake: LakeTable?
    var snapshot: Snapshot?
    /// By bucket: where the lake's part ends.
    var offsets: [Int64]
    /// Whether other programs wrote rows there, too.
    var isShared: Bool
}

/// Reads a bucket's log piece by piece.
struct LogReader {
    private let reader: UnionReader
    private let table: TieredTable
    private let bucket: Int
    private var offset: Int64
    private let end: Int64

    init(_ reader: UnionReader, _ table: TieredTable, _ bucket: Int, _ range: Range<Int64>) {
        self.reader = reader
        self.table = table
        self.bucket = bucket
        offset = range.lowerBound
        end = range.upperBound
    }

    /// The next batches, the last of which may go over the end; nil after it.
    mutating func next() async throws -> [LogBatch]? {
        if offset >= end { return nil }
        let batches = try await reader.log.batches(
            of: table.identifier, bucket: Int32(bucket), in: offset..<end,
            byteCount: UnionReader.logByteCount)
        guard let last = batches.last else {
            throw UnionReadError.logIncomplete(
                table: table.name, bucket: bucket, end: offset, highWatermark: end)
        }
        offset = last.endOffset
        return batches
    }
}
