import Cluster
import Columnar
import JSON
import LakeSQL
import Platform

/// The tables over HTTP: definitions, rows in and out, and the changelog, as a client of the
/// cluster.
///
/// Programs need no client of ours: rows are JSON, a JSON object a line, or a stream of Arrow. A
/// write is answered with 200 once it is acknowledged, with 503 if nothing of it was done, and with
/// 504 if that is not known; under a writer and a sequence it can be sent again then, and is
/// carried out once.
final class DataGateway {
    /// How long a write is tried, and a read whose bucket has no leader for a moment.
    static let writePatience = Duration.seconds(20)
    static let readPatience = Duration.seconds(8)
    /// Bytes of bodies that may be under way at a time.
    static let byteLimit = 256 * 1024 * 1024
    /// Definitions that may wait for a coordinator at a time.
    static let definitionLimit = 64

    let machine: Machine
    let client: ClusterClient
    let access: AccessControl
    private var writers: [Int64: TableWriter] = [:]
    private var byteCount = 0
    var definitionCount = 0
    /// Questions in SQL that are being answered.
    var questionCount = 0
    var questionLimits = SQLQuestion.Limits()
    /// One question at a time keeps a processor busy, so that merges have the others.
    let questionTurns: Gate

    init(_ client: ClusterClient, _ access: AccessControl) {
        self.client = client
        self.access = access
        machine = client.machine
        questionTurns = Gate(client.machine)
    }

    /// Answers a call; what goes wrong is an answer, too. Nil if it is about no data.
    func answer(_ call: WebCall) async throws -> WebResponse? {
        guard let carryOut = operation(call.route.operation) else { return nil }
        do {
            if byteCount + call.request.body.count > Self.byteLimit {
                throw WebProblem(
                    503, "unavailable", "the bodies that are under way are over the limit")
            }
            byteCount += call.request.body.count
            defer { byteCount -= call.request.body.count }
            let held = MemoryUse(of: machine.memory, byteCount: call.request.body.count)
            defer { held.byteCount = 0 }
            try await ready()
            return try await carryOut(call)
        } catch {
            guard let problem = WebProblem.of(error) else { throw error }
            return problem.response
        }
    }

    private func operation(
        _ operation: WebRoute.Operation
    ) -> ((WebCall) async throws -> WebResponse)? {
        switch operation {
        case .listDatabases: listDatabases
        case .createDatabase: createDatabase
        case .describeDatabase: describeDatabase
        case .dropDatabase: dropDatabase
        case .listTables: listTables
        case .createTable: createTable
        case .describeTable: describeTable
        case .alterTable: alterTable
        case .dropTable: dropTable
        case .rebalance: lastRebalance
        case .beginRebalance: beginRebalance
        case .cancelRebalance: cancelRebalance
        case .reassign: reassign
        case .cancelReassignment: cancelReassignment
        case .createWriter: createWriter
        case .writeRows: writeRows
        case .deleteRows: deleteRows
        case .lookUpRows: lookUpRows
        case .readRows: readRows
        case .findNearestRows: findNearestRows
        case .readChanges: readChanges
        case .askSQL: askSQL
        case .page, .pageStyle, .pageScript, .health, .ready, .metrics, .description, .cluster,
            .tables, .partitions, .buckets, .leaders, .lag, .lake:
            nil
        }
    }

    /// Waits until this client has heard of the cluster.
    private func ready() async throws {
        let deadline = machine.clock.now + Self.readPatience
        while !client.mirror.isLoaded {
            if try await !client.mirror.changed.wait(until: deadline) {
                throw WebProblem(
                    503, "unavailable", "the cluster's metadata has not been read yet")
            }
        }
    }

    /// The table that the path names.
    func table(_ call: WebCall) throws -> TableDescription {
        let path = TablePath(database: call.name("database"), table: call.name("table"))
        guard let table = client.mirror.table(at: path) else {
            throw ClusterError.unknownTable(name: "\(path)")
        }
        return table
    }

    func keyTable(_ call: WebCall) throws -> TableDescription {
        let table = try table(call)
        if !table.isPrimaryKeyTable {
            throw WebProblem.unprocessable("\(table.path) has no primary key")
        }
        return table
    }

    /// The writer of a table as it is now, which all requests share.
    func writer(of table: TableDescription) -> TableWriter {
        if let known = writers[table.identifier], known.table == table { return known }
        writers = writers.filter { client.mirror.tables[$0.key] != nil }
        let writer = TableWriter(
            client, table, linger: .zero, deliveryTimeout: Self.writePatience)
        writers[table.identifier] = writer
        return writer
    }

    /// Reads, again and again while that may help; a read can be done twice.
    func reading<Value>(_ body: () async throws -> Value) async throws -> Value {
        let deadline = machine.clock.now + Self.readPatience
        while true {
            do { return try await body() } catch {
                guard let problem = WebProblem.of(error), problem.isRetriable,
                    machine.clock.now < deadline
                else { throw error }
            }
            try await machine.sleep(.milliseconds(100))
        }
    }

    /// The positions of the columns that a call wants, all of them where it names none.
    func columns(_ call: WebCall, of schema: Schema) throws(WebProblem) -> [Int] {
        guard let text = call.text("columns"), !text.isEmpty else {
            return Array(schema.fields.indices)
        }
        var positions: [Int] = []
        for name in text.split(separator: ",") {
            guard let position = schema.position(of: String(name)) else {
                throw .unprocessable("there is no column \(name)")
            }
            if positions.contains(position) { throw .unprocessable("\(name) is wanted twice") }
            positions.append(position)
        }
        if positions.isEmpty { throw .unprocessable("no column is wanted") }
        return positions
    }
}
