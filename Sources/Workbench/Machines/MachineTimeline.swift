import RunReports
import ScenarioFiles
import Server

/// What befell a run on the machine and when, for its report.
struct MachineTimeline {
    private(set) var faults: [FaultEvent] = []
    private var open: [(fault: PlannedFault, position: Int)] = []
    private var lanes: [NodeName: [NodeLane.Interval]] = [:]
    private var states: [NodeName: (state: NodeLane.State, since: Double)] = [:]
    private let nodes: [NodeName]

    init(_ nodes: [NodeName]) { self.nodes = nodes }

    mutating func changed(_ fault: PlannedFault, began: Bool, at seconds: Double) {
        if began {
            open.append((fault, faults.count))
            faults.append(
                FaultEvent(
                    atSeconds: seconds, untilSeconds: seconds, kind: fault.kind.name.rawValue,
                    target: fault.kind.nodes.map(\.description).joined(separator: ", "),
                    text: "\(fault.kind)"))
        } else if let place = open.firstIndex(where: { $0.fault == fault }) {
            faults[open.remove(at: place).position].untilSeconds = seconds
        }
    }

    mutating func note(_ node: NodeName, is state: NodeLane.State, at seconds: Double) {
        if let known = states[node] {
            if known.state == state { return }
            if known.state != .up {
                lanes[node, default: []].append(
                    NodeLane.Interval(from: known.since, until: seconds, state: known.state))
            }
        }
        states[node] = (state, seconds)
    }

    mutating func end(at seconds: Double) {
        for (_, position) in open { faults[position].untilSeconds = seconds }
        open = []
        for node in nodes { note(node, is: .up, at: seconds) }
    }

    var nodeLanes: [NodeLane] {
        nodes.map { NodeLane(node: $0.description, intervals: lanes[$0] ?? []) }
    }
}
