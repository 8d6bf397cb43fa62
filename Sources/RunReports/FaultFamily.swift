/// The part of the world that a fault befalls: it decides colour and lane.
enum FaultFamily: String, CaseIterable {
    case process, clock, network, disk, objectStore, coordination, lake, vectorService
    case other

    init(kind: String) {
        let prefixes: [(String, FaultFamily)] = [
            ("crash", .process), ("restart", .process), ("nodeLoss", .process),
            ("configuration", .process), ("powerLoss", .process), ("pause", .process),
            ("memory", .process), ("rolling", .process), ("slowNode", .process),
            ("upgrade", .process),
            ("clock", .clock), ("partition", .network), ("bridge", .network), ("ring", .network),
            ("link", .network), ("connection", .network), ("disk", .disk), ("sync", .disk),
            ("bitRot", .disk), ("lostWrite", .disk), ("misdirected", .disk),
            ("unreadable", .disk), ("fileLimit", .disk), ("serviceCut", .network),
            ("objectStore", .objectStore), ("coordination", .coordination),
            ("lease", .coordination), ("watch", .coordination), ("lake", .lake),
            ("vectorService", .vectorService),
            ("strike", .process), ("stepsApart", .process),
        ]
        self = prefixes.first { kind.hasPrefix($0.0) }?.1 ?? .other
    }

    var title: String {
        switch self {
        case .process: "Process"
        case .clock: "Clock"
        case .network: "Network"
        case .disk: "Disk"
        case .objectStore: "Object store"
        case .coordination: "Coordination"
        case .lake: "Lake catalog"
        case .vectorService: "Vector database"
        case .other: "Other"
        }
    }

    /// The class that colours it.
    var style: String { "f-\(rawValue)" }
}
