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

    /// The indexers that hold leases: the one that writes the bucket's indexes, then the one that
    /// has copies of them and writes them next.
    static func indexers(
        of bucket: BucketIdentifier, among leaders: [String: String]
    ) -> [String] {
        leaders.keys.sorted().filter { $0.hasPrefix(prefix) }.map { lease in
            let name = leaders[lease]!
            return (weight: BucketHash.hash(Array("\(name)/\(bucket.path)".utf8)[...]), name: name)
        }.sorted { ($0.weight, $0.name) > ($1.weight, $1.name) }.prefix(2).map(\.name)
    }
}

extension MetadataMirror {
    /// The indexer that writes a bucket's vector indexes; nil if none runs.
    public func indexer(of bucket: BucketIdentifier) -> String? {
        indexers(of: bucket).first
    }

    /// That one, and the one that has copies of them.
    func indexers(of bucket: BucketIdentifier) -> [String] {
        IndexerAssignment.indexers(of: bucket, among: leaders)
    }
}
