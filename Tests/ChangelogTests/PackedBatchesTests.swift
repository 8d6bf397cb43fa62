import Columnar
import Platform
import Simulation
import TestSupport
import Testing

@testable import Changelog

@Suite("Packed batches")
struct PackedBatchesTests {
    private static func packed(_ bytes: [UInt8]) -> [UInt8] {
        var writer = ByteWriter()
        PackedBatches.append(bytes, to: &writer)
        return writer.bytes
    }

    private static func unpacked(_ bytes: [UInt8]) throws -> [UInt8] {
        var reader = ByteReader(bytes)
        return try PackedBatches.read(&reader)
    }

    private static func batches(_ random: RandomStream) throws -> [LogBatch] {
        var offset = Int64(random.next(in: 0..<3)) << 40
        var now = Int64(1_700_000_000_000)
        return try (0..<random.next(in: 1..<9)).map { number in
            let count = random.next(in: 0..<4)
            let writer: Int64 = random.chance(1, in: 3) ? -1 : Int64(number) << 33
            let batch = try LogBatch.appendOnly(
                rows(count), writer: writer, sequence: writer < 0 ? -1 : Int32.max,
                statistics: random.chance(1, in: 3) ? [0] : [])
            // Now and then a gap, an epoch more, or a time that goes back.
            if random.chance(1, in: 4) { offset += 1000 }
            now += random.chance(1, in: 5) ? -3 : 7
            let assigned = batch.assigned(
                baseOffset: offset, commitTimestamp: time(random.chance(1, in: 9) ? .min : now),
                leaderEpoch: Int32(number / 3))
            offset = assigned.endOffset
            return assigned
        }
    }

    @Test("What is unpacked is what was packed", arguments: UInt64(1)...40)
    func roundTrip(_ seed: UInt64) throws {
        let random = RandomStream(seed: seed, label: "packed")
        let bytes = try Self.batches(random).flatMap(\.bytes)
        #expect(try Self.unpacked(Self.packed(bytes)) == bytes)
        // What is no batch goes as it is.
        let junk = (0..<random.next(in: 0..<200)).map { _ in
            UInt8(truncatingIfNeeded: random.next(in: 0..<256))
        }
        #expect(try Self.unpacked(Self.packed(junk)) == junk)
        #expect(try Self.unpacked(Self.packed(bytes + junk)) == bytes + junk)
    }

    @Test("A header of a batch that follows takes less than a third")
    func size() throws {
        var bytes: [UInt8] = []
        for number in 0..<10 {
            bytes += try batch(1, writer: 5, sequence: Int32(number)).assigned(
                baseOffset: Int64(number), commitTimestamp: time(1_700_000_000_000 + Int64(number)),
                leaderEpoch: 3
            ).bytes
        }
        let body = bytes.count - 10 * LogBatch.headerByteCount
        #expect(Self.packed(bytes).count - body < 10 * LogBatch.headerByteCount / 3)
    }

    @Test("Damage is refused, or is a batch whose checksum tells", arguments: UInt64(1)...20)
    func damage(_ seed: UInt64) throws {
        let random = RandomStream(seed: seed, label: "packed damage")
        let bytes = try Self.batches(random).flatMap(\.bytes)
        for _ in 0..<200 {
            guard let read = try? Self.unpacked(mutate(Self.packed(bytes), random)) else {
                continue
            }
            for batch in (try? LogBatch.split(read)) ?? [] { _ = try? batch.verifyChecksum() }
        }
        for count in Self.packed(bytes).indices {
            _ = try? Self.unpacked(Array(Self.packed(bytes)[..<count]))
        }
    }
}
