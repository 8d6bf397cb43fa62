import Columnar

/// Which row a row is, wherever it was moved, and when it was last another (spec, "Row Lineage").
///
/// Rows say it where they were moved; those of a file that does not say it have it by their places
/// in the file and by the file's sequence number.
enum RowLineage {
    static let row = Field(identifier: 2_147_483_540, name: "_row_id", type: .bigint)
    static let sequence = Field(
        identifier: 2_147_483_539, name: "_last_updated_sequence_number", type: .bigint)
    static let schema = IcebergSchema(Schema(fields: [row, sequence]))

    /// Rows of a file with their lineage said, so that they keep it in another file.
    ///
    /// Precondition: the batch has both columns.
    static func keeping(
        _ rows: LakeRows, of file: LakeScan.LiveFile
    ) throws(ColumnarError) -> RecordBatch {
        var columns = rows.batch.columns
        guard let first = file.file.firstRow else { return rows.batch }
        for (field, inherited) in [
            (row, { position in first + position }), (sequence, { _ in file.sequenceNumber }),
        ] as [(Field, (Int64) -> Int64)] {
            let place = rows.batch.schema.fields.firstIndex { $0.identifier == field.identifier }
            guard let place else { preconditionFailure("rows without their lineage") }
            var builder = ColumnVectorBuilder(type: .bigint, capacity: rows.batch.rowCount)
            for (number, position) in rows.positions.enumerated() {
                let said = rows.batch.value(row: number, column: place)
                try builder.append(said == .null ? .bigint(inherited(position)) : said)
            }
            columns[place] = builder.finish()
        }
        return RecordBatch(
            schema: rows.batch.schema, rowCount: rows.batch.rowCount, columns: columns)
    }
}
