public import Cluster
public import Server
public import Workloads

/// The seam through which oracles see a run: the tank and the real machine each have one.
public protocol Observation: AnyObject {
    /// Since the run began.
    var nanoseconds: Int64 { get }
    /// The parts of the engine that run.
    var deployment: Deployment { get }
    var workloads: [any ObservedWorkload] { get }
    /// Nodes that faults took away for good.
    var lostNodes: Set<String> { get }
    /// Nodes on whose disk a fault damaged something.
    var damagedNodes: Set<String> { get }
    /// The bytes of an object now; nil if there is none, or if the store cannot be looked into.
    func object(_ key: String) -> [UInt8]?
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

/// A workload that runs, as oracles see it.
public protocol ObservedWorkload: AnyObject {
    /// As the cluster has them, in the order of `models`; empty before they are created.
    var tables: [TableDescription] { get }
    /// What writers were told, by table.
    var models: [ReferenceModel] { get }
    /// The same of tables whose rows are merged, instead of the reference models.
    var mergeModels: [MergeModel?] { get }
    var sentCount: Int { get }
    var settledCount: Int { get }
    /// Whether it has ended and every change has an outcome.
    var isSettled: Bool { get }
}
