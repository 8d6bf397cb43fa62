import Columnar
import Platform
import Simulation
import TestSupport
import Testing

@testable import Changelog

@Suite("Log batches")
struct LogBatchTests {
    @Test("A batch has Fluss's layout")
    func layout() throws {
        let batch = try LogBatch.changes(
            rows(2), [.insert, .delete], writer: 0x0102, sequence: 7
        ).assigned(baseOffset: 40, commitTimestamp: time(1000), leaderEpoch: 5)
        let bytes = batch.bytes
        #expect(bytes[0..<8] == [40, 0, 0, 0, 0, 0, 0, 0])
        #expect(loadLittleEndian(Int32.self, bytes, at: 8) == Int32(bytes.count - 12))
        #expect(bytes[12] == 2)
        #expect(loadLittleEndian(Int64.self, bytes, at: 13) == 1000)
        #expect(loadLittleEndian(Int32.self, bytes, at: 21) == 5)
        #expect(loadLittleEndian(UInt32.self, bytes, at: 25) == crc32c(bytes[29...]))
        #expect(bytes[29..<32] == [3, 0, 0])
        #expect(bytes[32..<36] == [1, 0, 0, 0])
        #expect(bytes[36..<44] == [2, 1, 0, 0, 0, 0, 0, 0])
        #expect(bytes[44..<48] == [7, 0, 0, 0])
        #expect(bytes[48..<56] == [2, 0, 0, 0, 0, 0, 0, 0])
        #expect(bytes[56..<58] == [1, 4])
        #expect(bytes[58..<62] == [255, 255, 255, 255])
        #expect(batch.lastOffset == 41 && batch.endOffset == 42)
    }

    @Test("Records come back as they were", arguments: [Compression.none, .lz4Frame, .zstd])
    func roundTrip(_ compression: Compression) throws {
        let records = try rows(100, width: 20)
        let plain = try LogBatch.appendOnly(records, compression: compression)
        let decoded = try LogBatch(validating: plain.bytes).decodeRecords(eventSchema)
        #expect(decoded.records == records)
        #expect(decoded.changes == [ChangeType](repeating: .append, count: 100))
        #expect(plain.isAppendOnly && plain.recordCount == 100)

        let types = (0..<100).map { ChangeType(rawValue: UInt8(1 + $0 % 4))! }
        let changed = try LogBatch.changes(records, types, compression: compression)
        let both = try changed.decodeRecords(eventSchema)
        #expect(both.records == records && both.changes == types && !changed.isAppendOnly)
    }

    @Test("A batch without records takes one offset")
    func empty() throws {
        let batch = LogBatch.empty(schemaIdentifier: 3, writer: 9, sequence: 4)
        #expect(batch.byteCount == LogBatch.headerByteCount)
        let again = try LogBatch(validating: batch.bytes)
        #expect(again.recordCount == 0 && again.endOffset == again.baseOffset + 1)
        #expect(again.writer == 9 && again.sequence == 4)
        #expect(try again.decodeRecords(eventSchema).records.rowCount == 0)
        var builder = LogBatchBuilder(schema: eventSchema, isAppendOnly: false)
        #expect(try builder.finish(writer: 9, sequence: 4) == batch)
    }

    @Test("A builder makes the batch of its rows")
    func builder() throws {
        var builder = LogBatchBuilder(schema: eventSchema, isAppendOnly: false)
        try builder.append([.bigint(1), .string("a")], .insert)
        #expect(throws: ColumnarError.self) { try builder.append([.null, .null], .insert) }
        try builder.append([.bigint(1), .null], .updateBefore)
        let batch = try builder.finish()
        #expect(batch.recordCount == 2 && builder.recordCount == 0)
        #expect(try batch.decodeRecords(eventSchema).changes == [.insert, .updateBefore])
    }

