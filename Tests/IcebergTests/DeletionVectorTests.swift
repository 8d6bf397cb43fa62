import Columnar
import Platform
import Simulation
import TestSupport
import Testing

@testable import Iceberg

@Suite("Deletion vectors and row lineage")
struct DeletionVectorTests {
    @Test("Positions are read as they were written", arguments: 1...20 as ClosedRange<UInt64>)
    func roundTrip(seed: UInt64) throws {
        let random = RandomStream(seed: seed, label: "positions")
        var positions: Set<Int64> = []
        for _ in 0..<random.next(in: 1..<4) {
            let base = Int64(random.next(in: 0..<3)) << 32 | Int64(random.next(in: 0..<9)) << 16
            let span = random.chance(1, in: 3) ? 9000 : 60
            for _ in 0..<random.next(in: 1..<span) {
                positions.insert(base + Int64(random.next(in: 0..<span)))
            }
        }
        let vector = DeletionVector(positions)
        let read = try DeletionVector(decoding: vector.encoded, count: Int64(positions.count))
        #expect(read.positions == positions.sorted())
    }

    @Test("The bytes are those of the specification")
    func bytes() throws {
        // One bitmap, one array of two values: 1 and 5.
        let expected: [UInt8] = [
            0, 0, 0, 36, 0xD1, 0xD3, 0x39, 0x64, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x3A, 0x30, 0,
            0, 1, 0, 0, 0, 0, 0, 1, 0, 16, 0, 0, 0, 1, 0, 5, 0,
        ]
        let vector = DeletionVector([5, 1])
        #expect(Array(vector.encoded.dropLast(4)) == expected)
    }

    @Test("Runs, as other writers have them, are read")
    func runs() throws {
        var writer = ByteWriter()
        writer.append(littleEndian: UInt64(1))
        writer.append(littleEndian: UInt32(0))
        writer.append(littleEndian: UInt32(12_347))
        writer.append(byte: 1)
        for value: UInt16 in [0, 4, 1, 10, 4] { writer.append(littleEndian: value) }
        #expect(
            try RoaringPositions.decode(writer.bytes[...], atMost: 5) == [10, 11, 12, 13, 14])
    }

    @Test("Damaged vectors are refused, and bring nothing down", arguments: 1...4)
    func damaged(seed: UInt64) throws {
        let random = RandomStream(seed: seed, label: "damage")
        let whole = DeletionVector((0..<5000).map { Int64($0 * 7) }).encoded
        for _ in 0..<400 {
            var bytes = whole
            for _ in 0..<random.next(in: 1..<4) {
                bytes[random.next(in: 0..<64)] = UInt8(random.next(in: 0..<256))
            }
            if random.chance(1, in: 3) { bytes.removeLast(random.next(in: 1..<bytes.count)) }
            if bytes == whole { continue }
            #expect(throws: ColumnarError.self) {
                _ = try DeletionVector(decoding: bytes, count: 5000)
            }
            // What a checksum would have caught must not trap either.
            _ = try? RoaringPositions.decode(bytes.dropFirst(8), atMost: 5000)
        }
    }

    @Test("A name tells under which epoch it was made, wherever it stands in it")
    func marks() throws {
        let uuid = "01234567-89ab-4cde-8fab-0123456789ab"
        let mark = WriterMark.identifier(uuid, epoch: 258)
        #expect(mark == "01234567-89ab-8cde-b1ce-000000000102")
        for path in ["s3://a/b/\(mark)-0.parquet", "snap-17-\(mark).avro", mark] {
            #expect(WriterMark.epoch(in: path) == 258)
        }
        for path in ["s3://a/b/\(uuid)-0.parquet", "version-hint.text", "", "\(mark)/x"] {
            #expect(WriterMark.epoch(in: path) == nil)
        }
    }

    @Test("Of a version 3 table each file has one vector, and each row one id, moved or not")
    func version3() throws {
        try inWorld { machine, world in
            let table = try await LakeTable.openOrCreate(
                machine, shelfName, in: warehouse, schema: IcebergSchema(shelfSchema),
                formatVersion: 3)
            #expect(table.metadata.formatVersion == 3)
            _ = try await table.add(0..<10, label: "a", on: machine)
            _ = try await table.add(10..<30, label: "b", on: machine)
            for position: Int64 in [3, 7, 4] {
                let scan = try await table.scan(try #require(table.metadata.current))
                var change = LakeChange()
                let deletes = scan.dataFiles.map { data in
                    PositionDelete(path: data.file.path, position: position)
                }
                try await table.writeDeletes(deletes, of: scan, into: &change)
                _ = try await table.commit(change, on: machine) { _ in }
            }
            let scan = try await table.scan(try #require(table.metadata.current))
            #expect(scan.deleteFiles.count == 2)
            #expect(scan.deleteFiles.allSatisfy { $0.file.recordCount == 3 })
            let expected = (0..<30).map { Int64($0) }.filter {
                ![3, 4, 7, 13, 14, 17].contains($0)
            }
            #expect(try await table.numbers() == expected)
            #expect(table.metadata.number("next-row-id") ?? 0 >= 30)
            let before = try await table.lineage()
            let compaction = try #require(
                try await table.compaction(of: scan.dataFiles, in: scan))
            _ = try await table.commit(compaction, on: machine) { _ in }
            let after = try await table.lineage()
            #expect(before == after && before.count == expected.count)
            #expect(Set(before.values.map { $0[0] }).count == expected.count)
            let reopened = try #require(
                try await LakeTable.open(machine, shelfName, in: warehouse))
            #expect(try await reopened.numbers() == expected)
            let last = try await reopened.scan(try #require(reopened.metadata.current))
            #expect(last.dataFiles.count == 1 && last.deleteFiles.isEmpty)
        }
    }
}

extension LakeTable {
    /// By number: the row's id and the sequence number of its last change.
    fileprivate func lineage() async throws -> [Int64: [Int64]] {
        let scan = try await scan(metadata.current!)
        let deletions = try await deletions(of: scan)
        let schema = Schema(
            fields: [shelfSchema.fields[0], RowLineage.row, RowLineage.sequence])
        var found: [Int64: [Int64]] = [:]
        for data in scan.dataFiles {
            for rows in try await rows(of: data.file, without: deletions, as: schema) {
                let batch = try RowLineage.keeping(rows, of: data)
                for row in batch.rows {
                    guard case .bigint(let number) = row[0], case .bigint(let identifier) = row[1],
                        case .bigint(let sequence) = row[2]
                    else { continue }
                    found[number] = [identifier, sequence]
                }
            }
        }
        return found
    }
}
