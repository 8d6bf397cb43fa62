import Server
import Simulation

/// What all active faults together make of services, disks, links and memories: two of a kind may
/// overlap and end in any order, since all is worked out anew at each change.
struct FaultRates {
    /// What befalls the messages that a node sends.
    struct Links {
        var delay = Duration.zero
        var jitter = Duration.zero
        var resets = 0
        var repeats = 0
        var bytesPerSecond: Int64?
    }

    /// All nodes of the run, in order.
    let nodes: [NodeName]
    var objects = ServiceFaults()
    var coordination = ServiceFaults()
    var catalog = ServiceFaults()
    var vectors = ServiceFaults()
    /// Whether steps of the engine wait for each other; see `Observer.shouldDisturb`.
    var keepsStepsApart = false
    private(set) var disks: [DiskFaults]
    private(set) var links: [Links]
    /// What each node's process may hold, in bytes.
    private(set) var memory: [Int]

    init(_ nodes: [NodeName]) {
        self.nodes = nodes
        disks = nodes.map { _ in DiskFaults() }
        links = nodes.map { _ in Links() }
        memory = nodes.map { _ in .max }
    }

    private func positions(_ named: [NodeName]) -> [Int] {
        nodes.indices.filter { named.contains(nodes[$0]) }
    }

    mutating func onDisks(of named: [NodeName], _ change: (inout DiskFaults) -> Void) {
        for position in positions(named) { change(&disks[position]) }
    }

    /// On the links of all nodes where none is named.
    mutating func onLinks(of named: [NodeName], _ change: (inout Links) -> Void) {
        for position in named.isEmpty ? Array(nodes.indices) : positions(named) {
            change(&links[position])
        }
    }

    mutating func limitMemory(of named: [NodeName], byteCount: Int) {
        for position in positions(named) { memory[position] = min(memory[position], byteCount) }
    }
}
