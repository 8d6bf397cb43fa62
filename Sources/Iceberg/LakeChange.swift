/// What one commit does to a table.
public struct LakeChange: Sendable {
    public var dataFiles: [DataFile] = []
    public var deleteFiles: [DataFile] = []
    /// Live files, by their identities, that are not the table's any more.
    public var removedFiles: Set<String> = []
    /// Whether the rows stay the same, as in a compaction.
    public var isRewrite = false
    /// The writer's own entries of the summary.
    public var summary: [Snapshot.SummaryEntry] = []
    /// Table properties to set with the same commit.
    public var properties: [(String, String)] = []
    /// What else is to be changed with the same commit.
    public var updates: [TableUpdate] = []

    public init() {}

    /// Whether the commit makes a snapshot.
    var hasSnapshot: Bool {
        !dataFiles.isEmpty || !deleteFiles.isEmpty || !removedFiles.isEmpty || !summary.isEmpty
    }

    /// The word of the specification for what it does.
    var operation: String {
        if isRewrite { return "replace" }
        if deleteFiles.isEmpty && removedFiles.isEmpty { return "append" }
        return dataFiles.isEmpty ? "delete" : "overwrite"
    }
}
