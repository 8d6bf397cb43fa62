/// How a bucket's replicas get to other servers, step by step; each step is a state of its own.
///
/// First the new replicas come beside the old ones and fetch, as a follower does that lost its
/// disk. Once all that are to stay are in sync and registered, one of them leads; then the others
/// leave, in the same swap that ends the reassignment. So at each moment at least as many servers
/// hold what is acknowledged as before, and whoever coordinates can take the next step: nothing is
/// known of it but the state.
extension BucketState {
    /// Replicas that are on their way to other servers.
    public struct Reassignment: Hashable, Sendable {
        /// The replicas that there will be; the first is to lead.
        public var target: [String]
        /// The replicas that there were, to which a cancellation goes back.
        public var former: [String]

        public init(target: [String], former: [String]) {
            self.target = target
            self.former = former
        }

        /// Whether it goes back to where the replicas were.
        public var isCancellation: Bool { target == former }
    }

    /// How many replicas the bucket has, those that only come or go while it is reassigned aside.
    public var settledReplicaCount: Int {
        guard let reassignment else { return replicas.count }
        return min(reassignment.target.count, reassignment.former.count)
    }

    /// The replicas that it will have, or has.
    public var intendedReplicas: [String] { reassignment?.target ?? replicas }

    /// The state in which its replicas begin to move to `target`; those of a reassignment that was
    /// under way and hold nothing yet come no more.
    ///
    /// Precondition: `target` names servers, none twice.
    func reassigned(to target: [String]) -> BucketState {
        precondition(!target.isEmpty && Set(target).count == target.count, "no list of replicas")
        let former = reassignment?.former ?? replicas
        let kept = replicas.filter {
            former.contains($0) || inSync.contains($0) || target.contains($0)
        }
        var next = self
        next.replicas = kept + target.filter { !kept.contains($0) }
        next.reassignment = Reassignment(target: target, former: former)
        return next
    }

    /// The next step of its reassignment; nil if there is none, or if it has to wait.
    ///
    /// Precondition: the leader, if there is one, is alive.
    func advanced(among servers: [String: ServerRegistration]) -> BucketState? {
        guard let target = reassignment?.target, let leader else { return nil }
        if replicas.contains(where: { !target.contains($0) }) {
            // What leaves is needed until those that stay hold everything, and are there.
            let areReady = target.allSatisfy { inSync.contains($0) && servers[$0] != nil }
            if !areReady { return nil }
        }
        let first = target[0]
        if leader.server != first, inSync.contains(first), let registration = servers[first] {
            return led(by: first, registration)
        }
        precondition(target.contains(leader.server), "who leads would leave")
        var next = self
        next.replicas = target
        next.inSync = target.filter(inSync.contains)
        next.reassignment = nil
        return next
    }

    /// The state in which `spare` has the place of a server that is lost; nil if the lost one
    /// leaves by itself once the others are ready.
    ///
    /// Precondition: the lost server is not in sync, and `spare` holds no replica.
    func replacing(_ lost: String, by spare: String) -> BucketState? {
        precondition(!inSync.contains(lost), "\(lost) is in sync")
        precondition(!replicas.contains(spare), "\(spare) holds a replica")
        let substitute = { (name: String) in name == lost ? spare : name }
        var next = self
        next.replicas = replicas.map(substitute)
        guard let reassignment else { return next }
        if !reassignment.target.contains(lost) { return nil }
        next.reassignment = Reassignment(
            target: reassignment.target.map(substitute),
            former: reassignment.former.map(substitute))
        return next
    }

    /// The state in which another replica leads, in the next epoch.
    func led(by server: String, _ registration: ServerRegistration) -> BucketState {
        var next = self
        next.leader = Leader(server: server, incarnation: registration.incarnation)
        next.leaderEpoch += 1
        return next
    }

    /// What must hold of the reassignment of a state that is written.
    func checkReassignment() {
        guard let reassignment else { return }
        precondition(!reassignment.target.isEmpty, "a reassignment to nowhere")
        precondition(
            reassignment.target.allSatisfy(replicas.contains), "a server to come is no replica")
        precondition(
            reassignment.former.allSatisfy(replicas.contains), "a replica left before its time")
        precondition(
            Set(reassignment.target).count == reassignment.target.count, "a target names one twice")
    }
}
