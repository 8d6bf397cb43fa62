/// A place in a scenario file; line and column count from 1.
public struct SourceMark: Sendable, Hashable, Comparable {
    public var line: Int
    public var column: Int

    public init(line: Int, column: Int) {
        self.line = line
        self.column = column
    }

    public static func < (first: SourceMark, second: SourceMark) -> Bool {
        (first.line, first.column) < (second.line, second.column)
    }
}
