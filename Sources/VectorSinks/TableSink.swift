public import Cluster
public import Platform

/// Brings one primary-key table to the collections of its vector columns, bucket by bucket.
///
/// There is one at a time that writes them; who is to be the one is not decided here.
public final class TableSink {
    /// Which bucket is confirmed below which offset, as far as this sink knows for certain.
    public private(set) var confirmed: [BucketIdentifier: Int64] = [:]
    /// Is told why something is tried again, or given up until people look at it.
    public var onTrouble: (SinkError) -> Void = { _ in }
    private let machine: Machine
    private let source: any ChangeSource
    private let service: any VectorService
    private let progress: any SinkProgress
    private let collections: [VectorCollection]
    private let configuration: SinkConfiguration
    private let isAlone: () -> Bool
    private let room: SinkRoom
    private var isFenced = false

    /// - Parameters:
    ///   - collections: In the order of the effects that changes have.
    ///   - isAlone: Whether this is still the one sink that writes the collections; asked right
    ///     before each request.
    public init(
        _ source: any ChangeSource, to collections: [VectorCollection],
        of service: any VectorService, _ progress: any SinkProgress, on machine: Machine,
        _ configuration: SinkConfiguration = SinkConfiguration(),
        while isAlone: @escaping () -> Bool
    ) {
        self.machine = machine
        self.source = source
        self.service = service
        self.progress = progress
        precondition(!collections.isEmpty, "a sink that leads nowhere")
        self.collections = collections
        self.configuration = configuration
        self.isAlone = isAlone
        room = SinkRoom(machine, limit: configuration.batchesInFlight)
    }

    /// Whether it may still write.
    public var isRunning: Bool { !isFenced && isAlone() }

    /// Makes the collections that are missing.
    ///
    /// - Throws: `SinkError.fenced`, `SinkError.refused`.
    public func create() async throws { for target in targets { try await target.create() } }

    /// Removes the points of a partition that is gone.
    ///
    /// - Precondition: No bucket of it is followed any more.
    /// - Throws: As `create`.
    func remove(partition: Int64) async throws {
        // Requests for it may be under way, of earlier lives.
        try await targets[0].waitForOthers()
        for target in targets { try await target.remove(partition: partition) }
        for bucket in confirmed.keys.sorted() where bucket.partition == partition {
            confirmed[bucket] = nil
        }
    }

    /// Follows a bucket until another sink writes, or `isWanted` says that it is enough: asked
    /// with whether everything was confirmed that the log had a moment ago.
    public func follow(
        _ bucket: BucketIdentifier, while isWanted: (_ isAtEnd: Bool) -> Bool
    ) async throws {
        let sink = BucketSink(
            bucket, from: source, to: targets, progress, sharing: room, on: machine, configuration)
        sink.onConfirmed = { [unowned self] in confirmed[bucket] = $0 }
        var retry = SinkBackoff(configuration)
        while isRunning && isWanted(false) {
            do {
                try await sink.resume()
                retry = SinkBackoff(configuration)
                while isRunning {
                    let isAtEnd = try await !sink.step(waiting: configuration.readWait)
                    if !isWanted(isAtEnd) { return }
                }
            } catch let error as ConsumerFenced {
                isFenced = true
                onTrouble(.fenced(reason: "\(error)"))
            } catch let error as SinkError {
                if case .fenced = error { isFenced = true }
                onTrouble(error)
            }
            try await machine.sleep(retry.next(machine.entropy))
        }
    }

    private var targets: [SinkTarget] {
        collections.map {
            SinkTarget($0, of: service, on: machine, configuration) { [unowned self] in isRunning }
        }
    }
}
