public import Server

/// What goes wrong, and with which parameters.
///
/// A kind that lasts ends with its fault's duration; the others happen at one moment.
public enum FaultKind: Sendable, Hashable {
    /// The process ends at once and starts again when the fault ends; its machine keeps running, so
    /// what it wrote is still in the cache.
    case crash(node: NodeName)
    /// The process ends again and again, running for `every` in between, as one that a supervisor
    /// restarts in vain (systemd.service(5), `Restart=`; "CrashLoopBackOff" of Kubernetes).
    case crashLoop(node: NodeName, every: Duration)
    /// The processes of all nodes but clients end at once and start again when the fault ends, as
    /// when a whole cluster is upgraded by hand.
    case restartAll
    /// The machine is lost with its disk, for good. It waits until every bucket has as many other
    /// copies in sync as an acknowledgement needs.
    case nodeLoss(node: NodeName)
    /// A server ends and starts with another size of segments when the fault ends, and keeps it.
    case configurationChange(node: NodeName, segmentByteCount: Int)
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
    /// All other nodes belong to one of two halves, by turns, that only this node joins: both can
    /// elect, with its vote (Jepsen's "bridge").
    case bridgePartition(node: NodeName)
    /// The nodes stand in a ring and each sees its two neighbours alone: no two of them agree on
    /// who is there (Jepsen's "majorities ring"). All but clients if none are named.
    case ringPartition(nodes: [NodeName])
    /// What a node (every node, if nil) sends waits in buffers, and comes at the end of the fault.
    case linkClogged(node: NodeName?)
    /// What a node (every node, if nil) sends to another shares so little bandwidth.
    case linkSlow(node: NodeName?, bytesPerSecond: Int)
    /// Messages of a node (of every node, if nil) come twice at this rate, as through a proxy that
    /// sends a request again when its answer is late.
    case linkDuplication(node: NodeName?, partsPerMillion: Int)
    /// Messages of a node (of every node, if nil) take longer by `by` plus up to `jitter`.
    case linkDelay(node: NodeName?, by: Duration, jitter: Duration)
    /// Each message of a node (of every node, if nil) breaks its connection at this rate.
    case linkReset(node: NodeName?, partsPerMillion: Int)
    /// All connections of a node break at once.
    case connectionReset(node: NodeName)
    /// A node's ends of all its connections end without a word to the others, which stay half-open
    /// until they send something.
    case connectionForgotten(node: NodeName)
    /// The process may hold so much memory, and is killed if it holds more, as by the kernel in a
    /// control group (Linux, cgroup-v2.rst, `memory.max`); a supervisor starts it again.
    case memoryBudget(node: NodeName, byteCount: Int)
    /// Each operation of the disk takes so many times as long.
    case diskSlow(node: NodeName, factor: Int)
    /// Nothing more fits on the disk.
    case diskFull(node: NodeName)
    /// So many bytes fit on the disk and no more.
    case diskBudget(node: NodeName, byteCount: Int)
    /// Reads, writes or both fail at this rate, as with a bad cable (read(2), write(2): EIO); a
    /// failed write may have been done in part.
    case diskErrors(node: NodeName, partsPerMillion: Int, operation: DiskOperation)
    /// A sector that the device acknowledges at the next sync of some file whose path contains the
    /// text never reaches the medium.
    case lostWrite(node: NodeName, file: String)
    /// The same, and it lands at another place of the file or of another.
    case misdirectedWrite(node: NodeName, file: String)
    /// A sector at rest, in some file whose path contains the text, cannot be read any more: each
    /// read of it fails until it is written anew.
    case unreadableSector(node: NodeName, file: String)
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
    /// Uploads break off in the middle at this rate; nothing of them is ever seen.
    case objectStoreTornUpload(partsPerMillion: Int)
    /// Requests take so many times as long at this rate.
    case objectStoreTail(partsPerMillion: Int, factor: Int)
    /// The coordination service does not answer.
    case coordinationUnavailable
    /// Transactions take effect, yet their answers get lost at this rate.
    case coordinationOutcomeUnknown(partsPerMillion: Int)
    /// The lease of a node ends before its time.
    case leaseExpiry(node: NodeName)
    /// A stranger touches what a transaction depends on first, at this rate.
    case coordinationConflict(partsPerMillion: Int)
    /// The last few events of a watch come once more at this rate, as when it is resumed from an
    /// older revision.
    case watchRepeat(partsPerMillion: Int)
    /// Events of watches arrive later.
    case watchDelay(by: Duration)
    /// A foreign writer commits first at this rate, so that our commit conflicts.
    case lakeCatalogConflict(partsPerMillion: Int)
    /// Another program rewrites the files of each lake table into one, as compaction does: same
    /// rows, another snapshot, no file as it was.
    case lakeForeignCompaction
    /// Another program sets a property of each lake table: other metadata, the same snapshot.
    case lakeForeignProperty
    /// Another program lets all snapshots of each lake table expire that no branch or tag names,
    /// and deletes the files that only they need.
    case lakeForeignExpiry
    /// Another program gives the current snapshot of each lake table a branch and a tag.
    case lakeForeignReference
    /// Another program adds a column to each lake table.
    case lakeForeignSchema
    /// Another program gives each lake table another partition spec.
    case lakeForeignPartitionSpec
    /// Another program gives each lake table another sort order.
    case lakeForeignSortOrder
    /// The lake catalog does not answer.
    case lakeCatalogUnavailable
    /// Commits take effect, yet their answers get lost at this rate.
    case lakeCatalogOutcomeUnknown(partsPerMillion: Int)
    /// The operation with this number, counted from 0 at its place over the whole run, takes effect
    /// and its node ends, or its answer is lost; a node that ended starts again after 3 s. What
    /// `wavetank sweep` does to one operation after the other.
    case strike(place: OperationPlace, operation: Int, effect: StrikeEffect)
}

