import Columnar
import TestSupport
import Testing

@Suite("Bytes, checksums and compression")
struct ByteTests {
    @Test("What is written is read back")
    func roundTrip() throws {
        var writer = ByteWriter()
        writer.append(byte: 9)
        writer.append(littleEndian: UInt32(0x0102_0304))
        writer.append(bigEndian: UInt32(0x0102_0304))
        for number in [0, 1, 127, 128, 300, UInt64.max] { writer.append(varint: number) }
        for number in [0, -1, 1, Int64.min, Int64.max] { writer.append(zigZag: number) }
        writer.append(string: "波 tank")
        writer.append(lengthPrefixed: [1, 2, 3])
        writer.append(double: -0.5)
        #expect(Array(writer.bytes[1..<9]) == [4, 3, 2, 1, 1, 2, 3, 4])

        var reader = ByteReader(writer.bytes)
        #expect(try reader.readByte() == 9)
        #expect(try reader.readLittleEndian(UInt32.self) == 0x0102_0304)
        #expect(try reader.readBigEndian(UInt32.self) == 0x0102_0304)
        for number in [0, 1, 127, 128, 300, UInt64.max] {
            #expect(try reader.readVarint() == number)
        }
        for number in [0, -1, 1, Int64.min, Int64.max] {
            #expect(try reader.readZigZag() == number)
        }
        #expect(try reader.readString() == "波 tank")
        #expect(try reader.readLengthPrefixed() == [1, 2, 3])
        #expect(try reader.readDouble() == -0.5)
        #expect(reader.isAtEnd)
    }

    @Test("Reading past the end names the position and moves nothing")
    func pastTheEnd() throws {
        var reader = ByteReader([1, 2, 3, 4], range: 1..<3)
        let expected = ColumnarError.corrupt(reason: "4 bytes wanted, 2 left", position: 1)
        #expect(throws: expected) { try reader.readLittleEndian(UInt32.self) }
        #expect(reader.position == 1)
        #expect(throws: ColumnarError.self) { try reader.readBytes(-1) }
        #expect(throws: ColumnarError.self) { try reader.readBytes(.max) }
        #expect(try reader.readBytes(2) == [2, 3])
    }

    @Test("A varint over 64 bits, a count over the input, and text that is not UTF-8 are refused")
    func malformed() throws {
        var long = ByteReader([UInt8](repeating: 0xFF, count: 9) + [2])
        #expect(throws: ColumnarError.self) { try long.readVarint() }
        var count = ByteReader([200, 1, 0])
        #expect(throws: ColumnarError.self) { try count.readCount() }
        var text = ByteReader([2, 0xC3, 0x28])
        #expect(throws: ColumnarError.self) { try text.readString() }
    }

    @Test("A number written before its time is put right later")
    func replace() {
        var writer = ByteWriter()
        writer.append(littleEndian: Int32(0))
        writer.append(byte: 5)
        writer.replace(at: 0, littleEndian: Int32(258))
        #expect(writer.bytes == [2, 1, 0, 0, 5])
        writer.replace(at: 0, bigEndian: Int32(258))
        #expect(writer.bytes == [0, 0, 1, 2, 5])
    }

    @Test("Checksums give the published values")
    func checksums() {
        let digits = Array("123456789".utf8)
        #expect(crc32c(digits) == 0xE306_9283)
        #expect(crc32(digits) == 0xCBF4_3926)
        #expect(crc32c([]) == 0)
        // RFC 3720, B.4: 32 bytes of zeros, of ones, and 0 to 31.
        #expect(crc32c([UInt8](repeating: 0, count: 32)) == 0x8A91_36AA)
        #expect(crc32c([UInt8](repeating: 0xFF, count: 32)) == 0x62A8_AB43)
        #expect(crc32c([UInt8](0..<32)) == 0x46DD_794E)
    }

    @Test("A checksum of parts is the checksum of the whole, at every cut")
    func checksumOfParts() {
        var draws = SeededDraws(seed: 3)
        let bytes = (0..<100).map { _ in UInt8(draws.next(below: 256)) }
        for cut in 0...100 {
            #expect(crc32c(bytes[cut...], seed: crc32c(bytes[..<cut])) == crc32c(bytes))
            #expect(crc32(bytes[cut...], seed: crc32(bytes[..<cut])) == crc32(bytes))
        }
    }

    @Test(
        "What is compressed comes back",
        arguments: [Compression.none, .lz4Frame, .zstd, .zstd(level: 9)])
    func compression(_ compression: Compression) throws {
        var draws = SeededDraws(seed: 5)
        for size in [0, 1, 100, 100_000, 300_000] {
            let bytes = (0..<size).map { _ in UInt8(draws.next(below: 3)) }
            let small = compression.compress(bytes)
            #expect(try compression.decompress(small[...], byteCount: size) == bytes)
            #expect(try compression.decompress(small[...], limit: 1 << 20) == bytes)
            if size > 0 {
                #expect(throws: ColumnarError.self) {
                    try compression.decompress(small[...], limit: size - 1)
                }
            }
        }
    }

    @Test("Damaged compressed bytes are an error or other bytes, never a crash", arguments: 0..<200)
    func damagedCompression(seed: UInt64) {
        var draws = SeededDraws(seed: seed)
        let bytes = (0..<1000).map { _ in UInt8(draws.next(below: 3)) }
        for compression in [Compression.lz4Frame, .zstd] {
            let damaged = draws.damage(compression.compress(bytes))
            let result = try? compression.decompress(damaged[...], limit: 10_000)
            #expect((result?.count ?? 0) <= 10_000)
        }
    }
}
