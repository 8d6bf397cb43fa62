import Host
import ScenarioFiles
import Server

/// How a kind of fault is brought about among real processes.
struct RealFault: Sendable {
    enum Means: Sendable {
        case processes, proxy, smallFileSystem, database
    }

    let name: FaultKindName
    let means: Means
    /// In words, for reports.
    let how: String
    /// Whether nodes that it names are down while it lasts.
    let keepsDown: Bool
    let begin: @Sendable (FaultKind, MachineFaults) -> Void
    let end: @Sendable (FaultKind, MachineFaults) -> Void
    /// What an active one does to links.
    let rules: @Sendable (FaultKind, inout LinkRules) -> Void

    init(
        _ name: FaultKindName, by means: Means, _ how: String, keepsDown: Bool = false,
        begin: @escaping @Sendable (FaultKind, MachineFaults) -> Void = { _, _ in },
        end: @escaping @Sendable (FaultKind, MachineFaults) -> Void = { _, _ in },
        rules: @escaping @Sendable (FaultKind, inout LinkRules) -> Void = { _, _ in }
    ) {
        self.name = name
        self.means = means
        self.how = how
        self.keepsDown = keepsDown
        self.begin = begin
        self.end = end
        self.rules = rules
    }

    static let all = processes + links + others

    static func of(_ kind: FaultKindName) -> RealFault? { all.first { $0.name == kind } }

    /// Why a kind has no counterpart; nil for one that has.
    static func refusal(_ kind: FaultKindName) -> String? {
        if of(kind) != nil { return nil }
        let name = kind.rawValue
        if name.hasPrefix("clock") { return "all processes of a computer share its clock" }
        if name.hasPrefix("lakeForeign") { return "no other program commits to this lake" }
        if name.hasPrefix("objectStore") { return "the objects are a folder, which does not err" }
        if name.hasPrefix("coordination") || name.hasPrefix("watch") || name == "leaseExpiry" {
            return "the coordination service is a database, which does not lose answers"
        }
        if name.hasPrefix("lakeCatalog") { return "the catalog is a database, which is there" }
        if name.hasPrefix("vectorService") { return "there is no vector database" }
        if name.hasPrefix("link") { return "what TCP carries comes once" }
        return reasons[name] ?? "it has no counterpart"
    }

    private static let reasons = [
        "memoryBudget": "no process is bounded in memory here",
        "fileLimit": "sockets and databases share the limit with the files it is about",
        "serviceCut": "services are files that every process reaches",
        "upgrade": "all processes are of one program",
        "connectionForeign": "the caller that makes no sense is a machine of the tank",
        "stepsApart": "the system decides when a process runs on",
        "strike": "operations of a real run have no numbers",
        "diskSlow": "the disk is as fast as it is",
        "diskErrors": "the disk does not err on demand",
        "syncFailure": "the disk does not err on demand",
        "bitRot": "the disk keeps what it has",
        "unreadableSector": "the disk keeps what it has",
        "lostWrite": "the disk keeps what it was given",
        "misdirectedWrite": "the disk keeps what it was given where it was told to",
    ]
}

extension RealFault {
    fileprivate static func down(
        _ name: FaultKindName, _ how: String,
        with act: @escaping @Sendable (FaultKind, NodeName, MachineFaults) -> Void = { _, _, _ in }
    ) -> RealFault {
        RealFault(
            name, by: .processes, how, keepsDown: true,
            begin: { fault, faults in
                for node in fault.nodes {
                    faults.takeDown(node)
                    act(fault, node, faults)
                }
            },
            end: { fault, faults in fault.nodes.forEach { faults.bringUp($0) } })
    }

