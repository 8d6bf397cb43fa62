public import Platform

/// What a round of lake tiering committed.
public struct LakeCommit: Hashable, Sendable {
    public var table: String
    public var snapshot: Int64
    public var epoch: Int64
    /// By bucket: what is new in the lake are offsets from the first to below the second.
    public var from: LakeOffsets
    public var to: LakeOffsets
    public var addedRowCount: Int
    public var deletedRowCount: Int
    public var fileCount: Int
    /// Whether there was more to take than one round may.
    public var isBehind: Bool
    /// When it was known to be committed, by the tierer's wall clock.
    public var committedAt: Timestamp
}
