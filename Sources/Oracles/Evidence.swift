public import Cluster
import Server
import VectorSinks
import Vectors

/// What oracles share: the view of the run, and what has been seen committed so far.
public final class Evidence {
    public let observation: any Observation
    public let lake: LakeWatch
    /// What current manifests need of the object store.
    let stored: StoredNeeds
    public internal(set) var logs: [BucketIdentifier: CommittedLog] = [:]
    /// Up to where writers were told that a bucket is durable.
    public private(set) var acknowledgedEnds: [BucketIdentifier: Int64] = [:]
    /// Tables that were dropped: what is left of them is collected.
    private var droppedTables: Set<Int64> = []
    /// How many changes writers were told of as durable.
    public private(set) var acknowledgedCount = 0
    /// Reads for the oracles, as a client; nil until it runs.
    public var client: ClusterClient?

    init(_ observation: any Observation) {
        self.observation = observation
        lake = LakeWatch(observation)
        stored = StoredNeeds(observation)
    }

    /// Keeps what several oracles ask for.
    func learned(_ fact: Fact) {
        switch fact {
        case .acknowledged(let receipt, _):
            let end = receipt.acknowledgement.endOffset
            acknowledgedEnds[receipt.bucket] = max(acknowledgedEnds[receipt.bucket] ?? 0, end)
            acknowledgedCount += 1
        default: break
        }
    }

    /// Within which a bucket has to serve again that nothing disturbs any more: until leases have
    /// run out, another leader has been chosen, and calls that hang were given up.
    var patience: Duration {
        let configuration = observation.deployment.configuration
        return configuration.leaseDuration * 4 + configuration.callTimeout * 2
    }

    /// Whether there is a lake, and something that belongs there.
    var hasLake: Bool {
        observation.has(.tierer) && observation.tables.contains(where: \.isInLake)
    }

    /// A bucket, for people.
    public func place(of bucket: BucketIdentifier) -> String {
        guard let table = observation.tables.first(where: { $0.identifier == bucket.table }) else {
            return "\(bucket)"
        }
        let partition = bucket.partition.map { " partition \($0)" } ?? ""
        return "\(table.name)\(partition) bucket \(bucket.bucket)"
    }

    /// The buckets of a table, those of its partitions included as far as the reader knows them.
    public func buckets(of table: TableDescription) -> [BucketIdentifier] {
        table.isPartitioned ? client?.mirror.buckets(of: table) ?? [] : table.buckets
    }

    /// A message in which tables are named, not numbered as the engine does.
    public func naming(_ message: String) -> String {
        if !message.contains("table ") { return message }
        var text = message
        for table in observation.tables {
            for part in [" bucket ", " partition "] {
                text = text.replacing("table \(table.identifier)\(part)", with: table.name + part)
            }
        }
        return text
    }

    /// How far the vector indexes of a bucket have come at the indexer that is first; nil if none
    /// is open.
    public func consumedOffset(of bucket: BucketIdentifier) -> Int64? {
        consumedOffsets(of: bucket).max()
    }

    /// How far they have come at each indexer that has them.
    func consumedOffsets(of bucket: BucketIdentifier) -> [Int64] {
        observation.deployment.runningIndexers.compactMap {
            $0.indexer.indexes[bucket]?.consumedOffset
        }
    }

    /// Up to where a vector service has confirmed a bucket, as the sink that writes it knows.
    public func sunkOffset(of bucket: BucketIdentifier) -> Int64? {
        observation.deployment.runningSinks.compactMap {
            $0.sinks.confirmedOffset(of: bucket)
        }.max()
    }

    /// Where the log of a bucket starts, as far as any server that runs has heard: whoever gave an
    /// answer may lead no more.
    func startOffset(of bucket: BucketIdentifier) -> Int64 {
        observation.deployment.runningServers.compactMap { _, server in
            server.replicas[bucket]?.remoteStartOffset
        }.max() ?? 0
    }

    /// What was seen of a table that is dropped speaks of nothing any more.
    func forget(table: Int64) {
        droppedTables.insert(table)
        for bucket in logs.keys.sorted() where bucket.table == table { logs[bucket] = nil }
    }

    func isDropped(_ table: Int64) -> Bool { droppedTables.contains(table) }

    /// Whether an object is of a table that was dropped, whose identifier stands in its key.
    func isOfDroppedTable(_ key: String) -> Bool {
        let parts = key.split(separator: "/")
        return parts.count > 2 && Int64(parts[1]).map(isDropped) ?? false
    }

    /// Whether a bucket is of a partition or a table that was dropped, as far as the reader knows.
    func isGone(_ bucket: BucketIdentifier) -> Bool {
        isDropped(bucket.table) || client?.mirror.isGone(bucket) == true
    }

    /// The logs of a table in the order of its buckets.
    public func logs(of table: Int64) -> [CommittedLog] {
        logs.keys.filter { $0.table == table }.sorted().map { logs[$0]! }
    }
}
