/// One thing that is wrong in a scenario file.
public struct ScenarioError: Error, Sendable, Hashable, CustomStringConvertible {
    public var path: String
    /// Nil where the text came from no file, as a fault plan inside a failure file does.
    public var mark: SourceMark?
    public var message: String

    public init(path: String, mark: SourceMark?, message: String) {
        self.path = path
        self.mark = mark
        self.message = message
    }

    /// `path:line:column: message`, which editors and terminals make clickable.
    public var description: String {
        guard let mark else { return "\(path): \(message)" }
        return "\(path):\(mark.line):\(mark.column): \(message)"
    }
}

/// Everything that is wrong in a scenario file, in the order of its lines.
public struct ScenarioErrors: Error, Sendable, Hashable, CustomStringConvertible {
    public var errors: [ScenarioError]

    public init(_ errors: [ScenarioError]) {
        precondition(!errors.isEmpty, "an error without a reason")
        self.errors = errors
    }

    public var description: String {
        errors.map(\.description).joined(separator: "\n")
    }
}
