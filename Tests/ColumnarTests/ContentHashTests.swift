import Columnar
import TestSupport
import Testing

@Suite("Content hashes")
struct ContentHashTests {
    @Test(
        "Hashes are those of the reference implementation",
        arguments: [
            (0, 0xef46_db37_51d8_e999), (32, 0xcbf5_9c51_16ff_32b4),
            (37, 0xd93f_a2df_ee5c_24c9), (100, 0x6ac1_e580_3216_6597),
        ] as [(UInt8, UInt64)])
    func golden(count: UInt8, expected: UInt64) {
        #expect(contentHash(Array(0..<count)) == expected)
        #expect(contentHash(Array("abc".utf8)) == 0x44bc_2cf5_ad77_0999)
    }

    @Test("Parts that end in their own checksum still count")
    func sealedParts() {
        func sealed(_ part: [UInt8]) -> [UInt8] {
            var writer = ByteWriter()
            writer.append(part)
            writer.append(littleEndian: crc32c(part))
            return writer.bytes
        }
        let (one, other) = (sealed([1, 2, 3, 4]), sealed([5, 6, 7, 8]))
        // Why file names are made of this hash, not of a CRC over the whole file.
        #expect(crc32c(one) == crc32c(other))
        #expect(contentHash(one) != contentHash(other))
    }
}
