public import Changelog
public import Columnar
import KeyValue
import Platform

extension Replica {
    /// A client's answer with the columns that it wants, each batch under a checksum of its own.
    func pruned(_ answer: FetchedBucket, to columns: [Int32]) -> FetchedBucket {
        var answer = answer
        do {
            let table = self.table
            var bytes: [UInt8] = []
            for batch in try LogBatch.split(answer.batches) {
                guard let schema = table.schemas.schema(batch.schemaIdentifier) else {
                    throw ClusterError.busy(
                        reason: "schema \(batch.schemaIdentifier) of \(table.path) is not known yet"
                    )
                }
                bytes += try batch.project(schema, columns: schema.positions(pruning: columns))
                    .slice
            }
            answer.batches = bytes
        } catch let error as ClusterError {
            answer.batches = []
            answer.error = error
        } catch {
            answer.batches = []
            answer.error = .invalidRequest(reason: "columns \(columns) of \(bucket): \(error)")
        }
        return answer
    }

    /// An answer without the batches that surely have no wanted row, and the offset after them all.
    func filtered(_ answer: FetchedBucket, by filter: LogFilter) -> (FetchedBucket, Int64?) {
        var answer = answer
        if answer.error != nil { return (answer, nil) }
        do {
            let table = self.table
            var bytes: [UInt8] = []
            let batches = try LogBatch.split(answer.batches)
            for batch in batches {
                if let statistics = try batch.statistics(),
                    !filter.mayHold(
                        statistics, recordCount: batch.recordCount,
                        { table.hasType(of: $0, inSchema: batch.schemaIdentifier) })
                {
                    machine.observer.reached("batch left out by its statistics")
                    continue
                }
                bytes += batch.slice
            }
            answer.batches = bytes
            return (answer, batches.last?.endOffset)
        } catch {
            answer.batches = []
            answer.error = .invalidRequest(reason: "a filter of \(bucket): \(error)")
            return (answer, nil)
        }
    }

    /// Draws the numbers that a request may need, where the table has its rows numbered; the caller
    /// holds `logGate`.
    func drawNumbers(
        _ count: Int, _ tablet: KeyValueTablet, _ leadership: Leadership
    ) async throws {
        if tablet.numberedColumn == nil || tablet.numbers.count >= count { return }
        let drawn = try await nextNumbers(
            Int64(max(count, Self.numberBlock)), of: TableDescription.counter(of: bucket.table),
            mirror)
        machine.observer.reached("row numbers drawn")
        tablet.take(numbers: drawn)
        try requireInSync(leadership)
    }

    /// Numbers that are drawn at a time: those that a term does not use are given up.
    private static let numberBlock = 1000

    /// As `lookup`; a key without a row gets one first, with nothing but the key.
    func insertIfAbsent(_ keys: [[UInt8]]) async throws -> ([[UInt8]?], Int64) {
        let (found, offset) = try await lookup(keys)
        let missing = zip(keys, found).filter { $0.1 == nil }.map(\.0)
        if missing.isEmpty { return (found, offset) }
        let leadership = try requireLeadership()
        let request = UpsertRequest(bucket: bucket, writer: -1, sequence: -1, operations: [])
        // Two that insert the same key come one after the other: the second finds the row.
        _ = try await change(
            missing.map { .insertIfAbsent(key: $0) }, request, in: leadership)
        machine.observer.reached("missing row inserted by a lookup")
        return try await lookup(keys)
    }
}

extension TableDescription {
    /// Whether a column had the type in some schema that it has now, and that a term is of.
    ///
    /// Who asks may know the column as it was before it was widened, or as it has been since and
    /// this server has not heard of: values of another width order otherwise.
    func hasType(of term: LogFilter.Term, inSchema identifier: Int16) -> Bool {
        guard let then = schemas.schema(identifier),
            let thenPosition = then.position(ofIdentifier: term.field),
            let position = schema.position(ofIdentifier: term.field)
        else { return false }
        let type = then.fields[thenPosition].type
        if type != schema.fields[position].type { return false }
        return term.value.isEmpty || (try? KeyCodec(types: [type]).decode(term.value)) != nil
    }
}

extension Schema {
    /// The positions of the columns that are here of those wanted, in the order wanted; the first
    /// column where none is, since a batch has columns.
    func positions(pruning columns: [Int32]) -> [Int] {
        let found = columns.compactMap { position(ofIdentifier: $0) }
        return found.isEmpty ? [0] : found
    }
}

extension LogBatch {
    /// The records of a batch that was fetched with `columns` alone, as the table's present schema
    /// sees these columns.
    public func decodeRecords(
        _ history: SchemaHistory, pruned columns: [Int32]
    ) throws -> (records: RecordBatch, changes: [ChangeType]) {
        guard let writer = history.schema(schemaIdentifier) else {
            throw ChangelogError.invalidBatch(reason: "schema \(schemaIdentifier) is unknown")
        }
        let written = writer.project(writer.positions(pruning: columns))
        let wanted = history.current.project(
            columns.compactMap { history.current.position(ofIdentifier: $0) })
        let (records, changes) = try decodeRecords(written)
        if written == wanted { return (records, changes) }
        return (try SchemaEvolution(from: written, to: wanted).batch(records), changes)
    }
}
