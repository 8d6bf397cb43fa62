import Platform

/// Rebalances: the coordinator plans moves, has a few of them under way at a time, and plans again
/// when all have ended.
///
/// A move is a reassignment. Whether it is under way, or came about, is told by its bucket's state;
/// the plan only keeps what is settled, so a coordinator that follows another goes on where that
/// one was, whatever it had got to write down.
extension Coordinator {
    /// A plan has at most so many moves: it is one value in the coordination service.
    static let rebalanceMoveLimit = 400
    /// After so many plans a rebalance ends, however much is left: something undoes what it does.
    static let rebalanceRoundLimit: Int32 = 20

    /// Plans a rebalance; answers its identifier. One with the same goals that is under way is
    /// taken as it is.
    func rebalance(_ goals: [Rebalance.Goal]) async throws -> Int64 {
        if mirror.format < .reassigned {
            throw ClusterError.invalidRequest(
                reason: "the cluster's format \(mirror.format) has no rebalances: upgrade all "
                    + "servers first")
        }
        if goals.isEmpty || Set(goals).count != goals.count {
            throw ClusterError.invalidRequest(reason: "a rebalance has goals, each of them once")
        }
        let (condition, known) = try await storedRebalance()
        if let known, !known.status.isFinal {
            if known.goals == goals { return known.identifier }
            throw ClusterError.invalidRequest(
                reason: "rebalance \(known.identifier) is under way: cancel it first")
        }
        let moves = plan(goals)
        let rebalance = Rebalance(
            identifier: try await nextNumber(of: "rebalances", mirror), goals: goals,
            status: moves.isEmpty ? .completed : .rebalancing, moves: moves)
        if try await !write(rebalance, if: condition) {
            throw ClusterError.busy(reason: "another rebalance is being planned")
        }
        machine.observer.reached("rebalance planned")
        machine.observer.note(
            .information, "rebalance \(rebalance.identifier) has \(moves.count) moves")
        return rebalance.identifier
    }

    /// Ends a rebalance before its end; what is under way goes back to where it was. Asked again it
    /// changes nothing.
    func cancelRebalance(_ identifier: Int64?) async throws {
        let (condition, known) = try await storedRebalance()
        guard var rebalance = known, rebalance.identifier == identifier ?? rebalance.identifier
        else { throw ClusterError.unknownRebalance(identifier: identifier) }
        if rebalance.status.isFinal {
            if rebalance.status == .canceled { return }
            throw ClusterError.unknownRebalance(identifier: identifier)
        }
        rebalance.status = .canceled
        if try await !write(rebalance, if: condition) {
            throw ClusterError.busy(reason: "rebalance \(rebalance.identifier) is going on")
        }
        machine.observer.reached("rebalance canceled")
    }

    private func storedRebalance() async throws -> (
        CoordinationTransaction.Condition, Rebalance?
    ) {
        let key = Rebalance.key
        guard let entry = try await machine.coordination.get(key) else {
            return (.absent(key: key), nil)
        }
        return (
            .revision(key: key, entry.revision), try mirror.read(Rebalance.self, from: entry.value)
        )
    }

    /// False if it was changed meanwhile.
    private func write(
        _ rebalance: Rebalance, if condition: CoordinationTransaction.Condition
    ) async throws -> Bool {
        let result = try await machine.coordination.commit(
            CoordinationTransaction(
                conditions: [condition],
                operations: [
                    .put(key: Rebalance.key, value: mirror.stored(rebalance), lease: nil)
                ]))
        guard case .committed(let revision) = result else { return false }
        mirror.learn(rebalance, at: revision)
        return true
    }

    // MARK: Planning

    /// The moves that the goals ask for as things are.
    private func plan(_ goals: [Rebalance.Goal]) -> [Rebalance.Move] {
        var placements: [BucketIdentifier: RebalancePlan.Placement] = [:]
        for bucket in mirror.buckets.keys.sorted() where !mirror.isGone(bucket) {
            let state = mirror.buckets[bucket]!.value
            placements[bucket] = RebalancePlan.Placement(
                replicas: state.intendedReplicas, leader: state.leader?.server,
                inSync: state.inSync,
                isMovable: state.reassignment == nil && state.leader != nil)
        }
        return RebalancePlan.moves(
            placements, servers: mirror.servers.keys.sorted(), goals: goals,
            limit: Self.rebalanceMoveLimit)
    }

    // MARK: Going on