    fileprivate static let processes: [RealFault] = [
        down("crash", "kill -9, and a start at its end"),
        down(
            "powerLoss",
            "kill -9, which leaves what was not synced in the page cache, and a start at its end"),
        down("diskLoss", "kill -9, the folder of its disk removed, and a start at its end") {
            _, node, faults in faults.loseDisk(node)
        },
        down(
            "configurationChange", "kill -9, and a start with segments of another size"
        ) { fault, node, faults in
            faults.cluster.reconfigure(node, segmentByteCount: fault.integer("segmentBytes"))
        },
        RealFault(
            "nodeLoss", by: .processes, "kill -9, and the folder of its disk removed for good",
            begin: { fault, faults in fault.nodes.forEach { faults.lose($0) } }),
        RealFault(
            "crashLoop", by: .processes, "kill -9 and a start, again and again",
            begin: { fault, faults in faults.crashAgain(fault) },
            end: { fault, faults in faults.endLoop(fault.nodes) }),
        RealFault(
            "restartAll", by: .processes, "kill -9 of all, and a start at its end",
            begin: { _, faults in faults.cluster.nodes.forEach { faults.takeDown($0) } },
            end: { _, faults in faults.cluster.nodes.forEach { faults.bringUp($0) } }),
        RealFault(
            "rollingRestart", by: .processes, "kill -9 and a start, one after the other",
            begin: { fault, faults in faults.restartInTurn(fault) },
            end: { fault, faults in faults.endLoop(faults.restarting(fault)) }),
        RealFault(
            "pause", by: .processes, "SIGSTOP, and SIGCONT at its end",
            begin: { fault, faults in fault.nodes.forEach { faults.cluster.pause($0) } },
            end: { fault, faults in fault.nodes.forEach { faults.cluster.resume($0) } }),
        RealFault(
            "slowNode", by: .processes,
            "SIGSTOP and SIGCONT in turn, so that it runs a part of "
                + "the time",
            begin: { fault, faults in faults.slow(fault) },
            end: { fault, faults in fault.nodes.forEach { faults.cluster.resume($0) } }),
    ]

    fileprivate static let links: [RealFault] = [
        RealFault(
            "partition", by: .proxy, "the proxy holds back what goes between the groups",
            rules: { fault, rules in
                rules.block(rules.ways.between(fault.groups, fault.text("direction")))
            }),
        RealFault(
            "bridgePartition", by: .proxy, "the proxy holds back what goes between the halves",
            rules: { fault, rules in
                rules.block(
                    rules.ways.between(rules.ways.halves(without: fault.nodes[0]), "both"))
            }),
        RealFault(
            "ringPartition", by: .proxy, "the proxy holds back what goes across the ring",
            rules: { fault, rules in rules.block(rules.ways.across(fault.nodes)) }),
        RealFault(
            "linkClogged", by: .proxy, "the proxy holds back what goes over the links",
            rules: { fault, rules in rules.block(rules.ways.from(fault.nodes)) }),
        RealFault(
            "linkDelay", by: .proxy, "the proxy hands on later",
            rules: { fault, rules in
                rules.change(onLinksOf: fault.nodes) {
                    $0.delay += fault.duration("by")
                    $0.jitter += fault.duration("jitter")
                }
            }),
        RealFault(
            "linkSlow", by: .proxy, "the proxy hands on so many bytes in a second",
            rules: { fault, rules in
                rules.change(onLinksOf: fault.nodes) {
                    $0.bytesPerSecond = min(
                        $0.bytesPerSecond ?? .max, Int64(fault.integer("bytesPerSecond")))
                }
            }),
        RealFault(
            "linkReset", by: .proxy, "the proxy breaks connections",
            rules: { fault, rules in
                rules.change(onLinksOf: fault.nodes) {
                    $0.resetsPerMillion += fault.integer("rate")
                }
            }),
        RealFault(
            "connectionReset", by: .proxy, "the proxy breaks all connections of the node",
            begin: { fault, faults in
                fault.nodes.forEach { faults.proxy?.reset(connectionsOf: $0.description) }
            }),
        RealFault(
            "connectionForgotten", by: .proxy, "the proxy breaks the node's ends alone",
            begin: { fault, faults in
                fault.nodes.forEach { faults.proxy?.forget(connectionsOf: $0.description) }
            }),
    ]

    fileprivate static let others: [RealFault] = [
        RealFault(
            "diskFull", by: .smallFileSystem, "its disk is a file system that gets no more room",
            begin: { fault, faults in faults.fill(fault.nodes, budget: 0) },
            end: { fault, faults in faults.widen(fault.nodes) }),
        RealFault(
            "diskBudget", by: .smallFileSystem, "its disk is a file system of so many bytes",
            begin: { fault, faults in faults.fill(fault.nodes, budget: fault.integer("bytes")) },
            end: { fault, faults in faults.widen(fault.nodes) }),
        RealFault(
            "coordinationUnavailable", by: .database, "another program holds the database's lock",
            begin: { _, faults in faults.block(\.coordinationPath, true) },
            end: { _, faults in faults.block(\.coordinationPath, false) }),
        RealFault(
            "lakeCatalogUnavailable", by: .database, "another program holds the database's lock",
            begin: { _, faults in faults.block(\.catalogPath, true) },
            end: { _, faults in faults.block(\.catalogPath, false) }),
    ]
}
