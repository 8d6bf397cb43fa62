import JSON

/// A table's metadata as JSON, to which updates of the REST protocol are applied.
///
/// Only what an update names is changed: everything else, known here or not, stays as it stands.
///
/// Source: Iceberg's table spec, and "TableRequirement" and "TableUpdate" of the REST catalog's
/// description.
struct MetadataDocument {
    private(set) var members: [JSONMember]
    /// What -1 stands for in an update: what an earlier update of the same commit added.
    private var lastAdded: [String: Int64] = [:]

    var json: JSONValue { .object(members) }

    subscript(name: String) -> JSONValue? {
        get { members.first { $0.name == name }?.value }
        set {
            let position = members.firstIndex { $0.name == name }
            switch (position, newValue) {
            case (let position?, let value?): members[position].value = value
            case (let position?, nil): members.remove(at: position)
            case (nil, let value?): members.append(JSONMember(name, value))
            case (nil, nil): break
            }
        }
    }

    /// Takes over metadata that stands in a file.
    init(_ json: JSONValue) throws(CatalogRefusal) {
        guard let members = json.object, json["format-version"]?.integer != nil,
            json["table-uuid"]?.string != nil
        else { throw .badRequest("this is no table's metadata") }
        self.members = members
    }

    /// A table without anything yet.
    init(uuid: String) {
        members = [
            JSONMember("format-version", 2), JSONMember("table-uuid", .string(uuid)),
            JSONMember("location", ""), JSONMember("last-sequence-number", 0),
            JSONMember("last-updated-ms", 0), JSONMember("last-column-id", 0),
            JSONMember("current-schema-id", -1), JSONMember("schemas", []),
            JSONMember("default-spec-id", -1), JSONMember("partition-specs", []),
            JSONMember("last-partition-id", 999), JSONMember("default-sort-order-id", -1),
            JSONMember("sort-orders", []), JSONMember("properties", [:]),
            JSONMember("refs", [:]), JSONMember("snapshots", []),
            JSONMember("snapshot-log", []), JSONMember("metadata-log", []),
        ]
    }

    func number(_ name: String) -> Int64 { self[name]?.integer ?? -1 }
    func list(_ name: String) -> [JSONValue] { self[name]?.array ?? [] }
    func map(_ name: String) -> [JSONMember] { self[name]?.object ?? [] }

    var currentSnapshot: Int64? {
        self["current-snapshot-id"]?.integer.flatMap { $0 == -1 ? nil : $0 }
    }

    func snapshot(_ identifier: Int64) -> JSONValue? {
        list("snapshots").last { $0["snapshot-id"]?.integer == identifier }
    }

    func reference(_ name: String) -> Int64? {
        map("refs").first { $0.name == name }?.value["snapshot-id"]?.integer
            ?? (name == "main" ? currentSnapshot : nil)
    }

    // MARK: Requirements

    /// Nil if a requirement holds, else what is different.
    func unmet(_ requirement: JSONValue) throws(CatalogRefusal) -> String? {
        func differs(_ member: String, _ name: String, _ what: String) -> String? {
            requirement[member]?.integer == self[name]?.integer ? nil : "\(what) has changed"
        }
        switch requirement["type"]?.string {
        case "assert-table-uuid":
            return requirement["uuid"]?.string == self["table-uuid"]?.string
                ? nil : "it is another table, \(self["table-uuid"]?.string ?? "")"
        case "assert-ref-snapshot-id":
            let name = requirement["ref"]?.string ?? ""
            let expected = requirement["snapshot-id"]?.integer.flatMap { $0 == -1 ? nil : $0 }
            return reference(name) == expected
                ? nil : "reference \(name) has moved to \(reference(name).map(String.init) ?? "-")"
        case "assert-last-assigned-field-id":
            return differs("last-assigned-field-id", "last-column-id", "the set of columns")
        case "assert-current-schema-id":
            return differs("current-schema-id", "current-schema-id", "the schema")
        case "assert-last-assigned-partition-id":
            return differs(
                "last-assigned-partition-id", "last-partition-id", "the set of partition fields")
        case "assert-default-spec-id":
            return differs("default-spec-id", "default-spec-id", "the partition spec")
        case "assert-default-sort-order-id":
            return differs("default-sort-order-id", "default-sort-order-id", "the sort order")
        case let other:
            throw .badRequest("the requirement '\(other ?? "")' is not known")
        }
    }

