import Changelog
import Cluster
import Columnar
import Platform
import Workloads

/// Reads of those rows of a log that a predicate holds of.
extension ClusterReader {
    /// Fetches a part of a log whose batches are left out where their statistics say that no row
    /// of them is wanted.
    func readWanted(
        _ bucket: BucketIdentifier, _ table: TableDescription
    ) async throws -> String? {
        guard let log = oracles.evidence.logs[bucket], log.endOffset > 0 else { return nil }
        let table = client.mirror.tables[table.identifier] ?? table
        // A client may hear of a later schema than that of this log so far.
        guard table.schemas.schemas.count <= log.table.schemas.schemas.count else { return nil }
        var route = client.readRoute
        if route != nil && random.chance(1, in: 2) { route = nil }
        guard let wanted = aPredicate(of: log, table.schema, route) else { return nil }
        let start = Int64(random.next(in: 0..<Int(log.endOffset)))
        let fetched: FetchedBatches
        do {
            if let route {
                fetched = try await route.fetch(
                    bucket, from: start, byteCount: 16 * 1024, wanted: wanted)
            } else {
                fetched = try await client.fetch(
                    bucket, from: start, waiting: .zero, byteCount: 16 * 1024,
                    filter: try wanted.filter(of: table))
            }
        } catch ClusterError.offsetOutOfRange(let bucket, let offset, let first, let end) {
            // A new leader has not heard yet how far its log is committed.
            if offset > end { return "\(bucket) is committed up to \(end) by now" }
            oracles.tell(.refusedPast(offset, there: first..<max(first, end), of: log))
            return nil
        }
        var changes: [Int64: CommittedLog.Change] = [:]
        for batch in fetched.batches {
            let (records, types) = try batch.decodeRecords(log.schema(batch.schemaIdentifier))
            for place in 0..<records.rowCount where batch.baseOffset + Int64(place) >= start {
                changes[batch.baseOffset + Int64(place)] = CommittedLog.Change(
                    hash: CommittedLog.hash(records.row(at: place)), key: -1, type: types[place])
            }
        }
        oracles.tell(
            .readWanted(
                WantedAnswer(
                    log: log, schema: table.schema, wanted: wanted, start: start,
                    end: max(start, fetched.nextOffset), changes: changes)))
        return nil
    }

    /// What some row that was written is among; nil where nothing can be said of any.
    private func aPredicate(
        of log: CommittedLog, _ schema: Schema, _ route: (any ReadRoute)?
    ) -> LogPredicate? {
        switch random.next(in: 0..<6) {
        case 0:
            guard let one = aComparison(of: log, schema, route),
                let other = aComparison(of: log, schema, route)
            else { return nil }
            return .all([one, other])
        case 1:
            guard let one = aComparison(of: log, schema, route),
                let other = aComparison(of: log, schema, route)
            else { return nil }
            return .any([one, other])
        case 2:
            guard let (column, value) = aValue(of: log, schema, route),
                let other = self.value(of: column, log, schema)
            else { return nil }
            let values = [value, other].filter { !$0.isNull }
            return values.isEmpty ? nil : .oneOf(schema.fields[column].name, values)
        default: return aComparison(of: log, schema, route)
        }
    }

    private func aComparison(
        of log: CommittedLog, _ schema: Schema, _ route: (any ReadRoute)?
    ) -> LogPredicate? {
        guard let (column, value) = aValue(of: log, schema, route) else { return nil }
        let name = schema.fields[column].name
        if value.isNull { return .column(name, .isNull, .null) }
        let all = LogFilter.Comparison.allCases
        let comparison = all[random.next(in: 0..<all.count)]
        let isBare = comparison == .isNull || comparison == .isNotNull
        return .column(name, comparison, isBare ? .null : value)
    }

    /// A column of which something can be said, and what some row has there.
    private func aValue(
        of log: CommittedLog, _ schema: Schema, _ route: (any ReadRoute)?
    ) -> (column: Int, value: Value)? {
        let columns = schema.fields.indices.filter {
            let type = schema.fields[$0].type
            return !type.isNested && route?.canSay(type) ?? true
        }
        if columns.isEmpty { return nil }
        let column = columns[random.next(in: 0..<columns.count)]
        return value(of: column, log, schema).map { (column, $0) }
    }

    /// What some row of a log has in a column, as the schema has it.
    private func value(of column: Int, _ log: CommittedLog, _ schema: Schema) -> Value? {
        let offset = Int64(random.next(in: 0..<Int(log.endOffset)))
        guard let written = log.written(at: offset),
            written.schema.identifier <= schema.identifier
        else { return nil }
        return SchemaRules.row(written.row, from: written.schema, to: schema)[column]
    }
}

extension LogPredicate {
    /// Whether it holds of a row of a schema; no comparison does of null but for `isNull`.
    func holds(of row: Row, _ schema: Schema) -> Bool {
        switch self {
        case .column(let name, let comparison, let value):
            guard let position = schema.position(of: name) else { return false }
            return comparison.holds(of: row[position], value)
        case .oneOf(let name, let values):
            guard let position = schema.position(of: name) else { return false }
            return values.contains {
                LogFilter.Comparison.equal.holds(of: row[position], $0)
            }
        case .all(let parts): return parts.allSatisfy { $0.holds(of: row, schema) }
        case .any(let parts): return parts.contains { $0.holds(of: row, schema) }
        }
    }

    /// For people.
    var text: String {
        switch self {
        case .column(let name, let comparison, let value):
            "\(name) \(comparison)" + (value.isNull ? "" : " \(value.plainText.prefix(40))")
        case .oneOf(let name, let values):
            "\(name) in [\(values.map { "\($0.plainText.prefix(40))" }.joined(separator: ", "))]"
        case .all(let parts): parts.map(\.text).joined(separator: " and ")
        case .any(let parts): parts.map(\.text).joined(separator: " or ")
        }
    }
}

extension LogFilter.Comparison {
    fileprivate func holds(of value: Value, _ other: Value) -> Bool {
        if self == .isNull { return value.isNull }
        if value.isNull { return false }
        let order = Value.compare(value, other)
        switch self {
        case .equal: return order == .same
        case .less: return order == .ascending
        case .lessOrEqual: return order != .descending
        case .greater: return order == .descending
        case .greaterOrEqual: return order != .ascending
        case .isNull, .isNotNull: return true
        }
    }
}
