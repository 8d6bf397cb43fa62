public import Columnar

/// Batches of few records, whose body holds rows.
extension LogBatch {
    /// As many records are written as rows at most: where there are more, a column's values by
    /// themselves are worth what Arrow says of them.
    static let rowsLimit = 128

    /// Rows that take more than this are compressed, where their table says so, and so are Arrow.
    static let plainByteCountLimit = 512

    /// A batch of rows that fit the schema, as rows; with `changes`, of a primary-key table.
    ///
    /// Precondition: there is a row, and a change for each, none an append.
    static func rows(
        _ body: [UInt8], count: Int, _ schema: Schema, changes: [ChangeType]?, writer: Int64,
        sequence: Int32, statistics: BatchStatistics?
    ) throws(ChangelogError) -> LogBatch {
        precondition(writer < 0 || sequence >= 0, "a writer without a sequence")
        precondition(count > 0 && changes.map(\.count) ?? count == count, "rows and changes differ")
        let start = header(
            schema.identifier, attributes: rowsAttribute | (changes == nil ? 1 : 0), count: count,
            writer: writer, sequence: sequence, capacity: body.count + (changes?.count ?? 0))
        return try assemble(start, statistics: statistics?.encoded ?? [], changes, body: body)
    }

    /// The records of a body of rows.
    func decodeRows(_ schema: Schema) throws(ChangelogError) -> RecordBatch {
        let codec = RowCodec(schema: schema)
        var reader = ByteReader(storage, range: bodyRange)
        var builder = RecordBatchBuilder(schema: schema, capacity: recordCount)
        do {
            for _ in 0..<recordCount { try builder.append(codec.decodeCompacted(&reader)) }
        } catch {
            throw .invalidBatch(reason: "a row of the batch at \(baseOffset): \(error)")
        }
        guard reader.isAtEnd else {
            throw .invalidBatch(
                reason: "\(reader.remaining) bytes follow the rows of the batch at \(baseOffset)")
        }
        return builder.finish()
    }

    /// The body with some columns of its rows.
    func projectRows(_ schema: Schema, columns: [Int]) throws(ColumnarError) -> [UInt8] {
        let codec = RowCodec(schema: schema)
        let target = RowCodec(schema: schema.project(columns))
        var reader = ByteReader(storage, range: bodyRange)
        var body = ByteWriter(capacity: bodyRange.count)
        for _ in 0..<recordCount {
            let row = try codec.decodeCompacted(&reader)
            target.encode(compacted: columns.map { row[$0] }, to: &body)
        }
        return body.bytes
    }

    /// The batch with an Arrow body, for readers that know no other; without its statistics.
    ///
    /// `schema` must be the one the batch was written under.
    public func inArrow(_ schema: Schema) throws(ChangelogError) -> LogBatch {
        if !holdsRows || recordCount == 0 { return self }
        let (records, changes) = try decodeRecords(schema)
        return try Self.make(
            records, changes: isAppendOnly ? nil : changes, writer: writer, sequence: sequence,
            .none, []
        ).assigned(
            baseOffset: baseOffset, commitTimestamp: commitTimestamp, leaderEpoch: leaderEpoch)
    }
}
