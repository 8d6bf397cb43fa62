import Changelog
import Columnar
import TestSupport
import Testing

@testable import Fluss

/// Predicates as clients build them.
enum Wanted {
    static func id(_ function: LeafFunction, _ values: Int32...) -> PredicateMessage {
        var leaf = LeafPredicateMessage()
        leaf.function = function.rawValue
        leaf.fieldID = 0
        leaf.literals = values.map { value in
            var literal = LiteralMessage()
            literal.literalType = 3
            literal.int = value
            return literal
        }
        var message = PredicateMessage()
        message.leaf = leaf
        return message
    }

    static func all(_ children: PredicateMessage...) -> PredicateMessage { join(0, children) }

    static func any(_ children: PredicateMessage...) -> PredicateMessage { join(1, children) }

    private static func join(
        _ function: Int32, _ children: [PredicateMessage]
    ) -> PredicateMessage {
        var compound = CompoundPredicateMessage()
        compound.function = function
        compound.children = children.map(\.encoded)
        var message = PredicateMessage()
        message.type = 1
        message.compound = compound
        return message
    }
}

@Suite("Fluss clients that want some rows of a log")
struct FilterTests {
    private static let count: Int32 = 60

    /// A request for the log from an offset on.
    private func request(
        _ table: Int64, from offset: Int64, _ predicate: [UInt8],
        schema: Int32 = Int32(ordersSchema.identifier)
    ) -> FetchLogRequest {
        var part = FetchLogRequestForBucket()
        part.fetchOffset = offset
        part.maximumFetchBytes = 2048
        var wanted = FetchLogRequestForTable()
        wanted.tableID = table
        wanted.filterPredicate = predicate
        wanted.filterSchemaID = schema
        wanted.buckets = [part]
        var request = FetchLogRequest()
        request.followerServerID = -1
        request.maximumBytes = 1 << 20
        request.maximumWaitMilliseconds = 500
        request.tables = [wanted]
        return request
    }

    /// What comes of a log of 60 batches, each of the row that is its number.
    private func read(
        _ client: WireClient, _ table: Int64, _ predicate: PredicateMessage
    ) async throws -> [Int32] {
        var found: [Int32] = []
        var offset: Int64 = 0
        while offset < Int64(Self.count) {
            let answer: FetchLogResponse = try await client.insist(
                .fetchLog, request(table, from: offset, predicate.encoded),
                errorCode: { $0.tables[0].buckets[0].errorCode })
            let bucket = answer.tables[0].buckets[0]
            for (base, id) in try batches(bucket.records ?? []) where base >= offset {
                #expect(base == Int64(id))
                found.append(id)
                offset = base + 1
            }
            offset = max(offset, bucket.filteredEndOffset ?? offset)
        }
        return found
    }

    /// The offset and the row of each batch.
    private func batches(_ bytes: [UInt8]) throws -> [(Int64, Int32)] {
        var reader = ByteReader(bytes)
        var found: [(Int64, Int32)] = []
        while !reader.isAtEnd {
            let start = reader.position
            let base = try reader.readLittleEndian(Int64.self)
            let length = try reader.readLittleEndian(Int32.self)
            try reader.skip(Int(length))
            let records = try WireLogBatch.decode(Array(bytes[start..<reader.position]))
                .decodeRecords(ordersSchema).records
            guard case .int(let id) = records.value(row: 0, column: 0) else { continue }
            found.append((base, id))
        }
        return found
    }

    private func write(_ client: WireClient, _ table: Int64) async throws {
        let writer: InitWriterResponse = try await client.insist(.initWriter, InitWriterRequest())
        for number in 0..<Self.count {
            try await client.pause(.milliseconds(200))
            var part = RecordsForBucket()
            part.records = try wireBatch(number, writer: writer.writerID, sequence: number)
            var request = ProduceLogRequest()
            request.acknowledgements = -1
            request.tableID = table
            request.timeoutMilliseconds = 5000
            request.buckets = [part]
            let _: ProduceLogResponse = try await client.insist(
                .produceLog, request, errorCode: { $0.buckets[0].errorCode })
        }
    }

    @Test(
        "The batches that surely have no wanted row are left out, and no wanted row is",
        arguments: 1...3 as ClosedRange<UInt64>)
    func filtered(seed: UInt64) throws {
        let cluster = GatewayWorld(seed: seed)
        cluster.crashServers(from: .seconds(6), every: .seconds(7), count: 3)
        try cluster.run { client in
            let table = try await createOrders(
                client, primaryKey: nil, properties: ["table.statistics.columns": "id"]
            ).tableID
            try await write(client, table)
            #expect(
                try await read(
                    client, table,
                    Wanted.all(Wanted.id(.greaterOrEqual, 40), Wanted.id(.lessThan, 50)))
                    == Array(40..<50))
            #expect(try await read(client, table, Wanted.id(.equal, 17)) == [17])
            // Bounds of a column are one piece: what lies between comes too.
            #expect(
                try await read(
                    client, table, Wanted.any(Wanted.id(.equal, 9), Wanted.id(.equal, 12)))
                    == Array(9...12))
            #expect(try await read(client, table, Wanted.id(.in, 5, 3, 4)) == Array(3...5))
            #expect(try await read(client, table, Wanted.id(.greaterThan, 59)) == [])
            #expect(try await read(client, table, Wanted.id(.notIn, 7)) == Array(0..<60))
        }
    }

    @Test("A predicate that is none of the table is refused, and the next call is answered")
    func refused() throws {
        var other = Wanted.id(.equal, 1)
        other.leaf?.fieldID = 77
        var mistyped = Wanted.id(.equal, 1)
        mistyped.leaf?.literals[0].literalType = 8
        var deep = Wanted.id(.equal, 1)
        for _ in 0..<200 { deep = Wanted.all(deep) }
        var nameless = Wanted.id(.equal, 1)
        nameless.leaf?.function = 99
        let predicates = [
            other.encoded, mistyped.encoded, deep.encoded, nameless.encoded,
            Wanted.id(.equal).encoded, Wanted.all().encoded, [0x08, 1], [0xFF, 0xFF],
        ]
        try GatewayWorld(seed: 5).run { client in
            let table = try await createOrders(client, primaryKey: nil).tableID
            for predicate in predicates {
                let answer: FetchLogResponse = try await client.call(
                    .fetchLog, request(table, from: 0, predicate))
                #expect(
                    answer.tables[0].buckets[0].errorCode
                        == FlussError.ErrorCode.corruptMessage.rawValue)
            }
            let unknown: FetchLogResponse = try await client.call(
                .fetchLog, request(table, from: 0, Wanted.id(.equal, 1).encoded, schema: 9))
            #expect(
                unknown.tables[0].buckets[0].errorCode
                    == FlussError.ErrorCode.schemaNotExist.rawValue)
            let answer: FetchLogResponse = try await client.insist(
                .fetchLog, request(table, from: 0, Wanted.id(.equal, 1).encoded),
                errorCode: { $0.tables[0].buckets[0].errorCode })
            #expect(answer.tables[0].buckets[0].records?.isEmpty ?? true)
        }
    }
}
