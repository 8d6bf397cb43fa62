import Cluster
import Columnar
import Iceberg
import Platform
import UnionRead
import Vectors

/// Searches of the vector index.
extension ClusterReader {
    /// Near rows asked for in a search.
    static let searchLimit = 10

    /// Searches a bucket, its whole table, or for rows of it that pass a filter.
    func searchSomehow(
        _ bucket: BucketIdentifier, _ table: TableDescription
    ) async throws -> String? {
        switch random.next(in: 0..<4) {
        case 0: try await searchTable(table)
        case 1: try await findNearest(table)
        default: try await search(bucket, table)
        }
    }

    func search(
        _ bucket: BucketIdentifier, _ table: TableDescription
    ) async throws -> String? {
        guard let log = oracles.evidence.logs[bucket], let column = aSearchedColumn(table)
        else { return nil }
        let query = query(column.dimension)
        let question = aKeptQuestion(table)
        let before = searchedUpTo[bucket]?[column.field] ?? 0
        let answer = try await client.search(
            bucket, query, limit: Self.searchLimit, field: column.field,
            filter: question?.request.filter ?? RowFilter())
        searchedUpTo[bucket, default: [:]][column.field] = max(
            searchedUpTo[bucket]?[column.field] ?? 0, answer.freshUpTo)
        oracles.tell(
            .searched(
                SearchAnswer(
                    log: log, column: column, query: query, limit: Self.searchLimit,
                    question: question, answer: answer, notBefore: before)))
        return nil
    }

    func searchTable(_ table: TableDescription) async throws -> String? {
        guard let column = aSearchedColumn(table) else { return nil }
        let query = query(column.dimension)
        let buckets = client.mirror.buckets(of: table)
        let answer = try await client.search(
            table, query, limit: Self.searchLimit, column: name(of: column, table))
        oracles.tell(
            .searchedTable(
                TableSearchAnswer(
                    table: table, column: column, query: query, limit: Self.searchLimit,
                    answer: answer, buckets: buckets.filter { !client.mirror.isGone($0) })))
        return nil
    }

    /// Looks for near rows, mostly among those that compare with a value that occurs.
    func findNearest(_ table: TableDescription) async throws -> String? {
        guard let column = aSearchedColumn(table) else { return nil }
        let query = query(column.dimension)
        let limit = [1, 3, Self.searchLimit][random.next(in: 0..<3)]
        let question = random.chance(1, in: 4) ? nil : aNearQuestion(table)
        let buckets = client.mirror.buckets(of: table)
        let answer: NearestRows
        do {
            answer = try await client.nearestRows(
                table, to: query, limit: limit,
                filter: question?.request.filter ?? RowFilter(), column: name(of: column, table))
        } catch ClusterError.unknownTable where client.mirror.tables[table.identifier] == nil {
            return nil
        }
        oracles.tell(
            .foundNearest(
                NearestAnswer(
                    table: table, column: column, query: query, limit: limit, question: question,
                    answer: answer, buckets: buckets.filter { !client.mirror.isGone($0) })))
        return nil
    }

    /// One of the indexed columns; nil where there is none.
    private func aSearchedColumn(_ table: TableDescription) -> VectorColumn? {
        let columns = table.vectorColumns
        return columns.count > 1 ? columns[random.next(in: 0..<columns.count)] : columns.first
    }

    /// By its name unless it is the first, which need not be named.
    private func name(of column: VectorColumn, _ table: TableDescription) -> String? {
        column.field == table.vectorField ? nil : table.schema.fields[column.position].name
    }

    /// The rows that compare with a value of one of them; nil where there is none to ask by.
    private func aNearQuestion(_ table: TableDescription) -> PartialQuestion? {
        let fields = table.schema.fields
        let kept = table.vectorFilterFields
        let isKept = !kept.isEmpty && random.chance(1, in: 2)
        return aQuestion(
            table, fields.indices.filter { !isKept || kept.contains(fields[$0].identifier) })
    }

    /// The same by a column that the index keeps; nil for most searches where it keeps none.
    private func aKeptQuestion(_ table: TableDescription) -> PartialQuestion? {
        let kept = table.vectorFilterFields
        if kept.isEmpty || random.chance(1, in: 3) { return nil }
        let fields = table.schema.fields
        return aQuestion(table, fields.indices.filter { kept.contains(fields[$0].identifier) })
    }

    private func aQuestion(_ table: TableDescription, _ candidates: [Int]) -> PartialQuestion? {
        let logs = oracles.evidence.logs(of: table.identifier).filter { !$0.keys.isEmpty }
        if logs.isEmpty { return nil }
        let log = logs[random.next(in: 0..<logs.count)]
        let key = log.keys[random.next(in: 0..<log.keys.count)]
        let fields = table.schema.fields
        let columns = candidates.filter { Self.isCompared(fields[$0].type) }
        if columns.isEmpty { return nil }
        let column = columns[random.next(in: 0..<columns.count)]
        guard log.table.schemas.schemas.count == 1, let value = log.rows[key]?[column],
            value != .null
        else { return nil }
        let operators = PartialQuestion.operators
        let comparator = operators[random.next(in: 0..<operators.count)].0
        let filter = RowFilter([
            RowFilter.Comparison(
                column: fields[column].identifier, comparator, value)
        ])
        return PartialQuestion(
            request: ReadRequest(filter: filter), column: column, name: fields[column].name,
            comparator: comparator, value: value)
    }

    private static func isCompared(_ type: DataType) -> Bool {
        switch type {
        case .boolean, .tinyint, .smallint, .int, .bigint, .double, .string, .date, .timestamp,
            .timestampLTZ, .decimal:
            true
        default: false
        }
    }
}
