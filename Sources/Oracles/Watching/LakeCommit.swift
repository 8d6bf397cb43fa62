import Cluster
import Columnar
public import Iceberg
public import LakeTiering
public import Platform

/// One commit to a lake table, as it was at the moment it was made.
public struct LakeCommit {
    public let table: LakeTableName
    /// The table's UUID: another may have its name later.
    public let identity: String
    public let snapshot: Snapshot
    public let progress: LakeProgress
    /// The offsets of the log at which it says that it begins, by bucket.
    public internal(set) var from: LakeOffsets
    /// What was committed before it.
    public internal(set) var previous: LakeProgress?
    public internal(set) var previousSnapshot: Int64?
    /// The files that it has, and the paths of those that no commit had before.
    public internal(set) var state = LakeState()
    public internal(set) var added: Set<String> = []
    /// The snapshots that the table has.
    public internal(set) var kept: Set<Int64> = []
    public internal(set) var rowCount: Int64 = 0
    /// The manifests that no commit had before.
    var manifests: [WrittenManifest] = []
    /// Of the table.
    var formatVersion = 2

    /// A manifest, and what the list of its snapshot says of it.
    struct WrittenManifest {
        var described: ManifestFile
        var content: Manifest
        var byteCount: Int
    }

    /// Whether it says that the rows stay the same.
    var isRewrite: Bool { snapshot.summary("operation") == "replace" }

    /// Whether another program made it.
    var isForeign: Bool { snapshot.summary(LakeProgress.offsetsProperty) == nil }

    /// The schema of a table that its rows are of; nil if it is not known yet.
    func schema(of table: TableDescription) -> Schema? {
        table.schemas.schema(table.tiered.schemaIdentifier(at: progress))
    }

    /// For people.
    var place: String { "\(table) snapshot \(snapshot.identifier)" }
}
