public import Changelog
import Columnar

extension KeyValueTablet {
    /// Takes a committed changelog batch into the store; one that is there already changes nothing.
    ///
    /// For a leader that recovers, from the store's `appliedOffset` up to the high watermark, and
    /// for whoever follows the changelog. Throws `.inconsistentChangelog` where a batch is skipped
    /// or cannot be decoded.
    ///
    /// Precondition: nothing waits in the buffer.
    public func replay(_ batch: LogBatch) throws(KeyValueError) {
        precondition(buffer.isEmpty, "a replay under buffered changes")
        if batch.endOffset <= store.appliedOffset { return }
        guard batch.baseOffset == store.appliedOffset else {
            throw .inconsistentChangelog(
                reason: "the rows are as of offset \(store.appliedOffset)",
                offset: batch.baseOffset)
        }
        let (changes, rowCountChange) = try decode(batch)
        store.apply(changes, upTo: batch.endOffset, rowCountChange: rowCountChange)
    }

    /// Takes a batch of the log's end, not committed yet, into the buffer, as `buffer` would have.
    ///
    /// For a new leader, after it has replayed all that is committed: its log may go on.
    public func replayUncommitted(_ batch: LogBatch) throws(KeyValueError) {
        if batch.endOffset <= endOffset { return }
        guard batch.baseOffset == endOffset else {
            throw .inconsistentChangelog(
                reason: "the rows are as of offset \(endOffset)", offset: batch.baseOffset)
        }
        let (changes, rowCountChange) = try decode(batch)
        buffer.append(
            WriteBuffer.Batch(
                baseOffset: batch.baseOffset, endOffset: batch.endOffset, changes: changes,
                rowCountChange: rowCountChange))
    }

    private func decode(
        _ batch: LogBatch
    ) throws(KeyValueError) -> (changes: [KeyValueStore.Change], rowCountChange: Int64) {
        guard let schema = schemas.last(where: { $0.identifier == batch.schemaIdentifier }) else {
            throw .inconsistentChangelog(
                reason: "schema \(batch.schemaIdentifier) is unknown", offset: batch.baseOffset)
        }
        let codec = RowCodec(schema: schema)
        do {
            let (records, types) = try batch.decodeRecords(schema)
            var changes: [KeyValueStore.Change] = []
            changes.reserveCapacity(types.count)
            var rowCountChange: Int64 = 0
            for (position, type) in types.enumerated() {
                let value: [UInt8]?
                let row = records.row(at: position)
                switch type {
                case .updateBefore: continue
                case .insert, .updateAfter: value = try codec.encode(row)
                case .delete: value = nil
                case .append:
                    throw ColumnarError.unsupported(reason: "an append to a primary-key table")
                }
                if type == .insert { rowCountChange += 1 }
                if type == .delete { rowCountChange -= 1 }
                let key = try keyCodec.encode(schema.key(of: row))
                changes.append(KeyValueStore.Change(key: key, value: value))
            }
            guard store.rowCount + buffer.rowCountChange + rowCountChange >= 0 else {
                throw ColumnarError.unsupported(reason: "more rows deleted than inserted")
            }
            return (changes, rowCountChange)
        } catch {
            throw .inconsistentChangelog(reason: "\(error)", offset: batch.baseOffset)
        }
    }
}
