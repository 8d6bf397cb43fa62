/// What can go wrong with Avro data; cases by what the caller must do.
public enum AvroError: Error, Hashable, Sendable, CustomStringConvertible {
    // Restore the data.
    case malformed(reason: String, position: Int)
    case tooLarge(byteCount: Int, limit: Int)
    // Use another reader.
    case unsupported(reason: String)
    // Fix the call.
    case mismatch(path: String, expected: String)

    public var description: String {
        switch self {
        case .malformed(let reason, let position): "bad Avro data at byte \(position): \(reason)"
        case .tooLarge(let byteCount, let limit): "\(byteCount) bytes are over the limit \(limit)"
        case .unsupported(let reason): "unsupported Avro data: \(reason)"
        case .mismatch(let path, let expected): "the value of \(path) is not \(expected)"
        }
    }
}