/// Where the operations of a run are counted, those that have an effect.
public enum OperationPlace: String, Sendable, Hashable, CaseIterable {
    /// Writes, syncs, changes of names.
    case disk
    /// Frames sent.
    case network
    case objectStore, coordination, lakeCatalog
}

extension OperationPlace {
    /// Only a service gives answers that can be lost.
    public func allows(_ effect: StrikeEffect) -> Bool {
        switch self {
        case .disk, .network: effect != .lostAnswer
        case .objectStore, .coordination, .lakeCatalog: true
        }
    }
}

/// What strikes an operation, once it has taken effect.
public enum StrikeEffect: String, Sendable, Hashable, CaseIterable {
    /// Its node's process ends.
    case crash
    /// Its node's machine loses power.
    case powerLoss
    /// The service's answer is lost.
    case lostAnswer
}

/// Which way a partition lets nothing pass.
public enum PartitionDirection: String, Sendable, Hashable, CaseIterable {
    case both
    /// What the first group sends is lost; it still hears the others.
    case outgoing
    /// What is sent to the first group is lost; the others still hear it.
    case incoming
}

/// Which operations of a disk fail.
public enum DiskOperation: String, Sendable, Hashable, CaseIterable {
    case read, write, both
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
        case .crashLoop: .crashLoop
        case .restartAll: .restartAll
        case .nodeLoss: .nodeLoss
        case .configurationChange: .configurationChange
        case .powerLoss: .powerLoss
        case .pause: .pause
        case .clockStep: .clockStep
        case .clockDrift: .clockDrift
        case .partition: .partition
        case .bridgePartition: .bridgePartition
        case .ringPartition: .ringPartition
        case .linkClogged: .linkClogged
        case .linkSlow: .linkSlow
        case .linkDuplication: .linkDuplication
        case .linkDelay: .linkDelay
        case .linkReset: .linkReset
        case .connectionReset: .connectionReset
        case .connectionForgotten: .connectionForgotten
        case .memoryBudget: .memoryBudget
        case .diskBudget: .diskBudget
        case .diskErrors: .diskErrors
        case .lostWrite: .lostWrite
        case .misdirectedWrite: .misdirectedWrite
        case .unreadableSector: .unreadableSector
        case .diskSlow: .diskSlow
        case .diskFull: .diskFull
        case .syncFailure: .syncFailure
        case .bitRot: .bitRot
        case .objectStoreErrors: .objectStoreErrors
        case .objectStoreThrottle: .objectStoreThrottle
        case .objectStoreSlow: .objectStoreSlow
        case .objectStoreTornUpload: .objectStoreTornUpload
        case .objectStoreTail: .objectStoreTail
        case .coordinationConflict: .coordinationConflict
        case .watchRepeat: .watchRepeat
        case .coordinationUnavailable: .coordinationUnavailable
        case .coordinationOutcomeUnknown: .coordinationOutcomeUnknown
        case .leaseExpiry: .leaseExpiry
        case .watchDelay: .watchDelay
        case .lakeCatalogConflict: .lakeCatalogConflict
        case .lakeForeignCompaction: .lakeForeignCompaction
        case .lakeForeignProperty: .lakeForeignProperty
        case .lakeForeignExpiry: .lakeForeignExpiry
        case .lakeForeignReference: .lakeForeignReference
        case .lakeForeignSchema: .lakeForeignSchema
        case .lakeForeignPartitionSpec: .lakeForeignPartitionSpec
        case .lakeForeignSortOrder: .lakeForeignSortOrder
        case .lakeCatalogUnavailable: .lakeCatalogUnavailable
        case .lakeCatalogOutcomeUnknown: .lakeCatalogOutcomeUnknown
        case .strike: .strike
        }
    }

    /// The nodes it names, in the order in which it names them.
    public var nodes: [NodeName] {
        switch self {
        case .crash(let node), .powerLoss(let node), .pause(let node), .clockStep(let node, _),
            .clockDrift(let node, _), .connectionReset(let node), .diskSlow(let node, _),
            .diskFull(let node), .syncFailure(let node, _), .bitRot(let node, _),
            .leaseExpiry(let node), .crashLoop(let node, _), .nodeLoss(let node),
            .configurationChange(let node, _), .bridgePartition(let node),
            .connectionForgotten(let node), .diskBudget(let node, _), .diskErrors(let node, _, _),
            .lostWrite(let node, _), .misdirectedWrite(let node, _), .unreadableSector(let node, _),
            .memoryBudget(let node, _):
            [node]
        case .ringPartition(let nodes):
            nodes
        case .partition(let groups, _):
            groups.flatMap { $0 }
        case .linkDelay(let node, _, _), .linkReset(let node, _), .linkClogged(let node),
            .linkSlow(let node, _), .linkDuplication(let node, _):
            node.map { [$0] } ?? []
        case .objectStoreErrors, .objectStoreThrottle, .objectStoreSlow, .coordinationUnavailable,
            .coordinationOutcomeUnknown, .watchDelay, .lakeCatalogConflict, .lakeCatalogUnavailable,
            .lakeCatalogOutcomeUnknown, .restartAll, .objectStoreTornUpload, .objectStoreTail,
            .coordinationConflict, .watchRepeat, .lakeForeignCompaction, .lakeForeignProperty,
            .lakeForeignExpiry, .lakeForeignReference, .lakeForeignSchema,
            .lakeForeignPartitionSpec, .lakeForeignSortOrder,
            .strike:
            []
        }
    }
}
