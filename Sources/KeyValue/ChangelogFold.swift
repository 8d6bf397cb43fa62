public import Changelog
public import Columnar

/// The rows of a primary-key table as its changelog tells them: the plain reference for everything
/// that does the same faster.
///
/// It believes nothing: an insert of a key that is there, an update of one that is not, or an old
/// row that is not the row before, is an error.
public struct ChangelogFold: Sendable {
    private let schemas: [Schema]
    private let codec: KeyCodec
    private var rowsByKey: [[UInt8]: Row] = [:]
    /// Old rows of updates whose new rows have not come yet.
    private var pending: [UInt8]?
    /// All batches below are folded in.
    public private(set) var endOffset: Int64
    /// Changes looked at.
    public private(set) var changeCount = 0

    /// Precondition: there is a schema, and all have one primary key.
    public init(schemas: [Schema], startOffset: Int64 = 0) {
        precondition(!schemas.isEmpty, "a table without a schema")
        self.schemas = schemas
        codec = KeyCodec(primaryKeyOf: schemas[schemas.count - 1])
        endOffset = startOffset
    }

    public var rowCount: Int { rowsByKey.count }

    /// The row of a key in `KeyCodec`'s bytes.
    public func row(_ key: [UInt8]) -> Row? { rowsByKey[key] }

    /// All rows in key order.
    public var rows: [(key: [UInt8], row: Row)] {
        rowsByKey.keys.sorted(by: isBefore).map { ($0, rowsByKey[$0]!) }
    }

    /// Folds the next batch in; `KeyValueError.inconsistentChangelog` at the first contradiction.
    public mutating func apply(_ batch: LogBatch) throws(KeyValueError) {
        guard batch.baseOffset == endOffset else {
            throw .inconsistentChangelog(
                reason: "the fold ends at \(endOffset)", offset: batch.baseOffset)
        }
        guard let schema = schemas.last(where: { $0.identifier == batch.schemaIdentifier }) else {
            throw .inconsistentChangelog(
                reason: "schema \(batch.schemaIdentifier) is unknown", offset: batch.baseOffset)
        }
        let decoded: (records: RecordBatch, changes: [ChangeType])
        do { decoded = try batch.decodeRecords(schema) } catch {
            throw .inconsistentChangelog(reason: "\(error)", offset: batch.baseOffset)
        }
        let records: RecordBatch
        do {
            records = try SchemaEvolution(from: schema, to: schemas[schemas.count - 1])
                .batch(decoded.records)
        } catch {
            throw .inconsistentChangelog(reason: "\(error)", offset: batch.baseOffset)
        }
        for (position, change) in decoded.changes.enumerated() {
            let offset = batch.baseOffset + Int64(position)
            let row = records.row(at: position)
            let key: [UInt8]
            do { key = try codec.encode(schemas[schemas.count - 1].key(of: row)) } catch {
                throw .inconsistentChangelog(reason: "\(error)", offset: offset)
            }
            try apply(change, key, row, offset)
            changeCount += 1
        }
        if pending != nil {
            throw .inconsistentChangelog(
                reason: "an update without its new row", offset: batch.lastOffset)
        }
        endOffset = batch.endOffset
    }

    private mutating func apply(
        _ change: ChangeType, _ key: [UInt8], _ row: Row, _ offset: Int64
    ) throws(KeyValueError) {
        let known = rowsByKey[key]
        if (change == .updateAfter) != (pending != nil) || (pending != nil && pending != key) {
            throw .inconsistentChangelog(reason: "\(change.symbol) out of turn", offset: offset)
        }
        switch change {
        case .append:
            throw .inconsistentChangelog(reason: "+A in a primary-key table", offset: offset)
        case .insert:
            if known != nil {
                throw .inconsistentChangelog(reason: "+I of a key that is there", offset: offset)
            }
            rowsByKey[key] = row
        case .updateBefore, .delete:
            guard let known, Value.compare(known, row) == .same else {
                throw .inconsistentChangelog(
                    reason: "\(change.symbol) of another row than the last", offset: offset)
            }
            if change == .delete { rowsByKey[key] = nil } else { pending = key }
        case .updateAfter:
            pending = nil
            rowsByKey[key] = row
        }
    }
}
