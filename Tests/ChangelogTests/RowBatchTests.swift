import Columnar
import Simulation
import TestSupport
import Testing

@testable import Changelog

@Suite("Batches of rows")
struct RowBatchTests {
    private static func batch(
        _ rows: [Row], _ schema: Schema, changes: [ChangeType]? = nil, writesRows: Bool = true,
        compression: Compression = .none, statistics: [Int] = []
    ) throws -> LogBatch {
        var builder = LogBatchBuilder(
            schema: schema, isAppendOnly: changes == nil, writesRows: writesRows)
        for (position, row) in rows.enumerated() {
            try builder.append(row, changes?[position] ?? .append)
        }
        return try builder.finish(
            writer: 9, sequence: 4, compression: compression, statistics: statistics)
    }

    @Test("Few rows are written as rows behind the header, many as Arrow")
    func layout() throws {
        let few = try Self.batch(
            [[.bigint(300), .string("ab")], [.bigint(1), .null]], eventSchema)
        #expect(few.holdsRows && few.isAppendOnly && few.recordCount == 2)
        #expect(few.bytes[31] == 3)
        // No nulls, the varint of 300, a text of 2; the second column null, the varint of 1.
        #expect(few.bytes[56...] == [0, 0xAC, 2, 2, 97, 98, 2, 1])
        let arrow = try Self.batch(
            [[.bigint(300), .string("ab")], [.bigint(1), .null]], eventSchema, writesRows: false)
        #expect(!arrow.holdsRows && arrow.byteCount > 3 * few.byteCount)

        for count in [1, LogBatch.rowsLimit, LogBatch.rowsLimit + 1, 1000] {
            let rows = try rows(count).rows
            let batch = try Self.batch(rows, eventSchema)
            #expect(batch.holdsRows == (count <= LogBatch.rowsLimit))
            #expect(try batch.decodeRecords(eventSchema).records.rows == rows)
        }
    }

    @Test("Rows of every type come back as they were", arguments: 1...4 as ClosedRange<UInt64>)
    func everyType(_ seed: UInt64) throws {
        var draws = SeededDraws(seed: seed)
        let rows = (0..<20).map { _ in draws.row(everyColumn) }
        let types = (0..<20).map { ChangeType(rawValue: UInt8(1 + $0 % 4))! }
        let batch = try LogBatch(
            validating: Self.batch(rows, everyColumn, changes: types).bytes)
        #expect(batch.holdsRows && batch.writer == 9 && batch.sequence == 4)
        let plain = try Self.batch(rows, everyColumn, changes: types, writesRows: false)
        let (records, changes) = try batch.decodeRecords(everyColumn)
        let expected = try plain.decodeRecords(everyColumn)
        #expect(records == expected.records && changes == expected.changes)

        let assigned = batch.assigned(
            baseOffset: 70, commitTimestamp: time(5), leaderEpoch: 3)
        let arrow = try assigned.inArrow(everyColumn)
        #expect(
            arrow
                == plain.assigned(baseOffset: 70, commitTimestamp: time(5), leaderEpoch: 3))

        let columns = [5, 0, everyColumn.fields.count - 1]
        let projected = try LogBatch(
            validating: assigned.project(everyColumn, columns: columns).bytes)
        #expect(projected.holdsRows && projected.baseOffset == 70 && projected.leaderEpoch == 3)
        #expect(
            try projected.decodeRecords(everyColumn.project(columns)).records
                == records.project(columns))
    }

    @Test("Statistics are those of the rows, and larger rows are compressed where it is asked for")
    func statistics() throws {
        let rows = try rows(50, width: 30).rows
        let batch = try Self.batch(rows, eventSchema, statistics: [0])
        let arrow = try Self.batch(rows, eventSchema, writesRows: false, statistics: [0])
        #expect(try batch.statistics() == arrow.statistics())
        #expect(try batch.statistics()?.columns.count == 1)
        #expect(try Self.batch(rows, eventSchema, compression: .zstd).holdsRows == false)
        #expect(try Self.batch(Array(rows[..<3]), eventSchema, compression: .zstd).holdsRows)
    }

    @Test("A row that does not fit is refused and leaves nothing")
    func refused() throws {
        var builder = LogBatchBuilder(schema: eventSchema, isAppendOnly: true, writesRows: true)
        #expect(throws: ColumnarError.self) { try builder.append([.null, .null], .append) }
        #expect(builder.recordCount == 0)
        try builder.append([.bigint(1), .null], .append)
        #expect(try builder.finish().recordCount == 1)
        #expect(builder.recordCount == 0)
        #expect(try builder.finish().recordCount == 0)
    }

    @Test("Mutated rows are refused or read, never a crash", arguments: UInt64(1)...20)
    func fuzz(_ seed: UInt64) throws {
        let random = RandomStream(seed: seed, label: "fuzz rows")
        var draws = SeededDraws(seed: seed)
        let rows = (0..<3).map { _ in draws.row(everyColumn) }
        let batch = try Self.batch(rows, everyColumn, changes: [.insert, .delete, .updateAfter])
        var refused = 0
        for _ in 0..<300 {
            var writer = ByteWriter()
            writer.append(mutate(batch.bytes, random))
            if writer.count <= LogBatch.headerByteCount { continue }
            writer.replace(at: 8, littleEndian: Int32(writer.count - 12))
            writer.replace(at: 25, littleEndian: crc32c(writer.bytes[29...]))
            guard let mutated = try? LogBatch(validating: writer.bytes),
                mutated.recordCount <= writer.count
            else { continue }
            if (try? mutated.decodeRecords(everyColumn)) == nil { refused += 1 }
            _ = try? mutated.project(everyColumn, columns: [3, 1])
            _ = try? mutated.inArrow(everyColumn)
        }
        #expect(refused > 0)
    }

    @Test("Every byte of a segment or of batches is counted for something")
    func anatomy() throws {
        let batches = [
            try Self.batch(rows(3).rows, eventSchema, statistics: [0]),
            try Self.batch(rows(300).rows, eventSchema),
            LogBatch.empty(schemaIdentifier: 3),
        ]
        let bytes = batches.flatMap(\.bytes)
        let counted = BatchAnatomy(ofBatches: bytes)
        #expect(counted.headers >= 3 * LogBatch.headerByteCount && counted.arrow > 0)
        #expect(counted.frames == 0 && counted.other == 0)
        #expect(counted.headers + counted.arrow + counted.records == bytes.count)

        var segment = ByteWriter()
        for batch in batches { SegmentFrame.append(batch, syncedEndOffset: 0, to: &segment) }
        let framed = BatchAnatomy(ofSegment: segment.bytes)
        #expect(framed.frames == 36 && framed.records == counted.records)
        #expect(BatchAnatomy(ofSegment: segment.bytes + [1, 2, 3]).other == 3)
    }
}
