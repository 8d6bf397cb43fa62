public import Cluster
public import Platform
public import Server
public import Workloads

/// The seam through which oracles see a run: the tank and the real machine each have one.
public protocol Observation: AnyObject {
    /// Since the run began.
    var nanoseconds: Int64 { get }
    /// The parts of the engine that run.
    var deployment: Deployment { get }
    var workloads: [any ObservedWorkload] { get }
    /// The nodes of clients, by name.
    var clients: [String] { get }
    /// Nodes that faults took away for good.
    var lostNodes: Set<String> { get }
    /// Nodes on whose disk a fault damaged something.
    var damagedNodes: Set<String> { get }
    /// Nodes that are down since a fault took their disk away.
    var nodesWithoutDisk: Set<String> { get }
    /// When a fault was last at work on a node, from the start of the run; `Int64.max` while one
    /// is, nil if none ever was.
    func lastDisturbance(of node: String) -> Int64?
    /// The same of what all nodes share: the network, the coordination service, and where
    /// `withStore` says so the object store and the lake's catalog.
    func lastDisturbance(withStore: Bool) -> Int64?
    /// Whether the plan has another program work on the lake.
    var hasForeignWriters: Bool { get }
    /// The state of a bucket as the coordination service has it.
    func state(of bucket: BucketIdentifier) -> BucketState?
    /// The names of files in a node's folder now, in order.
    func fileNames(of node: String, in folder: String) -> [String]
    /// The names of folders in a node's folder now, in order.
    func folderNames(of node: String, in folder: String) -> [String]
    /// The bytes of a node's file now; nil if there is none, or if it cannot be looked into.
    func fileBytes(of node: String, at path: String) -> [UInt8]?
    /// The names of files that a loss of power would leave in a node's folder, in order.
    func durableNames(of node: String, in folder: String) -> [String]
    /// The bytes that it would leave of a file, from `offset` on; nil if the file would not be
    /// there.
    func durableBytes(of node: String, at path: String, from offset: Int64) -> [UInt8]?
    /// What everything holds now.
    var footprint: Footprint { get }
    /// The bytes of an object now; nil if there is none, or if the store cannot be looked into.
    func object(_ key: String) -> [UInt8]?
    /// What stands under a key of the coordination service now; nil if nothing does, or if it
    /// cannot be looked into.
    func coordinationValue(_ key: String) -> [UInt8]?
    /// The keys of the coordination service now, in order; none if it cannot be looked into.
    func coordinationKeys(prefix: String) -> [String]
    /// All points of a collection of the vector service now; nil if there is none, or if it cannot
    /// be looked into.
    func vectorPoints(of collection: String) -> [VectorPoint]?
    /// The keys of objects now, in order.
    func objectKeys(prefix: String) -> [String]
}

extension Observation {
    /// The tables of all workloads that have been created.
    public var tables: [TableDescription] { workloads.flatMap(\.tables) }

    public func has(_ role: NodeRole) -> Bool {
        deployment.nodes.contains { $0.role == role }
    }
}

/// What the writers of a table were told.
public enum TableModel {
    /// Of a table that keeps its rows as they are written.
    case rows(ReferenceModel)
    /// Of one whose rows are merged, or whose columns change.
    case merged(MergeModel)

    /// Whether it knows nothing more of a partition, since it was dropped.
    func isExempt(partition name: String) -> Bool {
        switch self {
        case .rows(let model): model.isExempt(partition: name)
        case .merged(let model): model.isExempt(partition: name)
        }
    }
}

/// A workload that runs, as oracles see it.
public protocol ObservedWorkload: AnyObject {
    /// As the cluster has them; without those that are not there yet, or were dropped.
    var tables: [TableDescription] { get }
    /// What the writers of a table were told; nil if it is none of this workload's.
    func model(of table: Int64) -> TableModel?
    /// Whether the columns of a table may change while it is written.
    func isEvolving(_ table: Int64) -> Bool
    var sentCount: Int { get }
    var settledCount: Int { get }
    /// What users do to its tables and has not ended, in words.
    var openActs: [String] { get }
    /// Whether it has ended and every change has an outcome.
    var isSettled: Bool { get }
}
