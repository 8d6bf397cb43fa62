import Host
import Platform
import RunReports
import ScenarioFiles
import Server
import Simulation

/// What tank and machine can both be asked about a run, up to the moment its writers stop.
struct RunFigures {
    /// What was sent before has tables, leaders and connections to wait for.
    static let warmUp = Duration.seconds(3)

    var latency = LatencyHistogram()
    var acknowledged = 0
    var seconds = 0.0
    /// By the names of counters in reports.
    var counts: [String: Int64] = [:]

    private static let counted: [(group: TankComparison.Group, name: String, text: String)] = [
        (.bytes, "disk.writtenBytes", "bytes written to disks"),
        (.bytes, "network.bytes", "bytes sent"),
        (.bytes, "objects.putBytes", "bytes of objects put"),
        (.operations, "disk.writes", "writes to disks"),
        (.operations, "disk.syncs", "syncs of disks"),
        (.operations, "network.frames", "frames sent"),
        (.operations, "objects.puts", "objects put"),
        (.operations, "objects.gets", "objects read"),
        (.operations, "coordination.requests", "requests to coordination"),
    ]

    /// This, of a run in the tank, beside another on the machine.
    func figures(beside machine: RunFigures) -> [TankComparison.Figure] {
        var figures: [TankComparison.Figure] = []
        let percentiles = [("p50", 50_000), ("p90", 90_000), ("p99", 99_000)]
        for (name, percentile) in percentiles where latency.count > 0 && machine.latency.count > 0 {
            func seconds(_ histogram: LatencyHistogram) -> Double {
                Double(histogram.percentile(perHundredThousand: percentile)) / 1e9
            }
            figures.append(
                TankComparison.Figure(
                    .latency, "write \(name)", in: .seconds, tank: seconds(latency),
                    machine: seconds(machine.latency)))
        }
        figures.append(
            TankComparison.Figure(
                .throughput, "changes acknowledged", in: .perSecond, tank: rate,
                machine: machine.rate))
        for (group, name, text) in Self.counted {
            let (own, other) = (perThousand(name), machine.perThousand(name))
            if own == 0 && other == 0 { continue }
            figures.append(
                TankComparison.Figure(
                    group, "\(text) / 1,000", in: group == .bytes ? .bytes : .count,
                    tank: own, machine: other))
        }
        return figures
    }

    private var rate: Double { seconds > 0 ? Double(acknowledged) / seconds : 0 }

    private func perThousand(_ name: String) -> Double {
        acknowledged > 0 ? Double(counts[name] ?? 0) * 1000 / Double(acknowledged) : 0
    }
}

extension RunFigures {
    /// Adds what a process on the machine has counted.
    mutating func add(_ counters: HostCounters) {
        for kind in HostCounters.Kind.allCases { counts[kind.name, default: 0] += counters[kind] }
    }
}

extension TankRun {
    /// The counts of the run so far, by the names of reports.
    var machineCounts: [String: Int64] {
        var counts = Dictionary(
            uniqueKeysWithValues: counters().map { ($0.name, Int64($0.value)) })
        let names = scenario.nodes.map(\.description) + [Self.auditorName]
        var sent = NetworkCounters()
        for sender in names {
            for receiver in names where sender != receiver {
                sent += world.networkCounters(from: sender, to: receiver)
            }
        }
        counts["network.frames"] = Int64(sent.frames)
        counts["network.bytes"] = Int64(sent.bytes)
        return counts
    }
}
