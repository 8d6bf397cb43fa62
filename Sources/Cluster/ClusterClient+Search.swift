public import Iceberg
import Platform
public import Vectors

/// Up to where something reflects the log of a bucket: every change below, and none from there on.
public struct BucketProgress: Hashable, Sendable {
    public var bucket: BucketIdentifier
    public var offset: Int64

    public init(bucket: BucketIdentifier, offset: Int64) {
        self.bucket = bucket
        self.offset = offset
    }
}

/// A row of a table near a query, and the bucket that it is in.
public struct TableHit: Hashable, Sendable, Comparable {
    public var bucket: BucketIdentifier
    public var hit: VectorHit

    public init(bucket: BucketIdentifier, hit: VectorHit) {
        self.bucket = bucket
        self.hit = hit
    }

    /// Nearer first; the key decides between equals.
    public static func < (left: TableHit, right: TableHit) -> Bool {
        left.hit == right.hit ? left.bucket < right.bucket : left.hit < right.hit
    }
}

/// The rows of a whole table that are nearest to a query, and how fresh that is.
public struct TableVectorAnswer: Hashable, Sendable {
    /// Nearest first.
    public var hits: [TableHit]
    /// Of every bucket, in order: the index of each is at an offset of its own.
    public var freshUpTo: [BucketProgress]

    public init(hits: [TableHit], freshUpTo: [BucketProgress]) {
        self.hits = hits
        self.freshUpTo = freshUpTo
    }
}

extension ClusterClient {
    /// Buckets that one question asks at a time.
    private static let parallelLimit = 16

    /// The `limit` rows of all buckets of a table, those of its partitions included, whose vectors
    /// are nearest to `query`, as the vector index has them.
    ///
    /// `column` is an indexed one, nil the first of them; the filter looks at columns that the
    /// index keeps (`table.vector-index.filter-columns`). Distances are those of the index's
    /// quantization.
    ///
    /// An answer is of all buckets: where one does not answer the whole fails with `.busy`, which
    /// names it. `.invalidRequest` if the table has no such index, or more rows are wanted than
    /// `VectorIndexer.hitLimit`.
    public func search(
        _ table: TableDescription, _ query: [Float], limit: Int, column: String? = nil,
        filter: RowFilter = RowFilter()
    ) async throws -> TableVectorAnswer {
        let searched = try table.checkSearch(query, column)
        guard 1...VectorIndexer.hitLimit ~= limit else {
            throw ClusterError.invalidRequest(
                reason: "\(limit) near rows of \(table.path) are wanted, not 1 to "
                    + "\(VectorIndexer.hitLimit)")
        }
        let answers = try await together(mirror.buckets(of: table)) { bucket in
            do {
                return try await self.search(
                    bucket, query, limit: limit, field: searched.field, filter: filter)
            } catch let error as ClusterError where error.isRetriable {
                throw ClusterError.busy(
                    reason: "\(bucket) of \(table.path) did not answer the search: \(error)")
            }
        }
        var hits: [TableHit] = []
        for (bucket, answer) in answers {
            hits += answer.hits.map { TableHit(bucket: bucket, hit: $0) }
        }
        hits.sort()
        return TableVectorAnswer(
            hits: Array(hits.prefix(limit)),
            freshUpTo: answers.map { BucketProgress(bucket: $0, offset: $1.freshUpTo) })
    }

    /// Does the same with several buckets, some at a time, and answers in their order.
    ///
    /// Buckets that were dropped meanwhile are left out. Throws the error of the first, in their
    /// order, that failed, once all have ended.
    func together<Value>(
        _ buckets: [BucketIdentifier],
        _ body: @escaping (BucketIdentifier) async throws -> Value
    ) async throws -> [(bucket: BucketIdentifier, value: Value)] {
        let done = Channel<(Int, Result<Value, any Error>)>(machine)
        var startedCount = 0
        func start() {
            if startedCount == buckets.count { return }
            let place = startedCount
            startedCount += 1
            machine.spawn("question to \(buckets[place])") {
                do { done.send((place, .success(try await body(buckets[place])))) } catch {
                    done.send((place, .failure(error)))
                }
            }
        }
        for _ in 0..<Self.parallelLimit { start() }
        var results = [Result<Value, any Error>?](repeating: nil, count: buckets.count)
        for _ in buckets {
            guard let (place, result) = try await done.receive() else { continue }
            results[place] = result
            start()
        }
        var values: [(bucket: BucketIdentifier, value: Value)] = []
        for (bucket, result) in zip(buckets, results) {
            guard let result else { preconditionFailure("nothing came of \(bucket)") }
            if case .failure = result, mirror.isGone(bucket) { continue }
            values.append((bucket, try result.get()))
        }
        return values
    }
}

extension TableDescription {
    /// The indexed column in which to look for what is near to a vector.
    ///
    /// Throws `.invalidRequest` unless it can be searched for that.
    func checkSearch(_ query: [Float], _ name: String?) throws(ClusterError) -> VectorColumn {
        guard let column = vectorColumn(named: name) else {
            throw .invalidRequest(
                reason: name.map { "column \($0) of \(path) is not indexed" }
                    ?? "no vector column of \(path) is indexed")
        }
        if query.count != column.dimension {
            throw .invalidRequest(
                reason: "a vector of \(query.count) elements; those of \(path) have "
                    + "\(column.dimension)")
        }
        if !query.allSatisfy(\.isFinite) {
            throw .invalidRequest(reason: "an element of the vector is not finite")
        }
        return column
    }
}
