import Changelog
import Cluster
import Columnar
import Iceberg
import LakeTiering
import Platform
import UnionRead

/// Ends a read that has all it wants.
struct EnoughRows: Error {}

extension DataGateway {
    // MARK: By key

    func lookUpRows(_ call: WebCall) async throws -> WebResponse {
        let format = try RowFormat(ofAnswerTo: call.request)
        let table = try keyTable(call)
        let columns = try columns(call, of: table.schema)
        let isPrefix = call.isSet("prefix")
        let keys = try RowBody(call.request, for: table).keys(of: table.schema, isPrefix: isPrefix)
        var sink = RowSink(format, table.schema.project(columns))
        if isPrefix {
            guard keys.count == 1 else {
                throw WebProblem.unprocessable("one beginning of a key is looked up at a time")
            }
            let rows = try await reading { try await client.lookup(prefix: keys[0], in: table) }
            try requireSame(table)
            for row in rows { try sink.take(row, columns) }
            return sink.response()
        }
        // As many at a time as one answer of a server surely holds the rows of.
        for start in stride(from: 0, to: keys.count, by: Self.lookupCount) {
            let some = Array(keys[start..<min(start + Self.lookupCount, keys.count)])
            let rows = try await rows(of: some, in: table)
            try requireSame(table)
            for row in rows { try sink.take(row, columns) }
        }
        return sink.response()
    }

    private static let lookupCount = 500

    /// Throws `.busy` if a table has other columns than when the reading of it began.
    func requireSame(_ table: TableDescription) throws(ClusterError) {
        guard let now = client.mirror.tables[table.identifier] else {
            throw .unknownTable(name: "\(table.path)")
        }
        if now.schema != table.schema {
            throw .busy(reason: "the columns of \(table.path) have just been changed")
        }
    }

    /// The rows of some keys; of half of them at a time where they are too many for an answer.
    func rows(of keys: [[Value]], in table: TableDescription) async throws -> [Row?] {
        do {
            return try await reading { try await client.lookup(keys, in: table) }
        } catch let error as ClusterError {
            guard case .tooLarge = error, keys.count > 1 else { throw error }
            let middle = keys.count / 2
            return try await rows(of: Array(keys[..<middle]), in: table)
                + rows(of: Array(keys[middle...]), in: table)
        }
    }

    // MARK: All

    func readRows(_ call: WebCall) async throws -> WebResponse {
        let format = try RowFormat(ofAnswerTo: call.request)
        let table = try table(call)
        let columns = try columns(call, of: table.schema)
        let filter = try call.text("filter").map { try RowFilter(text: $0, table.schema) }
        let moment = try moment(call, of: table)
        let limit = call.integer("limit").flatMap { Int(exactly: $0) } ?? .max
        let request = ReadRequest(
            columns: columns, filter: filter ?? RowFilter(),
            includesSystemColumns: call.isSet("system"))
        let system = request.includesSystemColumns ? SystemColumns.all : []
        let shown = Schema(fields: columns.map { table.schema.fields[$0] } + system)
        return try await reading {
            var sink = RowSink(format, shown, limit: limit)
            var extent: UnionExtent?
            do {
                if sink.isFull { throw EnoughRows() }
                extent = try await read(table, at: moment, request) { batch in
                    try sink.take(batch)
                    if sink.isFull { throw EnoughRows() }
                }
            } catch is EnoughRows {}
            var response = sink.response()
            if let extent { response.headers += Self.headers(of: extent) }
            return response
        }
    }

    private static func headers(of extent: UnionExtent) -> [WebRequest.Parameter] {
        let isPartitioned = extent.offsets.buckets.first?.partition != nil
        let offsets =
            isPartitioned
            ? extent.offsets.description
            : extent.offsets.entries.map { String($0.offset) }.joined(separator: ",")
        var headers = [WebRequest.Parameter("wavetank-offsets", offsets)]
        if let snapshot = extent.snapshot {
            headers.append(WebRequest.Parameter("wavetank-snapshot", String(snapshot)))
        }
        return headers
    }

