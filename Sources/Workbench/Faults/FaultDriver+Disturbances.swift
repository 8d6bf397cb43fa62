import ScenarioFiles
import Server
import Simulation

/// What faults have touched, and when: an oracle that judges how well a cluster does leaves out
/// what was disturbed.
extension FaultDriver {
    /// Notes that a fault begins or ends now.
    func disturb(_ kind: FaultKind) {
        let now = world.nanoseconds
        switch touch(of: kind) {
        case .nodes(let touched): for node in touched { disturbances[node.description] = now }
        case .all: sharedDisturbance = now
        case .store: storeDisturbance = now
        case .nothing: break
        }
    }

    /// When a fault last touched a node; `Int64.max` while one does.
    func lastDisturbance(of node: String) -> Int64? {
        let isDisturbed = active.contains { fault in
            if case .nodes(let touched) = touch(of: fault.kind) {
                return touched.contains { $0.description == node }
            }
            return false
        }
        return isDisturbed ? .max : disturbances[node]
    }

    /// The same of what all nodes share.
    func lastDisturbance(withStore: Bool) -> Int64? {
        let isDisturbed = active.contains { fault in
            switch touch(of: fault.kind) {
            case .all: true
            case .store: withStore
            case .nodes, .nothing: false
            }
        }
        if isDisturbed { return .max }
        let store = withStore ? storeDisturbance : nil
        return [sharedDisturbance, store].compactMap { $0 }.max()
    }

    var clients: [NodeName] { nodes.filter { $0.role == .client } }

    var hasForeignWriters: Bool {
        wholePlan.faults.contains {
            if case .nothing = touch(of: $0.kind) { true } else { false }
        }
    }

    private enum Touch {
        case nodes([NodeName])
        case all, store
        /// Another program works on the lake.
        case nothing
    }

    private func touch(of kind: FaultKind) -> Touch {
        let name = kind.name.rawValue
        if name.hasPrefix("objectStore") || name.hasPrefix("lakeCatalog") { return .store }
        if name.hasPrefix("lakeForeign") { return .nothing }
        // What the cluster itself needs is well.
        if name.hasPrefix("vectorService") { return .nodes([]) }
        if kind.name.description.isForAll || kind.nodes.isEmpty { return .all }
        return .nodes(kind.nodes)
    }
}
