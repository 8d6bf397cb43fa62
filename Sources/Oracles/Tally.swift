/// What one oracle has looked at and what it found wrong.
public final class Tally {
    public struct Violation: Hashable, Sendable {
        public var message: String
        public var nanoseconds: Int64

        public init(message: String, nanoseconds: Int64) {
            self.message = message
            self.nanoseconds = nanoseconds
        }
    }

    /// Kept in full; more are only counted.
    public static let violationLimit = 100

    public let name: OracleName
    public private(set) var compared = 0
    public private(set) var violations: [Violation] = []
    public private(set) var violationCount = 0
    /// Whether the run gave it anything to look at: if so, having compared nothing is a failure.
    public var hadWork = true
    /// Called with each violation.
    public var onViolation: ((String) -> Void)?
    /// Names what a message gives by number.
    var naming: (String) -> String = { $0 }
    private let now: () -> Int64

    public init(_ name: OracleName, now: @escaping () -> Int64) {
        self.name = name
        self.now = now
    }

    public func count(_ number: Int = 1) { compared += number }

    public func violated(_ message: String) {
        let message = naming(message)
        violationCount += 1
        onViolation?(message)
        if violations.count < Self.violationLimit {
            violations.append(Violation(message: message, nanoseconds: now()))
        }
    }

    /// Counts one comparison, and a violation if it does not hold.
    public func expect(_ holds: Bool, _ message: @autoclosure () -> String) {
        compared += 1
        if !holds { violated(message()) }
    }
}