    // MARK: Creation

    /// Fills in what a "CreateTableRequest" asks for.
    mutating func create(_ request: JSONValue, defaultLocation: String) throws(CatalogRefusal) {
        guard let schema = request["schema"], schema.object != nil else {
            throw .badRequest("the table has no schema")
        }
        self["location"] = .string(Self.trimmed(request["location"]?.string) ?? defaultLocation)
        var properties = request["properties"]?.object ?? []
        if let version = properties.first(where: { $0.name == "format-version" })?.value.string {
            guard let number = Int64(version), (1...3).contains(number) else {
                throw .badRequest("format version \(version)")
            }
            self["format-version"] = .integer(number)
            properties.removeAll { $0.name == "format-version" }
        }
        self["properties"] = .object(properties)
        try add(schema: schema, lastColumn: nil)
        self["current-schema-id"] = .integer(lastAdded["schema"] ?? 0)
        let unpartitioned: JSONValue = ["spec-id": 0, "fields": []]
        try add(spec: request["partition-spec"] ?? unpartitioned)
        self["default-spec-id"] = .integer(lastAdded["spec"] ?? 0)
        let unsorted: JSONValue = ["order-id": 0, "fields": []]
        try add(order: request["write-order"] ?? unsorted)
        self["default-sort-order-id"] = .integer(lastAdded["order"] ?? 0)
    }

    static func trimmed(_ location: String?) -> String? {
        guard var location, !location.isEmpty else { return nil }
        while location.hasSuffix("/") { location.removeLast() }
        return location
    }

    // MARK: The end of a commit

    /// Dates the metadata, and names the file before it.
    mutating func finish(
        after base: String?, atMilliseconds now: Int64, previousFileLimit: Int64
    ) throws(CatalogRefusal) {
        let before = number("last-updated-ms")
        guard
            list("schemas").contains(where: {
                ($0["schema-id"]?.integer ?? 0) == number("current-schema-id")
            })
        else { throw .badRequest("the table has no current schema") }
        if list("partition-specs").isEmpty { try add(spec: ["spec-id": 0, "fields": []]) }
        if number("default-spec-id") < 0 { self["default-spec-id"] = 0 }
        if list("sort-orders").isEmpty { try add(order: ["order-id": 0, "fields": []]) }
        if number("default-sort-order-id") < 0 { self["default-sort-order-id"] = 0 }
        if number("format-version") == 1 {
            // The first version's readers look for these.
            self["schema"] = list("schemas").last {
                ($0["schema-id"]?.integer ?? 0) == number("current-schema-id")
            }
            self["partition-spec"] =
                list("partition-specs").last {
                    $0["spec-id"]?.integer == number("default-spec-id")
                }?["fields"] ?? []
        }
        self["last-updated-ms"] = .integer(max(now, before))
        guard let base else { return }
        let told = map("properties").first {
            $0.name == "write.metadata.previous-versions-max"
        }?.value.string.flatMap { Int64($0) }
        let limit = Int(max(1, told ?? previousFileLimit))
        let entry: JSONValue = [
            "metadata-file": .string(base), "timestamp-ms": .integer(before),
        ]
        self["metadata-log"] = .array(Array((list("metadata-log") + [entry]).suffix(limit)))
    }

    // MARK: Parts that have ids of their own