    private func moment(_ call: WebCall, of table: TableDescription) throws -> ReadMoment {
        let names = ["snapshot", "reference", "time", "offsets"].filter { call.text($0) != nil }
        if names.count > 1 {
            throw WebProblem.badRequest("\(names.joined(separator: " and ")) exclude each other")
        }
        if let snapshot = call.integer("snapshot") { return .snapshot(snapshot) }
        if let name = call.text("reference") { return .reference(name) }
        if let time = call.text("time") { return .time(try Self.time(time)) }
        guard let text = call.text("offsets") else { return .head }
        if table.isPartitioned {
            guard let offsets = LakeOffsets(text: text) else {
                throw WebProblem.badRequest(
                    "parameter offsets has to name each bucket of partitions, as 7/0:12,7/1:3")
            }
            return .offsets(offsets)
        }
        let offsets = text.split(separator: ",", omittingEmptySubsequences: false)
            .map { Int64($0) }
        guard offsets.allSatisfy({ $0 != nil }) else {
            throw WebProblem.badRequest("parameter offsets has to be numbers with commas between")
        }
        return .offsets(LakeOffsets(offsets.compactMap { $0 }))
    }

    /// The time that a parameter says.
    static func time(_ text: String) throws(WebProblem) -> Timestamp {
        guard
            let milliseconds = Int64(text)
                ?? CalendarText.units(text, TimeUnit.millisecond.rawValue)
        else {
            throw .badRequest("parameter time is neither 2026-11-28T12:00:00Z nor milliseconds")
        }
        return Timestamp(millisecondsSinceEpoch: milliseconds)
    }

    /// Hands out the rows of a table at a moment batch by batch, in no order; nil if they are those
    /// of its buckets alone.
    ///
    /// What `take` throws ends the read.
    func read(
        _ table: TableDescription, at moment: ReadMoment, _ request: ReadRequest,
        _ take: (RecordBatch) throws -> Void
    ) async throws -> UnionExtent? {
        if table.isInLake {
            return try await client.stream(table, at: moment, request, take)
        }
        if moment != .head || request.includesSystemColumns {
            throw WebProblem.unprocessable(
                "\(table.path) is not in the lake: it can be read as it is now, without system "
                    + "columns")
        }
        let columns = request.columns ?? Array(table.schema.fields.indices)
        try await scanBuckets(of: table, columns, request.filter, take)
        return nil
    }

    // MARK: Tables that are not in the lake

    /// Hands out the rows of all buckets, each as of one moment.
    private func scanBuckets(
        of table: TableDescription, _ columns: [Int], _ filter: RowFilter,
        _ take: (RecordBatch) throws -> Void
    ) async throws {
        try filter.validate(table.schema)
        for bucket in client.mirror.buckets(of: table) {
            if table.isPrimaryKeyTable {
                let scan = SnapshotScan(client, bucket)
                while let page = try await scan.next() {
                    let rows = try page.map { try client.decodeRow($0.row, of: table) }
                    try requireSame(table)
                    let batch = try RecordBatch(schema: table.schema, rows: rows)
                    do { try take(try batch.passing(filter).project(columns)) } catch {
                        try await scan.end()
                        throw error
                    }
                }
            } else {
                let range = try await client.offsets(of: bucket)
                var next = range.start
                while next < range.highWatermark {
                    let fetched = try await client.fetch(bucket, from: next, waiting: .zero)
                    for batch in fetched.batches {
                        let history = client.mirror.tables[table.identifier]?.schemas
                        let records = try batch.decodeRecords(
                            history ?? table.schemas, as: table.schema
                        ).records
                        let skipped = Int(max(0, next - batch.baseOffset))
                        let count = Int(
                            min(Int64(records.rowCount), range.highWatermark - batch.baseOffset))
                        if skipped >= count { continue }
                        try take(
                            try records.slice(skipped..<count).passing(filter).project(columns))
                    }
                    if fetched.nextOffset <= next {
                        throw ClusterError.busy(reason: "the log of \(bucket) does not go on")
                    }
                    next = fetched.nextOffset
                }
            }
        }
    }
}

extension RecordBatch {
    /// The rows that pass a filter. Precondition: the filter is valid for the schema.
    fileprivate func passing(_ filter: RowFilter) throws(ColumnarError) -> RecordBatch {
        if filter.conditions.isEmpty { return self }
        var builder = RecordBatchBuilder(schema: schema)
        for row in 0..<rowCount where filter.passes(self, row: row) {
            try builder.append(row: row, of: self)
        }
        return builder.finish()
    }
}
