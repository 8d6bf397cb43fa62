import JSON

/// One state of a table, as one commit left it.
public struct Snapshot: Hashable, Sendable {
    public var identifier: Int64
    public var parent: Int64?
    public var sequenceNumber: Int64
    public var timestampMilliseconds: Int64
    /// Where the manifest list is.
    public var manifestList: String
    public var schemaIdentifier: Int32?
    /// What the commit did, as text; `operation` first.
    public var summary: [SummaryEntry]
    /// Whatever else stands there, such as row ids of format version 3.
    var others: [JSONMember] = []

    private static let known: Set<String> = [
        "snapshot-id", "parent-snapshot-id", "sequence-number", "timestamp-ms", "manifest-list",
        "schema-id", "summary",
    ]

    public struct SummaryEntry: Hashable, Sendable {
        public var name: String
        public var value: String

        public init(_ name: String, _ value: String) {
            self.name = name
            self.value = value
        }
    }

    /// The row ids that its commit gave out, from format version 3 on.
    var rows: Range<Int64>? {
        get {
            guard let first = others.first(where: { $0.name == "first-row-id" })?.value.integer,
                let count = others.first(where: { $0.name == "added-rows" })?.value.integer,
                first >= 0, count >= 0, count <= .max - first
            else { return nil }
            return first..<first + count
        }
        set {
            others.removeAll { ["first-row-id", "added-rows"].contains($0.name) }
            guard let newValue else { return }
            others += [
                JSONMember("first-row-id", .integer(newValue.lowerBound)),
                JSONMember("added-rows", .integer(Int64(newValue.count))),
            ]
        }
    }

    /// A value of the summary.
    public func summary(_ name: String) -> String? { summary.first { $0.name == name }?.value }

    var json: JSONValue {
        var members = [JSONMember("snapshot-id", .integer(identifier))]
        if let parent { members.append(JSONMember("parent-snapshot-id", .integer(parent))) }
        members += [
            JSONMember("sequence-number", .integer(sequenceNumber)),
            JSONMember("timestamp-ms", .integer(timestampMilliseconds)),
            JSONMember("manifest-list", .string(manifestList)),
            JSONMember("summary", .object(summary.map { JSONMember($0.name, .string($0.value)) })),
        ]
        if let schemaIdentifier {
            members.append(JSONMember("schema-id", .integer(Int64(schemaIdentifier))))
        }
        members += others
        return .object(members)
    }

    init(json: JSONField) throws {
        identifier = try json.required("snapshot-id").integer()
        parent = try json.optional("parent-snapshot-id")?.integer()
        sequenceNumber = try json.optional("sequence-number")?.integer() ?? 0
        timestampMilliseconds = try json.required("timestamp-ms").integer()
        manifestList = try json.required("manifest-list").string()
        schemaIdentifier = try json.optional("schema-id")?.integer(as: Int32.self)
        summary =
            try json.optional("summary")?.members().map {
                SummaryEntry($0.name, try $0.field.string())
            } ?? []
        others = json.value.others(than: Self.known)
    }

    init(
        identifier: Int64, parent: Int64?, sequenceNumber: Int64, timestampMilliseconds: Int64,
        manifestList: String, schemaIdentifier: Int32?, summary: [SummaryEntry]
    ) {
        precondition(identifier > 0, "a snapshot id is positive")
        self.identifier = identifier
        self.parent = parent
        self.sequenceNumber = sequenceNumber
        self.timestampMilliseconds = timestampMilliseconds
        self.manifestList = manifestList
        self.schemaIdentifier = schemaIdentifier
        self.summary = summary
    }
}
