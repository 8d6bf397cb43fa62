public import Columnar

/// Which rows of a log a reader wants, by the columns of a table.
///
/// What can be said of it in bounds of single columns is a `LogFilter`.
public indirect enum LogPredicate: Hashable, Sendable {
    /// Null where the comparison needs no value.
    case column(String, LogFilter.Comparison, Value)
    case oneOf(String, [Value])
    case all([LogPredicate])
    case any([LogPredicate])

    /// Throws `.invalidRequest` as `LogFilter.add`.
    public func filter(of table: TableDescription) throws(ClusterError) -> LogFilter {
        switch self {
        case .column(let name, let comparison, let value):
            var filter = LogFilter()
            try filter.add(name, comparison, value, of: table)
            return filter
        case .oneOf(let name, let values):
            return try LogPredicate.any(values.map { .column(name, .equal, $0) }).filter(of: table)
        case .all(let parts):
            var filter = LogFilter()
            for part in parts { filter = filter.and(try part.filter(of: table)) }
            return filter
        case .any(let parts):
            var either: LogFilter?
            for part in parts {
                let filter = try part.filter(of: table)
                either = either?.or(filter) ?? filter
            }
            return either ?? LogFilter()
        }
    }
}

/// A way for a client's reads of logs other than straight from each bucket's leader.
public protocol ReadRoute: AnyObject {
    /// Whether values of a type can be told to it.
    func canSay(_ type: DataType) -> Bool

    /// As `ClusterClient.fetch` with the filter of a predicate, and as its errors.
    func fetch(
        _ bucket: BucketIdentifier, from offset: Int64, byteCount: Int, wanted: LogPredicate
    ) async throws -> FetchedBatches
}
