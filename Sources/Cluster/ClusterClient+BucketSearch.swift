public import Iceberg
import Platform
public import Vectors

/// What a client remembers of its searches, so that the next ones go to whoever answers and never
/// back in time.
final class SearchMemory {
    private static let bucketLimit = 4096

    /// Up to where an answer was, by bucket and column.
    private var freshUpTo: [BucketIdentifier: [Int32: Int64]] = [:]
    /// Until when an indexer that did not answer is asked last.
    private var silentUntil: [String: Instant] = [:]

    func freshUpTo(_ bucket: BucketIdentifier, _ field: Int32) -> Int64 {
        freshUpTo[bucket]?[field] ?? 0
    }

    func answered(_ bucket: BucketIdentifier, _ field: Int32, upTo offset: Int64) {
        if freshUpTo[bucket] == nil && freshUpTo.count >= Self.bucketLimit {
            // Of buckets that were dropped among others; nothing is wrong about starting anew.
            freshUpTo.removeAll()
        }
        let before = freshUpTo[bucket]?[field] ?? 0
        freshUpTo[bucket, default: [:]][field] = max(before, offset)
    }

    func heard(_ indexer: String) { silentUntil[indexer] = nil }

    func wasSilent(_ indexer: String, until moment: Instant) { silentUntil[indexer] = moment }

    /// The indexers in the order in which to ask them.
    func order(_ indexers: [String], now: Instant) -> [String] {
        func isSilent(_ indexer: String) -> Bool { silentUntil[indexer].map { now < $0 } ?? false }
        return indexers.filter { !isSilent($0) } + indexers.filter(isSilent)
    }
}

extension ClusterClient {
    /// The rows of a bucket whose vectors are nearest to `query`, as the vector index has them.
    ///
    /// Two indexers have the index. Where the one that is asked first fails, or is slow, the other
    /// is asked as well, and the first answer counts that is not older than an earlier one to this
    /// client.
    ///
    /// `field` is the identifier of an indexed column, nil the table's first; the filter looks at
    /// columns that the index keeps. Distances are those of the index's quantization.
    public func search(
        _ bucket: BucketIdentifier, _ query: [Float], limit: Int, field: Int32? = nil,
        filter: RowFilter = RowFilter()
    ) async throws -> VectorAnswer {
        // The first column is not named, so that the oldest version of the call will do.
        let first = mirror.tables[bucket.table]?.vectorField
        let query = VectorQuery(
            vector: query, limit: limit, field: field == first ? nil : field, filter: filter)
        return try await search(bucket, field: query.field ?? 0, .search(bucket, query))
    }

    private func search(
        _ bucket: BucketIdentifier, field: Int32, _ request: Request
    ) async throws -> VectorAnswer {
        let indexers = searches.order(mirror.indexers(of: bucket), now: machine.clock.now)
        let least = searches.freshUpTo(bucket, field)
        let answers = Channel<Result<VectorAnswer, ClusterError>>(machine)
        var refusal = ClusterError.busy(reason: "there is no indexer")
        var (askedCount, answeredCount) = (0, 0)
        while askedCount < indexers.count || answeredCount < askedCount {
            if askedCount < indexers.count {
                ask(indexers[askedCount], request, answers)
                askedCount += 1
            }
            let isLast = askedCount == indexers.count
            let deadline = isLast ? nil : machine.clock.now + configuration.searchHedgeWait
            guard let result = try await answers.receive(until: deadline) else {
                machine.observer.reached("second indexer searched as the first is slow")
                searches.wasSilent(
                    indexers[askedCount - 1], until: machine.clock.now + configuration.leaseRenewal)
                continue
            }
            answeredCount += 1
            switch result {
            case .success(let answer) where answer.freshUpTo >= least:
                searches.answered(bucket, field, upTo: answer.freshUpTo)
                return answer
            case .success:
                machine.observer.reached("answer of an index behind an earlier one refused")
                refusal = .busy(
                    reason: "the index of \(bucket) is behind what a search was told before")
            case .failure(let error):
                guard error.isRetriable else { throw error }
                refusal = error
            }
        }
        throw refusal
    }

    private func ask(
        _ indexer: String, _ request: Request,
        _ answers: Channel<Result<VectorAnswer, ClusterError>>
    ) {
        machine.spawn("search at \(indexer)") {
            do {
                let response = try await self.call(indexer, request)
                guard case .nearest(let answer) = response else {
                    throw ClusterError.malformedMessage(reason: "no answer to a search")
                }
                self.searches.heard(indexer)
                answers.send(.success(answer))
            } catch let error as ClusterError {
                if case .timedOut = error {
                    self.searches.wasSilent(
                        indexer, until: self.machine.clock.now + self.configuration.leaseRenewal)
                }
                answers.send(.failure(error))
            }
        }
    }
}
