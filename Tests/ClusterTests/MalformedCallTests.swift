import Changelog
@testable import Cluster
import Columnar
import Platform
import Simulation
import Testing

@Suite("Calls that cannot be read")
struct MalformedCallTests {
    private static let callCount = 3000

    @Test(
        "Thousands of malformed calls are answered one by one, and stop nothing",
        arguments: 1...3 as ClosedRange<UInt64>)
    func malformed(seed: UInt64) throws {
        let cluster = ClusterWorld(seed: seed)
        let world = cluster.world
        let random = RandomStream(seed: seed, label: "malformed calls")
        var answers: [UInt32: Response] = [:]
        var acknowledged = 0
        var readBack = 0
        var isDone = false
        cluster.startClient { client in
            let table = try await client.createTable(eventTable)
            var connections: [any Connection] = []
            for host in cluster.serverNames + cluster.coordinatorNames {
                let connection = try await client.machine.network.connect(
                    to: Address(host: host, port: cluster.configuration.port))
                connections.append(connection)
                client.machine.spawn("answers of \(host)") {
                    do {
                        while true {
                            var reader = ByteReader(try await connection.receive())
                            let number: UInt32 = try reader.readLittleEndian()
                            answers[number] = Response(answering: &reader)
                        }
                    } catch is NetworkError {
                    }
                }
            }
            for number in 0..<UInt32(Self.callCount) {
                var frame = ByteWriter()
                frame.append(littleEndian: number)
                frame.append(Self.malformedCall(table, random))
                try await connections[Int(number) % connections.count].send(frame.bytes)
                if number % 50 == 0 { try await client.machine.sleep(.milliseconds(20)) }
            }
            let deadline = client.machine.clock.now + .seconds(60)
            while answers.count < Self.callCount && client.machine.clock.now < deadline {
                try await client.machine.sleep(.seconds(1))
            }
            let writer = TableWriter(client, table)
            for number in 0..<100 {
                writer.write(.append([.bigint(Int64(number)), .string("after")])) { outcome in
                    if case .acknowledged = outcome { acknowledged += 1 }
                }
            }
            while acknowledged < 100 { try await client.machine.sleep(.milliseconds(100)) }
            for bucket in table.buckets {
                var offset: Int64 = 0
                while try await offset < client.offsets(of: bucket).highWatermark {
                    let fetched = try await client.fetch(bucket, from: offset, waiting: .zero)
                    for batch in fetched.batches {
                        readBack += try batch.decodeRecords(table.schemas).records.rowCount
                    }
                    offset = fetched.nextOffset
                }
            }
            isDone = true
        }
        #expect(world.run(atMost: .seconds(300)) { isDone })
        world.shutDown()
        #expect(world.journal.errorCount == 0)
        #expect(!world.journal.notes.contains { $0.message.contains("halts") })
        #expect(answers.count == Self.callCount, "a call was not answered by itself")
        let refused = answers.values.filter { if case .failure = $0 { true } else { false } }
        #expect(refused.count > Self.callCount / 2)
        #expect(readBack >= 100)
    }

    @Test("An unknown call and an unknown version are told which versions there are")
    func versions() throws {
        let cluster = ClusterWorld(seed: 1)
        var answers: [Response] = []
        cluster.startClient { client in
            _ = try await client.createTable(eventTable)
            let connection = try await client.machine.network.connect(
                to: Address(host: "server-1", port: cluster.configuration.port))
            for (key, version) in [(9999, 0), (1014, 99), (1000, 0)] as [(Int16, Int16)] {
                var frame = ByteWriter()
                frame.append(littleEndian: UInt32(7))
                frame.append(littleEndian: key)
                frame.append(littleEndian: version)
                try await connection.send(frame.bytes)
                var reader = ByteReader(try await connection.receive())
                #expect(try reader.readLittleEndian(UInt32.self) == 7)
                answers.append(Response(answering: &reader))
            }
        }
        #expect(cluster.world.run(atMost: .seconds(60)) { answers.count == 3 })
        cluster.world.shutDown()
        guard answers.count == 3, case .failure(let unknown) = answers[0],
            case .failure(let late) = answers[1], case .apiVersions(let supported) = answers[2]
        else {
            Issue.record("\(answers)")
            return
        }
        #expect(unknown == .unsupportedAPI(key: 9999, version: 0, oldest: 0, newest: -1))
        let known = supported.first { $0.key == 1014 }
        #expect(
            late
                == .unsupportedAPI(
                    key: 1014, version: 99, oldest: known?.oldest ?? -1,
                    newest: known?.newest ?? -1))
        #expect(!late.isRetriable && !unknown.isRetriable)
    }

    /// A call with something wrong in it, its header included.
    private static func malformedCall(
        _ table: TableDescription, _ random: RandomStream
    ) -> [UInt8] {
        var call = ByteWriter()
        let request = goodCall(table, random)
        call.append(littleEndian: request.key.rawValue)
        let newest = request.key.versions(at: .newest)!.upperBound
        let version = Int16(random.next(in: 0..<(Int(newest) + 1)))
        call.append(littleEndian: version)
        request.encodeBody(version, into: &call)
        var bytes = call.bytes
        switch random.next(in: 0..<6) {
        case 0: bytes = (0..<random.next(in: 0..<64)).map { _ in byte(random) }
        case 1: bytes.removeLast(random.next(in: 1..<bytes.count))
        case 2: bytes += [byte(random)]
        default:
            for _ in 0..<random.next(in: 1..<5) {
                bytes[random.next(in: 0..<bytes.count)] = byte(random)
            }
        }
        return bytes
    }

    private static func byte(_ random: RandomStream) -> UInt8 {
        UInt8(truncatingIfNeeded: random.next(in: 0..<256))
    }

    private static func goodCall(_ table: TableDescription, _ random: RandomStream) -> Request {
        let bucket = table.buckets[random.next(in: 0..<table.buckets.count)]
        switch random.next(in: 0..<9) {
        case 8:
            return .fetch(
                FetchRequest(
                    replica: "server-2", incarnation: 1, waitMilliseconds: 0, byteCount: 1000,
                    parts: [
                        FetchRequest.Part(
                            bucket: bucket, leaderEpoch: 0, offset: 0, lastEpoch: -1)
                    ]))
        case 0: return .createTable(table)
        case 1: return .lookup(bucket, keys: [[1, 2, 3]])
        case 2: return .scan(bucket, after: nil, limit: 10)
        case 3: return .offsets(bucket)
        case 4:
            return .upsert(
                UpsertRequest(
                    bucket: bucket, writer: 1, sequence: 0,
                    operations: [UpsertRequest.Operation(isDelete: false, bytes: [1, 2, 3])]))
        default: return .produce(ProduceRequest(bucket: bucket, batch: badBatch(table, random)))
        }
    }

    /// A batch whose checksum is right and whose body or header is not.
    private static func badBatch(_ table: TableDescription, _ random: RandomStream) -> [UInt8] {
        let rows: [Row] = (0..<4).map { [.bigint($0), .string("text \($0)")] }
        guard let records = try? RecordBatch(schema: table.schema, rows: rows),
            var bytes = try? LogBatch.appendOnly(records).bytes
        else { preconditionFailure("four good rows") }
        for _ in 0..<random.next(in: 1..<4) {
            bytes[random.next(in: 29..<bytes.count)] = byte(random)
        }
        let checksum = crc32c(bytes[29...])
        for position in 0..<4 {
            bytes[25 + position] = UInt8(truncatingIfNeeded: checksum >> (8 * UInt32(position)))
        }
        return bytes
    }
}
