import Columnar
import Iceberg
import JSON

extension TableMetadata {
    /// The snapshot that a person means: by its id, by the name of a branch or tag, or as the one
    /// that was current at a time in UTC; nil if there is none, or its time is unknown.
    func snapshot(asOf moment: String) -> Snapshot? {
        if let reference = reference(moment) { return snapshot(reference.snapshot) }
        if let identifier = Int64(moment) { return snapshot(identifier) }
        return CalendarText.units(moment, 1000).flatMap { snapshotCurrent(atMilliseconds: $0) }
    }
}

extension Snapshot {
    /// The summary as an object.
    var summaryJSON: String {
        JSONValue.object(summary.map { JSONMember($0.name, .string($0.value)) }).compact
    }
}
