/// Finds the moments since which a failure is likely, by runs that are the same up to a moment and
/// drawn anew after it.
///
/// The share of such runs that fail still is near that of any seed when the moment is early, and
/// one when it is late. Where it rises, something happened that the failure could not be helped
/// after. The search spends its runs where the share rises most.
public struct NoReturnSearch {
    /// The runs that were drawn anew from one moment on.
    public struct Moment: Sendable, Hashable {
        public var at: Duration
        public var failing: Int
        public var runs: Int

        public init(at: Duration, failing: Int, runs: Int) {
            self.at = at
            self.failing = failing
            self.runs = runs
        }

        public var share: Double { runs == 0 ? 0 : Double(failing) / Double(runs) }
    }

    /// In order of time.
    public private(set) var moments: [Moment] = []
    private let end: Duration
    private let gridCount: Int
    /// Two moments that are no further apart are not looked between.
    private let resolution: Duration

    /// - Parameter end: When the failure was seen.
    public init(until end: Duration, gridCount: Int = 8, resolution: Duration = .milliseconds(20)) {
        precondition(end > .zero && gridCount > 1, "there is no time to look at")
        self.end = end
        self.gridCount = gridCount
        self.resolution = resolution
    }

    /// The next moment to try; nil where nothing is left to be learned.
    public var next: Duration? {
        let known = Set(moments.map(\.at))
        for step in 0...gridCount {
            let at = end * step / gridCount
            if !known.contains(at) { return at }
        }
        var best: (at: Duration, weight: Double)?
        for (first, second) in zip(moments, moments.dropFirst()) {
            let rise = second.share - first.share
            if rise < Self.step || second.at - first.at <= resolution { continue }
            // The steepest first; of two equal rises, the one that is less well known.
            let weight = rise + Double((second.at - first.at) / end) * 0.01
            if weight > best?.weight ?? 0 { best = ((first.at + second.at) / 2, weight) }
        }
        return best?.at
    }

    public mutating func learn(_ moment: Moment) {
        let position = moments.firstIndex { $0.at >= moment.at } ?? moments.count
        moments.insert(moment, at: position)
    }

    /// A smaller rise may be chance.
    static let step = 0.25

    /// Between which moments the share of failing runs rises.
    public var steps: [(from: Moment, to: Moment)] {
        zip(moments, moments.dropFirst()).filter { $1.share - $0.share >= Self.step }
            .map { ($0, $1) }
    }
}
