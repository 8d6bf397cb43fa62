public import RunReports

/// One run of a hunt.
public struct HuntCase: Sendable, Hashable {
    public var scenario: String
    public var seed: UInt64
    /// Which change to the seed's plan of faults, and which change to that, and so on.
    public var variant: [Int]

    public init(scenario: String, seed: UInt64, variant: [Int] = []) {
        self.scenario = scenario
        self.seed = seed
        self.variant = variant
    }

    /// What results call it: scenarios and seeds alone do not tell variants apart.
    public var label: String {
        variant.isEmpty ? scenario : "\(scenario) variant \(variantText)"
    }

    /// The variant as the command line writes it: `3.1`; empty for the seed's own plan.
    public var variantText: String { variant.map(String.init).joined(separator: ".") }
}

/// Chooses what a guided hunt runs next: fresh seeds, and variants of runs that reached what few
/// others did.
///
/// It works in generations. What it chooses depends on the results of those before, and not on the
/// order in which runs end, so that a hunt is the same with any number of workers.
public struct Guide {
    /// Half of a generation are fresh seeds, as long as there are any; the rest explores.
    public static let generationCount = 32
    /// A feature is rare that no more than one run in so many has.
    private static let rarity = 20

    private struct Entry {
        var run: HuntCase
        var features: [Saturation.Feature]
        var variantCount = 0
    }

    private let scenarios: [String]
    private var nextSeed: UInt64
    private let lastSeed: UInt64
    private var freshPosition = 0
    private var corpus: [Entry] = []
    private var holders: [Saturation.Feature: Int] = [:]
    private var runCount = 0

    public init(scenarios: [String], seeds: ClosedRange<UInt64>) {
        precondition(!scenarios.isEmpty, "nothing to hunt in")
        self.scenarios = scenarios
        nextSeed = seeds.lowerBound
        lastSeed = seeds.upperBound
    }

    /// How many runs were kept as worth exploring around.
    public var corpusCount: Int { corpus.count }

    /// The next generation; the hunt ends when its budget does, not here.
    public mutating func next(_ count: Int = generationCount) -> [HuntCase] {
        var cases: [HuntCase] = []
        let explored = corpus.isEmpty ? 0 : count / 2
        while cases.count < count - explored, let fresh = freshCase() { cases.append(fresh) }
        while cases.count < count, let position = mostWorth() {
            corpus[position].variantCount += 1
            var run = corpus[position].run
            run.variant.append(corpus[position].variantCount)
            cases.append(run)
        }
        return cases
    }

    /// Takes in what a generation came to.
    public mutating func learn(_ results: [(run: HuntCase, seed: HuntReport.Seed)]) {
        for (run, seed) in results {
            runCount += 1
            let features = Saturation.features(of: seed)
            for feature in features { holders[feature, default: 0] += 1 }
            let isRare = features.contains {
                holders[$0]! * Self.rarity <= max(runCount, Self.rarity)
            }
            if isRare && seed.isClean { corpus.append(Entry(run: run, features: features)) }
        }
    }

    private mutating func freshCase() -> HuntCase? {
        if nextSeed > lastSeed { return nil }
        let fresh = HuntCase(scenario: scenarios[freshPosition], seed: nextSeed)
        freshPosition += 1
        if freshPosition == scenarios.count {
            freshPosition = 0
            if nextSeed == .max { return fresh }
            nextSeed += 1
        }
        return fresh
    }

    /// The run whose rarest feature is the rarest, counting how often it was explored already.
    private func mostWorth() -> Int? {
        var best: (position: Int, cost: Int)?
        for (position, entry) in corpus.enumerated() {
            let rarest = entry.features.map { holders[$0]! }.min() ?? runCount
            let cost = rarest * (1 + entry.variantCount)
            if best.map({ cost < $0.cost }) ?? true { best = (position, cost) }
        }
        return best?.position
    }
}
