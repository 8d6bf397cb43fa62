/// What is wrong with a JSON text or with what it says.
public enum JSONError: Error, Hashable, Sendable, CustomStringConvertible {
    /// The text is not JSON: line and column count from 1, the column in bytes.
    case malformed(line: Int, column: Int, reason: String)
    case tooLarge(byteCount: Int, limit: Int)
    case missing(path: String)
    case wrongType(path: String, expected: String)

    public var description: String {
        switch self {
        case .malformed(let line, let column, let reason):
            "line \(line), column \(column): \(reason)"
        case .tooLarge(let byteCount, let limit):
            "\(byteCount) bytes of JSON are over the limit of \(limit)"
        case .missing(let path): "\(path) is missing"
        case .wrongType(let path, let expected): "\(path) is not \(expected)"
        }
    }
}
