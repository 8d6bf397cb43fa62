/// What goes wrong, and with which parameters.
///
/// A kind that lasts ends with its fault's duration; the others happen at one moment.
public enum FaultKind: Sendable, Hashable {
    /// The process ends at once and starts again when the fault ends; its machine keeps running, so
    /// what it wrote is still in the cache.
    case crash(node: NodeName)
    /// The machine loses power: what was not synced is lost or torn; it starts when the fault ends.
    case powerLoss(node: NodeName)
    /// The process stands still, as in a long collection or a frozen virtual machine.
    case pause(node: NodeName)
    /// The wall clock jumps, back if negative. It stays there: nobody sets it right.
    case clockStep(node: NodeName, by: Duration)
    /// Both clocks run fast, or slow if negative.
    case clockDrift(node: NodeName, partsPerMillion: Int)
    /// Nothing passes between the groups; one group alone is cut from all nodes outside it.
    /// Services (object store, coordination, catalog) can still be reached.
    case partition(groups: [[NodeName]], direction: PartitionDirection)
    /// Messages of a node (of every node, if nil) take longer by `by` plus up to `jitter`.
    case linkDelay(node: NodeName?, by: Duration, jitter: Duration)
    /// Each message of a node (of every node, if nil) breaks its connection at this rate.
    case linkLoss(node: NodeName?, partsPerMillion: Int)
    /// All connections of a node break at once.
    case connectionReset(node: NodeName)
    /// Each operation of the disk takes so many times as long.
    case diskSlow(node: NodeName, factor: Int)
    /// Nothing more fits on the disk.
    case diskFull(node: NodeName)
    /// Syncs fail at this rate, and what they should have made safe may be dropped.
    case syncFailure(node: NodeName, partsPerMillion: Int)
    /// One bit at rest turns, in some file whose path contains the text.
    case bitRot(node: NodeName, file: String)
    /// Requests get no answer at this rate, before or after they took effect.
    case objectStoreErrors(partsPerMillion: Int, effect: RequestEffect)
    /// Requests are refused at this rate with the request to slow down.
    case objectStoreThrottle(partsPerMillion: Int)
    /// Each request takes so many times as long.
    case objectStoreSlow(factor: Int)
    /// The coordination service does not answer.
    case coordinationUnavailable
    /// Transactions take effect, yet their answers get lost at this rate.
    case coordinationOutcomeUnknown(partsPerMillion: Int)
    /// The lease of a node ends before its time.
    case leaseExpiry(node: NodeName)
    /// Events of watches arrive later.
    case watchDelay(by: Duration)
    /// A foreign writer commits first at this rate, so that our commit conflicts.
    case lakeCatalogConflict(partsPerMillion: Int)
    /// The lake catalog does not answer.
    case lakeCatalogUnavailable
    /// Commits take effect, yet their answers get lost at this rate.
    case lakeCatalogOutcomeUnknown(partsPerMillion: Int)
}

/// Which way a partition lets nothing pass.
public enum PartitionDirection: String, Sendable, Hashable, CaseIterable {
    case both
    /// What the first group sends is lost; it still hears the others.
    case outgoing
    /// What is sent to the first group is lost; the others still hear it.
    case incoming
}

/// Whether a request whose answer was lost took effect.
public enum RequestEffect: String, Sendable, Hashable, CaseIterable {
    /// Lost before it took effect.
    case before
    /// Took effect, then the answer was lost.
    case after
    /// Either, at even odds.
    case either
}

extension FaultKind {
    public var name: FaultKindName {
        switch self {
        case .crash: .crash
        case .powerLoss: .powerLoss
        case .pause: .pause
        case .clockStep: .clockStep
        case .clockDrift: .clockDrift
        case .partition: .partition
        case .linkDelay: .linkDelay
        case .linkLoss: .linkLoss
        case .connectionReset: .connectionReset
        case .diskSlow: .diskSlow
        case .diskFull: .diskFull
        case .syncFailure: .syncFailure
        case .bitRot: .bitRot
        case .objectStoreErrors: .objectStoreErrors
        case .objectStoreThrottle: .objectStoreThrottle
        case .objectStoreSlow: .objectStoreSlow
        case .coordinationUnavailable: .coordinationUnavailable
        case .coordinationOutcomeUnknown: .coordinationOutcomeUnknown
        case .leaseExpiry: .leaseExpiry
        case .watchDelay: .watchDelay
        case .lakeCatalogConflict: .lakeCatalogConflict
        case .lakeCatalogUnavailable: .lakeCatalogUnavailable
        case .lakeCatalogOutcomeUnknown: .lakeCatalogOutcomeUnknown
        }
    }

    /// The nodes it names, in the order in which it names them.
    public var nodes: [NodeName] {
        switch self {
        case .crash(let node), .powerLoss(let node), .pause(let node), .clockStep(let node, _),
            .clockDrift(let node, _), .connectionReset(let node), .diskSlow(let node, _),
            .diskFull(let node), .syncFailure(let node, _), .bitRot(let node, _),
            .leaseExpiry(let node):
            [node]
        case .partition(let groups, _):
            groups.flatMap { $0 }
        case .linkDelay(let node, _, _), .linkLoss(let node, _):
            node.map { [$0] } ?? []
        case .objectStoreErrors, .objectStoreThrottle, .objectStoreSlow, .coordinationUnavailable,
            .coordinationOutcomeUnknown, .watchDelay, .lakeCatalogConflict, .lakeCatalogUnavailable,
            .lakeCatalogOutcomeUnknown:
            []
        }
    }
}
