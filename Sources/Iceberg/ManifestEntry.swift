/// An entry of a manifest: a file and since when it belongs to the table.
public struct ManifestEntry: Hashable, Sendable {
    public enum Status: Int32, Hashable, Sendable {
        case existing = 0
        case added = 1
        case deleted = 2
    }

    public var status: Status
    /// Nil is inherited from the manifest list.
    public var snapshot: Int64?
    public var sequenceNumber: Int64?
    public var fileSequenceNumber: Int64?
    public var file: DataFile

    /// A file that a commit adds: its numbers are inherited.
    public init(adding file: DataFile) {
        status = .added
        self.file = file
    }

    init(
        status: Status, snapshot: Int64?, sequenceNumber: Int64?, fileSequenceNumber: Int64?,
        file: DataFile
    ) {
        self.status = status
        self.snapshot = snapshot
        self.sequenceNumber = sequenceNumber
        self.fileSequenceNumber = fileSequenceNumber
        self.file = file
    }

    /// The entry as it stands in a manifest that a later commit writes: nothing is inherited.
    func existing(in manifest: ManifestFile) -> ManifestEntry {
        let sequence = sequenceNumber ?? manifest.sequenceNumber
        return ManifestEntry(
            status: .existing, snapshot: snapshot ?? manifest.addedSnapshot,
            sequenceNumber: sequence, fileSequenceNumber: fileSequenceNumber ?? sequence,
            file: file)
    }
}
