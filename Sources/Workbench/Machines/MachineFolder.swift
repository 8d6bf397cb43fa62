/// What a run on the machine keeps where, all of it in one folder of its own.
struct MachineFolder: Sendable {
    /// An absolute path.
    let path: String

    /// What all nodes share: their disks, the objects, the databases.
    var cluster: String { path + "/cluster" }
    /// Who listens where.
    var places: String { path + "/places" }
    /// What each node says, in a file of its name.
    var logs: String { path + "/logs" }
    /// What each node has asked for.
    var counts: String { path + "/counts" }
    var scenario: String { path + "/scenario.yaml" }
    var all: [String] { [path, cluster, places, logs, counts] }

    func log(of node: String) -> String { "\(logs)/\(node).log" }
    func counts(of node: String) -> String { "\(counts)/\(node)" }
}
