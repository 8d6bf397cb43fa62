/// Bounds of one round of lake tiering.
public struct LakeTieringConfiguration: Hashable, Sendable {
    /// A data file has at most so many rows.
    public var rowsPerFile = 250_000
    /// A round takes about so many bytes of log of all buckets together, and at least a batch of
    /// each; fewer if they would take half of the memory that is free.
    public var byteCountPerRound = 16 * 1024 * 1024

    public init() {}
}
