/// The 64-bit hash of some content: XXH64 with seed 0 (xxHash specification 0.2, section XXH64).
///
/// For telling contents apart. A CRC is no good for that where parts of the content end in their
/// own CRC: from there on it depends on nothing before.
public func contentHash(_ bytes: [UInt8]) -> UInt64 {
    bytes.withUnsafeBytes { XXHash64.hash($0) }
}

private enum XXHash64 {
    static let primes: (UInt64, UInt64, UInt64, UInt64, UInt64) = (
        0x9E37_79B1_85EB_CA87, 0xC2B2_AE3D_27D4_EB4F, 0x1656_67B1_9E37_79F9,
        0x85EB_CA77_C2B2_AE63, 0x27D4_EB2F_1656_67C5
    )

    static func hash(_ bytes: UnsafeRawBufferPointer) -> UInt64 {
        var position = 0
        var hash = primes.4
        if bytes.count >= 32 {
            var lanes: SIMD4<UInt64> = [primes.0 &+ primes.1, primes.1, 0, 0 &- primes.0]
            while position + 32 <= bytes.count {
                for lane in 0..<4 {
                    lanes[lane] = round(lanes[lane], word(bytes, position + 8 * lane))
                }
                position += 32
            }
            hash =
                rotate(lanes[0], 1) &+ rotate(lanes[1], 7) &+ rotate(lanes[2], 12)
                &+ rotate(lanes[3], 18)
            for lane in 0..<4 {
                hash = (hash ^ round(0, lanes[lane])) &* primes.0 &+ primes.3
            }
        }
        hash &+= UInt64(bytes.count)
        while position + 8 <= bytes.count {
            hash = rotate(hash ^ round(0, word(bytes, position)), 27) &* primes.0 &+ primes.3
            position += 8
        }
        if position + 4 <= bytes.count {
            let half = bytes.loadUnaligned(fromByteOffset: position, as: UInt32.self)
            hash ^= UInt64(UInt32(littleEndian: half)) &* primes.0
            hash = rotate(hash, 23) &* primes.1 &+ primes.2
            position += 4
        }
        while position < bytes.count {
            hash = rotate(hash ^ UInt64(bytes[position]) &* primes.4, 11) &* primes.0
            position += 1
        }
        hash = (hash ^ hash >> 33) &* primes.1
        hash = (hash ^ hash >> 29) &* primes.2
        return hash ^ hash >> 32
    }

    private static func word(_ bytes: UnsafeRawBufferPointer, _ position: Int) -> UInt64 {
        UInt64(littleEndian: bytes.loadUnaligned(fromByteOffset: position, as: UInt64.self))
    }

    private static func round(_ lane: UInt64, _ word: UInt64) -> UInt64 {
        rotate(lane &+ word &* primes.1, 31) &* primes.0
    }

    private static func rotate(_ value: UInt64, _ count: UInt64) -> UInt64 {
        value << count | value >> (64 - count)
    }
}
