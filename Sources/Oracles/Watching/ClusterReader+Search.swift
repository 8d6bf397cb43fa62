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
        guard let log = oracles.evidence.logs[bucket], let dimension = table.vectorDimension
        else { return nil }
        let query = query(dimension)
        let before = searchedUpTo[bucket] ?? 0
        let answer = try await client.search(bucket, query, limit: Self.searchLimit)
        searchedUpTo[bucket] = max(searchedUpTo[bucket] ?? 0, answer.freshUpTo)
        oracles.tell(
            .searched(
                SearchAnswer(
                    log: log, query: query, limit: Self.searchLimit, answer: answer,
                    notBefore: before)))
        return nil
    }

    func searchTable(_ table: TableDescription) async throws -> String? {
        guard let dimension = table.vectorDimension else { return nil }
        let query = query(dimension)
        let buckets = client.mirror.buckets(of: table)
        let answer = try await client.search(table, query, limit: Self.searchLimit)
        oracles.tell(
            .searchedTable(
                TableSearchAnswer(
                    table: table, query: query, limit: Self.searchLimit, answer: answer,
                    buckets: buckets.filter { !client.mirror.isGone($0) })))
        return nil
    }

    /// Looks for near rows, mostly among those that compare with a value that occurs.
    func findNearest(_ table: TableDescription) async throws -> String? {
        guard let dimension = table.vectorDimension else { return nil }
        let query = query(dimension)
        let limit = [1, 3, Self.searchLimit][random.next(in: 0..<3)]
        let question = random.chance(1, in: 4) ? nil : aNearQuestion(table)
        let buckets = client.mirror.buckets(of: table)
        let answer: NearestRows
        do {
            answer = try await client.nearestRows(
                table, to: query, limit: limit,
                filter: question?.request.filter ?? RowFilter())
        } catch ClusterError.unknownTable where client.mirror.tables[table.identifier] == nil {
            return nil
        }
        oracles.tell(
            .foundNearest(
                NearestAnswer(
                    table: table, query: query, limit: limit, question: question,
                    answer: answer, buckets: buckets.filter { !client.mirror.isGone($0) })))
        return nil
    }

    /// The rows that compare with a value of one of them; nil where there is none to ask by.
    private func aNearQuestion(_ table: TableDescription) -> PartialQuestion? {
        let logs = oracles.evidence.logs(of: table.identifier).filter { !$0.keys.isEmpty }
        if logs.isEmpty { return nil }
        let log = logs[random.next(in: 0..<logs.count)]
        let key = log.keys[random.next(in: 0..<log.keys.count)]
        let fields = table.schema.fields
        let columns = fields.indices.filter { Self.isCompared(fields[$0].type) }
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
        case .int, .bigint, .string, .timestamp, .timestampLTZ, .decimal: true
        default: false
        }
    }
}