    @Test("A projected batch keeps a checksum that can be checked")
    func projection() throws {
        let records = try rows(10)
        let batch = try LogBatch.changes(records, [ChangeType](repeating: .insert, count: 10))
            .assigned(baseOffset: 7, commitTimestamp: time(3), leaderEpoch: 2)
        let projected = try batch.project(eventSchema, columns: [1])
        _ = try LogBatch(validating: projected.bytes)
        #expect(projected.baseOffset == 7 && projected.leaderEpoch == 2)
        let decoded = try projected.decodeRecords(eventSchema.project([1]))
        #expect(decoded.records == records.project([1]) && decoded.changes.count == 10)

        var rotten = batch.bytes
        rotten[rotten.count - 1] ^= 1
        let damaged = try #require(try LogBatch.split(rotten).first)
        #expect(throws: ChangelogError.self) { try damaged.project(eventSchema, columns: [1]) }
    }

    @Test("Any flipped bit behind the assigned fields is noticed")
    func everyBit() throws {
        let bytes = try batch(3).bytes
        for position in 25..<bytes.count {
            for bit in 0..<8 {
                var flipped = bytes
                flipped[position] ^= 1 << UInt8(bit)
                #expect(throws: ChangelogError.self) { try LogBatch(validating: flipped) }
            }
        }
    }

    @Test("Any flipped bit of a frame is noticed, the assigned fields included")
    func everyBitOfFrames() throws {
        let batch = try batch(2).assigned(
            baseOffset: 77, commitTimestamp: time(123_456), leaderEpoch: 9)
        var writer = ByteWriter()
        SegmentFrame.append(batch, syncedEndOffset: 70, to: &writer)
        guard case .batch(let read, 70) = SegmentFrame.parse(writer.bytes, at: 0) else {
            Issue.record("a sound frame is refused")
            return
        }
        #expect(read == batch)
        for position in writer.bytes.indices {
            for bit in 0..<8 {
                var flipped = writer.bytes
                flipped[position] ^= 1 << UInt8(bit)
                if case .batch = SegmentFrame.parse(flipped, at: 0) {
                    Issue.record("bit \(bit) of byte \(position) is not covered")
                }
            }
        }
    }

    @Test("Mutated bytes are refused or read, never a crash", arguments: UInt64(1)...20)
    func fuzz(_ seed: UInt64) throws {
        let random = RandomStream(seed: seed, label: "fuzz")
        let first = try LogBatch.changes(
            rows(5), [.insert, .updateBefore, .updateAfter, .delete, .insert],
            compression: seed % 2 == 0 ? .none : .zstd)
        let bytes = first.bytes + (try batch(2).bytes) + LogBatch.empty(schemaIdentifier: 3).bytes
        var state = LogState(endOffset: 0, writerExpiration: .seconds(60))
        state.append(
            try batch(1, writer: 4, sequence: 0).assigned(
                baseOffset: 0, commitTimestamp: time(5), leaderEpoch: 1))
        var index = SegmentIndex(baseOffset: 0)
        index.append(
            first.assigned(baseOffset: 0, commitTimestamp: time(1), leaderEpoch: 1), interval: 1)
        for _ in 0..<300 {
            if let batches = try? LogBatch.split(mutate(bytes, random)) {
                for batch in batches { _ = try? batch.decodeRecords(eventSchema) }
            }
            // With the right checksum the body itself is what is looked at.
            var writer = ByteWriter()
            writer.append(mutate(first.bytes, random))
            if writer.count > LogBatch.headerByteCount {
                writer.replace(at: 8, littleEndian: Int32(writer.count - 12))
                writer.replace(at: 25, littleEndian: crc32c(writer.bytes[29...]))
                if let batch = try? LogBatch(validating: writer.bytes) {
                    _ = try? batch.decodeRecords(eventSchema)
                    _ = try? batch.project(eventSchema, columns: [0])
                }
            }
            _ = SegmentFrame.parse(mutate(bytes, random), at: 0)
            _ = SegmentFrame.search(mutate(bytes, random), from: 0)
            _ = LogState(decoding: mutate(state.encoded(), random), writerExpiration: .seconds(60))
            _ = SegmentIndex(decoding: mutate(index.encoded(), random))
        }
        #expect(
            LogState(decoding: state.encoded(), writerExpiration: .seconds(60)) == state)
        #expect(SegmentIndex(decoding: index.encoded()) == index)
    }
}
