import Platform

extension ClusterClient {
    /// What came of sending a batch.
    enum Delivery {
        case settled(TableWriter.Outcome)
        /// The log does not remember the writer, and no earlier try can have arrived.
        case forgotten
        /// It was taken by nobody, and never will be as it is.
        case tooLarge(ClusterError)
    }

    /// Sends a batch of a writer again and again, under the same sequence, until its outcome is
    /// certain, or a deadline has passed.
    func deliver(
        _ request: Request, to bucket: BucketIdentifier, writer: Int64, sequence: Int32,
        until deadline: Instant
    ) async throws -> Delivery {
        var retry = Backoff(configuration)
        var mayHaveArrived = false
        while true {
            do {
                let response = try await callLeader(of: bucket, request)
                guard case .appended(let acknowledgement) = response else {
                    throw ClusterError.malformedMessage(reason: "no answer to a write")
                }
                return .settled(
                    .acknowledged(
                        TableWriter.Receipt(
                            bucket: bucket, writer: writer, sequence: sequence,
                            acknowledgement: acknowledgement)))
            } catch let error as ClusterError {
                switch error {
                case .notEnoughReplicas, .recovering, .unknownBucket: break
                case .notLeader, .timedOut, .busy, .fencedEpoch: mayHaveArrived = true
                case .unknownWriter where !mayHaveArrived && sequence > 0: return .forgotten
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
                    return .settled(mayHaveArrived ? .unknown : .refused(error))
                }
            }
            try await machine.sleep(retry.next(machine.entropy))
        }
    }
}
