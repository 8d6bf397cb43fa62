public import Changelog
public import Cluster
public import Columnar
public import Platform
import Workloads

/// What has been seen committed in one bucket: the truth that all else is held against.
public final class CommittedLog {
    /// A committed batch, as far as two copies of it can differ.
    public struct Entry: Hashable {
        public var baseOffset: Int64
        public var endOffset: Int64
        public var checksum: UInt32
        public var leaderEpoch: Int32
        public var writer: Int64
        public var sequence: Int32
        public let commitTimestamp: Timestamp

        init(_ batch: LogBatch) {
            baseOffset = batch.baseOffset
            endOffset = batch.endOffset
            checksum = batch.checksum
            leaderEpoch = batch.leaderEpoch
            writer = batch.writer
            sequence = batch.sequence
            commitTimestamp = batch.commitTimestamp
        }
    }

    /// A row, and the schema that it was written under.
    struct WrittenRow {
        var row: Row
        var schema: Int16
    }

    /// One offset of the log: what it did to which key.
    public struct Change {
        /// Of the row alone; 0 at an offset without a row.
        public var hash: UInt64
        /// A position in `keys`; -1 in a log table.
        public var key: Int32
        public var type: ChangeType
    }

    public let bucket: BucketIdentifier
    /// The table with every schema that it is known to have had.
    public private(set) var table: TableDescription
    public private(set) var entries: [Entry] = []
    /// When each entry was seen committed, by the reader's clock.
    public private(set) var seenAt: [Instant] = []
    /// The rows of a primary-key table at `endOffset`: the fold of the changelog, by encoded key,
    /// each as it was written.
    public private(set) var rows: [[UInt8]: Row] = [:]
    /// The schemas of those rows that were not written under the first.
    private var rowSchemas: [[UInt8]: Int16] = [:]
    private let firstSchema: Int16
    /// What happened at each offset.
    public private(set) var changes: [Change] = []
    /// The encoded keys in the order in which they came up.
    public private(set) var keys: [[UInt8]] = []
    /// The indexed vectors of the row at an offset, by the identifiers of their columns.
    private var vectors: [Int32: [Int64: [Float]]] = [:]
    /// Of a table whose columns may change, the row of each offset as it was written; nil at an
    /// offset without one.
    private var written: [WrittenRow?] = []
    private var keyNumbers: [[UInt8]: Int32] = [:]
    /// The numbers of keys in the order of these; those that came up since they were last asked for
    /// are missing.
    private var sortedKeyNumbers: [Int32] = []
    /// By key number: the offsets that gave the key a row or took it away.
    private var keyOffsets: [[Int64]] = []
    private var waiting: [(offset: Int64, body: (CommittedLog) -> Void)] = []
    private let keyCodec: KeyCodec

    init(_ bucket: BucketIdentifier, _ table: TableDescription) {
        self.bucket = bucket
        self.table = table
        firstSchema = table.schema.identifier
        keyCodec = KeyCodec(primaryKeyOf: table.schema)
    }

    /// The vector of the row at an offset in an indexed column, by its identifier.
    func vector(_ field: Int32, at offset: Int64) -> [Float]? { vectors[field]?[offset] }

    /// Whether any row had a vector.
    var hasVectors: Bool { !vectors.isEmpty }

    /// The first offset that has not been seen committed.
    public var endOffset: Int64 { entries.last?.endOffset ?? 0 }

    /// The table by now: it may have been altered.
    func learn(_ table: TableDescription) {
        if table.schemas.schemas.count > self.table.schemas.schemas.count { self.table = table }
    }

    /// The schema that a batch or a stored row names; `.busy` if it is not known yet.
    func schema(_ identifier: Int16) throws(ClusterError) -> Schema {
        if let schema = table.schemas.schema(identifier) { return schema }
        throw .busy(reason: "schema \(identifier) of \(table.path) is not known here yet")
    }

