import Changelog
import Cluster
import Columnar
import LakeTiering
import Platform

/// The changelog of a table in pages, each of which says where the next begins.
extension DataGateway {
    private static let standardLimit: Int64 = 10_000
    /// A page ends once it has so many bytes.
    private static let pageByteCount = 8 * 1024 * 1024
    /// As many buckets are waited for at once; of a table with more, each is asked again.
    private static let waitingLimit = 256

    /// What the change is, beside the table's own columns: +A, +I, -U, +U or -D.
    private static let changeColumn = Field(
        identifier: 1_000_000_004, name: "__change", type: .string, isNullable: false)

    func readChanges(_ call: WebCall) async throws -> WebResponse {
        let format = try RowFormat(ofAnswerTo: call.request)
        let table = try table(call)
        let columns = try columns(call, of: table.schema)
        let limit = Int(call.integer("limit") ?? Self.standardLimit)
        let deadline = machine.clock.now + .milliseconds(call.integer("wait") ?? 0)
        var cursor = try await start(call, of: table)
        let shown = Schema(
            fields: columns.map { table.schema.fields[$0] } + SystemColumns.all
                + [Self.changeColumn])
        var sink = RowSink(format, shown, limit: limit, pageByteCount: Self.pageByteCount)
        while true {
            for bucket in client.mirror.buckets(of: table) where !sink.isFull {
                cursor[bucket] = try await reading {
                    // A partition that is new since the cursor was made is read from its start.
                    var from = cursor[bucket]
                    if from == nil { from = try await client.offset(.earliest, of: bucket) }
                    return try await take(bucket, from: from ?? 0, of: table, columns, into: &sink)
                }
            }
            if sink.rowCount > 0 || machine.clock.now >= deadline { break }
            try await waitForNews(of: table, after: cursor, until: deadline)
        }
        var response = sink.response()
        response.headers.append(
            WebRequest.Parameter("wavetank-next", ChangeCursor.text(cursor)))
        return response
    }

    /// Where a call's reading begins, by bucket.
    private func start(
        _ call: WebCall, of table: TableDescription
    ) async throws -> [BucketIdentifier: Int64] {
        let position: LogPosition
        switch (call.text("from") ?? "earliest", call.text("time")) {
        case ("earliest", let time?):
            position = .timestamp(try Self.time(time))
        case (_, .some): throw WebProblem.badRequest("from and time exclude each other")
        case ("earliest", nil): position = .earliest
        case ("latest", nil): position = .latest
        case (let text, nil): return try ChangeCursor.parse(text, of: table.identifier)
        }
        var cursor: [BucketIdentifier: Int64] = [:]
        for bucket in client.mirror.buckets(of: table) {
            cursor[bucket] = try await reading {
                try await client.offset(position, of: bucket)
            }
        }
        return cursor
    }

    /// Takes what one fetch brings of a bucket; answers where to go on.
    private func take(
        _ bucket: BucketIdentifier, from offset: Int64, of table: TableDescription,
        _ columns: [Int], into sink: inout RowSink
    ) async throws -> Int64 {
        let fetched = try await client.fetch(bucket, from: offset, waiting: .zero)
        let schema = table.schema
        let table = client.mirror.tables[table.identifier] ?? table
        var next = offset
        for batch in fetched.batches {
            if sink.isFull { return next }
            guard table.schemas.schema(batch.schemaIdentifier) != nil else {
                // What was taken of the batches before is not taken again.
                if next > offset { return next }
                throw ClusterError.busy(
                    reason: "schema \(batch.schemaIdentifier) of \(table.path) is not known here "
                        + "yet")
            }
            let (records, changes) = try batch.decodeRecords(table.schemas, as: schema)
            let first = Int(max(0, next - batch.baseOffset))
            let room = sink.room
            let end = min(records.rowCount, first + room)
            if first < end {
                try sink.take(
                    try Self.shown(records, changes, first..<end, of: batch, bucket, columns))
            }
            if end < records.rowCount { return batch.baseOffset + Int64(end) }
            next = batch.endOffset
        }
        return max(next, fetched.nextOffset)
    }

    /// The records with where and when they were written, and what each does.
    private static func shown(
        _ records: RecordBatch, _ changes: [ChangeType], _ range: Range<Int>,
        of batch: LogBatch, _ bucket: BucketIdentifier, _ columns: [Int]
    ) throws -> RecordBatch {
        let kept = records.slice(range).project(columns)
        let extra = SystemColumns.all + [changeColumn]
        var builders = extra.map { ColumnVectorBuilder(type: $0.type, capacity: range.count) }
        let time = batch.commitTimestamp.millisecondsSinceEpoch * 1000
        for row in range {
            try builders[0].append(.int(bucket.bucket))
            try builders[1].append(.bigint(batch.baseOffset + Int64(row)))
            try builders[2].append(.timestamp(time))
            try builders[3].append(.string(changes[row].symbol))
        }
        return RecordBatch(
            schema: Schema(fields: kept.schema.fields + extra), rowCount: range.count,
            columns: kept.columns + builders.indices.map { builders[$0].finish() })
    }

    /// Waits until a bucket has something after where it was read to, or the deadline.
    private func waitForNews(
        of table: TableDescription, after cursor: [BucketIdentifier: Int64],
        until deadline: Instant
    ) async throws {
        let news = Signal(machine)
        let step = min(deadline, machine.clock.now + .seconds(5))
        let patience = step - machine.clock.now
        let buckets = client.mirror.buckets(of: table)
        if buckets.count > Self.waitingLimit || buckets.isEmpty {
            return try await machine.sleep(min(patience, .milliseconds(500)))
        }
        for bucket in buckets {
            let offset = cursor[bucket] ?? 0
            machine.spawn("changes of \(bucket) for HTTP") {
                do {
                    let fetched = try await self.client.fetch(
                        bucket, from: offset, waiting: patience, byteCount: 1)
                    if fetched.nextOffset > offset { news.notify() }
                } catch is ClusterError {
                    // Whoever reads it next is told.
                }
            }
        }
        _ = try await news.wait(until: step)
    }
}

/// How far the buckets of a table were read, as a text: `0:17,1:12`, with partitions `5/0:17`.
enum ChangeCursor {
    static func text(_ progress: [BucketProgress]) -> String {
        text(
            Dictionary(
                progress.map { ($0.bucket, $0.offset) }, uniquingKeysWith: { first, _ in first }))
    }

    static func text(_ cursor: [BucketIdentifier: Int64]) -> String {
        cursor.keys.sorted().map { bucket in
            let partition = bucket.partition.map { "\($0)/" } ?? ""
            return "\(partition)\(bucket.bucket):\(cursor[bucket]!)"
        }.joined(separator: ",")
    }

    static func parse(
        _ text: String, of table: Int64
    ) throws(WebProblem) -> [BucketIdentifier: Int64] {
        var cursor: [BucketIdentifier: Int64] = [:]
        for part in text.split(separator: ",") {
            let sides = part.split(separator: ":", omittingEmptySubsequences: false)
            let place = sides[0].split(separator: "/", omittingEmptySubsequences: false)
            guard sides.count == 2, place.count <= 2, let offset = Int64(sides[1]), offset >= 0,
                let bucket = Int32(place[place.count - 1]),
                place.count == 1 || Int64(place[0]) != nil
            else {
                throw .badRequest(
                    "parameter from is neither earliest, latest, nor what wavetank-next said")
            }
            cursor[
                BucketIdentifier(
                    table: table, partition: place.count == 2 ? Int64(place[0]) : nil,
                    bucket: bucket)] = offset
        }
        return cursor
    }
}
