import Columnar
import Testing

@testable import Cluster

@Suite("Fetches on the wire")
struct FetchWireTests {
    private static let buckets = [
        BucketIdentifier(table: 3, bucket: 0),
        BucketIdentifier(table: .max, partition: 0, bucket: .max),
        BucketIdentifier(table: -1, partition: 1 << 40, bucket: 7),
    ]

    private static let request = FetchRequest(
        replica: "server-2", incarnation: 77, waitMilliseconds: 2000, byteCount: 1 << 20,
        parts: buckets.enumerated().map { number, bucket in
            FetchRequest.Part(
                bucket: bucket, leaderEpoch: Int32(number) - 1, offset: [0, 300, .max][number],
                lastEpoch: [-1, 5, .max][number])
        })

    @Test("A request says the same in every version", arguments: [0, 1, 2] as [Int16])
    func requests(_ version: Int16) throws {
        var writer = ByteWriter()
        Request.fetch(Self.request).encodeBody(version, into: &writer)
        var reader = ByteReader(writer.bytes)
        guard case .fetch(let read) = try Request(.fetchLog, version, from: &reader) else {
            Issue.record("no fetch")
            return
        }
        #expect(read.replica == "server-2" && read.incarnation == 77)
        #expect(read.waitMilliseconds == 2000 && read.byteCount == 1 << 20)
        #expect(read.parts.map(\.bucket) == Self.buckets)
        #expect(read.parts.map(\.leaderEpoch) == [-1, 0, 1])
        #expect(read.parts.map(\.offset) == [0, 300, .max])
        #expect(read.parts.map(\.lastEpoch) == [-1, 5, .max])
        for count in writer.bytes.indices {
            var cut = ByteReader(Array(writer.bytes[..<count]))
            #expect(throws: ColumnarError.self) {
                try Request(.fetchLog, version, from: &cut)
            }
        }
    }

    @Test("An answer says the same in every version, and less than half the bytes in the newest")
    func answers() throws {
        let answers = [
            FetchedBucket(
                bucket: Self.buckets[0], error: nil, highWatermark: 40, batches: [1, 2, 3],
                divergence: nil),
            FetchedBucket(
                bucket: Self.buckets[1], error: .notLeader(Self.buckets[1]), highWatermark: -1,
                batches: [], divergence: nil),
            FetchedBucket(
                bucket: Self.buckets[2], error: nil, highWatermark: .max, batches: [],
                divergence: EpochEnd(epoch: -1, endOffset: 9)),
        ]
        for version in [1, 2] as [Int16] {
            let header = try callHeader(version)
            var writer = ByteWriter()
            Response.fetched(answers).encode(answering: header, into: &writer)
            var reader = ByteReader(writer.bytes)
            guard case .fetched(let read) = try Response(from: &reader) else {
                Issue.record("no answer")
                return
            }
            #expect(reader.isAtEnd)
            #expect(read.map(\.bucket) == Self.buckets)
            #expect(read.map(\.highWatermark) == [40, -1, .max])
            #expect(read.map(\.batches) == [[1, 2, 3], [], []])
            #expect(read.map(\.error) == answers.map(\.error))
            #expect(read.map(\.divergence) == answers.map(\.divergence))
        }
        var long = ByteWriter()
        var short = ByteWriter()
        Response.fetched([answers[0]]).encode(answering: try callHeader(1), into: &long)
        Response.fetched([answers[0]]).encode(answering: try callHeader(2), into: &short)
        #expect(short.count * 2 < long.count)
    }

    @Test("A write says the same in every version", arguments: [0, 1, 2] as [Int16])
    func upserts(_ version: Int16) throws {
        let request = UpsertRequest(
            bucket: Self.buckets[1], writer: 1 << 40, sequence: .max,
            operations: [
                UpsertRequest.Operation(isDelete: false, bytes: [1, 2, 3]),
                UpsertRequest.Operation(isDelete: true, bytes: []),
            ], columns: version == 0 ? nil : [1, 7])
        var writer = ByteWriter()
        Request.upsert(request).encodeBody(version, into: &writer)
        var reader = ByteReader(writer.bytes)
        guard case .upsert(let read) = try Request(.putKeyValue, version, from: &reader) else {
            Issue.record("no upsert")
            return
        }
        #expect(read.bucket == request.bucket && read.writer == 1 << 40 && read.sequence == .max)
        #expect(read.operations.map(\.bytes) == [[1, 2, 3], []])
        #expect(read.operations.map(\.isDelete) == [false, true])
        #expect(read.columns == request.columns)

        var answer = ByteWriter()
        let acknowledged = Acknowledgement(baseOffset: 5, endOffset: .max, leaderEpoch: 3)
        Response.appended(acknowledged).encode(
            answering: try callHeader(version, .putKeyValue), into: &answer)
        var answered = ByteReader(answer.bytes)
        guard case .appended(let known) = try Response(from: &answered) else {
            Issue.record("no acknowledgement")
            return
        }
        #expect(known == acknowledged && answered.isAtEnd)
    }

    private func callHeader(_ version: Int16, _ key: APIKey = .fetchLog) throws -> CallHeader {
        var writer = ByteWriter()
        writer.append(littleEndian: key.rawValue)
        writer.append(littleEndian: version)
        var reader = ByteReader(writer.bytes)
        return try CallHeader(from: &reader)
    }
}
