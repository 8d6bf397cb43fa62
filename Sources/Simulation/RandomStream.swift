public import Platform

/// A reproducible stream of random bits: xoshiro256** (Blackman and Vigna, 2018).
///
/// Streams with different labels are independent, so taking one fault away does not reshuffle the
/// rest.
public final class RandomStream: Entropy {
    private var state: (UInt64, UInt64, UInt64, UInt64)
    private let epoch: RandomEpoch?
    private var salt: UInt64 = 0

    public convenience init(seed: UInt64, label: String) {
        self.init(seed: seed, label: label, epoch: nil)
    }

    /// A stream of a world, which goes on otherwise once the world's epoch is another one.
    init(seed: UInt64, label: String, epoch: RandomEpoch?) {
        self.epoch = epoch
        var mixer = SplitMix(state: seed ^ hashOfBytes(label.utf8))
        state = (mixer.next(), mixer.next(), mixer.next(), mixer.next())
    }

    public func next() -> UInt64 {
        if let epoch, epoch.salt != salt { begin(epoch.salt) }
        let result = rotate(state.1 &* 5, by: 7) &* 9
        let shifted = state.1 << 17
        state.2 ^= state.0
        state.3 ^= state.1
        state.1 ^= state.2
        state.0 ^= state.3
        state.2 ^= shifted
        state.3 = rotate(state.3, by: 45)
        return result
    }

    private func begin(_ salt: UInt64) {
        self.salt = salt
        var mixer = SplitMix(state: state.0 ^ salt)
        state = (mixer.next(), mixer.next(), mixer.next(), mixer.next())
    }

    /// A duration in `range`, evenly drawn.
    public func duration(in range: Range<Duration>) -> Duration {
        .nanoseconds(nanoseconds(in: range))
    }

    func nanoseconds(in range: Range<Duration>) -> Int64 {
        let low = range.lowerBound.nanoseconds
        return low + Int64(next(in: 0..<UInt64(max(1, range.upperBound.nanoseconds - low))))
    }

    /// True `partsPerMillion` times in a million.
    public func chance(partsPerMillion: Int) -> Bool {
        partsPerMillion > 0 && next(in: 0..<1_000_000) < UInt64(partsPerMillion)
    }
}

private func rotate(_ value: UInt64, by count: UInt64) -> UInt64 {
    (value << count) | (value >> (64 - count))
}

/// SplitMix64 (Steele, Lea and Flood, 2014): spreads a seed over a state.
struct SplitMix {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }
}

/// FNV-1a over a few bytes, such as a label.
func hashOfBytes(_ bytes: some Sequence<UInt8>) -> UInt64 {
    var hash: UInt64 = 0xcbf2_9ce4_8422_2325
    for byte in bytes { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01b3 }
    return hash
}
