import Platform

/// A collection of a vector service, written with patience: what it does not take now is sent
/// again, and what it leaves open is settled before anything else is written.
final class SinkTarget {
    let collection: VectorCollection
    private let machine: Machine
    private let service: any VectorService
    private let configuration: SinkConfiguration
    /// Whether the one who writes is still the only one.
    private let isAlone: () -> Bool

    init(
        _ collection: VectorCollection, of service: any VectorService, on machine: Machine,
        _ configuration: SinkConfiguration, while isAlone: @escaping () -> Bool
    ) {
        self.collection = collection
        self.service = service
        self.machine = machine
        self.configuration = configuration
        self.isAlone = isAlone
    }

    func create() async throws {
        try await patiently {
            try await service.create(collection)
        } settling: {
        }
    }

    /// Lets everything that was sent before this moment, by whomever, take its effect or lose it.
    func waitForOthers() async throws {
        machine.observer.reached("vector sink waited for what was sent before it")
        try await machine.sleep(service.requestLifetime)
    }

    /// Writes a batch, and returns when all of it is confirmed.
    ///
    /// - Parameter column: Whose collection this is, among the table's vector columns.
    func write(_ batch: SinkBatch, of column: Int) async throws {
        let limit = min(configuration.requestPointLimit, collection.requestPointLimit)
        for points in batch.upserts(column).chunks(of: limit) {
            try await patiently {
                try await service.upsert(points, in: collection)
            } settling: {
                try await settle(points.map { PointVersion($0.identifier, version: $0.version) })
            }
        }
        for points in batch.deletions(column).chunks(of: limit) {
            try await patiently {
                try await service.delete(points, in: collection)
            } settling: {
                try await settle(points)
            }
        }
    }

    /// Removes the points of a partition that is gone, to which nobody writes any more.
    func remove(partition: Int64) async throws {
        try await patiently {
            try await service.remove(partition: partition, from: collection)
        } settling: {
        }
    }

    /// Has a request carried out for certain; `settling` is called where its outcome is not known,
    /// and then it is sent again.
    private func patiently(
        _ request: () async throws -> Void, settling: () async throws -> Void
    ) async throws {
        var retry = SinkBackoff(configuration)
        while true {
            // At the effect: from here to the sending nothing is waited for.
            guard isAlone() else { throw SinkError.fenced(reason: "the lease has run out") }
            let sent = machine.clock.now
            do {
                return try await request()
            } catch VectorServiceError.unavailable {
                machine.observer.reached("vector service was waited for")
            } catch VectorServiceError.outcomeUnknown {
                machine.observer.reached("vector write of unknown outcome")
                try await machine.sleep(until: sent + service.requestLifetime)
                try await settling()
            } catch VectorServiceError.refused(let name, let reason) {
                throw SinkError.refused(reason: "collection \(name): \(reason)")
            }
            try await machine.sleep(retry.next(machine.entropy))
        }
    }

    /// Reads back what a lost request may have written.
    ///
    /// What is there may have been read before it was confirmed, so that a restart can still take
    /// it away: it is sent again all the same. But where a point is newer than the batch, somebody
    /// else writes the collection.
    private func settle(_ points: [PointVersion]) async throws {
        var retry = SinkBackoff(configuration)
        while isAlone() {
            do {
                let found = try await service.read(points.map(\.identifier), in: collection)
                for (point, present) in zip(points, found) {
                    guard let present, present.version > point.version else { continue }
                    throw SinkError.fenced(
                        reason: "point \(point.identifier) of \(collection.name) has version "
                            + "\(present.version), and \(point.version) is the newest here")
                }
                return
            } catch is VectorServiceError {
                try await machine.sleep(retry.next(machine.entropy))
            }
        }
    }
}

/// How a sink goes about it.
public struct SinkConfiguration: Sendable {
    /// Points of one request at most.
    public var requestPointLimit = 256
    /// Once a batch has so many points it is written before more is read; also once a read has
    /// brought less than an eighth of it: a table that is written all the while is never read out.
    public var batchPointLimit = 1024
    /// Buckets whose batches are under way at once.
    public var batchesInFlight = 4
    /// How long a read waits for something new.
    public var readWait = Duration.seconds(2)
    /// Waits before a failed step is tried again grow from the first to the second.
    public var retryWait = Duration.milliseconds(50)
    public var retryWaitLimit = Duration.seconds(2)

    public init() {}
}

/// Growing, spread waits between tries.
struct SinkBackoff {
    private let limit: Duration
    private var current: Duration

    init(_ configuration: SinkConfiguration) {
        current = configuration.retryWait
        limit = configuration.retryWaitLimit
    }

    /// Between half and all of a span that doubles each time.
    mutating func next(_ entropy: any Entropy) -> Duration {
        let span = current.nanoseconds
        current = min(limit, current * 2)
        return .nanoseconds(span / 2 + Int64(entropy.next(in: 0..<UInt64(span / 2 + 1))))
    }
}

extension Array {
    /// Parts of at most so many elements, in order.
    fileprivate func chunks(of count: Int) -> [[Element]] {
        precondition(count > 0, "parts without elements")
        return stride(from: 0, to: self.count, by: count).map {
            Array(self[$0..<Swift.min($0 + count, self.count)])
        }
    }
}
