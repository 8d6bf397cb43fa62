public import Cluster

/// Where a sink keeps how far it is: what it has begun is kept before it is written, so that who
/// goes on after a crash knows what may be there.
public protocol SinkProgress: AnyObject {
    /// Everything of a bucket below was confirmed by the service.
    func confirmed(_ bucket: BucketIdentifier) -> Int64

    /// Nothing of a bucket from there on was ever sent.
    func begun(_ bucket: BucketIdentifier) -> Int64

    /// Keeps that changes below `offset` are about to be sent; returns once that is kept for good.
    func begin(_ bucket: BucketIdentifier, upTo offset: Int64) async throws

    /// Notes that everything below `offset` is confirmed.
    func confirm(_ bucket: BucketIdentifier, upTo offset: Int64)

    /// Keeps what was noted for good.
    func save() async throws
}

extension ConsumerLedger: SinkProgress {}
