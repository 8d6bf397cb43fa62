public import Workloads

/// One workload of a scenario, with the values of its options; all of them run at the same time.
public struct WorkloadOptions: Sendable, Hashable {
    public var description: WorkloadDescription
    public var values: CheckedRecord

    init(_ variant: CheckedVariant) {
        guard let description = WorkloadDescription.named(variant.name) else {
            preconditionFailure("a workload that the shape does not have")
        }
        self.description = description
        values = variant.body
    }

    public var name: String { description.name }

    /// Nodes that write; those that follow them only read.
    public var writerCount: Int { values.has("writers") ? values.integer("writers") : 1 }

    /// Nodes that only read.
    public var readerCount: Int { values.has("readers") ? values.integer("readers") : 0 }

    /// Nodes that write or read on the cluster from outside.
    public var clientCount: Int { writerCount + readerCount }

    /// What readers are asked to do, where the scenario says so.
    public var reads: ReadRates { ReadRates(values) }

    /// The names of the tables that there are; all of them when empty.
    public var tables: [String] { values.has("tables") ? values.names("tables") : [] }

    /// The names of its tables, of which the scenario's `tables` may be some; nil where only what
    /// it reads can say.
    func tableNames(_ scenarioTables: [String]) -> [String]? {
        description.tableNames(values, scenarioTables)
    }

    /// The workload itself, the same for the same seed.
    public func make(_ source: WorkloadSource) throws -> any Workload {
        let workload = try description.make(values, source)
        if description.tables.isEmpty || tables.isEmpty { return workload }
        return SelectedTables(workload, named: tables)
    }

    /// Where the file says what an error of making the workload is about.
    public func mark(of error: any Error) -> SourceMark? {
        let key =
            switch error {
            case CaptureError.unknownTable(_, let name, _):
                values.has("tables") && values.words("tables").contains(name)
                    ? "tables" : "without"
            case CaptureError.unusableLogFormat: "logFormat"
            default: "file"
            }
        return values.has(key) ? values.mark(key) : values.mark
    }

    /// The same workload with as many times the events, the rows and the questions.
    func multiplied(by factor: Int) -> WorkloadOptions {
        var larger = self
        for name in description.scaled + ReadRates.fields.map(\.name) where values.has(name) {
            larger.values.multiply(name, by: factor)
        }
        return larger
    }
}
