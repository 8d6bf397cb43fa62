/// What can go wrong with a vector index; cases by what the caller must do.
public enum VectorsError: Error, Hashable, Sendable, CustomStringConvertible {
    // Fix the call.
    case invalidVector(reason: String)
    // Retry later: nothing was lost, the index goes on as it is.
    case unavailable(object: String)
    // Stop this index: another one has taken the bucket over; open it anew if it is yours again.
    case fenced(object: String, epoch: Int64)
    // Restore the data: open with `rebuilding: true` and feed the table again.
    case damaged(object: String, reason: String)

    public var description: String {
        switch self {
        case .invalidVector(let reason): "invalid vector: \(reason)"
        case .unavailable(let object): "the object store gives no answer for \(object); try later"
        case .fenced(let object, let epoch):
            "another indexer took over \(object) with epoch \(epoch); this one must stop"
        case .damaged(let object, let reason):
            "vector index object \(object) is damaged: \(reason); rebuild it from its table"
        }
    }
}