    /// Takes the next committed batch in. Precondition: it begins at `endOffset`, and its schema is
    /// known.
    ///
    /// `isEvolving`: the columns of the table may change, so that its rows are kept.
    func append(
        _ batch: LogBatch, at now: Instant, isEvolving: Bool,
        onChange: (Row, Schema, ChangeType, Int64) -> Void
    ) throws {
        precondition(batch.baseOffset == endOffset, "the reader skipped a batch")
        let schema = try schema(batch.schemaIdentifier)
        let (records, types) = try batch.decodeRecords(schema)
        for position in 0..<records.rowCount {
            let row = records.row(at: position)
            let offset = batch.baseOffset + Int64(position)
            let number = try fold(row, types[position], schema)
            if isEvolving { written.append(WrittenRow(row: row, schema: schema.identifier)) }
            changes.append(Change(hash: Self.hash(row), key: number, type: types[position]))
            if number >= 0 && types[position] != .updateBefore {
                keyOffsets[Int(number)].append(offset)
            }
            for field in table.vectorColumns.map(\.field) {
                if let column = schema.position(ofIdentifier: field),
                    case .vector(let vector) = row[column]
                {
                    vectors[field, default: [:]][offset] = vector
                }
            }
            onChange(row, schema, types[position], offset)
        }
        // An empty batch takes an offset without a row.
        while Int64(changes.count) < batch.endOffset {
            changes.append(Change(hash: 0, key: -1, type: .updateBefore))
        }
        while isEvolving && written.count < changes.count { written.append(nil) }
        entries.append(Entry(batch))
        seenAt.append(now)
        let ready = waiting.filter { $0.offset <= endOffset }
        waiting.removeAll { $0.offset <= endOffset }
        for entry in ready { entry.body(self) }
    }

    /// Does to the rows what a change does, and numbers its key.
    private func fold(_ row: Row, _ type: ChangeType, _ schema: Schema) throws -> Int32 {
        if !table.isPrimaryKeyTable { return -1 }
        let key = try keyCodec.encode(schema.key(of: row))
        switch type {
        case .append, .insert, .updateAfter:
            rows[key] = row
            if schema.identifier != firstSchema { rowSchemas[key] = schema.identifier }
        case .updateBefore: break
        case .delete:
            rows[key] = nil
            rowSchemas[key] = nil
        }
        if let known = keyNumbers[key] { return known }
        let number = Int32(keys.count)
        keys.append(key)
        keyOffsets.append([])
        keyNumbers[key] = number
        return number
    }

    /// The rows as the present schema has them.
    var presentRows: [[UInt8]: Row] {
        if table.schemas.schemas.count == 1 { return rows }
        var present: [[UInt8]: Row] = [:]
        for key in rows.keys.sorted(by: { $0.lexicographicallyPrecedes($1) }) {
            guard let schema = table.schemas.schema(rowSchemas[key] ?? firstSchema) else {
                preconditionFailure("\(place) lost a schema of its table")
            }
            present[key] = SchemaRules.row(rows[key]!, from: schema, to: table.schema)
        }
        return present
    }

    /// The hash of a row in `RowCodec`'s bytes, as it was written.
    func hash(ofStored bytes: [UInt8]) throws -> UInt64 {
        let schema = try schema(try RowCodec.schemaIdentifier(of: bytes))
        return Self.hash(try RowCodec(schema: schema).decode(bytes))
    }

    /// How long ago the first change was committed that something at `offset` does not have yet.
    public func staleness(at offset: Int64, now: Instant) -> Duration {
        var (low, high) = (0, entries.count)
        while low < high {
            let middle = (low + high) / 2
            if entries[middle].endOffset <= offset { low = middle + 1 } else { high = middle }
        }
        return low < entries.count ? now - seenAt[low] : .zero
    }

    /// For people.
    public var place: String { "\(table.name) bucket \(bucket.bucket)" }

    // MARK: Later schemas

    /// The row of an offset as it was written; nil where there is none, or of a table whose columns
    /// do not change.
    func written(at offset: Int64) -> (row: Row, schema: Schema)? {
        guard offset < Int64(written.count), let found = written[Int(offset)],
            let schema = table.schemas.schema(found.schema)
        else { return nil }
        return (found.row, schema)
    }

    /// The hash of the row of an offset as a later schema has it, by `SchemaRules`; 0 at an offset
    /// without a row, or with one of a schema that is later still.
    func hash(at offset: Int64, under schema: Schema) -> UInt64 {
        guard let found = written(at: offset), found.schema.identifier != schema.identifier else {
            return changes[Int(offset)].hash
        }
        if found.schema.identifier > schema.identifier { return 0 }
        return Self.hash(SchemaRules.row(found.row, from: found.schema, to: schema))
    }

    // MARK: The past

    /// Runs `body` once everything below `offset` has been seen, now or later.
    func whenReached(_ offset: Int64, _ body: @escaping (CommittedLog) -> Void) {
        if offset <= endOffset { body(self) } else { waiting.append((offset, body)) }
    }

    /// Checks that still wait for offsets that were never seen.
    var waitingCount: Int { waiting.count }

    /// Where the log gave each key the row that it has at `offset`, by key number; -1 where it has
    /// none. Complexity: O(offset).
    func rowOffsets(at offset: Int64) -> [Int64] {
        precondition(offset <= endOffset, "the fold of what has not been seen")
        var found = [Int64](repeating: -1, count: keys.count)
        for position in 0..<Int(offset) where changes[position].key >= 0 {
            let change = changes[position]
            switch change.type {
            case .append, .insert, .updateAfter: found[Int(change.key)] = Int64(position)
            case .updateBefore: break
            case .delete: found[Int(change.key)] = -1
            }
        }
        return found
    }

