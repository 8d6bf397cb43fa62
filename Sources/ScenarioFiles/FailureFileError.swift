public import JSON

/// Why a failure file cannot be used.
public enum FailureFileError: Error, Sendable, Hashable, CustomStringConvertible {
    /// It is no failure file, or a damaged one.
    case malformed(JSONError)
    /// It was written by another version of the tool; use that one.
    case unknownVersion(Int64)
    /// Its fault plan or a time in it cannot be read.
    case invalid(ScenarioErrors)

    public var description: String {
        switch self {
        case .malformed(let error): "this is not a failure file: \(error)"
        case .unknownVersion(let version):
            "failure files of version \(version) are not known here, only \(FailureFile.version)"
        case .invalid(let errors): errors.description
        }
    }
}
