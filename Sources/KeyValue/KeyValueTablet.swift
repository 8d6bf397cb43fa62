public import Changelog
public import Columnar

/// What a writer asks of one key.
public enum RowOperation: Hashable, Sendable {
    /// A row in `RowCodec`'s bytes, under the tablet's present schema.
    case upsert(row: [UInt8])
    /// A primary key in `KeyCodec`'s bytes.
    case delete(key: [UInt8])
    /// Inserts a row with nothing but this key, unless the key has a row.
    case insertIfAbsent(key: [UInt8])
}

/// The primary-key side of a bucket: turns what writers ask into changelog batches, and changelog
/// batches into rows.
///
/// A leader calls, one request at a time and with no other in between: `prepare`, then appends the
/// batch to the log, then `buffer`; nothing is changed before `buffer`, so a request that fails or
/// turns out to be a duplicate leaves nothing to undo. Once the high watermark has passed a batch,
/// `commit` moves its rows into the store, where lookups see them. After a crash the store is as of
/// its `appliedOffset`: `replay` the changelog from there.
public final class KeyValueTablet {
    public let store: KeyValueStore
    /// The schemas that the table has had, the present one last.
    public private(set) var schemas: [Schema]
    public private(set) var engine: MergeEngine
    public let deleteBehavior: DeleteBehavior
    /// Whether an update is logged with the row before it.
    public let logsOldRows: Bool
    /// The identifier of the column that new rows are numbered in, if any.
    public let numberedColumn: Int32?
    /// Numbers that no other row has or will have; as many as a request may need.
    public private(set) var numbers: Range<Int64> = 0..<0
    var merger: RowMerger
    var rowCodec: RowCodec
    var keyCodec: KeyCodec
    var buffer = WriteBuffer()
    private var isPreparing = false

    /// Precondition: the schemas are of one table and have one primary key.
    public init(
        store: KeyValueStore, schemas: [Schema], engine: MergeEngine = .lastRow,
        deleteBehavior: DeleteBehavior? = nil, logsOldRows: Bool = true,
        numberedColumn: Int32? = nil
    ) throws(KeyValueError) {
        guard let schema = schemas.last else {
            preconditionFailure("a table without a schema")
        }
        self.store = store
        self.schemas = schemas
        self.engine = engine
        self.logsOldRows = logsOldRows
        self.numberedColumn = numberedColumn
        self.deleteBehavior = deleteBehavior ?? engine.defaultDeleteBehavior
        merger = try RowMerger(
            schema: schema, engine: engine, deleteBehavior: self.deleteBehavior)
        rowCodec = RowCodec(schema: schema)
        keyCodec = KeyCodec(primaryKeyOf: schema)
    }

    /// Throws `KeyValueError.invalidRequest` unless the engine and the behavior fit the schema.
    public static func check(
        _ schema: Schema, _ engine: MergeEngine, _ deleteBehavior: DeleteBehavior
    ) throws(KeyValueError) {
        _ = try RowMerger(schema: schema, engine: engine, deleteBehavior: deleteBehavior)
    }

    public var schema: Schema { schemas[schemas.count - 1] }

    /// Takes over a later schema of the table, and the engine as that schema's columns have it;
    /// rows of earlier schemas stay readable, those of `missed` ones too, which came in between and
    /// under which nothing is merged here.
    ///
    /// Precondition: no request is being prepared.
    public func adopt(
        _ schema: Schema, after missed: [Schema] = [], engine newEngine: MergeEngine? = nil
    ) throws(KeyValueError) {
        precondition(!isPreparing, "a schema came into the middle of a request")
        let engine = newEngine ?? self.engine
        precondition(
            schemas.allSatisfy { $0.identifier != schema.identifier }, "a schema came twice")
        merger = try RowMerger(schema: schema, engine: engine, deleteBehavior: deleteBehavior)
        self.engine = engine
        rowCodec = RowCodec(schema: schema)
        precondition(keyCodec == KeyCodec(primaryKeyOf: schema), "the key's types changed")
        schemas += missed + [schema]
    }

    /// All batches below are in the store, or waiting in the buffer for their commit.
    public var endOffset: Int64 { buffer.endOffset ?? store.appliedOffset }

    /// All batches below are in the store: what lookups answer from.
    public var committedOffset: Int64 { store.appliedOffset }

    /// The committed rows.
    public var rowCount: Int64 { store.rowCount }

    // MARK: Writing

    /// A batch to be appended, and what it will have changed.
    public struct Prepared {
        public let batch: LogBatch
        let changes: [KeyValueStore.Change]
        let rowCountChange: Int64
        let endOffset: Int64

