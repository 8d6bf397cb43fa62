/// What programs of others meet at our endpoints: an S3 store and an Iceberg REST catalog that do
/// to them what the file says, and what must be so of the tables afterwards.
public struct EndpointScenario: Sendable {
    /// A table about whose rows something is known.
    public struct Table: Hashable, Sendable {
        /// The namespace, with dots between its levels, and the name.
        public var name: String
        /// Columns of which no two rows have the same values; empty if nothing is known of them.
        public var key: [String]
        /// How many rows it must have in the end; nil if that is not known.
        public var rowCount: Int?
    }

    public var path: String
    public var title: String
    public var description: String?
    public var seed: UInt64
    public var tables: [Table]
    public var faults: [RequestFault]
    /// Whether the main branch may be moved back to a snapshot of before.
    public var allowsRollback: Bool

    static let shape = RecordShape([
        Field("title", .text(maximumLength: 200), .required, "what the scenario is, in a sentence"),
        Field("description", .text(maximumLength: 10_000), .optional, "why it is as it is"),
        Field("seed", .seed, .byDefault("1"), "the seed when none is given"),
        Field("endpoints", .record(endpoints), .required, "what programs meet, and must keep"),
    ])

    static let endpoints = RecordShape([
        Field(
            "tables", .list(.record(table), isEmptyAllowed: true), .emptyByDefault,
            "tables about whose rows something is known"),
        Field(
            "faults", .list(.tagged(RequestFault.shape), isEmptyAllowed: true), .emptyByDefault,
            "what goes wrong with which requests"),
        Field(
            "allowRollback", .boolean, .byDefault("false"),
            "whether the main branch may be moved back to a snapshot of before"),
    ])

    static let table = RecordShape([
        Field(
            "name", .text(maximumLength: 400), .required, "namespace and name",
            example: "shop.orders"),
        Field(
            "key", .oneOrMany(.text(maximumLength: 200)), .optional,
            "columns of which no two rows have the same values", example: "id"),
        Field(
            "rows", .integer(0...1_000_000_000_000), .optional,
            "how many rows it must have in the end", example: "1000"),
    ])

    /// Whether a file is of this kind, by the key that only it has.
    public static func isDescribed(by text: String) -> Bool {
        guard let root = try? SourceNode.parse(yaml: text, path: ""),
            case .mapping(let pairs) = root.content
        else { return false }
        return pairs.contains { ShapeReader.scalarText($0.key) == "endpoints" }
    }

    /// Reads and checks a file; on failure the error holds everything that is wrong.
    ///
    /// `path` is only what messages name; no file is opened.
    public static func load(text: String, path: String) throws(ScenarioErrors) -> EndpointScenario {
        let start = SourceMark(line: 1, column: 1)
        let root =
            try SourceNode.parse(yaml: text, path: path)
            ?? SourceNode(mark: start, content: .mapping([]))
        var reader = ShapeReader(path: path)
        guard case .mapping = root.content,
            let record = reader.readRecord(root, as: shape, of: "a scenario of endpoints")
        else {
            reader.refuse(root.mark ?? start, "a scenario must be a mapping, not \(root.kindName)")
            throw ScenarioErrors(reader.errors)
        }
        if record.has("endpoints") { checkNames(record.record("endpoints"), &reader) }
        guard reader.errors.isEmpty else {
            throw ScenarioErrors(
                reader.errors.sorted { ($0.mark ?? start) < ($1.mark ?? start) })
        }
        let endpoints = record.record("endpoints")
        return EndpointScenario(
            path: path, title: record.text("title"),
            description: record.has("description") ? record.text("description") : nil,
            seed: record.seed("seed"),
            tables: endpoints.list("tables").map { Table($0) },
            faults: endpoints.list("faults").map { RequestFault($0.variant) },
            allowsRollback: endpoints.boolean("allowRollback"))
    }

    private static func checkNames(_ endpoints: CheckedRecord, _ reader: inout ShapeReader) {
        guard endpoints.has("tables") else { return }
        var seen: Set<String> = []
        for item in endpoints.list("tables") {
            guard case .record(let table) = item.content, table.has("name") else { continue }
            let name = table.text("name")
            let levels = name.split(separator: ".", omittingEmptySubsequences: false)
            if levels.count < 2 || levels.contains("") {
                reader.refuse(
                    table.mark("name"),
                    "'\(name)' lacks a namespace: write it as in shop.orders")
            }
            if !seen.insert(name).inserted {
                reader.refuse(table.mark("name"), "table '\(name)' stands here twice")
            }
        }
    }
}

extension EndpointScenario.Table {
    fileprivate init(_ value: CheckedValue) {
        guard case .record(let record) = value.content else {
            preconditionFailure("the shape says a record")
        }
        name = record.text("name")
        key = record.has("key") ? record.list("key").map(\.word) : []
        rowCount = record.has("rows") ? record.integer("rows") : nil
    }
}
