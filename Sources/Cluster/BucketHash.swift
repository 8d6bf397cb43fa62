/// The hash by which Fluss's clients choose buckets.
///
/// Murmur3 of 32 bits under seed 42, but for the bytes after the last whole word, each of which is
/// mixed in as a word; that number is then hashed once more, and its sign dropped. Source: Fluss's
/// `MurmurHashUtils` and `FlussBucketingFunction`, which have it from Flink.
enum BucketHash {
    private static let seed: UInt32 = 42

    /// Precondition: there is a bucket.
    static func bucket(of key: ArraySlice<UInt8>, count: Int32) -> Int32 {
        precondition(count > 0, "a table without buckets")
        return spread(hash(key)) % count
    }

    static func hash(_ bytes: ArraySlice<UInt8>) -> UInt32 {
        var state = seed
        var position = bytes.startIndex
        while position + 4 <= bytes.endIndex {
            var word: UInt32 = 0
            for byte in 0..<4 { word |= UInt32(bytes[position + byte]) << (8 * UInt32(byte)) }
            state = mix(state, word)
            position += 4
        }
        for byte in bytes[position...] { state = mix(state, UInt32(byte)) }
        return finish(state ^ UInt32(truncatingIfNeeded: bytes.count))
    }

    /// A hash's own hash, not negative.
    static func spread(_ hash: UInt32) -> Int32 {
        let code = Int32(bitPattern: finish(mix(0, hash) ^ 4))
        return code >= 0 ? code : code == .min ? 0 : -code
    }

    private static func mix(_ state: UInt32, _ word: UInt32) -> UInt32 {
        let mixed = rotate(word &* 0xCC9E_2D51, by: 15) &* 0x1B87_3593
        return rotate(state ^ mixed, by: 13) &* 5 &+ 0xE654_6B64
    }

    private static func finish(_ state: UInt32) -> UInt32 {
        var state = state
        state ^= state >> 16
        state = state &* 0x85EB_CA6B
        state ^= state >> 13
        state = state &* 0xC2B2_AE35
        return state ^ (state >> 16)
    }

    private static func rotate(_ word: UInt32, by count: UInt32) -> UInt32 {
        word << count | word >> (32 - count)
    }
}