        /// Whether no row changes: the batch is empty and still takes one offset.
        public var isEmpty: Bool { changes.isEmpty }
    }

    /// Makes the changelog batch of a request, against the rows as the log's end will leave them.
    ///
    /// `columns` are those that a partial update names, by position in the schema, nil for all.
    /// `writesRows` has few changes logged as rows and not as Arrow, as `LogBatchBuilder` says.
    /// Rows that stay as they are give no change; if all do, the batch is empty. Throws
    /// `KeyValueError.invalidRequest` if the request does not fit the table: nothing is then
    /// changed.
    public func prepare(
        _ operations: [RowOperation], columns: [Int]? = nil, writer: Int64 = LogBatch.none,
        sequence: Int32 = -1, compression: Compression = .none, writesRows: Bool = false,
        statistics: [Int] = []
    ) async throws -> Prepared {
        precondition(!isPreparing, "two requests at once: hold a gate over prepare and buffer")
        isPreparing = true
        defer { isPreparing = false }
        try merger.check(targetColumns: columns)
        let end = endOffset
        var request = RequestChanges(
            schema: schema, logsOldRows: logsOldRows, writesRows: writesRows,
            capacity: operations.count)
        for operation in operations {
            switch operation {
            case .upsert(let bytes):
                try await upsert(bytes, columns, &request)
            case .delete(let key):
                if deleteBehavior == .disable {
                    throw KeyValueError.invalidRequest(reason: "the table refuses deletions")
                }
                try await delete(key, columns, &request)
            case .insertIfAbsent(let key): try await insert(key, &request)
            }
        }
        precondition(end == endOffset, "the buffer changed while a request was prepared")
        let batch: LogBatch
        do {
            batch = try request.builder.finish(
                writer: writer, sequence: sequence, compression: compression,
                statistics: statistics)
        } catch ChangelogError.batchTooLarge(let byteCount, let limit) {
            throw KeyValueError.tooLarge(byteCount: byteCount, limit: limit)
        } catch {
            throw KeyValueError.invalidRequest(reason: "\(error)")
        }
        return Prepared(
            batch: batch, changes: request.changes, rowCountChange: request.rowCountChange,
            endOffset: end)
    }

    private func upsert(
        _ bytes: [UInt8], _ columns: [Int]?, _ request: inout RequestChanges
    ) async throws {
        let new: Row
        let key: [UInt8]
        do {
            // Who has not heard of the present schema may write under an earlier one.
            new = try decode(bytes)
            key = try keyCodec.encode(schema.key(of: new))
        } catch {
            throw KeyValueError.invalidRequest(reason: "a row of the request: \(error)")
        }
        let oldBytes = try await current(key, request)
        guard let oldBytes else {
            let row = try numbered(try merger.upsert(nil, new, columns: columns) ?? new)
            try request.insert(key, row, try encode(row))
            return
        }
        if engine == .firstRow { return }
        let old = try decodeStored(oldBytes)
        guard var row = try merger.upsert(old, new, columns: columns) else { return }
        // A row keeps the number that it got when it came.
        if let numberedPosition { row[numberedPosition] = old[numberedPosition] }
        let rowBytes = try encode(row)
        if rowBytes == oldBytes || row.elementsEqual(old, by: isSame) { return }
        try request.update(key, from: old, to: row, rowBytes)
    }

    private func insert(_ key: [UInt8], _ request: inout RequestChanges) async throws {
        var row = Row(repeating: .null, count: schema.fields.count)
        do {
            let values = try keyCodec.decode(key)
            guard values.count == schema.primaryKey.count else {
                throw ColumnarError.invalidValue(reason: "only a part of the primary key")
            }
            for (position, value) in zip(schema.primaryKey, values) { row[position] = value }
        } catch {
            throw KeyValueError.invalidRequest(reason: "a key of the request: \(error)")
        }
        if try await current(key, request) != nil { return }
        row = try numbered(row)
        try request.insert(key, row, try encode(row))
    }

    private var numberedPosition: Int? {
        numberedColumn.flatMap { schema.position(ofIdentifier: $0) }
    }

    /// A new row under the next number, where the table has its rows numbered.
    private func numbered(_ row: Row) throws(KeyValueError) -> Row {
        guard let numberedPosition else { return row }
        precondition(!numbers.isEmpty, "a row came without a number to give it")
        let number = numbers.lowerBound
        numbers = number + 1..<numbers.upperBound
        var row = row
        if schema.fields[numberedPosition].type == .int {
            guard let short = Int32(exactly: number) else {
                throw .invalidRequest(reason: "the numbers of an int column are used up")
            }
            row[numberedPosition] = .int(short)
        } else {
            row[numberedPosition] = .bigint(number)
        }
        return row
    }

