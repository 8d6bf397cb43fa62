import Columnar

/// Tells keys that a table surely does not have: about one in a hundred others is let through.
///
///     probe count   u8
///     bits          10 a key, at least 64, whole bytes
struct BloomFilter {
    static let bitsPerKey = 10
    static let probeCount: UInt8 = 7

    private let probeCount: Int
    private let bits: [UInt8]

    init(hashes: [UInt64]) {
        probeCount = Int(Self.probeCount)
        var bits = [UInt8](repeating: 0, count: max(8, (hashes.count * Self.bitsPerKey + 7) / 8))
        let bitCount = UInt64(bits.count) * 8
        for hash in hashes {
            var probe = hash
            let step = (hash >> 33) | 1
            for _ in 0..<probeCount {
                let bit = Int(probe % bitCount)
                bits[bit >> 3] |= 1 << UInt8(bit & 7)
                probe = probe &+ step
            }
        }
        self.bits = bits
    }

    func mayContain(_ hash: UInt64) -> Bool {
        let bitCount = UInt64(bits.count) * 8
        var probe = hash
        let step = (hash >> 33) | 1
        for _ in 0..<probeCount {
            let bit = Int(probe % bitCount)
            if bits[bit >> 3] >> UInt8(bit & 7) & 1 == 0 { return false }
            probe = probe &+ step
        }
        return true
    }

    func encoded() -> [UInt8] { [UInt8(probeCount)] + bits }

    /// Nil if the bytes are no filter.
    init?(decoding bytes: ArraySlice<UInt8>) {
        guard bytes.count >= 9, let first = bytes.first, first >= 1, first <= 32 else { return nil }
        probeCount = Int(first)
        bits = Array(bytes.dropFirst())
    }

    /// A hash that is the same in every process: FNV-1a over words, mixed at the end.
    static func hash(_ key: [UInt8]) -> UInt64 {
        var hash: UInt64 = 0xcbf2_9ce4_8422_2325
        key.withUnsafeBytes { bytes in
            var position = 0
            while position + 8 <= bytes.count {
                let word = UInt64(
                    littleEndian: bytes.loadUnaligned(fromByteOffset: position, as: UInt64.self))
                hash = (hash ^ word) &* 0x9E37_79B9_7F4A_7C15
                hash ^= hash >> 32
                position += 8
            }
            while position < bytes.count {
                hash = (hash ^ UInt64(bytes[position])) &* 0x100_0000_01b3
                position += 1
            }
        }
        hash = (hash ^ (hash >> 30)) &* 0xBF58_476D_1CE4_E5B9
        hash = (hash ^ (hash >> 27)) &* 0x94D0_49BB_1331_11EB
        return hash ^ (hash >> 31)
    }
}
