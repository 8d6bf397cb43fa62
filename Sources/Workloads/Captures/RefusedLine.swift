import Columnar

/// A line of a capture that was not taken, and why.
public struct RefusedLine: Sendable, Hashable, CustomStringConvertible {
    public var file: String
    /// From 1.
    public var line: Int
    /// In bytes, from 1; nil where the fault is not at one place.
    public var column: Int?
    public var reason: String
    /// The beginning of the line.
    public var text: String

    public init(file: String, line: Int, column: Int?, reason: String, text: String) {
        self.file = file
        self.line = line
        self.column = column
        self.reason = reason
        self.text = text
    }

    public var description: String {
        "\(file):\(line):\(column.map { "\($0):" } ?? "") \(reason)"
    }
}

/// The lines that a workload refused: all are counted, the first ones kept.
public struct RefusedLines: Sendable, Hashable {
    public static let keptLimit = 100

    public private(set) var count = 0
    public private(set) var first: [RefusedLine] = []

    public init() {}

    public mutating func add(_ line: RefusedLine) {
        count += 1
        if first.count < Self.keptLimit { first.append(line) }
    }
}

/// Why a line is refused, before it is known which line it is.
struct Refusal: Error, Hashable {
    var reason: String
    var column: Int?
    /// What is not known any more, now that the line is left out.
    var doubt = Doubt.everything

    init(_ reason: String, column: Int? = nil) {
        self.reason = reason
        self.column = column
    }

    /// The rows of which a line that was left out may have been a change.
    enum Doubt: Hashable {
        case nothing
        case row(table: Int, key: [Value])
        case table(Int)
        case everything
    }
}
