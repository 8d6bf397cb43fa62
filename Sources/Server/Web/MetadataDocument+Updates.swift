import JSON

extension MetadataDocument {
    /// Makes one "TableUpdate" of the REST protocol.
    mutating func apply(_ update: JSONValue) throws(CatalogRefusal) {
        switch update["action"]?.string {
        case "assign-uuid": self["table-uuid"] = update["uuid"]
        case "upgrade-format-version": try upgrade(to: update["format-version"]?.integer)
        case "add-schema":
            try add(
                schema: update["schema"] ?? .null, lastColumn: update["last-column-id"]?.integer)
        case "set-current-schema":
            try set("current-schema-id", in: "schemas", "schema-id", update, "schema")
        case "add-spec": try add(spec: update["spec"] ?? .null)
        case "set-default-spec":
            try set("default-spec-id", in: "partition-specs", "spec-id", update, "spec")
        case "add-sort-order": try add(order: update["sort-order"] ?? .null)
        case "set-default-sort-order":
            try set(
                "default-sort-order-id", in: "sort-orders", "sort-order-id", update, "order",
                partKey: "order-id")
        case "set-location":
            guard let location = Self.trimmed(update["location"]?.string) else {
                throw .badRequest("a location is empty")
            }
            self["location"] = .string(location)
        case "set-properties":
            var properties = map("properties")
            for member in update["updates"]?.object ?? [] {
                properties.removeAll { $0.name == member.name }
                properties.append(member)
            }
            self["properties"] = .object(properties)
        case "remove-properties":
            let removed = update["removals"]?.array?.compactMap(\.string) ?? []
            self["properties"] = .object(
                map("properties").filter { !removed.contains($0.name) })
        case "add-snapshot": try add(snapshot: update["snapshot"] ?? .null)
        case "set-snapshot-ref": try setReference(update)
        case "remove-snapshot-ref": removeReference(update["ref-name"]?.string ?? "")
        case "remove-snapshots":
            remove(snapshots: Set(update["snapshot-ids"]?.array?.compactMap(\.integer) ?? []))
        default: try applyToParts(update)
        }
    }

    private mutating func applyToParts(_ update: JSONValue) throws(CatalogRefusal) {
        switch update["action"]?.string {
        case "set-statistics": try setStatistics("statistics", update["statistics"])
        case "remove-statistics":
            drop(from: "statistics", "snapshot-id", [update["snapshot-id"]?.integer])
        case "set-partition-statistics":
            try setStatistics("partition-statistics", update["partition-statistics"])
        case "remove-partition-statistics":
            drop(from: "partition-statistics", "snapshot-id", [update["snapshot-id"]?.integer])
        case "remove-partition-specs":
            let removed = update["spec-ids"]?.array?.map(\.integer) ?? []
            if removed.contains(number("default-spec-id")) {
                throw .badRequest("the default partition spec cannot be removed")
            }
            drop(from: "partition-specs", "spec-id", removed)
        case "remove-schemas":
            let removed = update["schema-ids"]?.array?.map(\.integer) ?? []
            if removed.contains(number("current-schema-id")) {
                throw .badRequest("the current schema cannot be removed")
            }
            drop(from: "schemas", "schema-id", removed)
        case "add-encryption-key":
            self["encryption-keys"] = .array(
                list("encryption-keys") + [update["encryption-key"] ?? .null])
        case let other: throw .badRequest("the update '\(other ?? "")' is not known")
        }
    }

    private mutating func upgrade(to version: Int64?) throws(CatalogRefusal) {
        guard let version, (1...3).contains(version), version >= number("format-version") else {
            throw .badRequest("a table's format version goes up, to 3 at most")
        }
        self["format-version"] = .integer(version)
        if version == 3 && self["next-row-id"] == nil { self["next-row-id"] = 0 }
    }

    private mutating func set(
        _ pointer: String, in parts: String, _ key: String, _ update: JSONValue, _ kind: String,
        partKey: String? = nil
    ) throws(CatalogRefusal) {
        let identifier = try resolved(update[key]?.integer, kind)
        guard list(parts).contains(where: { ($0[partKey ?? key]?.integer ?? 0) == identifier })
        else { throw .badRequest("there is no \(kind) \(identifier)") }
        self[pointer] = .integer(identifier)
    }

