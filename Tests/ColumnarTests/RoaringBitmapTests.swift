import Platform
import Simulation
import TestSupport
import Testing

@testable import Columnar

@Suite("Roaring bitmaps")
struct RoaringBitmapTests {
    private func bitmap(_ numbers: Set<UInt32>) -> RoaringBitmap { RoaringBitmap(numbers.sorted()) }

    private func numbers(_ bitmap: RoaringBitmap) -> [UInt32] {
        var numbers: [UInt32] = []
        bitmap.forEach { numbers.append($0) }
        return numbers
    }

    /// Containers of each form: few, dense, scattered and in runs.
    private func drawn(_ random: RandomStream) -> Set<UInt32> {
        var numbers: Set<UInt32> = []
        for _ in 0..<random.next(in: 0..<6) {
            let start = random.next(in: 0..<5) * 65_536 + random.next(in: 0..<65_536)
            let count = random.chance(1, in: 3) ? random.next(in: 0..<9000) : 5
            let step = random.chance(1, in: 2) ? 1 : random.next(in: 1..<9)
            for number in 0..<count { numbers.insert(UInt32(start + number * step)) }
        }
        return numbers
    }

    @Test("The bytes are those of CRoaring for the same numbers")
    func bytes() throws {
        // Printed by pyroaring's BitMap.serialize() after run_optimize().
        #expect(RoaringBitmap().encoded == [0x3A, 0x30, 0, 0, 0, 0, 0, 0])
        #expect(
            hexadecimal(bitmap([1, 5, 70_000]).encoded)
                == "3a300000020000000000010001000000180000001c000000010005007011")
        let runs = Set(10..<20 as Range<UInt32>).union(65_536..<70_536)
        #expect(
            hexadecimal(bitmap(runs).encoded)
                == "3b30010003000009000100871301000a000900010000008713")
        var mixed: Set<UInt32> = [3, 262_151, 327_681]
        mixed.formUnion(stride(from: 65_536, to: 131_072, by: 2))
        mixed.formUnion(196_608..<262_144)
        let encoded = bitmap(mixed).encoded
        #expect(encoded.count == 8249)
        #expect(crc32(encoded) == 0xCFDE_C573)
    }

    @Test("A set is read as it was written, whatever it holds", arguments: UInt64(1)...20)
    func roundTrip(seed: UInt64) throws {
        let numbers = drawn(RandomStream(seed: seed, label: "numbers"))
        let bitmap = bitmap(numbers)
        #expect(bitmap.count == numbers.count)
        #expect(try RoaringBitmap(decoding: bitmap.encoded) == bitmap)
        #expect(self.numbers(bitmap) == numbers.sorted())
    }

    @Test(
        "A union has the numbers of both, and the same bytes either way", arguments: UInt64(1)...20)
    func union(seed: UInt64) {
        let random = RandomStream(seed: seed, label: "unions")
        for _ in 0..<10 {
            let sets = [drawn(random), drawn(random)]
            var one = bitmap(sets[0])
            one.formUnion(bitmap(sets[1]))
            var other = bitmap(sets[1])
            other.formUnion(bitmap(sets[0]))
            #expect(one == bitmap(sets[0].union(sets[1])))
            #expect(one.encoded == other.encoded)
        }
    }

    @Test("A few bytes that stand for all numbers take little room")
    func full() throws {
        var writer = ByteWriter()
        writer.append(littleEndian: UInt32(12_347) | 0xFFFF << 16)
        writer.append([UInt8](repeating: 0xFF, count: 8192))
        for key in 0...UInt16.max {
            writer.append(littleEndian: key)
            writer.append(littleEndian: UInt16.max)
        }
        writer.append([UInt8](repeating: 0, count: 4 * 65_536))
        for _ in 0...UInt16.max {
            for number: UInt16 in [1, 0, .max] { writer.append(littleEndian: number) }
        }
        var full = try RoaringBitmap(decoding: writer.bytes)
        #expect(full.count == 1 << 32)
        full.formUnion(bitmap([7]))
        #expect(full.count == 1 << 32)
        #expect(full.encoded.count == writer.bytes.count)
    }

    @Test("Damaged bytes are refused or read, never a crash", arguments: UInt64(1)...10)
    func damaged(seed: UInt64) {
        let random = RandomStream(seed: seed, label: "damage")
        let whole = bitmap(drawn(random).union([9])).encoded
        for _ in 0..<300 {
            let bytes = mutate(whole, random)
            guard let read = try? RoaringBitmap(decoding: bytes) else { continue }
            #expect((try? RoaringBitmap(decoding: read.encoded)) == read)
        }
    }
}
