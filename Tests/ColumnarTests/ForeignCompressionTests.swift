import Columnar
import TestSupport
import Testing

@Suite("Compression of other writers")
struct ForeignCompressionTests {
    /// Of Python's gzip and zlib: 40 times "wave", level 9, no name and no time.
    static let gzip = bytes(
        "1f8b08000000000002032b4f2c4b2d1fc41800fe771e4da0000000")

    @Test(
        "Random bytes are never DEFLATE data that crashes",
        arguments: 1...200 as ClosedRange<UInt64>)
    func fuzz(seed: UInt64) {
        var draws = SeededDraws(seed: seed)
        let input = (0..<draws.next(below: 300)).map { _ in UInt8(draws.next(below: 256)) }
        if let output = try? Compression.decompressDeflate(input[...], limit: 10_000) {
            #expect(output.count <= 10_000)
        }
        #expect(throws: ColumnarError.self) {
            try Compression.decompressGzip(input[...], byteCount: 10_001)
        }
        if let output = try? Compression.decompressBlock(input[...], byteCount: 100) {
            #expect(output.count == 100)
        }
    }

    @Test("Data that grows beyond its limit is refused before it is made")
    func limit() throws {
        let stored: [UInt8] = [1, 5, 0, 0xFA, 0xFF, 1, 2, 3, 4, 5]
        #expect(try Compression.decompressDeflate(stored[...], limit: 5) == [1, 2, 3, 4, 5])
        #expect(throws: ColumnarError.tooLarge(byteCount: 5, limit: 4)) {
            try Compression.decompressDeflate(stored[...], limit: 4)
        }
        // As fastavro leaves some of zlib's checksum behind.
        #expect(try Compression.decompressDeflate((stored + [0])[...], limit: 5).count == 5)
        #expect(throws: ColumnarError.self) {
            try Compression.decompressDeflate(stored.dropLast(), limit: 5)
        }
    }

    @Test("Members of gzip one after the other are one text, and a damaged one is refused")
    func members() throws {
        let plain = Array(String(repeating: "wave", count: 40).utf8)
        let one = Self.gzip
        #expect(try Compression.decompressGzip(one[...], byteCount: 160) == plain)
        #expect(try Compression.decompressGzip((one + one)[...], byteCount: 320) == plain + plain)
        #expect(throws: ColumnarError.self) {
            try Compression.decompressGzip(one[...], byteCount: 161)
        }
        for position in one.indices where position != 8 && position != 9 && position != 4 {
            var bad = one
            bad[position] ^= 0x10
            let output = try? Compression.decompressGzip(bad[...], byteCount: 160)
            #expect(output == nil || output == plain)
        }
    }

    @Test("A block of LZ4 is of the length that it is said to be")
    func block() throws {
        // Five literals, five bytes from five before, and the literals that the format wants last.
        let end = [UInt8](repeating: 6, count: 20)
        let block: [UInt8] = [0x51, 1, 2, 3, 4, 5, 5, 0, 0xF0, 5] + end
        let plain: [UInt8] = [1, 2, 3, 4, 5, 1, 2, 3, 4, 5] + end
        #expect(try Compression.decompressBlock(block[...], byteCount: 30) == plain)
        for count in [0, 29, 31] {
            #expect(throws: ColumnarError.self) {
                try Compression.decompressBlock(block[...], byteCount: count)
            }
        }
    }
}
