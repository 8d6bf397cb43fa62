import Columnar
import Platform

/// Writes of programs that number their requests, and send one again until they know its outcome.
extension ClusterClient {
    /// Buckets of a table that such writes can go to: each request goes to all of them.
    public static let sequencedBucketLimit = 256

    /// What became of the changes of one bucket.
    public struct BucketOutcome: Hashable, Sendable {
        public var bucket: BucketIdentifier
        public var changeCount: Int
        public var outcome: TableWriter.Outcome

        var isAcknowledged: Bool {
            if case .acknowledged = outcome { return true }
            return false
        }
    }

    /// Writes changes as one batch a bucket, all under the same sequence of a writer.
    ///
    /// Every bucket gets a batch, empty where it has no change, so that the sequences of all go on
    /// together; the same changes under the same sequence are written once, however often they
    /// come. Changes of a table without a bucket key go to one bucket, which follows from the
    /// sequence. Who sends other changes under a sequence again may lose them: after a refusal
    /// begin anew under another writer.
    ///
    /// Throws `.invalidRequest` for a partitioned table, whose buckets come and go, and for changes
    /// of different columns, and `.tooLarge` before anything is written.
    public func write(
        _ changes: [TableWriter.Change], to table: TableDescription, writer: Int64,
        sequence: Int32, patience: Duration
    ) async throws -> [BucketOutcome] {
        let shares = try shares(of: changes, table, sequence)
        let deadline = machine.clock.now + patience
        let (rows, keys) = (
            RowCodec(schema: table.schema), KeyCodec(primaryKeyOf: table.schema)
        )
        var outcomes: [BucketOutcome] = []
        // Buckets without a change come last: what is refused has not taken their sequence.
        for isEmpty in [false, true] {
            if outcomes.contains(where: { !$0.isAcknowledged }) { break }
            let numbers = shares.indices.filter { shares[$0].isEmpty == isEmpty }
            let settled = Channel<BucketOutcome>(machine)
            for number in numbers {
                let bucket = BucketIdentifier(table: table.identifier, bucket: Int32(number))
                let request = try table.writeRequest(
                    shares[number], to: bucket, writer: writer, sequence: sequence, rows, keys,
                    in: mirror.format)
                machine.spawn("sequenced write to \(bucket)") {
                    let delivery = try await self.deliver(
                        request, to: bucket, writer: writer, sequence: sequence, until: deadline)
                    settled.send(
                        BucketOutcome(
                            bucket: bucket, changeCount: shares[number].count,
                            outcome: delivery.outcome(bucket, writer)))
                }
            }
            for _ in numbers {
                guard let outcome = try await settled.receive() else { break }
                outcomes.append(outcome)
            }
        }
        return outcomes.sorted { $0.bucket < $1.bucket }
    }

    /// The changes of each bucket, in order.
    private func shares(
        of changes: [TableWriter.Change], _ table: TableDescription, _ sequence: Int32
    ) throws -> [[TableWriter.Change]] {
        if table.isPartitioned || table.bucketCount > Self.sequencedBucketLimit {
            throw ClusterError.invalidRequest(
                reason: "\(table.path) takes no sequences: it has partitions, or over "
                    + "\(Self.sequencedBucketLimit) buckets")
        }
        guard changes.allSatisfy({ $0.columns == changes.first?.columns }) else {
            throw ClusterError.invalidRequest(
                reason: "all changes under one sequence have to be of the same columns")
        }
        let bucketing = Bucketing(table)
        let keyless = Int(sequence % table.bucketCount)
        var shares = [[TableWriter.Change]](repeating: [], count: Int(table.bucketCount))
        var byteCounts = [Int](repeating: 0, count: shares.count)
        for change in changes {
            let bucket = try bucketing.bucket(of: change) ?? keyless
            shares[bucket].append(change)
            byteCounts[bucket] += change.approximateByteCount
        }
        let largest = byteCounts.max() ?? 0
        if largest > ClusterConfiguration.rowByteCountLimit {
            throw ClusterError.tooLarge(
                "the changes of one bucket", byteCount: largest,
                limit: ClusterConfiguration.rowByteCountLimit)
        }
        return shares
    }
}

extension ClusterClient.Delivery {
    fileprivate func outcome(_ bucket: BucketIdentifier, _ writer: Int64) -> TableWriter.Outcome {
        switch self {
        case .settled(let outcome): outcome
        case .forgotten: .refused(.unknownWriter(bucket, writer: writer))
        case .tooLarge(let error): .refused(error)
        case .cutOff: preconditionFailure("\(bucket): a batch on its own has none before it")
        }
    }
}
