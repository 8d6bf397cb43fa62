import Platform

extension ClusterClient {
    /// What came of sending a batch.
    enum Delivery {
        case settled(TableWriter.Outcome)
        /// The log does not remember the writer, and no earlier try can have arrived.
        case forgotten
        /// It was taken by nobody, and never will be as it is.
        case tooLarge(ClusterError)
        /// Not taken, since a batch before it is not in the log; whether a try may have arrived.
        case cutOff(mayHaveArrived: Bool)
    }

    /// Where a batch stands among those of its writer that were sent to the bucket.
    enum Standing {
        /// All before it are in the log.
        case next
        /// One before it is under way.
        case early
        /// One before it is not in the log, or perhaps not.
        case cutOff
    }

    /// Sends a batch of a writer again and again, under the same sequence, until its outcome is
    /// certain, or a deadline has passed.
    ///
    /// A batch that came before the one ahead of it is sent again once that one is settled: what is
    /// `behind` others says where it stands, and waits for its turn, until a deadline at most.
    func deliver(
        _ request: Request, to bucket: BucketIdentifier, writer: Int64, sequence: Int32,
        until deadline: Instant,
        behind: (standing: () -> Standing, turn: (Instant) async throws -> Void)? = nil
    ) async throws -> Delivery {
        var retry = Backoff(configuration)
        var mayHaveArrived = false
        while true {
            let wasEarly = behind?.standing() == .early
            do {
                let acknowledgement = try await send(
                    request, to: bucket, writer: writer, sequence: sequence)
                return .settled(
                    .acknowledged(
                        TableWriter.Receipt(
                            bucket: bucket, writer: writer, sequence: sequence,
                            acknowledgement: acknowledgement)))
            } catch let error as ClusterError {
                var refusal = error
                switch error {
                case .notEnoughReplicas, .recovering, .unknownBucket: break
                case .notLeader, .timedOut, .busy, .fencedEpoch: mayHaveArrived = true
                case .outOfOrderSequence, .unknownWriter:
                    let standing = behind?.standing() ?? .next
                    if standing == .cutOff { return .cutOff(mayHaveArrived: mayHaveArrived) }
                    if standing == .next && !wasEarly {
                        if case .unknownWriter = error, !mayHaveArrived, sequence > 0 {
                            return .forgotten
                        }
                        machine.observer.reached("write refused")
                        return .settled(mayHaveArrived ? .unknown : .refused(error))
                    }
                    machine.observer.reached("batch came before the one ahead of it")
                    try await behind?.turn(deadline)
                    if machine.clock.now <= deadline { continue }
                    // It is not in the log; nothing is wrong with it either.
                    refusal = .busy(reason: "the batch ahead of it in \(bucket) is not settled")
                case .tooLarge where !mayHaveArrived: return .tooLarge(error)
                default:
                    machine.observer.reached("write refused")
                    return .settled(mayHaveArrived ? .unknown : .refused(error))
                }
                if mirror.isGone(bucket) {
                    machine.observer.reached("write to what was dropped given up")
                    return .settled(mayHaveArrived ? .unknown : .refused(error))
                }
                if machine.clock.now > deadline {
                    machine.observer.reached("write given up")
                    return .settled(mayHaveArrived ? .unknown : .refused(refusal))
                }
            }
            try await machine.sleep(retry.next(machine.entropy))
        }
    }
}
