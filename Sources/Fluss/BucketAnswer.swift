/// What is said of one bucket in an answer about several: how it went, or why it did not.
protocol BucketAnswer {
    init()
    var bucketID: Int32 { get set }
    var errorCode: Int32? { get set }
    var errorMessage: String? { get set }
}

/// A bucket's answer where buckets of several partitions can be asked for at once.
protocol PartitionedBucketAnswer: BucketAnswer {
    var partitionID: Int64? { get set }
}

extension ProducedBucket: PartitionedBucketAnswer {}
extension FetchLogResponseForBucket: PartitionedBucketAnswer {}
extension PutBucket: PartitionedBucketAnswer {}
extension LookedUpBucket: PartitionedBucketAnswer {}
extension PrefixLookedUpBucket: PartitionedBucketAnswer {}
extension ListedOffset: BucketAnswer {}

extension Gateway {
    /// The answer about one bucket: what is wrong with it is said of it, and the others go on.
    func answer<Answer: BucketAnswer>(
        _ bucket: Int32, _ body: (inout Answer) async throws -> Void
    ) async throws -> Answer {
        var answer = Answer()
        answer.bucketID = bucket
        do {
            try await body(&answer)
        } catch {
            let error = try wireError(error)
            answer = Answer()
            answer.bucketID = bucket
            answer.errorCode = error.code.rawValue
            answer.errorMessage = "\(error)"
        }
        return answer
    }

    func answer<Answer: PartitionedBucketAnswer>(
        _ bucket: Int32, _ partition: Int64?, _ body: (inout Answer) async throws -> Void
    ) async throws -> Answer {
        var answer: Answer = try await answer(bucket, body)
        answer.partitionID = partition
        return answer
    }
}
