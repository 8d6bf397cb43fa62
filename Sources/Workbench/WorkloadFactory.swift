public import ScenarioFiles
public import Workloads

/// Makes the workloads that a scenario names; `read` gives the bytes of a capture file.
public func makeWorkloads(
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
            chosen.pace = pace(options.rate, options.burst)
            return EcommerceWorkload(seed: seed, chosen)
        case .clickstream(let options):
            var chosen = ClickstreamWorkload.Options()
            chosen.sessions = options.sessions
            chosen.latePartsPerMillion = options.lateEventsPartsPerMillion
            chosen.lateMicroseconds = max(1, Int(options.lateBy / .microseconds(1)))
            chosen.pace = pace(options.rate, options.burst)
            return ClickstreamWorkload(seed: seed, chosen)
        case .capture:
            throw WorkbenchError.unsupported("captures")
        }
    }
}

private func pace(_ rate: EventRate, _ burst: Burst?) -> Pace {
    Pace(
        interval: rate.interval ?? .seconds(1 << 30), burstEvery: burst?.every,
        burstDuration: burst?.duration ?? .zero, burstFactor: burst?.factor ?? 1)
}
