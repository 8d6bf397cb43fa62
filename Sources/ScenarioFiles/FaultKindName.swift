/// The name of a kind of fault, as files write it.
public enum FaultKindName: String, Sendable, Hashable, CaseIterable {
    case crash, crashLoop, restartAll, nodeLoss, configurationChange, powerLoss, pause
    case clockStep, clockDrift
    case partition, bridgePartition, ringPartition
    case linkDelay, linkReset, linkClogged, linkSlow, linkDuplication
    case connectionReset, connectionForgotten
    case memoryBudget
    case diskSlow, diskFull, diskBudget, diskErrors, syncFailure
    case bitRot, lostWrite, misdirectedWrite, unreadableSector
    case objectStoreErrors, objectStoreThrottle, objectStoreSlow, objectStoreTornUpload
    case objectStoreTail
    case coordinationUnavailable, coordinationOutcomeUnknown, coordinationConflict
    case leaseExpiry, watchDelay, watchRepeat
    case lakeCatalogConflict, lakeCatalogUnavailable, lakeCatalogOutcomeUnknown
    case lakeForeignCompaction, lakeForeignProperty, lakeForeignExpiry, lakeForeignReference
    case lakeForeignSchema, lakeForeignPartitionSpec, lakeForeignSortOrder
    case strike

    /// The kinds that a seed may draw: a strike needs a run whose operations are known.
    public static let drawable = allCases.filter { $0 != .strike }

    /// Whether it lasts for a time, rather than happen at one moment.
    public var lasts: Bool {
        switch self {
        case .nodeLoss, .clockStep, .connectionReset, .connectionForgotten, .bitRot, .lostWrite,
            .misdirectedWrite, .unreadableSector, .leaseExpiry, .lakeForeignCompaction,
            .lakeForeignProperty, .lakeForeignExpiry, .lakeForeignReference, .lakeForeignSchema,
            .lakeForeignPartitionSpec, .lakeForeignSortOrder, .strike:
            false
        default: true
        }
    }

    /// Whether a server loses what it had stored, synced or not.
    public var losesData: Bool {
        switch self {
        case .nodeLoss, .syncFailure, .bitRot, .lostWrite, .misdirectedWrite, .unreadableSector:
            true
        default: false
        }
    }

    /// Clients keep nothing on disk and hold no lease.
    public var isForClients: Bool {
        switch self {
        case .crashLoop, .nodeLoss, .leaseExpiry, .powerLoss, .memoryBudget: false
        default: !isForServers
        }
    }

    /// Servers alone keep data on their disks.
    public var isForServers: Bool {
        switch self {
        case .configurationChange, .diskSlow, .diskFull, .diskBudget, .diskErrors, .syncFailure,
            .bitRot, .lostWrite, .misdirectedWrite, .unreadableSector:
            true
        default: false
        }
    }

    /// What it does, in a sentence for messages, the schema and lists.
    public var meaning: String {
        switch self {
        case .crash: "the process ends and starts again after the fault"
        case .crashLoop: "the process ends again and again"
        case .restartAll: "all nodes but clients end at once and start again after the fault"
        case .nodeLoss: "the machine is lost with its disk, for good"
        case .configurationChange: "the server starts again with segments of another size"
        case .powerLoss: "the machine loses power, and with it what was not synced"
        case .pause: "the process stands still"
        case .clockStep: "the wall clock jumps, once"
        case .clockDrift: "the clocks run fast or slow"
        case .partition: "nothing passes between groups of nodes"
        case .bridgePartition: "two halves of the cluster meet at one node only"
        case .ringPartition: "each node sees its two neighbours only"
        case .linkClogged: "messages wait and come at the end of the fault"
        case .linkSlow: "messages share little bandwidth"
        case .linkDuplication: "messages come twice"
        case .linkDelay: "messages take longer"
        case .linkReset: "messages get lost and break their connection"
        case .connectionReset: "all connections of a node break, once"
        case .connectionForgotten: "a node's connections end, and nobody else is told, once"
        case .memoryBudget: "the process may hold so much memory and is killed if it holds more"
        case .diskBudget: "so many bytes fit on the disk"
        case .diskErrors: "reads or writes of the disk fail"
        case .lostWrite: "a write that is acknowledged never reaches the medium, once"
        case .unreadableSector: "a sector at rest cannot be read until it is written anew, once"
        case .misdirectedWrite: "a write lands at another place of the disk, once"
        case .diskSlow: "each disk operation takes longer"
        case .diskFull: "nothing more fits on the disk"
        case .syncFailure: "syncs fail and may drop what they should have made safe"
        case .bitRot: "one bit at rest turns, once"
        case .objectStoreErrors: "requests to the object store get no answer"
        case .objectStoreThrottle: "the object store asks to slow down"
        case .objectStoreSlow: "each request to the object store takes longer"
        case .objectStoreTornUpload: "uploads to the object store break off in the middle"
        case .objectStoreTail: "some requests to the object store take much longer"
        case .coordinationConflict: "a stranger writes to the coordination service first"
        case .watchRepeat: "events of watches come again"
        case .coordinationUnavailable: "the coordination service does not answer"
        case .coordinationOutcomeUnknown: "coordination takes effect, but answers get lost"
        case .leaseExpiry: "the lease of a node ends before its time, once"
        case .watchDelay: "events of watches arrive later"
        case .lakeForeignCompaction: "another program rewrites the lake's files, once"
        case .lakeForeignProperty: "another program sets a property of the lake's tables, once"
        case .lakeForeignExpiry: "another program lets old snapshots of the lake expire, once"
        case .lakeForeignReference: "another program tags and branches the lake's tables, once"
        case .lakeForeignSchema: "another program adds a column to the lake's tables, once"
        case .lakeForeignPartitionSpec:
            "another program gives the lake's tables another partition spec, once"
        case .lakeForeignSortOrder:
            "another program gives the lake's tables another sort order, once"
        case .lakeCatalogConflict: "a foreign writer commits to the lake first"
        case .lakeCatalogUnavailable: "the lake catalog does not answer"
        case .lakeCatalogOutcomeUnknown: "lake commits take effect, but answers get lost"
        case .strike: "a crash or a lost answer at one operation of the run"
        }
    }
}
