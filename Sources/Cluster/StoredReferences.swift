import Platform
import RemoteLog

/// What the coordination service says of objects in the store, for tools and tests: which manifest
/// is the current one of a bucket's remote log or of its rows, and what such a manifest needs.
public enum StoredReferences {
    /// The keys in the coordination service under which the current manifests of a bucket stand.
    public static func pointerKeys(of bucket: BucketIdentifier) -> [String] {
        [MetadataKey.remoteLog(bucket).text, MetadataKey.snapshot(bucket).text]
    }

    /// The prefix of the keys under which readers hold snapshots of a bucket's rows; each value
    /// names a manifest, as `manifestKey` reads it.
    public static func leasePrefix(of bucket: BucketIdentifier) -> String {
        MetadataKey.snapshotLeases(bucket).text
    }

    /// The leader epoch in which an object of a remote log or a row snapshot was made; nil for
    /// other objects.
    public static func leaderEpoch(of object: String) -> Int32? { EpochObjects.epoch(of: object) }

    /// The bucket that an object of a remote log or a row snapshot belongs to, and the key in the
    /// coordination service that decides about it; nil for other objects.
    public static func owner(of object: String) -> (bucket: BucketIdentifier, pointerKey: String)? {
        let parts = object.split(separator: "/").map(String.init)
        guard parts.count > 3, let bucket = BucketIdentifier(path: parts.dropFirst().dropLast())
        else { return nil }
        switch parts[0] {
        case "remote-log": return (bucket, MetadataKey.remoteLog(bucket).text)
        case "snapshots": return (bucket, MetadataKey.snapshot(bucket).text)
        default: return nil
        }
    }

    /// The front of all keys of the coordination service.
    public static var root: String { MetadataKey.root }

    /// What has to stand in the coordination service for something to belong to anybody: the entry
    /// of its table and, where it is of a partition, of that.
    ///
    /// Nil for a key that belongs to no table, and for a table's own entry and its name's.
    public static func owners(ofEntry key: String) -> [String]? {
        guard key.hasPrefix(root) else { return nil }
        let parts = key.dropFirst(root.count).split(separator: "/").map(String.init)
        switch parts.first {
        case "buckets", "remote-logs", "snapshots", "snapshot-leases":
            return owners(ofPath: parts.dropFirst())
        case "partitions", "partition-names", "consumers", "consumed", "holds":
            return owners(ofPath: parts.dropFirst().prefix(1))
        case "counters":
            let name = TableDescription.counter(of: 0).dropLast()
            guard parts.count == 2, parts[1].hasPrefix(name) else { return nil }
            return owners(ofPath: [String(parts[1].dropFirst(name.count))])
        default: return nil
        }
    }

    /// The same of an object of a remote log, a row snapshot or a vector index, or of a folder on a
    /// server's disk that belongs to a bucket.
    public static func owners(ofBucketPath path: String) -> [String]? {
        let parts = path.split(separator: "/").map(String.init)
        let roots = ["remote-log", "snapshots", "vectors", "logs", "rows"]
        guard let first = parts.first, roots.contains(first) else { return nil }
        return owners(ofPath: parts.dropFirst())
    }

    private static func owners(ofPath parts: ArraySlice<String>) -> [String]? {
        guard let table = parts.first.flatMap({ Int64($0) }) else { return nil }
        let owner = DroppedOwner(table: table, partition: nil).key
        guard let part = parts.dropFirst().first, part.hasPrefix("p"),
            let partition = Int64(part.dropFirst())
        else { return [owner] }
        return [owner, DroppedOwner(table: table, partition: partition).key]
    }

    /// Numbers that are drawn, each for one alone.
    public enum Numbers: String, Sendable {
        case writers, tables, partitions
    }

    /// The key in the coordination service under which the last number that was drawn stands.
    public static func counterKey(of numbers: Numbers) -> String {
        MetadataKey.counter(numbers.rawValue).text
    }

    /// The last number that was drawn, as a value of the coordination service says.
    public static func lastNumber(in value: [UInt8]) -> Int64? {
        try? StoredCounter(stored: value, supported: .newest).last
    }

    /// The object that a value of the coordination service names as the current manifest.
    public static func manifestKey(in value: [UInt8]) -> String? {
        try? ManifestPointer(stored: value, supported: .newest).key
    }

    /// The objects that a manifest at `key` needs, and the manifests before it that are kept; nil
    /// for bytes that are no manifest.
    public static func needs(
        of manifest: [UInt8], at key: String
    ) -> (objects: [String], manifests: [String])? {
        if key.hasPrefix("remote-log/") {
            return (try? RemoteLogManifest(decoding: manifest)).map { ($0.keys, []) }
        }
        return (try? RowSnapshotManifest(decoding: manifest, at: key)).map {
            ($0.fileKeys, $0.earlier.map(\.key))
        }
    }
}
