public import Changelog
public import Columnar
import Iceberg
import LakeTiering

/// What became of a row between two states of a table.
public struct RowChange: Hashable, Sendable {
    /// `insert` and `delete`; of a primary-key table `updateBefore` and `updateAfter` too, one
    /// after the other; of a log table `append` instead of `insert`.
    public var type: ChangeType
    public var row: Row
}

extension RowChange {
    /// What a difference comes to: deletions first, then updates, then what is new.
    ///
    /// `columns` are those of `schema` that are wanted; an update of others alone is none.
    static func of(
        _ difference: LakeDifference, _ schema: Schema, columns: [Int]
    ) -> [RowChange] {
        func part(_ row: Row) -> Row { columns.map { row[$0] } }
        let isKeyed = !schema.primaryKey.isEmpty
        let paired = difference.pairing(by: schema.primaryKey)
        var changes = paired.removed.map { RowChange(type: .delete, row: part($0)) }
        for (before, after) in paired.updated where part(before) != part(after) {
            changes += [
                RowChange(type: .updateBefore, row: part(before)),
                RowChange(type: .updateAfter, row: part(after)),
            ]
        }
        return changes
            + paired.added.map { RowChange(type: isKeyed ? .insert : .append, row: part($0)) }
    }
}
