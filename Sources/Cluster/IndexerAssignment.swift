/// Which indexer has which bucket: a function of the indexers that run, the same on every node
/// that has heard of the same ones.
///
/// Each indexer keeps a lease under a name of its own while it runs. A bucket is that one's whose
/// hash with the bucket is the largest, so when an indexer comes or goes only the buckets move that
/// it gets or had (rendezvous hashing: Thaler and Ravishankar, 1998).
enum IndexerAssignment {
    private static let prefix = "indexer:"

    /// Of the lease by which an indexer says that it runs.
    static func leaseName(of indexer: String) -> String { prefix + indexer }

    /// The indexer of a bucket among those that hold leases; nil if none does.
    static func indexer(of bucket: BucketIdentifier, among leaders: [String: String]) -> String? {
        var best: (weight: UInt32, name: String)?
        // The largest, in any order: no two have the same weight and name.
        for (lease, name) in leaders where lease.hasPrefix(prefix) {
            let weight = BucketHash.hash(Array("\(name)/\(bucket.path)".utf8)[...])
            if let best, (best.weight, best.name) > (weight, name) { continue }
            best = (weight, name)
        }
        return best?.name
    }
}

extension MetadataMirror {
    /// The indexer that has a bucket's vector index; nil if none runs.
    public func indexer(of bucket: BucketIdentifier) -> String? {
        IndexerAssignment.indexer(of: bucket, among: leaders)
    }
}
