import Changelog
import Columnar
import Platform

/// What a range of one bucket's changes comes to, key by key.
///
/// It believes nothing: a change that contradicts the lake or an earlier change is an error. Only
/// where other programs changed rows of the lake does the log alone count.
struct RangeFold {
    /// The last row of a key: where it stands in the range.
    struct Survivor: Hashable {
        var batch: Int
        var row: Int
    }

    struct Decoded {
        var records: RecordBatch
        var baseOffset: Int64
        /// In microseconds.
        var timestamp: Int64
    }

    private(set) var batches: [Decoded] = []
    /// For each key that was touched its survivor, nil if it is gone.
    private var touched: [[UInt8]: Survivor?] = [:]
    private let schemas: SchemaHistory
    private let codec: KeyCodec
    private let keyColumns: [Int]
    private let isShared: Bool

    /// Rows are folded as the present schema has them. `isShared`: other programs changed rows of
    /// the lake.
    init(_ schemas: SchemaHistory, isShared: Bool = false) {
        self.isShared = isShared
        precondition(!schemas.current.primaryKey.isEmpty, "only primary-key tables are folded")
        self.schemas = schemas
        codec = KeyCodec(primaryKeyOf: schemas.current)
        keyColumns = schemas.current.primaryKey
    }

    /// The keys that were touched, in order, each with what is left of it.
    var outcomes: [(key: [UInt8], survivor: Survivor?)] {
        touched.sorted { $0.key.lexicographicallyPrecedes($1.key) }.map { ($0.key, $0.value) }
    }

    /// The rows of some survivors, in their order; neighbours are copied at once.
    func gather(_ survivors: [Survivor], _ schema: Schema) throws -> RecordBatch {
        var builder = RecordBatchBuilder(schema: schema, capacity: survivors.count)
        var start = 0
        while start < survivors.count {
            let first = survivors[start]
            var end = start + 1
            while end < survivors.count, survivors[end].batch == first.batch,
                survivors[end].row == first.row + end - start
            {
                end += 1
            }
            if end == start + 1 {
                try builder.append(row: first.row, of: batches[first.batch].records)
            } else {
                try builder.append(
                    contentsOf: batches[first.batch].records,
                    rows: first.row..<first.row + end - start)
            }
            start = end
        }
        return builder.finish()
    }

    /// Takes in the next batch; `wasThere` tells whether a key had a row before the range.
    mutating func apply(
        _ batch: LogBatch, bucket: LakeBucket, wasThere: ([UInt8]) -> Bool
    ) throws {
        let (records, changes) = try batch.decodeRecords(schemas)
        if records.rowCount == 0 { return }
        let number = batches.count
        batches.append(
            Decoded(
                records: records, baseOffset: batch.baseOffset,
                timestamp: batch.commitTimestamp.millisecondsSinceEpoch * 1000))
        // The old row of an update is followed by the new one, which is what counts.
        for row in 0..<records.rowCount where changes[row] != .updateBefore {
            let key = try codec.encode(
                keyColumns.map { records.value(row: row, column: $0) })
            let isThere = touched[key].map { $0 != nil } ?? wasThere(key)
            let isFirst = changes[row] == .insert
            if changes[row] == .append || (isFirst == isThere && !isShared) {
                let state = isThere ? "there" : "not there"
                throw LakeTieringError.damaged(
                    reason: "\(bucket) offset \(batch.baseOffset + Int64(row)): "
                        + "\(changes[row].symbol) of a key that is \(state)")
            }
            touched[key] = .some(
                changes[row] == .delete ? nil : Survivor(batch: number, row: row))
        }
    }
}
