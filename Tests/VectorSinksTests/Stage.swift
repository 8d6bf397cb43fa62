import Cluster
import JSON
import Platform
import Simulation
import Testing

@testable import VectorSinks

/// A changelog of one bucket in memory.
final class ListedChanges: ChangeSource {
    private(set) var readCount = 0
    private let changes: [SinkChange]
    private let machine: Machine

    init(_ machine: Machine, _ changes: [SinkChange]) {
        self.machine = machine
        self.changes = changes
    }

    func changes(
        of bucket: BucketIdentifier, from offset: Int64, waiting wait: Duration
    ) async throws -> ChangePage {
        readCount += 1
        try await machine.sleep(.milliseconds(1))
        let found = changes.filter { $0.offset >= offset }.prefix(7)
        if found.isEmpty { try await machine.sleep(wait) }
        return ChangePage(
            changes: Array(found), nextOffset: found.last.map { $0.offset + 1 } ?? offset)
    }
}

/// What outlives the process of a sink.
final class KeptProgress: SinkProgress {
    private var keptConfirmed: Int64 = 0
    private var keptBegun: Int64 = 0
    private var noted: Int64 = 0

    /// As another process reads it.
    func reopen() { noted = keptConfirmed }

    func confirmed(_ bucket: BucketIdentifier) -> Int64 { noted }
    func begun(_ bucket: BucketIdentifier) -> Int64 { max(keptBegun, noted) }

    func begin(_ bucket: BucketIdentifier, upTo offset: Int64) async throws {
        keptConfirmed = noted
        keptBegun = offset
    }

    func confirm(_ bucket: BucketIdentifier, upTo offset: Int64) { noted = offset }
    func save() async throws { keptConfirmed = noted }
}

/// A sink in the tank, its service, and what the two should come to.
final class Stage {
    static let bucket = BucketIdentifier(table: 1, bucket: 0)
    /// Of two vector columns.
    static let collections = [
        VectorCollection(name: "items", dimension: 2, distance: .euclidean),
        VectorCollection(name: "texts", dimension: 1, distance: .cosine),
    ]

    let world: SimulationWorld
    let changes: [SinkChange]
    private(set) var sink: TableSink?
    private(set) var source: ListedChanges?
    private(set) var trouble: SinkError?
    /// Writes that came after something newer of the same point.
    private(set) var setbackCount = 0
    private let progress = KeptProgress()
    private var newest: [String: [PointIdentifier: Int64]] = [:]

    init(seed: UInt64, changeCount: Int) {
        world = SimulationWorld(seed: seed)
        let random = RandomStream(seed: seed, label: "changes")
        changes = (0..<changeCount).map { number in
            let key = UInt64(random.next(in: 0..<12))
            let attributes = [JSONMember("number", .integer(Int64(number)))]
            let effects = [[Float(number), Float(key)], [Float(number)]].map {
                random.chance(1, in: 4)
                    ? SinkChange.Effect.none : .point(vector: $0, attributes: attributes)
            }
            return SinkChange(
                PointIdentifier(high: 0, low: key), offset: Int64(number), effects)
        }
        world.addMachine("sink-1")
        world.vectors.onWrite = { [unowned self] name, written, _ in
            let before = newest[name]?[written.identifier] ?? 0
            if written.version < before { setbackCount += 1 }
            newest[name, default: [:]][written.identifier] = max(before, written.version)
        }
    }

    func start() {
        progress.reopen()
        var configuration = SinkConfiguration()
        configuration.batchPointLimit = 5
        configuration.requestPointLimit = 3
        world.start("sink-1") { machine in
            guard let service = machine.vectorService else { return }
            let source = ListedChanges(machine, self.changes)
            let sink = TableSink(
                source, to: Self.collections, of: service, self.progress, on: machine,
                configuration
            ) { true }
            sink.onTrouble = { self.trouble = $0 }
            self.source = source
            self.sink = sink
            try await sink.create()
            try await sink.follow(Self.bucket) { _ in true }
        }
    }

    func crash() {
        world.crash("sink-1")
        sink = nil
    }

    var isDone: Bool { sink?.confirmed[Self.bucket] == Int64(changes.count) }

    /// The points that the changes come to, by collection.
    var expected: [[VectorPoint]?] {
        var batch = SinkBatch(from: 0)
        batch.add(ChangePage(changes: changes, nextOffset: Int64(changes.count)))
        return (0..<2).map { batch.upserts($0).sorted { $0.identifier < $1.identifier } }
    }

    var points: [[VectorPoint]?] { Self.collections.map { world.vectors.points(of: $0.name) } }

    func end() {
        world.shutDown()
        let errors = world.journal.notes.filter { $0.severity == .error }
        #expect(errors.isEmpty, "\(errors.prefix(3))")
    }
}
