/// Whether more seeds would still reach something new.
///
/// What counts is a probe together with how often a seed reached it, in powers of two: the second
/// failover in one run is another thing than the first.
public struct Saturation: Sendable, Hashable {
    /// Probes reached in any seed.
    public var probeCount = 0
    /// Probes with how often, in any seed.
    public var featureCount = 0
    /// Which seed, counted from 1 in their order, was the last to bring a new feature.
    public var lastNew = 0
    public var seedCount = 0
    /// Features that a single seed has.
    public var loneCount = 0

    public init(_ seeds: [HuntReport.Seed]) {
        var holders: [Feature: Int] = [:]
        var probes: Set<String> = []
        for (number, seed) in seeds.enumerated() {
            for feature in Self.features(of: seed) {
                if holders[feature] == nil { lastNew = number + 1 }
                holders[feature, default: 0] += 1
                probes.insert(feature.probe)
            }
        }
        probeCount = probes.count
        featureCount = holders.count
        seedCount = seeds.count
        loneCount = holders.values.count { $0 == 1 }
    }

    /// The chance that one more seed brings a new feature, as Good and Turing estimate it (1953).
    public var chanceOfNew: Double {
        seedCount == 0 ? 1 : min(1, Double(loneCount) / Double(seedCount))
    }

    public struct Feature: Hashable, Sendable {
        public var probe: String
        /// The power of two that the count has reached.
        public var power: Int
    }

    /// What a seed reached, in the order of its report.
    public static func features(of seed: HuntReport.Seed) -> [Feature] {
        (seed.report?.probes ?? []).filter { $0.count > 0 }.map {
            Feature(probe: $0.name, power: Int.bitWidth - 1 - $0.count.leadingZeroBitCount)
        }
    }
}

extension Saturation: CustomStringConvertible {
    public var description: String {
        let often = "\(probeCount) probes, \(featureCount) with how often"
        if seedCount < 2 { return often }
        let chance =
            loneCount == 0
            ? "no feature is rare any more"
            : "about one seed in \(max(1, Int(1 / chanceOfNew))) would bring a new one"
        return "\(often); the last new one came with seed \(lastNew) of \(seedCount); \(chance)"
    }
}
