@testable import Cluster
import Columnar
import Platform
import Simulation
import Testing

@Suite("Tables that are altered while they are written")
struct SchemaEvolutionTests {
    @Test(
        "Every row ever written reads at the last schema as the rules say, whatever crashes",
        arguments: 1...12 as ClosedRange<UInt64>)
    func evolution(seed: UInt64) throws {
        let cluster = ClusterWorld(seed: seed)
        cluster.configuration.rowMemoryByteCount = 2048
        cluster.configuration.snapshotInterval = .seconds(5)
        let world = cluster.world
        let random = RandomStream(seed: seed, label: "evolution")
        let story = EvolutionStory(random)
        var isDone = false
        cluster.startClient { client in
            try await story.run(client)
            isDone = true
        }
        for round in 0..<5 {
            let victim = "server-\(1 + random.next(in: 0..<3))"
            world.after(.seconds(4 + 6 * round)) {
                if random.chance(1, in: 2) { world.losePower(victim) } else { world.crash(victim) }
            }
            world.after(.seconds(6 + 6 * round)) {
                if !world.isRunning(victim) { cluster.startServer(victim) }
            }
        }
        #expect(world.run(atMost: .seconds(900)) { isDone })
        world.shutDown()
        #expect(
            world.journal.errorCount == 0,
            "\(world.journal.notes.filter { $0.severity == .error })")
        #expect(story.schemaCount > 4)
        #expect(story.comparedCount > 10)
        #expect(story.violations.isEmpty, "\(story.violations.prefix(3))")
    }

    @Test("What keys, merging and the lake go by cannot be altered away")
    func refusals() throws {
        let table = EvolutionStory.table(isInLake: false)
        let refused: [[TableChange]] = [
            [.dropColumn(name: "id")], [.dropColumn(name: "nothing")],
            [.widenColumn(name: "number", type: .tinyint)],
            [.widenColumn(name: "number", type: .string)],
            [.addColumn(name: "number", type: .int)],
            [.addColumn(name: "__offset", type: .int)],
            [.renameColumn(name: "number", to: "text")],
            [.moveColumn(name: "number", after: "nothing")],
            [.setProperty(name: "table.merge-engine", value: "first_row")],
        ]
        for changes in refused {
            #expect(throws: ClusterError.self, "\(changes)") { try table.applying(changes) }
        }
        let inLake = EvolutionStory.table(isInLake: true)
        let unknownThere = #expect(throws: ClusterError.self) {
            try inLake.applying([.addColumn(name: "exact", type: .timestamp(precision: 9))])
        }
        #expect("\(unknownThere!)".contains("column exact of timestamp(9)"))
        #expect(try inLake.applying([.dropColumn(name: "text")]).schema.fields.count == 2)
        let dropped = try table.applying([.dropColumn(name: "text")])
        let again = try dropped.applying([.addColumn(name: "text", type: .bigint)])
        let added = try #require(again.schema.fields.last)
        #expect(added.identifier == 4, "a field identifier was given again")
    }
}

/// Writes a table, alters it, and holds its rows against what was written.
private final class EvolutionStory {
    private(set) var violations: [String] = []
    private(set) var comparedCount = 0
    private(set) var schemaCount = 1
    private let random: RandomStream
    /// Each key's values by field identifier; nil where it is deleted.
    private var model: [Int64: [Int32: Value]?] = [:]
    /// Keys of which a change is of unknown outcome.
    private var doubtful: Set<Int64> = []
    private var seen: Set<Int64> = []
    private var present: Schema?
    private var nextName = 0

    init(_ random: RandomStream) { self.random = random }

    static func table(isInLake: Bool) -> TableDescription {
        TableDescription(
            name: "evolving",
            schema: Schema(
                fields: [
                    Field(identifier: 1, name: "id", type: .bigint, isNullable: false),
                    Field(identifier: 2, name: "number", type: .smallint),
                    Field(identifier: 3, name: "text", type: .string),
                ], primaryKey: [0]),
            bucketCount: 2, replicationFactor: 3, bucketKey: [0], isInLake: isInLake)
    }

    func run(_ client: ClusterClient) async throws {
        var table = try await client.createTable(Self.table(isInLake: false))
        while client.mirror.format < .newest {
            try await client.machine.sleep(.milliseconds(100))
        }
        present = table.schema
        var former = table
        for _ in 0..<10 {
            // Some writers have not heard of the last change.
            try await write(client, random.chance(1, in: 3) ? former : table)
            former = table
            table = try await client.alterTable(table.path, [change(table.schema)])
            present = table.schema
        }
        try await write(client, table)
        schemaCount = table.schemas.schemas.count
        for bucket in table.buckets { try await compare(bucket, table, client) }
        for key in model.keys.sorted() where !doubtful.contains(key) && !seen.contains(key) {
            if model[key]! != nil { violations.append("key \(key) is missing") }
        }
    }

    // MARK: Altering

