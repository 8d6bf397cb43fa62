import RunReports
public import ScenarioFiles

/// Makes a failed run smaller, step by step, as long as it fails alike.
///
/// Topology, workload, run length, faults and their parameters are tried together; each step is a
/// run. A round goes once through all edits; rounds follow until one changes nothing. An edit moves
/// all that is drawn elsewhere, so a few other seeds are tried where the present one does not fail.
public struct Shrinker {
    public struct Result: Sendable {
        public var draft: ScenarioDraft
        public var violation: FailureFile.Violation
        public var runCount: Int
        /// What was done, in order.
        public var steps: [String]
        /// Whether every edit was tried in vain; otherwise there was no time for more.
        public var isMinimal: Bool
    }

    /// Runs drafts, as many at once as there are, and says in their order what each violated first.
    public typealias Judge = ([ScenarioDraft]) -> [FailureFile.Violation?]

    private let judge: Judge
    /// Drafts that are judged at once; the result does not depend on it.
    private let width: Int
    /// Seeds to try for an edit, the present one first.
    private let seedCount: Int
    private let hasTime: () -> Bool
    /// What was kept before: no edit leads back there.
    private var visited: Set<String> = []
    /// Called after each step that was kept.
    public var onStep: ((String, ScenarioDraft) -> Void)?
    /// Called with how many runs were made so far.
    public var onRuns: ((Int) -> Void)?

    public init(
        width: Int, seedCount: Int, hasTime: @escaping () -> Bool = { true },
        judge: @escaping Judge
    ) {
        precondition(width > 0 && seedCount > 0, "nothing would be tried")
        self.width = width
        self.seedCount = seedCount
        self.hasTime = hasTime
        self.judge = judge
    }

    /// The smallest draft found; nil if `draft` itself does not fail.
    public func shrink(_ draft: ScenarioDraft) -> Result? {
        var shrinker = self
        return shrinker.run(draft)
    }

    private mutating func run(_ draft: ScenarioDraft) -> Result? {
        guard let first = judge([draft])[0] else { return nil }
        var result = Result(
            draft: draft, violation: first, runCount: 1, steps: [], isMinimal: false)
        var tried: Set<String> = []
        visited = [draft.text]
        if let kept = firstThatHolds([draft.onlyChecking(first.oracle)], &result, &tried) {
            result.steps.append(kept)
        }
        while hasTime() {
            if !round(&result) {
                result.isMinimal = hasTime()
                break
            }
        }
        return result
    }

    /// Goes once through all edits; false if none was kept.
    private mutating func round(_ result: inout Result) -> Bool {
        var tried: Set<String> = []
        var isSmaller = false
        while hasTime() {
            let edits = result.draft.edits(until: result.violation.at)
            guard let kept = firstThatHolds(edits, &result, &tried) else { return isSmaller }
            isSmaller = true
            result.steps.append(kept)
            onStep?(kept, result.draft)
        }
        return isSmaller
    }

    /// Tries edits in their order, each with some seeds, until one fails as before; its name.
    private mutating func firstThatHolds(
        _ edits: [ScenarioDraft.Edit], _ result: inout Result, _ tried: inout Set<String>
    ) -> String? {
        let seeds = seeds(beside: result.draft)
        var cases: [(name: String, draft: ScenarioDraft)] = []
        for (number, edit) in edits.enumerated() {
            if !tried.contains(edit.name) && isFair(edit.draft, beside: result.draft) {
                let drafts = seeds.map { edit.draft.with(seed: $0) }
                cases += drafts.filter { !visited.contains($0.text) }.map { (edit.name, $0) }
            }
            // The first that holds is kept, however many were judged beside it.
            while cases.count >= width || number == edits.count - 1 && !cases.isEmpty {
                if !hasTime() { return nil }
                let some = Array(cases.prefix(width))
                cases.removeFirst(some.count)
                let seen = judge(some.map(\.draft))
                result.runCount += some.count
                onRuns?(result.runCount)
                for ((name, draft), violation) in zip(some, seen) {
                    if let violation, violation.isLike(result.violation) {
                        result.draft = draft
                        result.violation = violation
                        visited.insert(draft.text)
                        return name
                    }
                    tried.insert(name)
                }
            }
        }
        return nil
    }

    /// Whether a draft is a scenario, and one that an engine without mistakes could pass if it
    /// could pass the one before.
    private func isFair(_ draft: ScenarioDraft, beside former: ScenarioDraft) -> Bool {
        guard let scenario = try? draft.scenario() else { return false }
        return !scenario.mayLoseLastCopy || (try? former.scenario())?.mayLoseLastCopy ?? true
    }

    private func seeds(beside draft: ScenarioDraft) -> [UInt64] {
        let present = (try? draft.scenario())?.seed ?? 1
        let others = (1...UInt64(max(1, seedCount))).filter { $0 != present }
        return [present] + others.prefix(seedCount - 1)
    }
}

extension FailureFile.Violation {
    /// Two violations are one when only the values in their messages differ.
    fileprivate func isLike(_ other: Self) -> Bool {
        oracle == other.oracle && message.causeText == other.message.causeText
    }
}
