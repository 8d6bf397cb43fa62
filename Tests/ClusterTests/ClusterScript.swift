import Changelog
import Cluster
import Columnar
import Platform
import Simulation
import Testing

/// A cluster of some servers, three mostly, that a test leads through a story, step by step:
///
///     let t = try ClusterScript()
///     try t.write(10)
///     t.server(1).crash()
///     try t.waitForLeader(otherThan: 1)
///     #expect(try t.readBack() == t.acknowledged)
///
/// The world runs only inside of the calls that wait; between two of them nothing moves. One table
/// of one bucket, `t.bucket`, is there from the beginning, led by the server that is first in its
/// list of replicas.
final class ClusterScript {
    let cluster: ClusterWorld
    let table: TableDescription
    let bucket: BucketIdentifier
    private let client: ClusterClient
    private let writer: TableWriter
    private var nextNumber: Int64 = 0
    /// The numbers of changes that were acknowledged, in order.
    private(set) var acknowledged: [Int64] = []
    private(set) var refused: [ClusterError] = []
    private(set) var unknownCount = 0
    /// The servers by number, whether or not they have a replica.
    let servers: ClosedRange<Int>

    var world: SimulationWorld { cluster.world }

    init(
        seed: UInt64 = 1, table wanted: TableDescription = logTable,
        format: FormatVersion = .newest, serverCount: Int = 3,
        _ configure: (inout ClusterConfiguration) -> Void = { _ in }
    ) throws {
        servers = 1...serverCount
        cluster = ClusterWorld(seed: seed, format: format, serverCount: serverCount, configure)
        let world = cluster.world
        var client: ClusterClient?
        var table: TableDescription?
        cluster.startClient {
            client = $0
            table = try await $0.createTable(wanted)
        }
        guard world.run(atMost: .seconds(60), until: { table != nil }), let client, let table else {
            throw ScriptError.never("the table is created")
        }
        self.client = client
        self.table = table
        bucket = table.buckets[0]
        writer = TableWriter(client, table, deliveryTimeout: .seconds(20))
        try wait("a leader") { leader != nil }
        try wait("all replicas are open") { replicas.allSatisfy { server($0).replica != nil } }
    }

    deinit { cluster.world.shutDown() }

    // MARK: Time

    func run(_ duration: Duration) { world.run(for: duration) }

    /// Runs until something holds; it has to within two simulated minutes.
    func wait(
        _ what: String, atMost limit: Duration = .seconds(120), until condition: () -> Bool
    ) throws {
        let holds = withoutActuallyEscaping(condition) { world.run(atMost: limit, until: $0) }
        if !holds { throw ScriptError.never(what) }
    }

    // MARK: Servers

    func server(_ number: Int) -> ServerInScript { ServerInScript(self, number) }

    /// The number of the server that leads, if one does.
    var leader: Int? { servers.first { server($0).replica?.isLeader == true } }

    var leaderReplica: Replica? { leader.flatMap { server($0).replica } }

    /// The servers that follow, in order.
    var followers: [Int] { replicas.sorted().filter { $0 != leader && server($0).isRunning } }

    /// The bucket's state as the client has heard of it.
    var state: BucketState? { client.mirror.buckets[bucket]?.value }

    /// The servers that have a replica, by number, the preferred one first.
    var replicas: [Int] { (state?.replicas ?? []).map { Int($0.suffix(1))! } }

    /// The servers in sync, by number.
    var inSync: [Int] { (state?.inSync ?? []).map { Int($0.suffix(1))! }.sorted() }

    @discardableResult
    func waitForLeader(otherThan former: Int? = nil) throws -> Int {
        try wait("a leader other than \(former ?? 0)") { leader != nil && leader != former }
        return leader!
    }

    func waitForInSync(_ servers: [Int]) throws {
        try wait("\(servers) are in sync") { inSync == servers }
    }

    /// Heals whatever is cut or down, and waits until all hold the same.
    func settle() throws {
        world.objects.faults = ServiceFaults()
        for number in servers {
            server(number).rejoin()
            server(number).freeDisk()
            if !server(number).isRunning { server(number).start() }
        }
        try wait("nothing moves, and all are in sync") {
            state?.reassignment == nil && inSync == replicas.sorted()
        }
        try wait("all replicas end where the leader does") {
            // The leader's own word counts: what the client has heard may be of before.
            let mirror = leader.flatMap { cluster.servers[server($0).name]?.mirror }
            if mirror?.buckets[bucket]?.value.inSync.count != replicas.count { return false }
            let ends = replicas.map { server($0).replica?.log.syncedEndOffset ?? -1 }
            return Set(ends).count == 1 && leaderReplica?.highWatermark == ends[0]
        }
    }