    private func change(_ schema: Schema) -> TableChange {
        nextName += 1
        let free = schema.fields.filter { $0.name != "id" }
        let types: [DataType] = [.smallint, .int, .float, .string, .boolean]
        if free.count < 2 {
            return .addColumn(
                name: "c\(nextName)", type: types[random.next(in: 0..<types.count)])
        }
        let field = free[random.next(in: 0..<free.count)]
        switch random.next(in: 0..<6) {
        case 0: return .dropColumn(name: field.name)
        case 1: return .renameColumn(name: field.name, to: "c\(nextName)")
        case 2: return .moveColumn(name: field.name, after: random.chance(1, in: 2) ? nil : "id")
        case 3:
            let narrow = free.first { Self.wider($0.type) != nil }
            guard let narrow, let wide = Self.wider(narrow.type) else { fallthrough }
            return .widenColumn(name: narrow.name, type: wide)
        default:
            return .addColumn(
                name: "c\(nextName)", type: types[random.next(in: 0..<types.count)])
        }
    }

    private static func wider(_ type: DataType) -> DataType? {
        switch type {
        case .smallint: .int
        case .int: .bigint
        case .float: .double
        default: nil
        }
    }

    // MARK: Writing

    private func write(_ client: ClusterClient, _ table: TableDescription) async throws {
        let writer = TableWriter(client, table)
        var open = 0
        for _ in 0..<40 {
            let key = Int64(random.next(in: 0..<30))
            open += 1
            let (change, after) = draw(key, table.schema)
            writer.write(change) { [self] outcome in
                open -= 1
                switch outcome {
                case .acknowledged: model[key] = after(model[key] ?? nil)
                case .unknown: doubtful.insert(key)
                case .refused(let error):
                    // It has to be given up while too few servers are there, or where it names a
                    // column that was dropped meanwhile.
                    let isLate = change.isPartial && table.schema != present
                    if !error.isRetriable && !isLate { violations.append("refused: \(error)") }
                }
            }
            try await client.machine.sleep(.milliseconds(30))
        }
        while open > 0 { try await client.machine.sleep(.milliseconds(50)) }
    }

    private typealias After = ([Int32: Value]?) -> [Int32: Value]?

    private func draw(_ key: Int64, _ schema: Schema) -> (TableWriter.Change, After) {
        if random.chance(1, in: 6) { return (.delete(key: [.bigint(key)]), { _ in nil }) }
        var row = schema.fields.map { value(of: $0.type) }
        let keyPosition = schema.primaryKey[0]
        row[keyPosition] = .bigint(key)
        if random.chance(1, in: 3), schema.fields.count > 1 {
            let other = (keyPosition + 1) % schema.fields.count
            let columns = [keyPosition, other]
            return (
                .update(row, columns: columns),
                { before in
                    var values = before ?? [:]
                    for column in columns { values[schema.fields[column].identifier] = row[column] }
                    return values
                }
            )
        }
        var values: [Int32: Value] = [:]
        for (field, value) in zip(schema.fields, row) { values[field.identifier] = value }
        return (.upsert(row), { _ in values })
    }

    private func value(of type: DataType) -> Value {
        if random.chance(1, in: 5) { return .null }
        let number = random.next(in: 0..<30_000)
        switch type {
        case .smallint: return .smallint(Int16(number))
        case .int: return .int(Int32(number))
        case .bigint: return .bigint(Int64(number))
        case .float: return .float(Float(number) / 8)
        case .double: return .double(Double(number) / 8)
        case .boolean: return .boolean(number % 2 == 0)
        default: return .string("text \(number)")
        }
    }

    // MARK: Comparing

    private func compare(
        _ bucket: BucketIdentifier, _ table: TableDescription, _ client: ClusterClient
    ) async throws {
        let codec = RowCodec(schema: table.schema)
        var after: [UInt8]?
        while true {
            let page: ScannedRows
            do {
                page = try await client.scan(bucket, after: after, limit: 7)
            } catch let error as ClusterError where error.isRetriable {
                try await client.machine.sleep(.milliseconds(200))
                continue
            }
            for (_, bytes) in page.rows {
                let identifier = try RowCodec.schemaIdentifier(of: bytes)
                let writer = try #require(table.schemas.schema(identifier))
                compare(try codec.decode(bytes, writer: writer), table.schema)
            }
            after = page.rows.last?.key
            if page.isLast { return }
        }
    }

    private func compare(_ row: Row, _ schema: Schema) {
        guard case .bigint(let key) = row[schema.primaryKey[0]] else { return }
        seen.insert(key)
        if doubtful.contains(key) { return }
        comparedCount += 1
        guard let values = model[key] ?? nil else {
            violations.append("key \(key) is there, and was deleted or never written")
            return
        }
        for (field, value) in zip(schema.fields, row) {
            let written = values[field.identifier] ?? .null
            if !Self.isSame(written, value) {
                violations.append("key \(key): \(field.name) is \(value), written \(written)")
            }
        }
    }

    /// Whether a value is what was written, perhaps under a narrower type.
    private static func isSame(_ written: Value, _ read: Value) -> Bool {
        if written == read { return true }
        if let left = written.integer, let right = read.integer { return left == right }
        if case .float(let left) = written, case .double(let right) = read {
            return Double(left) == right
        }
        return false
    }
}

extension TableWriter.Change {
    fileprivate var isPartial: Bool { if case .update = self { true } else { false } }
}