    private mutating func drop(from name: String, _ key: String, _ removed: [Int64?]) {
        self[name] = .array(list(name).filter { !removed.contains($0[key]?.integer) })
    }

    private mutating func setStatistics(
        _ name: String, _ entry: JSONValue?
    ) throws(CatalogRefusal) {
        guard let entry, let identifier = entry["snapshot-id"]?.integer else {
            throw .badRequest("statistics of no snapshot")
        }
        drop(from: name, "snapshot-id", [identifier])
        self[name] = .array(list(name) + [entry])
    }

    // MARK: Snapshots

    private mutating func add(snapshot: JSONValue) throws(CatalogRefusal) {
        guard let identifier = snapshot["snapshot-id"]?.integer,
            let time = snapshot["timestamp-ms"]?.integer
        else { throw .badRequest("a snapshot without its id or time") }
        if self.snapshot(identifier) != nil {
            throw .badRequest("snapshot \(identifier) exists")
        }
        if number("format-version") > 1 {
            let sequence = snapshot["sequence-number"]?.integer ?? 0
            let last = number("last-sequence-number")
            if sequence <= last && snapshot["parent-snapshot-id"]?.integer != nil {
                throw .conflict("sequence number \(sequence) is not above \(last)")
            }
            self["last-sequence-number"] = .integer(max(last, sequence))
        }
        if number("format-version") > 2 {
            let next = max(0, number("next-row-id"))
            guard let first = snapshot["first-row-id"]?.integer, first >= next else {
                throw .conflict("the row ids of a snapshot begin at \(next)")
            }
            self["next-row-id"] = .integer(first + (snapshot["added-rows"]?.integer ?? 0))
        }
        self["last-updated-ms"] = .integer(max(number("last-updated-ms"), time))
        self["snapshots"] = .array(list("snapshots") + [snapshot])
    }

    private mutating func setReference(_ update: JSONValue) throws(CatalogRefusal) {
        guard let name = update["ref-name"]?.string, !name.isEmpty,
            let identifier = update["snapshot-id"]?.integer,
            let found = snapshot(identifier)
        else { throw .badRequest("a reference to a snapshot that is not there") }
        let kept = (update.object ?? []).filter { !["action", "ref-name"].contains($0.name) }
        self["refs"] = .object(
            map("refs").filter { $0.name != name } + [JSONMember(name, .object(kept))])
        guard name == "main", currentSnapshot != identifier else { return }
        self["current-snapshot-id"] = .integer(identifier)
        let time = max(number("last-updated-ms"), found["timestamp-ms"]?.integer ?? 0)
        self["snapshot-log"] = .array(
            list("snapshot-log") + [
                ["snapshot-id": .integer(identifier), "timestamp-ms": .integer(time)]
            ])
    }

    private mutating func removeReference(_ name: String) {
        self["refs"] = .object(map("refs").filter { $0.name != name })
        if name == "main" { self["current-snapshot-id"] = nil }
    }

    /// Removes snapshots, and what tells of them.
    private mutating func remove(snapshots removed: Set<Int64>) {
        func isRemoved(_ value: JSONValue) -> Bool {
            value["snapshot-id"]?.integer.map(removed.contains) ?? false
        }
        self["snapshots"] = .array(list("snapshots").filter { !isRemoved($0) })
        for reference in map("refs") where isRemoved(reference.value) {
            removeReference(reference.name)
        }
        if let current = currentSnapshot, removed.contains(current) {
            self["current-snapshot-id"] = nil
        }
        // Spec: what is before a gap in the log is not known any more.
        let log = list("snapshot-log")
        if let gap = log.lastIndex(where: isRemoved) {
            self["snapshot-log"] = .array(Array(log[(gap + 1)...]))
        }
        for name in ["statistics", "partition-statistics"] where self[name] != nil {
            self[name] = .array(list(name).filter { !isRemoved($0) })
        }
    }
}
