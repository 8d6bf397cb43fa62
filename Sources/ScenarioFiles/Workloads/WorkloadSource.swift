public import Workloads

/// What a workload is made from, beside its options.
public struct WorkloadSource {
    public var seed: UInt64
    /// Those that the scenario says itself.
    public var tables: [TableDefinition]
    /// The tables whose columns may be dropped; nil for all.
    public var tablesLosingColumns: Set<String>?
    /// The scenario's own path, beside which captures are looked for.
    public var scenarioPath: String
    /// The bytes of a file.
    public var read: (_ path: String) throws -> [UInt8]

    public init(
        seed: UInt64, scenarioPath: String, tables: [TableDefinition] = [],
        tablesLosingColumns: Set<String>? = [],
        read: @escaping (_ path: String) throws -> [UInt8]
    ) {
        self.seed = seed
        self.tables = tables
        self.tablesLosingColumns = tablesLosingColumns
        self.scenarioPath = scenarioPath
        self.read = read
    }

    /// The path of a file that a scenario names, seen from where the scenario's own path is seen
    /// from.
    public func path(of file: String) -> String {
        if file.hasPrefix("/") { return file }
        var folder = scenarioPath.split(separator: "/", omittingEmptySubsequences: false)
            .dropLast()
        var rest = file.split(separator: "/")[...]
        while let first = rest.first, first == "." || first == ".." {
            if first == ".." {
                guard let last = folder.last, last != "..", last != ".", last != "" else { break }
                folder.removeLast()
            }
            rest.removeFirst()
        }
        return (folder + rest).joined(separator: "/")
    }
}
