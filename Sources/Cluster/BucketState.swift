/// Who holds a bucket and who leads it; changed only by compare-and-swap in the coordination
/// service.
public struct BucketState: Hashable, Sendable {
    /// One run of one server process: its registration's lease.
    public struct Leader: Hashable, Sendable {
        public var server: String
        public var incarnation: Int64

        public init(server: String, incarnation: Int64) {
            self.server = server
            self.incarnation = incarnation
        }
    }

    public var replicas: [String]
    /// Nil while no in-sync replica is alive.
    public var leader: Leader?
    /// Grows with each change of leader; -1 before the first.
    public var leaderEpoch: Int32
    /// The replicas that hold every acknowledged change; never empty once there was a leader.
    public var inSync: [String]
    /// Set while replicas move to other servers: `replicas` are the old and the new ones then.
    public var reassignment: Reassignment?

    public init(
        replicas: [String], leader: Leader?, leaderEpoch: Int32, inSync: [String],
        reassignment: Reassignment? = nil
    ) {
        self.replicas = replicas
        self.leader = leader
        self.leaderEpoch = leaderEpoch
        self.inSync = inSync
        self.reassignment = reassignment
    }

    /// What must hold of every state that is written: checked before each compare-and-swap.
    public func checkInvariants() {
        precondition(!replicas.isEmpty, "a bucket without replicas")
        precondition(Set(replicas).count == replicas.count, "the replicas repeat a server")
        precondition(!inSync.isEmpty, "an empty in-sync set")
        precondition(inSync.allSatisfy(replicas.contains), "an in-sync server is no replica")
        precondition(Set(inSync).count == inSync.count, "the in-sync set repeats a server")
        if let leader {
            precondition(inSync.contains(leader.server), "the leader is not in sync")
            precondition(leaderEpoch >= 0, "a leader without an epoch")
        }
        checkReassignment()
    }
}

/// A running tablet server, as it stands in the coordination service under its lease.
public struct ServerRegistration: Hashable, Sendable {
    public var incarnation: Int64
    /// The newest format that the server reads.
    public var formatVersion: Int16

    public init(incarnation: Int64, formatVersion: Int16) {
        self.incarnation = incarnation
        self.formatVersion = formatVersion
    }
}