    /// Where the log gave one key the row that it has at `offset`; -1 where it has none.
    /// Complexity: O(log n).
    func row(ofKey number: Int32, at offset: Int64) -> Int64 {
        let offsets = keyOffsets[Int(number)]
        var (low, high) = (0, offsets.count)
        while low < high {
            let middle = (low + high) / 2
            if offsets[middle] < offset { low = middle + 1 } else { high = middle }
        }
        guard low > 0 else { return -1 }
        return changes[Int(offsets[low - 1])].type == .delete ? -1 : offsets[low - 1]
    }

    /// Where the log gave one key the rows that it had at some moment from `start` to `end`; -1 for
    /// none. Complexity: O(n) in the changes of the key.
    func rows(ofKey number: Int32, from start: Int64, to end: Int64) -> [Int64] {
        let between = keyOffsets[Int(number)].filter { $0 >= start && $0 < end }
        return [row(ofKey: number, at: start)]
            + between.map { changes[Int($0)].type == .delete ? -1 : $0 }
    }

    /// The numbers of the keys after `start` up to `last`, both perhaps open, that begin with
    /// `prefix`, in the order of the keys.
    func keyNumbers(
        after start: [UInt8]?, upTo last: [UInt8]?, beginningWith prefix: [UInt8]
    ) -> ArraySlice<Int32> {
        sortKeys()
        let begin = max(
            start.map { start in keyPlace { !start.lexicographicallyPrecedes($0) } } ?? 0,
            keyPlace { $0.lexicographicallyPrecedes(prefix) })
        let end = min(
            last.map { last in keyPlace { !last.lexicographicallyPrecedes($0) } }
                ?? sortedKeyNumbers.count,
            keyPlace { $0.lexicographicallyPrecedes(prefix) || $0.starts(with: prefix) })
        return sortedKeyNumbers[begin..<max(begin, end)]
    }

    private func sortKeys() {
        if sortedKeyNumbers.count == keys.count { return }
        sortedKeyNumbers += (sortedKeyNumbers.count..<keys.count).map { Int32($0) }
        // Nearly all of them stand in order already, which the library's sort makes use of.
        sortedKeyNumbers.sort { keys[Int($0)].lexicographicallyPrecedes(keys[Int($1)]) }
    }

    /// How many keys come first in order that a condition holds of, which holds of no other.
    private func keyPlace(_ comesBefore: ([UInt8]) -> Bool) -> Int {
        var (low, high) = (0, sortedKeyNumbers.count)
        while low < high {
            let middle = (low + high) / 2
            if comesBefore(keys[Int(sortedKeyNumbers[middle])]) {
                low = middle + 1
            } else {
                high = middle
            }
        }
        return low
    }

    /// A key's values, for people.
    func describe(_ key: [UInt8]) -> String {
        guard let values = try? keyCodec.decode(key) else { return "that cannot be decoded" }
        return values.map(\.plainText).joined(separator: ", ")
    }

    /// How a row that was found differs from the one that the log left at `row`, in words.
    func difference(_ found: UInt64?, _ expected: UInt64?, at row: Int64) -> String {
        guard let found else { return "no row where the changelog left that of offset \(row)" }
        let source = changes.lastIndex { $0.hash == found }
        let what = source.map { "the row of offset \($0)" } ?? "a row that nobody wrote"
        return expected == nil ? "\(what) where the changelog left none" : "\(what), not of \(row)"
    }

    func number(ofKey key: [UInt8]) -> Int32? { keyNumbers[key] }

    /// The entry that begins at an offset. Complexity: O(log n).
    func entry(at baseOffset: Int64) -> Entry? {
        var low = 0
        var high = entries.count
        while low < high {
            let middle = (low + high) / 2
            if entries[middle].baseOffset < baseOffset { low = middle + 1 } else { high = middle }
        }
        guard low < entries.count, entries[low].baseOffset == baseOffset else { return nil }
        return entries[low]
    }

    func entry(endingAt endOffset: Int64) -> Entry? {
        var low = 0
        var high = entries.count
        while low < high {
            let middle = (low + high) / 2
            if entries[middle].endOffset < endOffset { low = middle + 1 } else { high = middle }
        }
        guard low < entries.count, entries[low].endOffset == endOffset else { return nil }
        return entries[low]
    }

    /// A hash of a row, the same in every process; never 0.
    public static func hash(_ row: Row) -> UInt64 {
        Value.contentHash(of: row) | 1
    }
}
