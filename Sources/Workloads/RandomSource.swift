/// Random numbers of one part of a workload: SplitMix64 from a seed and a label.
public struct RandomSource: Sendable {
    private var state: UInt64

    public init(seed: UInt64, label: String) {
        var hash: UInt64 = 0xcbf2_9ce4_8422_2325
        for byte in label.utf8 { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01b3 }
        state = seed &* 0x9E37_79B9_7F4A_7C15 ^ hash
    }

    public mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }

    /// A number below `bound`; the bias of the multiplication is below 1 in 2^32 for bounds below
    /// 2^32.
    public mutating func below(_ bound: Int) -> Int {
        precondition(bound > 0, "nothing is below zero")
        return Int(next().multipliedFullWidth(by: UInt64(bound)).high)
    }

    public mutating func chance(partsPerMillion: Int) -> Bool { below(1_000_000) < partsPerMillion }

    /// A position below `count`: the first `keyPercent` of them get `eventPercent` of the draws,
    /// the others share the rest.
    public mutating func skewed(_ count: Int, eventPercent: Int, keyPercent: Int) -> Int {
        precondition(count > 0, "nothing to choose from")
        let hot = min(count, max(1, count * keyPercent / 100))
        if hot == count || below(100) < eventPercent { return below(hot) }
        return hot + below(count - hot)
    }
}
