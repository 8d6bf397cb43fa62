import Cluster
import Foundation
import Host
public import Platform
public import VectorSinks

/// One run of a sink on the caller's thread, in a world of its own.
public final class SinkSession {
    /// Whether the caller wants it to end.
    public var isStopped: () -> Bool = { false }
    /// Is told why something is tried again.
    public var onTrouble: (SinkError) -> Void = { _ in }
    /// Changes of the table that are in the collection, since ever and by this run.
    public private(set) var confirmedCount: Int64 = 0
    public private(set) var ownCount: Int64 = 0
    private let progress: SinkState
    private let service: any VectorService
    private let isFollowed: Bool
    private var failure: (any Error)?
    private var openCount = 0
    /// Whether all is there. All buckets end together: what a read brings of one that has ended
    /// nobody would take, and the others would wait for that.
    private var isOver = false

    public init(_ progress: SinkState, _ service: any VectorService, isFollowed: Bool) {
        self.progress = progress
        self.service = service
        self.isFollowed = isFollowed
    }

    /// Brings the table over, until all is there or, where it is followed, until it is stopped.
    ///
    /// - Throws: `IngestError`, `SinkError` or `HostError`, which say what to do.
    public func run(from target: IngestTarget, _ options: ServedChanges.Options) throws {
        let folder =
            FileManager.default.temporaryDirectory.path + "/wavetank-sink-" + UUID().uuidString
        let world = try HostWorld(HostConfiguration(folder: folder))
        defer {
            world.shutDown()
            try? FileManager.default.removeItem(atPath: folder)
        }
        var isDone = false
        world.start("sink") { machine in
            do { try await self.bring(target, options, machine) } catch let error as Terminated {
                throw error
            } catch {
                self.failure = error
            }
            isDone = true
        }
        while !isDone && !isStopped() {
            _ = world.run(atMost: .seconds(1)) { isDone }
        }
        if let failure { throw failure }
        if !isDone { throw IngestError.stopped }
    }

    private func bring(
        _ target: IngestTarget, _ options: ServedChanges.Options, _ machine: Machine
    ) async throws {
        let source = try ServedChanges(target, options, on: machine)
        let buckets = source.buckets
        let before = buckets.reduce(Int64(0)) { $0 + progress.confirmed($1) }
        confirmedCount = before
        var configuration = SinkConfiguration()
        configuration.batchPointLimit = 4096
        configuration.readWait = .milliseconds(500)
        let sink = TableSink(
            source, to: [source.collection], of: service, progress, on: machine, configuration
        ) { !self.isStopped() && self.failure == nil }
        sink.onTrouble = { error in
            switch error {
            case .unavailable: self.onTrouble(error)
            case .fenced, .expired, .refused: self.failure = self.failure ?? error
            }
        }
        try await sink.create()
        openCount = buckets.count
        let ended = Signal(machine)
        for bucket in buckets {
            machine.spawn("sink of bucket \(bucket.bucket)") {
                try await sink.follow(bucket) { _ in
                    self.confirmedCount = buckets.reduce(0) { $0 + self.progress.confirmed($1) }
                    self.ownCount = self.confirmedCount - before
                    if self.isFollowed { return true }
                    if self.isComplete(source) { self.isOver = true }
                    return !self.isOver
                }
                self.openCount -= 1
                ended.notify()
            }
        }
        while openCount > 0 && failure == nil { _ = try await ended.wait() }
        try await progress.save()
    }

    /// Whether all that was read is confirmed, and there is no more.
    private func isComplete(_ source: ServedChanges) -> Bool {
        source.isDrained
            && source.buckets.allSatisfy {
                progress.confirmed($0) == progress.begun($0)
                    && progress.confirmed($0) >= source.readOffset(of: $0)
            }
    }
}