    // MARK: Changes

    /// Writes changes, each in a batch of its own kind, and waits until all are acknowledged.
    func write(_ count: Int, textLength: Int = 8) throws {
        let before = acknowledged.count
        begin(count, textLength: textLength)
        try wait("\(count) changes are acknowledged") { acknowledged.count == before + count }
    }

    /// Hands changes to the writer and goes on.
    func begin(_ count: Int, textLength: Int = 8) {
        for _ in 0..<count {
            let number = nextNumber
            nextNumber += 1
            let row: Row = [
                .bigint(number), .string(String(repeating: "x", count: textLength)),
            ]
            writer.write(table.isPrimaryKeyTable ? .upsert(row) : .append(row)) { [self] in
                switch $0 {
                case .acknowledged: acknowledged.append(number)
                case .refused(let error): refused.append(error)
                case .unknown: unknownCount += 1
                }
            }
        }
    }

    /// Waits until it is known of every change what came of it, or that it is not known.
    func waitForOutcomes() throws {
        try wait("every change has its outcome") {
            acknowledged.count + refused.count + unknownCount == Int(nextNumber)
        }
    }

    // MARK: Reading

    /// Runs an action of the client to its end and returns what it returns.
    func ask<Value>(_ action: @escaping (ClusterClient) async throws -> Value) throws -> Value {
        var result: Result<Value, any Error>?
        client.machine.spawn("question of a test") {
            while result == nil {
                do {
                    result = .success(try await action(self.client))
                } catch let error as ClusterError where error.isRetriable {
                    try await self.client.machine.sleep(.milliseconds(100))
                } catch let error where !(error is Terminated) {
                    result = .failure(error)
                }
            }
        }
        try wait("an answer") { result != nil }
        return try result!.get()
    }

    /// Has the client do something while the test goes on.
    func inBackground(_ action: @escaping (ClusterClient) async throws -> Void) {
        client.machine.spawn("work in the background") { try await action(self.client) }
    }

    /// All committed rows' numbers, in the order of the log from `offset` on.
    func readBack(from offset: Int64 = 0) throws -> [Int64] {
        let (bucket, schema) = (bucket, table.schema)
        return try ask { client in
            var numbers: [Int64] = []
            var next = offset
            while true {
                let fetched: FetchedBatches
                do {
                    let end = try await client.offsets(of: bucket).highWatermark
                    if next >= end { return numbers }
                    fetched = try await client.fetch(bucket, from: next, waiting: .seconds(1))
                } catch let error as ClusterError where error.isRetriable {
                    try await client.machine.sleep(.milliseconds(100))
                    continue
                }
                for batch in fetched.batches {
                    let (records, changes) = try batch.decodeRecords(schema)
                    for (row, change) in zip(records.rows, changes) where change != .updateBefore {
                        if case .bigint(let number) = row[0] { numbers.append(number) }
                    }
                }
                next = fetched.nextOffset
            }
        }
    }

    /// How often a rare path was taken.
    func count(_ probe: String) -> Int {
        world.journal.probes.first { $0.name == probe }?.count ?? 0
    }

    /// What the engine noted as its own defects.
    var defects: [String] {
        world.journal.notes.filter { $0.severity == .error }.map(\.message)
    }
}

enum ScriptError: Error, CustomStringConvertible {
    case never(String)

    var description: String {
        switch self {
        case .never(let what): "it never came to this: \(what)"
        }
    }
}

/// A log table of one bucket.
let logTable = TableDescription(
    name: "log",
    schema: Schema(fields: [
        Field(identifier: 1, name: "number", type: .bigint, isNullable: false),
        Field(identifier: 2, name: "text", type: .string),
    ]),
    bucketCount: 1, replicationFactor: 3, bucketKey: [0])

/// The same with a primary key.
let keyedTable = TableDescription(
    name: "keyed",
    schema: Schema(
        fields: [
            Field(identifier: 1, name: "number", type: .bigint, isNullable: false),
            Field(identifier: 2, name: "text", type: .string),
        ], primaryKey: [0]),
    bucketCount: 1, replicationFactor: 3, bucketKey: [0])
