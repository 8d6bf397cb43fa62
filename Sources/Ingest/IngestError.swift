/// Why rows cannot be brought over; cases by what the caller must do.
public enum IngestError: Error, Hashable, Sendable, CustomStringConvertible {
    /// What is read is not as it should be: mend it at this place and go on.
    case source(place: String, reason: String)
    /// The target refuses: change the table or the call.
    case target(reason: String)
    /// The target does not answer: start it and go on.
    case unavailable(reason: String)
    /// The file with the position cannot be used.
    case state(path: String, reason: String)
    /// The caller wants it to end; all that was read is in the target.
    case stopped

    public var description: String {
        switch self {
        case .source(let place, let reason): "\(place): \(reason)"
        case .target(let reason), .unavailable(let reason): reason
        case .state(let path, let reason): "\(path): \(reason)"
        case .stopped: "interrupted; the same command goes on from here"
        }
    }
}
