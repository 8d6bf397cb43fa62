import Platform

extension TableWriter {
    /// Sends what is in a queue, and what comes meanwhile, until all of it is settled.
    func sendAll(of queue: BucketQueue) async throws {
        defer { queue.isSending = false }
        if linger > .zero { try await machine.sleep(linger) }
        while !queue.isEmpty {
            if let first = queue.underWay.first, let delivery = first.delivery {
                queue.underWay.removeFirst()
                settle(first, delivery, queue)
            } else if mayStart(queue) {
                try await startBatch(of: queue)
            } else {
                _ = try await queue.news.wait(until: wakeTime(of: queue))
            }
        }
    }

    /// Whether the next batch goes out now: one behind another waits until it is full or has
    /// lingered.
    private func mayStart(_ queue: BucketQueue) -> Bool {
        if !queue.hasBatch { return false }
        if queue.underWay.isEmpty { return true }
        // What comes after a batch that failed goes out under another writer, once all are settled.
        if queue.underWay.count >= inFlightLimit || queue.broken != nil { return false }
        return queue.sendsAgain || machine.clock.now >= queue.lingersUntil
            || queue.isFull(
                changeLimit: batchLimit, byteLimit: client.configuration.writerBatchByteCount)
    }

    private func wakeTime(of queue: BucketQueue) -> Instant? {
        let mayFollow =
            !queue.pending.isEmpty && queue.underWay.count < inFlightLimit
            && queue.broken == nil
        return mayFollow ? queue.lingersUntil : nil
    }

    private func startBatch(of queue: BucketQueue) async throws {
        if queue.underWay.isEmpty { queue.beginAnew() }
        if keyless == .sticky && table.bucketKeyFields.isEmpty && !queue.sendsAgain {
            turnKeylessBucket()
        }
        let changes = queue.nextBatch(
            changeLimit: batchLimit, byteLimit: client.configuration.writerBatchByteCount)
        let bucket: BucketIdentifier
        do { bucket = try await self.bucket(of: queue) } catch let error as ClusterError {
            for change in changes { change.done(.refused(error)) }
            return
        }
        if queue.writer < 0 {
            // A bucket whose last outcome was unknown begins anew under another id.
            queue.writer = try await queue.hasUsedSharedID ? client.newWriter() : sharedWriter()
            queue.hasUsedSharedID = true
            queue.sequence = 0
        }
        let request: Request
        do {
            request = try table.writeRequest(
                changes.map(\.change), to: bucket, writer: queue.writer, sequence: queue.sequence,
                rowCodec, keyCodec, in: client.mirror.format)
        } catch {
            for change in changes { change.done(.refused(.invalidRequest(reason: "\(error)"))) }
            return
        }
        if !queue.underWay.isEmpty {
            machine.observer.reached("batch sent behind another that is under way")
        }
        let batch = queue.send(changes, writer: queue.writer, sequence: queue.sequence)
        queue.sequence = Self.sequence(after: queue.sequence)
        if inFlightLimit == 1 { return try await deliver(batch, request, to: bucket, queue) }
        machine.spawn("batch of \(table.name) bucket \(queue.target.bucket)") {
            try await self.deliver(batch, request, to: bucket, queue)
        }
    }

    private func deliver(
        _ batch: SentBatch, _ request: Request, to bucket: BucketIdentifier, _ queue: BucketQueue
    ) async throws {
        let delivery = try await client.deliver(
            request, to: bucket, writer: batch.writer, sequence: batch.sequence,
            until: machine.clock.now + deliveryTimeout,
            behind: (
                standing: { queue.standing(of: batch) },
                turn: { try await queue.waitForTurn(of: batch, until: $0) }
            ))
        queue.settled(batch, delivery)
    }

    /// Tells what became of the oldest batch, or sends it again where it is surely not in the log.
    private func settle(
        _ batch: SentBatch, _ delivery: ClusterClient.Delivery, _ queue: BucketQueue
    ) {
        switch delivery {
        case .settled(let outcome):
            switch outcome {
            case .acknowledged: break
            case .unknown: giveUp(batch.writer, queue)
            case .refused: takeBack(batch, queue)
            }
            for change in batch.changes { change.done(outcome) }
        case .forgotten:
            // Surely not there: it is sent again as the first batch of another writer.
            machine.observer.reached("writer forgotten by the log begins anew")
            giveUp(batch.writer, queue)
            queue.sendAgain(batch.changes)
        case .cutOff(let mayHaveArrived):
            giveUp(batch.writer, queue)
            if mayHaveArrived && queue.isBrokenInDoubt {
                for change in batch.changes { change.done(.unknown) }
                return
            }
            machine.observer.reached("batch behind one that failed sent again")
            queue.sendAgain(batch.changes)
        case .tooLarge where batch.changes.count > 1:
            // With the rows that it replaces it is too large for one batch: halves are not.
            machine.observer.reached("batch split because it is too large")
            takeBack(batch, queue)
            let middle = batch.changes.count / 2
            queue.sendAgain(Array(batch.changes[..<middle]))
            queue.sendAgain(Array(batch.changes[middle...]))
        case .tooLarge(let error):
            takeBack(batch, queue)
            for change in batch.changes { change.done(.refused(error)) }
        }
    }

    /// Nothing more is sent under a writer's id.
    private func giveUp(_ writer: Int64, _ queue: BucketQueue) {
        if queue.writer == writer { queue.writer = -1 }
    }

    /// Gives the sequence of a batch that nobody took to the next one, if none was sent behind it.
    ///
    /// Were a batch behind it numbered anew, an earlier copy of it that is late could be taken as
    /// well: another writer's id keeps the two apart.
    private func takeBack(_ batch: SentBatch, _ queue: BucketQueue) {
        if queue.writer == batch.writer && queue.sequence == Self.sequence(after: batch.sequence) {
            queue.sequence = batch.sequence
        } else {
            giveUp(batch.writer, queue)
        }
    }

    private static func sequence(after sequence: Int32) -> Int32 {
        sequence == .max ? 0 : sequence + 1
    }

    /// The bucket that a queue's changes go to; its partition is created where it is not there.
    private func bucket(of queue: BucketQueue) async throws -> BucketIdentifier {
        let number = Int32(queue.target.bucket)
        guard let values = queue.target.partition else {
            return BucketIdentifier(table: table.identifier, bucket: number)
        }
        if let known = queue.bucket, !client.mirror.isGone(known) { return known }
        let name = PartitionDescription.name(of: values)
        let partition: PartitionDescription
        if let known = client.mirror.partition(name, of: table.identifier) {
            partition = known
        } else {
            partition = try await client.createPartition(of: table, values)
            machine.observer.reached("partition created by a writer")
        }
        let bucket = BucketIdentifier(
            table: table.identifier, partition: partition.identifier, bucket: number)
        // What a dropped partition of that name has been sent has nothing to do with this one.
        queue.writer = -1
        queue.bucket = bucket
        return bucket
    }
}
