import Changelog
import Cluster
import Columnar
import JSON
import Platform
import Server
import Simulation
import TestSupport
import Testing

@testable import Fluss

/// A cluster of three servers with a gateway, in the tank.
final class GatewayWorld {
    let world: SimulationWorld
    let deployment: Deployment

    init(seed: UInt64, access: AccessConfiguration = AccessConfiguration()) {
        world = SimulationWorld(seed: seed)
        let nodes =
            [NodeName(.coordinator, 1)] + (1...3).map { NodeName(.server, $0) }
            + [NodeName(.gateway, 1)]
        deployment = Deployment(nodes, ClusterConfiguration())
        deployment.access = access
        for node in nodes {
            world.addMachine(node.description)
            start(node)
        }
        world.addMachine("client-1")
    }

    func start(_ node: NodeName) {
        world.start(node.description) { try await self.deployment.run(node, on: $0) }
    }

    /// Runs a client to its end.
    func run(_ body: @escaping (WireClient) async throws -> Void) throws {
        var result: Result<Void, any Error>?
        world.start("client-1") { machine in
            do { result = .success(try await body(WireClient(machine))) } catch {
                result = .failure(error)
            }
        }
        let isDone = world.run(atMost: .seconds(300)) { result != nil }
        world.shutDown()
        #expect(isDone, "the client waits for ever")
        try result?.get()
        #expect(world.journal.errorCount == 0)
    }

    /// Takes one server after the other away for a while.
    func crashServers(from start: Duration, every interval: Duration, count: Int) {
        for round in 0..<count {
            let node = NodeName(.server, round % 3 + 1)
            let at = start + interval * round
            world.after(at) { [self] in
                if round % 2 == 0 {
                    world.crash(node.description)
                } else {
                    world.losePower(node.description)
                }
                deployment.ended(node)
            }
            world.after(at + interval / 2) { [self] in self.start(node) }
        }
    }
}

let ordersPath: WireTablePath = {
    var path = WireTablePath()
    path.databaseName = "shop"
    path.tableName = "orders"
    return path
}()

let ordersSchema = Schema(
    fields: [
        Field(identifier: 1, name: "id", type: .int, isNullable: false),
        Field(identifier: 2, name: "note", type: .string),
    ])

func createOrders(
    _ client: WireClient, primaryKey: String?, properties: [String: String] = [:]
) async throws -> TableMetadata {
    let key = primaryKey.map { ",\"primary_key\":[\"\($0)\"]" } ?? ""
    var database = CreateDatabaseRequest()
    database.databaseName = ordersPath.databaseName
    database.ignoreIfExists = true
    let _: CreateDatabaseResponse = try await client.insist(
        .createDatabase, database, port: Gateway.coordinatorPort)
    let others = properties.sorted { $0.key < $1.key }.map { ",\"\($0.key)\":\"\($0.value)\"" }
    var request = CreateTableRequest()
    request.tablePath = ordersPath
    request.tableJSON = Array(
        """
        {"version":1,"schema":{"version":1,"columns":[\
        {"name":"id","data_type":{"type":"INTEGER","nullable":false},"id":0},\
        {"name":"note","data_type":{"type":"STRING"},"id":1}]\(key)},\
        "bucket_count":1,"properties":{"table.replication.factor":"3"\(others.joined())}}
        """.utf8)
    request.ignoreIfExists = true
    let _: CreateTableResponse = try await client.insist(
        .createTable, request, port: Gateway.coordinatorPort)
    var wanted = MetadataRequest()
    wanted.tablePaths = [ordersPath]
    let metadata: MetadataResponse = try await client.insist(.getMetadata, wanted)
    return try #require(metadata.tables.first)
}

/// A batch as the client makes it: the engine's own, with the header of magic 0.
func wireBatch(_ id: Int32, writer: Int64, sequence: Int32) throws -> [UInt8] {
    var rows = LogBatchBuilder(schema: ordersSchema, isAppendOnly: true)
    try rows.append([.int(id), .string("order \(id)")], .append)
    let batch = try rows.finish(writer: writer, sequence: sequence)
    var bytes = ByteWriter()
    WireLogBatch.encode(batch.bytes, to: &bytes)
    return bytes.bytes
}

@Suite("Fluss clients at a cluster that loses its servers")
struct GatewayTests {
    @Test(
        "What was acknowledged to a log's writer is read once and in order",
        arguments: 1...6 as ClosedRange<UInt64>)
    func log(seed: UInt64) throws {
        let cluster = GatewayWorld(seed: seed)
        cluster.crashServers(from: .seconds(8), every: .seconds(9), count: 6)
        try cluster.run { client in
            let table = try await createOrders(client, primaryKey: nil)
            let writer: InitWriterResponse = try await client.insist(
                .initWriter, InitWriterRequest())
            for number in 0..<120 as Range<Int32> {
                try await client.pause(.milliseconds(500))
                var part = RecordsForBucket()
                part.records = try wireBatch(number, writer: writer.writerID, sequence: number)
                var request = ProduceLogRequest()
                request.acknowledgements = -1
                request.tableID = table.tableID
                request.timeoutMilliseconds = 5000
                request.buckets = [part]
                let answer: ProduceLogResponse = try await client.insist(
                    .produceLog, request, errorCode: { $0.buckets[0].errorCode })
                #expect(answer.buckets[0].baseOffset == Int64(number))
            }
            #expect(client.retryCount > 0, "no fault was met")
            #expect(try await read(client, table.tableID) == Array(0..<120))
        }
    }

