/// The name of a kind of fault, as files write it.
public enum FaultKindName: String, Sendable, Hashable, CaseIterable {
    case crash, powerLoss, pause
    case clockStep, clockDrift
    case partition, linkDelay, linkLoss, connectionReset
    case diskSlow, diskFull, syncFailure, bitRot
    case objectStoreErrors, objectStoreThrottle, objectStoreSlow
    case coordinationUnavailable, coordinationOutcomeUnknown, leaseExpiry, watchDelay
    case lakeCatalogConflict, lakeCatalogUnavailable, lakeCatalogOutcomeUnknown

    /// Whether it lasts for a time, rather than happen at one moment.
    public var lasts: Bool {
        switch self {
        case .clockStep, .connectionReset, .bitRot, .leaseExpiry: false
        default: true
        }
    }

    /// Clients keep nothing on disk and hold no lease.
    public var isForClients: Bool {
        switch self {
        case .diskSlow, .diskFull, .syncFailure, .bitRot, .leaseExpiry, .powerLoss: false
        default: true
        }
    }

    /// What it does, in a sentence for messages, the schema and lists.
    public var meaning: String {
        switch self {
        case .crash: "the process ends and starts again after the fault"
        case .powerLoss: "the machine loses power, and with it what was not synced"
        case .pause: "the process stands still"
        case .clockStep: "the wall clock jumps, once"
        case .clockDrift: "the clocks run fast or slow"
        case .partition: "nothing passes between groups of nodes"
        case .linkDelay: "messages take longer"
        case .linkLoss: "messages get lost and break their connection"
        case .connectionReset: "all connections of a node break, once"
        case .diskSlow: "each disk operation takes longer"
        case .diskFull: "nothing more fits on the disk"
        case .syncFailure: "syncs fail and may drop what they should have made safe"
        case .bitRot: "one bit at rest turns, once"
        case .objectStoreErrors: "requests to the object store get no answer"
        case .objectStoreThrottle: "the object store asks to slow down"
        case .objectStoreSlow: "each request to the object store takes longer"
        case .coordinationUnavailable: "the coordination service does not answer"
        case .coordinationOutcomeUnknown: "coordination takes effect, but answers get lost"
        case .leaseExpiry: "the lease of a node ends before its time, once"
        case .watchDelay: "events of watches arrive later"
        case .lakeCatalogConflict: "a foreign writer commits to the lake first"
        case .lakeCatalogUnavailable: "the lake catalog does not answer"
        case .lakeCatalogOutcomeUnknown: "lake commits take effect, but answers get lost"
        }
    }
}
