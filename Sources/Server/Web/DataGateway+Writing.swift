import Cluster
import Columnar
import JSON
import Platform

extension DataGateway {
    func createWriter(_ call: WebCall) async throws -> WebResponse {
        let writer = try await defining { try await self.client.newWriter() }
        // As text, since it can have more digits than the numbers of some programs.
        return WebResponse(json: ["writer": .string(String(writer))], status: 201)
    }

    func writeRows(_ call: WebCall) async throws -> WebResponse {
        let table = try table(call)
        let body = try RowBody(call.request, for: table)
        let changes: [TableWriter.Change]
        if call.isSet("partial") {
            if !table.isPrimaryKeyTable {
                throw WebProblem.unprocessable("rows of a log table cannot be changed in part")
            }
            _ = try body.keys(of: table.schema)
            try body.requireFit(table.schema)
            changes = body.rows.map { .update($0.row, columns: $0.columns) }
        } else {
            try body.requireWhole(table.schema)
            changes = body.rows.map {
                table.isPrimaryKeyTable ? .upsert($0.row) : .append($0.row)
            }
        }
        return try await write(changes, to: table, call)
    }

    func deleteRows(_ call: WebCall) async throws -> WebResponse {
        let table = try keyTable(call)
        let body = try RowBody(call.request, for: table)
        let keys = try body.keys(of: table.schema)
        return try await write(keys.map { .delete(key: $0) }, to: table, call)
    }

    /// Writes changes and waits until what became of each is known.
    private func write(
        _ changes: [TableWriter.Change], to table: TableDescription, _ call: WebCall
    ) async throws -> WebResponse {
        let tally = WriteTally(machine, table, client.mirror)
        switch (call.integer("writer"), call.integer("sequence")) {
        case (nil, nil):
            if changes.isEmpty { return tally.response }
            let writer = writer(of: table)
            for change in changes { writer.write(change) { tally.take($0, of: 1) } }
            try await tally.wait(for: changes.count)
        case (let writer?, let sequence?):
            let outcomes = try await client.write(
                changes, to: table, writer: writer, sequence: Int32(sequence),
                patience: Self.writePatience)
            for outcome in outcomes { tally.take(outcome.outcome, of: outcome.changeCount) }
        default:
            throw WebProblem.badRequest("writer and sequence go together")
        }
        return tally.response
    }
}

/// What became of the changes of one request.
private final class WriteTally {
    private let table: TableDescription
    private let mirror: MetadataMirror
    private let arrived: Signal
    private var acknowledged = 0
    private var unknown = 0
    private var refused = 0
    private var firstRefusal: ClusterError?
    /// By bucket: how many changes, and between which offsets they are.
    private var buckets: [BucketIdentifier: (count: Int, start: Int64, end: Int64)] = [:]

    init(_ machine: Machine, _ table: TableDescription, _ mirror: MetadataMirror) {
        self.table = table
        self.mirror = mirror
        arrived = Signal(machine)
    }

    func take(_ outcome: TableWriter.Outcome, of count: Int) {
        switch outcome {
        case .acknowledged(let receipt):
            acknowledged += count
            if count > 0 { note(receipt, count) }
        // A batch without changes counts as one: the request has to be sent again for it.
        case .unknown: unknown += max(1, count)
        case .refused(let error):
            refused += max(1, count)
            firstRefusal = firstRefusal ?? error
        }
        arrived.notify()
    }

    private func note(_ receipt: TableWriter.Receipt, _ count: Int) {
        let written = receipt.acknowledgement
        let known = buckets[receipt.bucket]
        buckets[receipt.bucket] = (
            (known?.count ?? 0) + count, min(known?.start ?? .max, written.baseOffset),
            max(known?.end ?? 0, written.endOffset)
        )
    }

    func wait(for count: Int) async throws {
        while acknowledged + unknown + refused < count { _ = try await arrived.wait() }
    }

    var response: WebResponse {
        if unknown > 0 {
            return problem(
                WebProblem(
                    504, "outcomeUnknown",
                    "whether \(unknown) of the changes to \(table.path) were written is not "
                        + "known: under a writer and a sequence send the same again")
            ).response
        }
        if let firstRefusal, var refusal = WebProblem.of(firstRefusal) {
            if refusal.isRetriable && acknowledged > 0 {
                // To send all of it again would write a part of it twice.
                refusal.status = 504
                refusal.code = "partlyWritten"
            }
            return problem(refusal).response
        }
        let written = buckets.keys.sorted().map { bucket -> JSONValue in
            let (count, start, end) = buckets[bucket]!
            var members = [JSONMember("bucket", .integer(Int64(bucket.bucket)))]
            if let identifier = bucket.partition,
                let partition = mirror.partitions[bucket.table]?[identifier]
            {
                members.append(JSONMember("partition", .string(partition.name)))
            }
            members += [
                JSONMember("rows", .integer(Int64(count))),
                JSONMember("startOffset", .integer(start)),
                JSONMember("endOffset", .integer(end)),
            ]
            return .object(members)
        }
        return WebResponse(json: [
            "rows": .integer(Int64(acknowledged)), "buckets": .array(written),
        ])
    }

    private func problem(_ problem: WebProblem) -> WebProblem {
        var problem = problem
        problem.members = [
            JSONMember("acknowledged", .integer(Int64(acknowledged))),
            JSONMember("unknown", .integer(Int64(unknown))),
            JSONMember("refused", .integer(Int64(refused))),
        ]
        return problem
    }
}
