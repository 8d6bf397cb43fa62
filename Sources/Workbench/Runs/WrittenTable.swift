import Cluster
import Columnar
import Oracles
import Workloads

/// A table that a workload writes to, from its creation to its drop: what it was like, who writes
/// it, and what they were told.
///
/// A table that comes again under its name is another one.
final class WrittenTable {
    let definition: TableDefinition
    let model: TableModel
    /// As the cluster has it now; nil before it is created and once it is dropped.
    private(set) var present: TableDescription?
    private(set) var wasDropped = false
    /// Whether a partition of it was dropped.
    private(set) var hasLostPartitions = false
    /// While it is altered or dropped, which others wait for.
    var isBusy = false
    private(set) var changeCount = 0
    /// As it was under each schema, by the schema's identifier.
    private var versions: [Int16: TableDescription] = [:]
    private var writers: [Way: [TableWriter]] = [:]
    private var bucketCodecs: [Int16: KeyCodec] = [:]
    private let keyCodec: KeyCodec
    private var insertCount: Int32 = 0
    private var lanes: [[UInt8]: Lane] = [:]

    init(_ definition: TableDefinition) {
        self.definition = definition
        keyCodec = KeyCodec(primaryKeyOf: definition.schema)
        if let merged = MergeModel(definition) {
            model = .merged(merged)
        } else {
            model = .rows(ReferenceModel(definition))
        }
    }

    /// Numbers a change when it is sent; changes of one key are sent in this order.
    func nextNumber() -> Int {
        changeCount += 1
        return changeCount
    }

    /// The table is so now.
    func learned(_ table: TableDescription) {
        present = table
        for schema in table.schemas.schemas where versions[schema.identifier] == nil {
            var version = table
            do {
                version.schemas = try SchemaHistory(
                    validating: table.schemas.schemas.filter {
                        $0.identifier <= schema.identifier
                    })
            } catch {
                preconditionFailure("the history of \(table.path) is none: \(error)")
            }
            versions[schema.identifier] = version
        }
    }

    /// The table is not there any more: what is still sent to it is refused or lost.
    func drop() {
        present = nil
        wasDropped = true
    }

    /// A partition is dropped: the model knows no more of it.
    func exempt(partition name: String) {
        hasLostPartitions = true
        switch model {
        case .merged(let model): model.exempt(partition: name)
        case .rows(let model): model.exempt(partition: name)
        }
    }

    /// The table as it was under a schema; nil before it is created.
    func version(_ schema: Int16) -> TableDescription? { versions[schema] }

    /// What has changes written apart.
    private struct Way: Hashable {
        var schema: Int16
        /// What is refused takes all of its batch with it.
        var isRefused: Bool
    }

    /// Who writes changes like this one, one for each client.
    func writers(
        of change: Change, make: (TableDescription) -> [TableWriter]
    ) -> [TableWriter] {
        var way = Way(schema: change.schema, isRefused: false)
        if change.kind.isDeletion, definition.refusesDeletes { way.isRefused = true }
        if let known = writers[way] { return known }
        guard let table = versions[change.schema] else {
            preconditionFailure("\(definition.name) never had a schema \(change.schema)")
        }
        let made = make(table)
        writers[way] = made
        return made
    }

    /// The schema of the rows of a change.
    func schema(of change: Change) -> Schema {
        versions[change.schema]?.schema ?? definition.schema
    }

    // MARK: Keys

    /// What tells the writer of a change: the values that choose its bucket, encoded.
    func bucketKey(of change: Change) throws -> [UInt8] {
        guard let table = versions[change.schema] else { return [] }
        let columns = table.bucketKey
        let values: [Value]
        switch change.kind {
        case .append(let row), .upsert(let row), .update(let row, _):
            values = columns.map { row[$0] }
        case .delete(let key), .deletePart(let key, _), .insertIfAbsent(let key):
            values = columns.map { key[table.schema.primaryKey.firstIndex(of: $0)!] }
        }
        let codec =
            bucketCodecs[change.schema]
            ?? KeyCodec(types: columns.map { table.schema.fields[$0].type })
        bucketCodecs[change.schema] = codec
        return try codec.encode(values)
    }

    /// Takes in what a writer was told; throws where the key cannot be encoded.
    func learned(
        _ change: Change, number: Int, _ outcome: ReferenceModel.Outcome
    ) throws {
        switch model {
        case .merged(let model):
            try model.learned(
                change.kind, under: schema(of: change), number: number, outcome)
        case .rows(let model):
            try model.learned(
                change.kind, under: schema(of: change), number: number, outcome
            ) { CommittedLog.hash($0) }
        }
    }

    // MARK: Order

    /// Changes of one key that wait for those before them, since these go another way.
    private struct Lane {
        var way: Int32
        var openCount = 0
        var waiting: [(way: Int32, send: () -> Void)] = []
    }

    /// Sends a change once those before it of its key have an outcome, where they go to other
    /// writers, who would not keep the order.
    func inOrder(_ change: Change, _ send: @escaping () -> Void) throws {
        guard keepsOrder, let key = try key(of: change) else { return send() }
        // Who inserts a key unless it is there stands in no row of changes: each goes alone.
        let way: Int32
        if case .insertIfAbsent = change.kind {
            insertCount += 1
            way = -insertCount
        } else {
            way = Int32(change.schema)
        }
        var lane = lanes[key] ?? Lane(way: way)
        if lane.openCount > 0 && (lane.way != way || !lane.waiting.isEmpty) {
            lane.waiting.append((way, send))
            lanes[key] = lane
            return
        }
        lane.way = way
        lane.openCount += 1
        lanes[key] = lane
        send()
    }

    /// A change has an outcome: what waited for it is sent.
    func settled(_ change: Change) throws {
        guard keepsOrder, let key = try key(of: change), var lane = lanes[key] else {
            return
        }
        lane.openCount -= 1
        if lane.openCount > 0 {
            lanes[key] = lane
            return
        }
        guard let way = lane.waiting.first?.way else {
            lanes[key] = nil
            return
        }
        let next = lane.waiting.prefix { $0.way == way }
        lane.waiting.removeFirst(next.count)
        lane.way = way
        lane.openCount = next.count
        lanes[key] = lane
        for entry in next { entry.send() }
    }

    /// Whether changes of one key may go different ways.
    private var keepsOrder: Bool { if case .merged = model { true } else { false } }

    private func key(of change: Change) throws -> [UInt8]? {
        switch change.kind {
        case .append: nil
        case .upsert(let row), .update(let row, _):
            try keyCodec.encode(schema(of: change).key(of: row))
        case .delete(let key), .deletePart(let key, _), .insertIfAbsent(let key):
            try keyCodec.encode(key)
        }
    }
}