    /// Takes numbers that were drawn for this tablet alone; those it still has are given up.
    public func take(numbers drawn: Range<Int64>) {
        precondition(!isPreparing, "numbers came into the middle of a request")
        numbers = drawn
    }

    private func delete(
        _ key: [UInt8], _ columns: [Int]?, _ request: inout RequestChanges
    ) async throws {
        do {
            guard try keyCodec.decode(key).count == schema.primaryKey.count else {
                throw ColumnarError.invalidValue(reason: "only a part of the primary key")
            }
        } catch {
            throw KeyValueError.invalidRequest(reason: "a key of the request: \(error)")
        }
        if deleteBehavior == .ignore { return }
        guard let oldBytes = try await current(key, request) else { return }
        let old = try decodeStored(oldBytes)
        // A row keeps the number that it got when it came.
        let columns = columns.map { $0.filter { $0 != numberedPosition } }
        switch merger.delete(old, columns: columns) {
        case .unchanged: return
        case .gone: try request.delete(key, old)
        case .row(let row):
            if row.elementsEqual(old, by: isSame) { return }
            try request.update(key, from: old, to: row, try encode(row))
        }
    }

    /// A key's row as of the end of the log and of the request so far.
    private func current(_ key: [UInt8], _ request: RequestChanges) async throws -> [UInt8]? {
        if let change = request.newest(key) { return change.value }
        if let change = buffer.newest(key) { return change.value }
        return try await store.get(key)
    }

    private func encode(_ row: Row) throws(KeyValueError) -> [UInt8] {
        do { return try rowCodec.encode(row) } catch {
            throw .invalidRequest(reason: "a row of the request: \(error)")
        }
    }

    /// A stored row as the present schema sees it.
    public func decodeStored(_ bytes: [UInt8]) throws(KeyValueError) -> Row {
        do {
            return try decode(bytes)
        } catch {
            throw .damaged(path: store.directory, reason: "a stored row: \(error)")
        }
    }

    private func decode(_ bytes: [UInt8]) throws(ColumnarError) -> Row {
        let identifier = try RowCodec.schemaIdentifier(of: bytes)
        guard let writer = schemas.last(where: { $0.identifier == identifier }) else {
            throw .unsupported(reason: "a row of an unknown schema \(identifier)")
        }
        return try rowCodec.decode(bytes, writer: writer)
    }

    private func isSame(_ left: Value, _ right: Value) -> Bool {
        Value.compare(left, right) == .same
    }

    /// Notes a prepared batch that stands in the log now, until it is committed.
    ///
    /// Precondition: it was prepared against this buffer, and the log gave it these offsets.
    public func buffer(_ prepared: Prepared, baseOffset: Int64, endOffset: Int64) {
        precondition(baseOffset == self.endOffset, "a gap before a buffered batch")
        precondition(prepared.endOffset == baseOffset, "prepared against other rows")
        precondition(endOffset > baseOffset, "a batch takes at least one offset")
        buffer.append(
            WriteBuffer.Batch(
                baseOffset: baseOffset, endOffset: endOffset, changes: prepared.changes,
                rowCountChange: prepared.rowCountChange))
    }

    /// Moves the rows of batches that end by the high watermark into the store.
    public func commit(upTo highWatermark: Int64) {
        while let batch = buffer.removeFirst(endingBy: highWatermark) {
            store.apply(batch.changes, upTo: batch.endOffset, rowCountChange: batch.rowCountChange)
        }
    }

    /// Drops the buffered batches that end after the new end of the log.
    ///
    /// Precondition: nothing committed is cut.
    public func truncate(to offset: Int64) {
        precondition(offset >= store.appliedOffset, "a cut below what was committed")
        buffer.truncate(to: offset)
    }

    // MARK: Reading

    /// The committed row of a key in `RowCodec`'s bytes, under the schema that they name.
    public func lookup(_ key: [UInt8]) async throws -> [UInt8]? { try await store.get(key) }

    /// As `lookup` of each key, all as of `committedOffset` when this was called.
    public func lookup(_ keys: [[UInt8]]) async throws -> [[UInt8]?] { try await store.get(keys) }

    /// Committed rows whose keys begin with the bytes of a key's first columns, in key order.
    public func lookup(
        prefix: [UInt8], after last: [UInt8]? = nil, limit: Int, byteCount: Int = .max
    ) async throws -> StoredRows {
        try await store.scan(prefix: prefix, after: last, limit: limit, byteCount: byteCount)
    }
}
