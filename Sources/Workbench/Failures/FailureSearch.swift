/// A binary search for the commit that made failures as frequent as they are, by likelihood.
///
/// Commits are numbered from 0, the oldest first; the last is the bad one.
public struct FailureSearch {
    private let runCount: Int
    private let good: Int
    private let bad: Int
    /// The last commit known to be like the good one; -1 is the good one itself.
    private var lastGood = -1
    /// The first known to be like the bad one.
    private var firstKnownBad: Int
    private var skipped: Set<Int> = []

    /// `good` and `bad` of `runCount` runs fail at both ends.
    public init(commitCount: Int, runCount: Int, good: Int, bad: Int) {
        precondition(commitCount > 0 && runCount > 0, "nothing to search in")
        self.runCount = runCount
        self.good = good
        self.bad = bad
        firstKnownBad = commitCount - 1
    }

    /// Whether the ends differ enough to tell which one a commit is like: that the likelier end is
    /// a hundred times as likely for a commit that is like the bad one.
    public var isDecidable: Bool { bad > good && preference(for: bad) > 100 }

    /// The next commit to look at; nil when there is none left between good and bad.
    public var next: Int? {
        let open = (lastGood + 1..<firstKnownBad).filter { !skipped.contains($0) }
        return open.isEmpty ? nil : open[open.count / 2]
    }

    /// Those that may still be the first bad one.
    public var candidates: ClosedRange<Int> { (lastGood + 1)...firstKnownBad }

    /// How many commits are still to be looked at, where each halves what is left.
    public var stepCount: Int {
        let open = (lastGood + 1..<firstKnownBad).count { !skipped.contains($0) }
        return Int.bitWidth - open.leadingZeroBitCount
    }

    public mutating func learn(_ commit: Int, failing: Int) {
        if preference(for: failing) > 1 { firstKnownBad = commit } else { lastGood = commit }
    }

    /// The commit cannot be looked at.
    public mutating func skip(_ commit: Int) { skipped.insert(commit) }

    /// The first bad commit; several where those before it could not be looked at.
    public var firstBad: ClosedRange<Int>? { next == nil ? candidates : nil }

    /// How many times as likely a count of failures is at the bad end as at the good one.
    private func preference(for failing: Int) -> Double {
        // No failures in n runs does not mean that there are none: half a one is what is not seen.
        func rate(_ count: Int) -> Double {
            (Double(count) + 0.5) / (Double(runCount) + 1)
        }
        let (low, high) = (rate(good), rate(bad))
        var ratio = 1.0
        for _ in 0..<failing { ratio *= high / low }
        for _ in failing..<runCount { ratio *= (1 - high) / (1 - low) }
        return ratio
    }
}
