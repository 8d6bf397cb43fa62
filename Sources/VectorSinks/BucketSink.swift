public import Cluster
import Platform

/// Brings the changelog of one bucket to the table's collections, in batches of which one is under
/// way.
///
/// Nothing is read while a batch is being written: a service that is slow, or asks to wait, holds
/// the sink back, and the log keeps what has not been read.
public final class BucketSink {
    public let bucket: BucketIdentifier
    private let machine: Machine
    private let source: any ChangeSource
    /// In the order of the table's vector columns.
    private let targets: [SinkTarget]
    private let progress: any SinkProgress
    private let room: SinkRoom
    private let configuration: SinkConfiguration
    /// Called when everything below an offset is confirmed.
    var onConfirmed: (Int64) -> Void = { _ in }

    init(
        _ bucket: BucketIdentifier, from source: any ChangeSource, to targets: [SinkTarget],
        _ progress: any SinkProgress, sharing room: SinkRoom, on machine: Machine,
        _ configuration: SinkConfiguration
    ) {
        self.bucket = bucket
        self.machine = machine
        self.source = source
        self.targets = targets
        self.progress = progress
        self.room = room
        self.configuration = configuration
    }

    /// Takes over where an earlier life left the bucket.
    ///
    /// What that life had begun may be there in whole, in part or not at all, and requests of it
    /// may still be under way. So they are waited for, and all that was begun is read as one
    /// batch: each key is written as it was at the end of it, never as it was in between.
    func resume() async throws {
        let (start, end) = (progress.confirmed(bucket), progress.begun(bucket))
        precondition(start <= end, "what is confirmed was begun")
        if start == end { return onConfirmed(start) }
        try await targets[0].waitForOthers()
        var batch = SinkBatch(from: start)
        while batch.endOffset < end { try await read(into: &batch) }
        machine.observer.reached("vector sink wrote again what was begun")
        try await write(batch)
    }

    /// Brings what comes next, if anything does within the wait of a read; whether it did.
    func step(waiting wait: Duration) async throws -> Bool {
        var batch = SinkBatch(from: progress.confirmed(bucket))
        try await read(into: &batch, waiting: wait)
        if batch.endOffset == batch.startOffset {
            try await progress.save()
            return false
        }
        while batch.pointCount < configuration.batchPointLimit {
            let before = batch.endOffset
            try await read(into: &batch, waiting: .zero)
            let limit = max(1, configuration.batchPointLimit / 8)
            if batch.endOffset - before < Int64(limit) { break }
        }
        try await write(batch)
        return true
    }

    private func read(into batch: inout SinkBatch, waiting wait: Duration = .zero) async throws {
        batch.add(
            try await source.changes(of: bucket, from: batch.endOffset, waiting: wait))
    }

    private func write(_ batch: SinkBatch) async throws {
        if !batch.isEmpty {
            try await room.run {
                // As the receipt of what was announced: nothing is sent that is not kept as begun.
                try await progress.begin(bucket, upTo: batch.endOffset)
                try await machine.keepApart("a vector batch announced and not sent")
                for (column, target) in targets.enumerated() {
                    try await target.write(batch, of: column)
                }
            }
            try await machine.keepApart("a vector batch confirmed and not noted")
        }
        progress.confirm(bucket, upTo: batch.endOffset)
        onConfirmed(batch.endOffset)
    }
}

/// Lets so many batches at a time through; others wait.
final class SinkRoom {
    private let limit: Int
    private let left: Signal
    private var count = 0

    init(_ machine: Machine, limit: Int) {
        precondition(limit > 0, "a room for nobody")
        self.limit = limit
        left = Signal(machine)
    }

    func run(_ body: () async throws -> Void) async throws {
        while count >= limit { _ = try await left.wait() }
        count += 1
        defer {
            count -= 1
            left.notify()
        }
        try await body()
    }
}
