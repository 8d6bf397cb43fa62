/// What can go wrong with rows, batches and their encodings; cases by what the caller must do.
public enum ColumnarError: Error, Hashable, Sendable, CustomStringConvertible {
    /// The bytes are damaged or not of this format: get them from another copy.
    case corrupt(reason: String, position: Int)
    /// The bytes are well formed but use what this module does not read.
    case unsupported(reason: String)
    /// The caller's values do not fit the schema: fix the call.
    case invalidValue(reason: String)
    /// More than the limit the caller set: refuse the input or raise the limit.
    case tooLarge(byteCount: Int, limit: Int)

    public var description: String {
        switch self {
        case .corrupt(let reason, let position): "corrupt data at byte \(position): \(reason)"
        case .unsupported(let reason): "unsupported data: \(reason)"
        case .invalidValue(let reason): "invalid value: \(reason)"
        case .tooLarge(let byteCount, let limit):
            "\(byteCount) bytes are over the limit of \(limit)"
        }
    }
}
