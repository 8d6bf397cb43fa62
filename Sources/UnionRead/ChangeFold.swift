import Changelog
import Columnar
import LakeTiering

/// What the records of a part of one bucket's log come to, row by row.
struct ChangeFold {
    private let table: TieredTable
    private let codec: KeyCodec
    private var appended: [Row] = []
    /// For each key that was touched, the row before the part, if there was one, and after it.
    private var touched: [[UInt8]: (before: Row?, after: Row?)] = [:]

    init(_ table: TieredTable) {
        self.table = table
        codec = KeyCodec(primaryKeyOf: table.schema)
    }

    /// Takes in the records of a batch that are in a range of offsets.
    mutating func take(_ batch: LogBatch, in range: Range<Int64>, bucket: LakeBucket) throws {
        let (records, types) = try table.records(of: batch)
        for position in 0..<records.rowCount
        where range.contains(batch.baseOffset + Int64(position)) {
            let row = records.row(at: position)
            let type = types[position]
            if !table.isPrimaryKeyTable {
                appended.append(row)
                continue
            }
            let key = try codec.encode(table.schema.key(of: row))
            let isNew = touched[key] == nil
            switch type {
            case .append:
                throw UnionReadError.inconsistent(
                    table: table.name,
                    reason: "\(type.symbol) at \(bucket) offset "
                        + "\(batch.baseOffset + Int64(position)) of a primary-key table")
            // The first record of a key tells what was there before, where the log keeps it.
            case .updateBefore: if isNew { touched[key] = (row, row) }
            case .delete: touched[key] = (isNew ? row : touched[key]!.before, nil)
            case .insert, .updateAfter: touched[key] = (touched[key]?.before, row)
            }
        }
    }

    /// Rows that are gone or were others, and rows that are new or are others now, by key.
    var outcome: (removed: [Row], added: [Row]) {
        var removed: [Row] = []
        var added = appended
        for key in touched.keys.sorted(by: { $0.lexicographicallyPrecedes($1) }) {
            let (before, after) = touched[key]!
            if before == after { continue }
            if let before { removed.append(before) }
            if let after { added.append(after) }
        }
        return (removed, added)
    }
}