    /// Goes on with the rebalance that is under way, or takes back what a canceled one has begun.
    ///
    /// With `mayPlan` a round that has ended is followed by the next: not at once, so that a server
    /// that is away for a moment is not planned without.
    func goOnRebalancing(mayPlan: Bool) async throws {
        guard let current = mirror.rebalance,
            current.value.moves.contains(where: { !$0.status.isFinal })
                || !current.value.status.isFinal
        else { return }
        var rebalance = current.value
        if rebalance.status == .canceled {
            try await takeBack(&rebalance)
        } else {
            try await move(&rebalance)
            if mayPlan && rebalance.moves.allSatisfy(\.status.isFinal) {
                beginNextRound(of: &rebalance)
            }
        }
        if rebalance == current.value { return }
        do {
            let condition = CoordinationTransaction.Condition.revision(
                key: Rebalance.key, current.revision)
            if try await write(rebalance, if: condition), rebalance.status.isFinal,
                rebalance.status != .canceled
            {
                machine.observer.reached("rebalance completed")
            }
        } catch is CoordinationError {
            // Whether it was written or not, the buckets tell the same in the next round.
        }
    }

    /// Notes what has ended, and begins as many moves as there is room for.
    private func move(_ rebalance: inout Rebalance) async throws {
        var room =
            configuration.reassignmentsAtOnce
            - mirror.buckets.values.count { $0.value.reassignment != nil }
        var changes: [StateChange] = []
        for position in rebalance.moves.indices where !rebalance.moves[position].status.isFinal {
            let move = rebalance.moves[position]
            guard let current = mirror.buckets[move.bucket], !mirror.isGone(move.bucket) else {
                rebalance.moves[position].status = .failed
                continue
            }
            let state = current.value
            if let reassignment = state.reassignment {
                // Another may have been asked for, or a server was lost on the way.
                rebalance.moves[position].status =
                    reassignment.target == move.target ? .rebalancing : .failed
            } else if move.status == .rebalancing || state.replicas == move.target {
                let hasMoved = state.replicas == move.target
                if hasMoved && move.status == .notStarted && isLedElsewhere(state) {
                    begin(move, current, &changes, &room)
                } else {
                    rebalance.moves[position].status = hasMoved ? .completed : .failed
                }
            } else if state.replicas != move.source {
                rebalance.moves[position].status = .failed
            } else if move.target.allSatisfy({ mirror.servers[$0] != nil }) {
                begin(move, current, &changes, &room)
            } else {
                // The next round plans without the server, or with it again.
                rebalance.moves[position].status = .failed
            }
        }
        try await commit(changes, "moved by the rebalance")
    }

    /// Whether its first replica could lead, and another does.
    private func isLedElsewhere(_ state: BucketState) -> Bool {
        state.leader?.server != state.replicas[0] && state.inSync.contains(state.replicas[0])
            && mirror.servers[state.replicas[0]] != nil
    }

    private func begin(
        _ move: Rebalance.Move, _ current: MetadataMirror.Versioned<BucketState>,
        _ changes: inout [StateChange], _ room: inout Int
    ) {
        if room <= 0 { return }
        room -= 1
        machine.observer.reached("move of a rebalance begun")
        changes.append(
            StateChange(
                bucket: move.bucket, current: current,
                next: current.value.reassigned(to: move.target)))
    }

    /// Sends back what a canceled rebalance has under way, and notes that nothing is.
    private func takeBack(_ rebalance: inout Rebalance) async throws {
        var changes: [StateChange] = []
        for position in rebalance.moves.indices where !rebalance.moves[position].status.isFinal {
            let move = rebalance.moves[position]
            let current = mirror.buckets[move.bucket]
            if let current, let reassignment = current.value.reassignment,
                reassignment.target == move.target, !reassignment.isCancellation
            {
                changes.append(
                    StateChange(
                        bucket: move.bucket, current: current,
                        next: current.value.reassigned(to: reassignment.former)))
            } else {
                let hasMoved = current?.value.replicas == move.target
                rebalance.moves[position].status = hasMoved ? .completed : .canceled
            }
        }
        try await commit(changes, "moved back by the canceled rebalance")
    }

    private func beginNextRound(of rebalance: inout Rebalance) {
        let moves = plan(rebalance.goals)
        if moves.isEmpty || rebalance.round >= Self.rebalanceRoundLimit {
            rebalance.status = moves.isEmpty ? .completed : .failed
            return
        }
        rebalance.earlierMoves = Int32(rebalance.completedCount)
        rebalance.round += 1
        rebalance.moves = moves
    }
}
