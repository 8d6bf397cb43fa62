public import ScenarioFiles
public import Workloads

/// Makes the workloads that a scenario names; `read` gives the bytes of a capture file.
///
/// Throws a `ScenarioError` that names the line where one cannot be made, as for a capture that
/// cannot be read, or where two of them would write to one table.
public func makeWorkloads(
    _ scenario: Scenario, seed: UInt64, read: (_ path: String) throws -> [UInt8]
) throws -> [any Workload] {
    try withoutActuallyEscaping(read) { read in
        let source = WorkloadSource(
            seed: seed, scenarioPath: scenario.path, tables: scenario.tables,
            tablesLosingColumns: scenario.tablesLosingColumns, read: read)
        var workloads: [any Workload] = []
        let altered = Set(scenario.acts.filter(\.isAlteration).compactMap(\.table))
        var names: Set<String> = []
        for options in scenario.workloads {
            do {
                let workload = follow(altered, try options.make(source), seed: seed)
                for table in workload.tables where !names.insert(table.name).inserted {
                    throw WorkbenchError.sharedTable(name: table.name)
                }
                workloads.append(workload)
            } catch {
                throw ScenarioError(
                    path: scenario.path, mark: options.mark(of: error), message: "\(error)")
            }
        }
        return workloads
    }
}

/// The workload, whose rows follow the columns of its tables where acts alter some of them.
private func follow(
    _ altered: Set<String>, _ workload: any Workload, seed: UInt64
) -> any Workload {
    let names = workload.tables.filter { altered.contains($0.name) && !$0.isEvolving }.map(\.name)
    return names.isEmpty ? workload : AlteredTables(workload, named: Set(names), seed: seed)
}
