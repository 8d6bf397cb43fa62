import ScenarioFiles

/// What one oracle has looked at and what it found wrong.
final class Tally {
    struct Violation: Hashable, Sendable {
        var message: String
        var nanoseconds: Int64
    }

    /// Kept in full; more are only counted.
    static let violationLimit = 100

    let name: CheckName
    private(set) var compared = 0
    private(set) var violations: [Violation] = []
    private(set) var violationCount = 0
    /// Whether the run gave it anything to look at: if so, having compared nothing is a failure.
    var hadWork = true
    /// Called with each violation.
    var onViolation: ((String) -> Void)?
    private let now: () -> Int64

    init(_ name: CheckName, now: @escaping () -> Int64) {
        self.name = name
        self.now = now
    }

    func count(_ number: Int = 1) { compared += number }

    func violated(_ message: String) {
        violationCount += 1
        onViolation?(message)
        if violations.count < Self.violationLimit {
            violations.append(Violation(message: message, nanoseconds: now()))
        }
    }

    /// Counts one comparison, and a violation if it does not hold.
    func expect(_ holds: Bool, _ message: @autoclosure () -> String) {
        compared += 1
        if !holds { violated(message()) }
    }
}

/// The tallies of a run, one an oracle.
final class Tallies {
    let all: [Tally]

    init(now: @escaping () -> Int64) {
        all = CheckName.allCases.map { Tally($0, now: now) }
    }

    subscript(_ name: CheckName) -> Tally { all.first { $0.name == name }! }
}
