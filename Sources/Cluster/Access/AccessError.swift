/// Why somebody is not served.
public enum AccessError: Error, Hashable, Sendable, CustomStringConvertible {
    // Say who you are, or say it right.
    case notAuthenticated(reason: String)
    // Have somebody give you access.
    case denied(Principal, AccessOperation, AccessResource)
    // Have the process started with access lists.
    case securityDisabled

    public var description: String {
        switch self {
        case .notAuthenticated(let reason): "not let in: \(reason)"
        case .denied(let principal, let operation, let resource):
            "\(principal) has no \(operation) on \(resource): who has ALL on it can give it"
        case .securityDisabled:
            "there are no access lists here: they are asked where the configuration says "
                + "authorization: true"
        }
    }
}