    /// Adds a schema, or finds the one that says the same.
    mutating func add(schema: JSONValue, lastColumn: Int64?) throws(CatalogRefusal) {
        guard let fields = schema["fields"]?.array else {
            throw .badRequest("a schema without fields")
        }
        let largest = Self.largestIdentifier(in: .array(fields))
        self["last-column-id"] = .integer(
            max(number("last-column-id"), lastColumn ?? 0, largest))
        let identifier = add(
            schema, to: "schemas", identifiedBy: "schema-id",
            comparing: ["fields", "identifier-field-ids"], atLeast: 0)
        lastAdded["schema"] = identifier
    }

    private static func largestIdentifier(in value: JSONValue) -> Int64 {
        switch value {
        case .array(let items): items.map(largestIdentifier).max() ?? 0
        case .object(let members):
            members.map { member in
                switch member.name {
                case "id", "element-id", "key-id", "value-id": member.value.integer ?? 0
                default: largestIdentifier(in: member.value)
                }
            }.max() ?? 0
        default: 0
        }
    }

    mutating func add(spec: JSONValue) throws(CatalogRefusal) {
        guard var fields = spec["fields"]?.array else {
            throw .badRequest("a partition spec without fields")
        }
        var last = max(999, number("last-partition-id"))
        for index in fields.indices {
            if let identifier = fields[index]["field-id"]?.integer {
                last = max(last, identifier)
                continue
            }
            last += 1
            fields[index] = .object(
                (fields[index].object ?? []) + [JSONMember("field-id", .integer(last))])
        }
        self["last-partition-id"] = .integer(last)
        var complete = MetadataPart(spec)
        complete["fields"] = .array(fields)
        lastAdded["spec"] = add(
            complete.json, to: "partition-specs", identifiedBy: "spec-id", comparing: ["fields"],
            atLeast: 0)
    }

    mutating func add(order: JSONValue) throws(CatalogRefusal) {
        guard let fields = order["fields"]?.array else {
            throw .badRequest("a sort order without fields")
        }
        // The spec keeps 0 for "not sorted".
        lastAdded["order"] = add(
            order, to: "sort-orders", identifiedBy: "order-id", comparing: ["fields"],
            atLeast: fields.isEmpty ? 0 : 1)
    }

    /// Adds a part under an id that nobody has; of two that say the same there is one.
    private mutating func add(
        _ part: JSONValue, to name: String, identifiedBy key: String, comparing names: [String],
        atLeast least: Int64
    ) -> Int64 {
        let parts = list(name)
        func same(_ left: JSONValue, _ right: JSONValue) -> Bool {
            names.allSatisfy { (left[$0] ?? []) == (right[$0] ?? []) }
        }
        if let known = parts.first(where: { same($0, part) }) { return known[key]?.integer ?? 0 }
        let taken = parts.map { $0[key]?.integer ?? 0 }
        let told = part[key]?.integer ?? -1
        let identifier =
            told >= least && !taken.contains(told) ? told : max(least, (taken.max() ?? -1) + 1)
        var numbered = MetadataPart(part)
        numbered[key] = .integer(identifier)
        self[name] = .array(parts + [numbered.json])
        return identifier
    }

    /// The id that an update means by a number: -1 is what was added last.
    func resolved(_ number: Int64?, _ kind: String) throws(CatalogRefusal) -> Int64 {
        guard let number else { throw .badRequest("an update names no \(kind)") }
        if number != -1 { return number }
        guard let last = lastAdded[kind] else {
            throw .badRequest("-1 names the last added \(kind), and none was added")
        }
        return last
    }
}

/// An object of the metadata, to set a member of it.
struct MetadataPart {
    private var members: [JSONMember]

    init(_ json: JSONValue) { members = json.object ?? [] }

    var json: JSONValue { .object(members) }

    subscript(name: String) -> JSONValue? {
        get { members.first { $0.name == name }?.value }
        set {
            members.removeAll { $0.name == name }
            if let newValue { members.append(JSONMember(name, newValue)) }
        }
    }
}
