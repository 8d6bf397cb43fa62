/// What moved between two sets of exact figures, and what of it is past its limit.
public struct BenchComparison: Sendable, Hashable {
    public enum Judgement: String, Sendable, Hashable {
        /// Worse by more than the limit.
        case regression
        /// Better by more than the limit.
        case improvement
        /// Within the limit, or of a figure without one.
        case within
    }

    /// One figure of one case that differs.
    public struct Difference: Sendable, Hashable {
        public var of: BenchCase
        public var figure: BenchFigure
        public var before: Int
        public var after: Int
        /// In parts per million; nil for a figure without limit.
        public var limit: Int?
        public var judgement: Judgement
        /// What the figure is made of, where that moved: `disk.writtenBytes +2.0 %`.
        public var parts: [String]

        /// In parts per million of the value before; nil where that was zero.
        public var change: Int? { BenchComparison.change(before, after) }

        public var changeText: String { BenchComparison.changeText(before, after) }
    }

    /// In the order of cases, and of figures within a case.
    public private(set) var differences: [Difference] = []
    /// Cases that only one side has.
    public private(set) var missing: [BenchCase] = []
    public private(set) var added: [BenchCase] = []
    /// Figures that no case had before and some have now: there is nothing to compare them with.
    public private(set) var newFigures: [BenchFigure] = []
    /// Cases in which an oracle saw something, or saw nothing.
    public private(set) var unclean: [BenchTank.Run] = []
    public private(set) var comparedCount = 0
    /// Which commit each side comes from, where known.
    public var beforeCommit: String?
    public var afterCommit: String?
    /// Libraries that differ: byte counts may follow them.
    public private(set) var libraries: [String] = []

    public init(before: BenchTank, after: BenchTank) {
        let (known, measured) = (Self.names(before), Self.names(after))
        if !before.runs.isEmpty {
            newFigures = BenchFigure.all.filter {
                measured.contains($0.name) && !known.contains($0.name)
            }
        }
        for run in after.runs {
            if run.verdict != .pass { unclean.append(run) }
            guard let former = before.run(run.of) else {
                added.append(run.of)
                continue
            }
            compare(former, run)
        }
        missing = before.runs.map(\.of).filter { after.run($0) == nil }
        for library in after.libraries {
            let former = before.libraries.first { $0.name == library.name }
            if let former, former != library {
                libraries.append("\(library.name) \(former.version) → \(library.version)")
            }
        }
    }

    private static func names(_ tank: BenchTank) -> Set<String> {
        Set(tank.runs.flatMap(\.figures).map(\.name))
    }

    public var regressions: [Difference] { differences.filter { $0.judgement == .regression } }
    public var improvements: [Difference] { differences.filter { $0.judgement == .improvement } }

    /// Whether a check should let this pass.
    public var isAcceptable: Bool {
        regressions.isEmpty && missing.isEmpty && unclean.isEmpty
    }

    private mutating func compare(_ before: BenchTank.Run, _ after: BenchTank.Run) {
        var names = after.figures.map(\.name)
        names += before.figures.map(\.name).filter { after[$0] == nil }
        for name in names where !newFigures.contains(where: { $0.name == name }) {
            comparedCount += 1
            let values = (before[name] ?? 0, after[name] ?? 0)
            if values.0 == values.1 { continue }
            let figure = BenchFigure.named(name)
            let limit = figure.limit.flatMap(after.limit)
            differences.append(
                Difference(
                    of: after.of, figure: figure, before: values.0, after: values.1, limit: limit,
                    judgement: Self.judge(figure, values.0, values.1, limit),
                    parts: figure.parts.compactMap { Self.part($0, before, after) }))
        }
    }

    private static func part(
        _ name: String, _ before: BenchTank.Run, _ after: BenchTank.Run
    ) -> String? {
        if before[name] == nil && after[name] == nil { return nil }
        let title = BenchFigure.named(name).title.lowercased()
        let values = (before[name] ?? 0, after[name] ?? 0)
        return values.0 == values.1
            ? "\(title) as before" : "\(title) \(changeText(values.0, values.1))"
    }

    private static func judge(
        _ figure: BenchFigure, _ before: Int, _ after: Int, _ limit: Int?
    ) -> Judgement {
        guard let limit, figure.better != .neither else { return .within }
        // From zero, anything is past any limit.
        let isPast = change(before, after).map { $0.magnitude > limit } ?? true
        if !isPast { return .within }
        let isWorse = figure.better == .lower ? after > before : after < before
        return isWorse ? .regression : .improvement
    }

    static func change(_ before: Int, _ after: Int) -> Int? {
        if before == 0 { return nil }
        let parts =
            (Int128(after) - Int128(before)) * 1_000_000 / Int128(before.magnitude)
        return Int(clamping: parts)
    }

    static func changeText(_ before: Int, _ after: Int) -> String {
        guard let change = change(before, after) else { return "from zero" }
        if change == 0 { return after > before ? "+0.00 %" : "−0.00 %" }
        let percent = Double(change) / 10_000
        let text = NumberText.fixed(percent, decimals: percent.magnitude < 10 ? 2 : 1)
        return (change > 0 ? "+" : "") + text + " %"
    }
}
