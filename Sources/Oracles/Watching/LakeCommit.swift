public import Iceberg
public import LakeTiering
public import Platform

/// One commit to a lake table, as it was at the moment it was made.
public struct LakeCommit {
    public let table: LakeTableName
    public let snapshot: Snapshot
    public let progress: LakeProgress
    /// The offsets of the log at which it says that it begins, by bucket.
    public internal(set) var from: [Int64]
    /// What was committed before it.
    public internal(set) var previous: LakeProgress?
    public internal(set) var previousSnapshot: Int64?
    public internal(set) var dataFiles: [String] = []
    public internal(set) var deleteFiles: [String] = []
    /// The new files as they were then: they may be gone once the rows are judged.
    public internal(set) var contents: [String: [UInt8]] = [:]
    /// Whether another program rewrote files: then `live` are all that are left.
    public internal(set) var isRewrite = false
    public internal(set) var live: Set<String> = []
    public internal(set) var rowCount: Int64 = 0

    /// For people.
    var place: String { "\(table) snapshot \(snapshot.identifier)" }
}
