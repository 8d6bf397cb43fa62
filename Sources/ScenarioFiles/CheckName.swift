/// The oracles that can look at a run.
public enum CheckName: String, Sendable, Hashable, CaseIterable {
    case logMatching, acknowledgedWrites, singleLeader, tableIsFold, lakeReferences, lakeRows
    case lakeContinuity, readableOffsets, unionRead, fencing, vectorAnswers, noDeleteOnUnknown
    case liveness, referenceModel

    /// What it holds to be true.
    public var meaning: String {
        switch self {
        case .logMatching: "below the committed offset all replicas hold the same batches"
        case .acknowledgedWrites: "an acknowledged write is in every later log, once and in order"
        case .singleLeader: "one leader acknowledges per bucket and epoch"
        case .tableIsFold: "the rows of a primary-key table are the fold of its changelog"
        case .lakeReferences: "committed snapshots name only objects that exist"
        case .lakeRows: "lake rows are the rows of the log, exactly once"
        case .lakeContinuity: "lake offsets are contiguous and never go back"
        case .readableOffsets: "every offset up to the high watermark can be read at any moment"
        case .unionRead: "a union read equals the table, now and then"
        case .fencing: "a fenced epoch neither acknowledges nor deletes"
        case .vectorAnswers: "vector answers are right about the rows that are visible"
        case .noDeleteOnUnknown: "nothing is deleted on an unknown outcome"
        case .liveness: "a healed cluster converges within a bound"
        case .referenceModel: "what the workload was told is what the tables say"
        }
    }
}
