import ScenarioFiles
import Simulation

extension CostModel {
    /// What a scenario says, and the defaults for the rest.
    init(_ options: CostOptions) {
        self.init()
        for (name, _) in CostOptions.times {
            guard let times = options.times[name] else { continue }
            set(
                name,
                to: times.count == CostOptions.measuredCount
                    ? .measured(times) : .even(times[0]..<times.last!))
        }
        for (name, _) in CostOptions.rates {
            guard let rate = options.bytesPerSecond[name] else { continue }
            set(name, to: Int64(rate))
        }
    }

    private mutating func set(_ name: String, to latency: LatencyDistribution) {
        switch name {
        case "diskRead": diskRead = latency
        case "diskWrite": diskWrite = latency
        case "diskSync": diskSync = latency
        case "diskSyncFile": diskSyncFile = latency
        case "diskName": diskName = latency
        case "networkLatency": networkLatency = latency
        case "objectRequest": objectRequest = latency
        case "coordinationRequest": coordinationRequest = latency
        case "catalogRequest": catalogRequest = latency
        default: preconditionFailure("nothing takes '\(name)'")
        }
    }

    private mutating func set(_ name: String, to bytesPerSecond: Int64) {
        switch name {
        case "diskBytesPerSecond": diskBytesPerSecond = bytesPerSecond
        case "networkBytesPerSecond": networkBytesPerSecond = bytesPerSecond
        case "objectBytesPerSecond": objectBytesPerSecond = bytesPerSecond
        default: preconditionFailure("nothing has '\(name)'")
        }
    }
}
