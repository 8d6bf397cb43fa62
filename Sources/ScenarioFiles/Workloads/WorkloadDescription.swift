import Workloads

/// What a kind of workload is: parsing, schema, help, sizes of benchmarks and the workload itself
/// follow from it.
public struct WorkloadDescription: Sendable {
    /// As files write it.
    public let name: String
    /// What it is, in a sentence without its full stop.
    public let meaning: String
    /// An item of `workloads` as a file may write it.
    public let example: String
    /// The names of its tables; empty where a file says which there are.
    public let tables: [String]
    /// Options that a larger size of a benchmark multiplies.
    let scaled: [String]
    let options: [Field]
    /// Its tables, by its options and the names of the scenario's `tables`; nil where only what it
    /// reads can say.
    let tableNames: @Sendable (CheckedRecord, [String]) -> [String]?
    /// Its tables as a run begins with them, which acts may alter; empty where none may be.
    let definitions: @Sendable (CheckedRecord) -> [TableDefinition]
    /// Refuses what the options' shapes cannot.
    let check: @Sendable (CheckedRecord, inout ShapeReader) -> Void
    let make: @Sendable (CheckedRecord, WorkloadSource) throws -> any Workload

    /// `options` need no key for the choice of tables: it follows from the tables' names.
    init(
        _ name: String, _ meaning: String, example: String, tables: [String] = [],
        scaled: [String] = ["rate"], options: [Field],
        tableNames: (@Sendable (CheckedRecord, [String]) -> [String]?)? = nil,
        definitions: @escaping @Sendable (CheckedRecord) -> [TableDefinition] = { _ in [] },
        check: @escaping @Sendable (CheckedRecord, inout ShapeReader) -> Void = { _, _ in },
        make: @escaping @Sendable (CheckedRecord, WorkloadSource) throws -> any Workload
    ) {
        self.name = name
        self.meaning = meaning
        self.example = example
        self.tables = tables
        self.scaled = scaled
        self.options = (tables.isEmpty ? [] : [CommonOptions.tables(tables)]) + options
        self.tableNames =
            tableNames ?? { values, _ in
                if tables.isEmpty { return nil }
                let asked = values.names("tables")
                return asked.isEmpty ? tables : asked
            }
        self.definitions = definitions
        self.check = check
        self.make = make
    }

    /// Every kind of workload, in the order of the reference.
    public static let all: [WorkloadDescription] = [
        .shop, .ecommerceCDC, .clickstream, .fleet, .applicationLogs, .tableTraffic, .capture,
    ]

    public static func named(_ name: String) -> WorkloadDescription? {
        all.first { $0.name == name }
    }

    static let shape = TaggedShape(
        noun: "workload",
        variants: all.map {
            TaggedShape.Variant(
                name: $0.name, meaning: $0.meaning, body: RecordShape($0.options), beside: [])
        })
}

/// A kind is its name.
extension WorkloadDescription: Hashable {
    public static func == (first: WorkloadDescription, second: WorkloadDescription) -> Bool {
        first.name == second.name
    }

    public func hash(into hasher: inout Hasher) { hasher.combine(name) }
}
