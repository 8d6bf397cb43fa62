public import ScenarioFiles
public import Workloads

/// Makes the workloads that a scenario names; `read` gives the bytes of a capture file.
///
/// Throws where two of them would write to one table.
public func makeWorkloads(
    _ scenario: Scenario, seed: UInt64, read: (_ path: String) throws -> [UInt8]
) throws -> [any Workload] {
    try withoutActuallyEscaping(read) { read in
        let source = WorkloadSource(
            seed: seed, scenarioPath: scenario.path, tables: scenario.tables, read: read)
        let workloads = try scenario.workloads.map { try $0.make(source) }
        var names: Set<String> = []
        for table in workloads.flatMap(\.tables) where !names.insert(table.name).inserted {
            throw WorkbenchError.sharedTable(name: table.name)
        }
        return workloads
    }
}
