public import ScenarioFiles
public import Workloads

/// Makes the workloads that a scenario names; `read` gives the bytes of a capture file.
///
/// Throws where two of them would write to one table.
public func makeWorkloads(
    _ scenario: Scenario, seed: UInt64, read: (_ path: String) throws -> [UInt8]
) throws -> [any Workload] {
    let workloads = try eachWorkload(scenario, seed: seed, read: read)
    var names: Set<String> = []
    for table in workloads.flatMap(\.tables) where !names.insert(table.name).inserted {
        throw WorkbenchError.sharedTable(name: table.name)
    }
    return workloads
}

private func eachWorkload(
    _ scenario: Scenario, seed: UInt64, read: (_ path: String) throws -> [UInt8]
) throws -> [any Workload] {
    try scenario.workloads.map { options in
        switch options {
        case .ecommerceCDC(let options):
            var chosen = EcommerceWorkload.Options()
            chosen.customers = options.customers
            chosen.products = options.products
            chosen.eventPercent = options.skew.eventPercent
            chosen.keyPercent = options.skew.keyPercent
            chosen.latePartsPerMillion = options.lateEventsPartsPerMillion
            chosen.lateMicroseconds = max(1, Int(options.lateBy / .microseconds(1)))
            chosen.deletesPartsPerMillion = options.deletesPartsPerMillion
            chosen.cleanUpCount = options.cleanUpCount
            chosen.pace = pace(options.rate, options.burst)
            return some(of: EcommerceWorkload(seed: seed, chosen), options.tables)
        case .clickstream(let options):
            var chosen = ClickstreamWorkload.Options()
            chosen.sessions = options.sessions
            chosen.latePartsPerMillion = options.lateEventsPartsPerMillion
            chosen.lateMicroseconds = max(1, Int(options.lateBy / .microseconds(1)))
            chosen.pace = pace(options.rate, options.burst)
            return some(of: ClickstreamWorkload(seed: seed, chosen), options.tables)
        case .merging(let options):
            var chosen = MergingWorkload.Options()
            chosen.keys = options.keys
            chosen.pace = pace(options.rate, nil)
            return some(of: MergingWorkload(seed: seed, chosen), options.tables)
        case .capture(let options):
            let path = scenario.path(of: options)
            return try CaptureWorkload(try read(path), captureOptions(options, path))
        }
    }
}

private func some(of workload: any Workload, _ tables: [String]) -> any Workload {
    tables.isEmpty ? workload : SelectedTables(workload, named: tables)
}

private func captureOptions(
    _ options: CaptureOptions, _ path: String
) -> CaptureWorkload.Options {
    let format: CaptureWorkload.Format =
        switch options.format {
        case .wal2json: .wal2json
        case .combinedLog: .combinedLog
        case .debezium: .debezium
        }
    let pace: CaptureWorkload.Pace =
        switch options.pace {
        case .speed(let perThousand): .speed(perThousand: perThousand)
        case .rate(let rate): .interval(rate.interval ?? .seconds(1 << 30))
        }
    var chosen = CaptureWorkload.Options(file: path, format: format, pace: pace)
    chosen.tables = options.tables
    chosen.without = options.without
    chosen.logFormat = options.logFormat
    chosen.logTable = options.logTable ?? chosen.logTable
    return chosen
}

private func pace(_ rate: EventRate, _ burst: Burst?) -> Pace {
    Pace(
        interval: rate.interval ?? .seconds(1 << 30), burstEvery: burst?.every,
        burstDuration: burst?.duration ?? .zero, burstFactor: burst?.factor ?? 1)
}