    private func read(_ client: WireClient, _ table: Int64) async throws -> [Int32] {
        var found: [Int32] = []
        while found.count < 120 {
            var part = FetchLogRequestForBucket()
            part.fetchOffset = Int64(found.count)
            part.maximumFetchBytes = 4096
            var wanted = FetchLogRequestForTable()
            wanted.tableID = table
            wanted.isProjected = true
            wanted.projectedFields = [0]
            wanted.buckets = [part]
            var request = FetchLogRequest()
            request.followerServerID = -1
            request.maximumBytes = 1 << 20
            request.maximumWaitMilliseconds = 500
            request.tables = [wanted]
            let answer: FetchLogResponse = try await client.insist(
                .fetchLog, request, errorCode: { $0.tables[0].buckets[0].errorCode })
            var reader = ByteReader(answer.tables[0].buckets[0].records ?? [])
            while !reader.isAtEnd {
                let start = reader.position
                try reader.skip(8)
                let length = try reader.readLittleEndian(Int32.self)
                try reader.skip(Int(length))
                let bytes = Array(
                    (answer.tables[0].buckets[0].records ?? [])[start..<reader.position])
                let batch = try WireLogBatch.decode(bytes)
                let base = try ByteReader(bytes).first(Int64.self)
                let rows = try batch.decodeRecords(ordersSchema.project([0])).records
                for row in 0..<rows.rowCount where base + Int64(row) >= Int64(found.count) {
                    guard case .int(let id) = rows.value(row: row, column: 0) else { continue }
                    found.append(id)
                }
            }
        }
        return found
    }

    @Test(
        "Rows are what was acknowledged last, looked up through failovers",
        arguments: 1...6 as ClosedRange<UInt64>)
    func rows(seed: UInt64) throws {
        let cluster = GatewayWorld(seed: seed)
        cluster.crashServers(from: .seconds(8), every: .seconds(9), count: 6)
        try cluster.run { client in
            let table = try await createOrders(client, primaryKey: "id")
            let writer: InitWriterResponse = try await client.insist(
                .initWriter, InitWriterRequest())
            var model: [Int32: String] = [:]
            for number in 0..<120 as Range<Int32> {
                try await client.pause(.milliseconds(500))
                let key = number % 7
                let isDeletion = number % 5 == 4
                let note = "note \(number)"
                var row = ByteWriter()
                row.append(byte: 0)
                row.append(varint: UInt64(key))
                row.append(string: note)
                let batch = KeyValueBatch(
                    schemaIdentifier: Int16(table.schemaID), writer: writer.writerID,
                    sequence: number,
                    records: [.init(key: [UInt8(key)], row: isDeletion ? nil : row.bytes)])
                var part = RecordsForBucket()
                part.records = batch.encoded
                var request = PutKeyValueRequest()
                request.acknowledgements = -1
                request.tableID = table.tableID
                request.timeoutMilliseconds = 5000
                request.buckets = [part]
                let _: PutKeyValueResponse = try await client.insist(
                    .putKeyValue, request, errorCode: { $0.buckets[0].errorCode })
                model[key] = isDeletion ? nil : note
                if number % 10 == 9 { try await compare(client, table, model) }
            }
            #expect(client.retryCount > 0, "no fault was met")
        }
    }

    private func compare(
        _ client: WireClient, _ table: TableMetadata, _ model: [Int32: String]
    ) async throws {
        var part = KeysForBucket()
        part.keys = (0..<7).map { [UInt8($0)] }
        var request = LookupRequest()
        request.tableID = table.tableID
        request.buckets = [part]
        let answer: LookupResponse = try await client.insist(
            .lookup, request, errorCode: { $0.buckets[0].errorCode })
        for key in 0..<7 as Range<Int32> {
            let row = answer.buckets[0].values[Int(key)].bytes
            let expected = model[key].map { note in
                var row = ByteWriter()
                row.append(littleEndian: Int16(table.schemaID))
                row.append(byte: 0)
                row.append(varint: UInt64(key))
                row.append(string: note)
                return row.bytes
            }
            #expect(row == expected, "key \(key)")
        }
    }

    @Test("Bytes of no protocol end their connection and nothing else", arguments: 1...20)
    func fuzz(seed: Int) throws {
        let cluster = GatewayWorld(seed: UInt64(seed))
        try cluster.run { client in
            let table = try await createOrders(client, primaryKey: "id")
            let random = RandomStream(seed: UInt64(seed), label: "fuzz")
            for key in APIKey.allCases {
                var request = PutKeyValueRequest()
                request.tableID = table.tableID
                request.buckets = [RecordsForBucket()]
                var body = request.encoded
                for _ in 0..<4 {
                    body[random.next(in: 0..<body.count)] = UInt8(random.next(in: 0..<256))
                }
                do {
                    let _: Anything = try await client.call(key, Raw(body: body))
                } catch is FlussError {
                } catch is NetworkError {
                }
            }
            let _: MetadataResponse = try await client.insist(.getMetadata, MetadataRequest())
        }
    }
}

extension ByteReader {
    /// The number at the front of the bytes.
    fileprivate func first(_ type: Int64.Type) throws -> Int64 {
        var reader = self
        return try reader.readLittleEndian(type)
    }
}

/// A message whose bytes are given.
private struct Raw: ProtobufMessage {
    var body: [UInt8] = []
    static let fields: [ProtobufField<Raw>] = []

    init() {}
    init(body: [UInt8]) { self.body = body }

    var encoded: [UInt8] { body }
}

/// Any answer.
private struct Anything: ProtobufMessage {
    static let fields: [ProtobufField<Anything>] = []
}
