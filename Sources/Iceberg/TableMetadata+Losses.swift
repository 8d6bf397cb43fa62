import JSON

extension TableMetadata {
    /// What of this state a later one lacks: schemas, specs, sort orders, branches and tags, and
    /// whatever else stands in it, in words for people.
    ///
    /// Snapshots may expire, and what tells of them with them; properties may be removed.
    public func losses(in later: TableMetadata) -> [String] {
        var losses: [String] = []
        for schema in schemas where !later.schemas.contains(schema) {
            losses.append("schema \(schema["schema-id"]?.integer ?? 0)")
        }
        for (name, label) in [("partition-specs", "spec-id"), ("sort-orders", "order-id")] {
            let kept = later.list(name)
            for entry in list(name) where !kept.contains(entry) {
                losses.append("\(label) \(entry[label]?.integer ?? 0) of \(name)")
            }
        }
        for reference in references where later.reference(reference.name) == nil {
            losses.append("\(reference.kind.rawValue) \(reference.name)")
        }
        let names = Set(later.others.map(\.name))
        for member in others where !names.contains(member.name) {
            losses.append("member \(member.name)")
        }
        return losses
    }
}
