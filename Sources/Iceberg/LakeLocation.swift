/// Where lake files are: the URI prefix that metadata shows, and the object keys behind it.
public struct LakeLocation: Hashable, Sendable {
    /// Such as `s3://warehouse/`, with a slash last.
    public var prefix: String
    /// Before the object keys of all files: what follows the prefix follows it too.
    public var keyPrefix: String
    /// Prefixes that files of the same warehouse had in metadata of before.
    public var formerPrefixes: [String] = []
    /// What comes before a file's place in the warehouse wherever that stands; for a folder that
    /// may be moved, whose files' URIs still name its old place.
    public var landmark: String?
    /// Before the object keys of files in other buckets, `s3://BUCKET/...`, where a catalog of others
    /// may put a table; nil where there are none.
    public var otherBuckets: String?
    /// Whether each commit of a catalog of pointers is followed by a `version-hint.text`, in which
    /// readers that are given no more than a table's folder look for its newest metadata.
    public var hasVersionHints = false

    private static let scheme = "s3://"

    public init(prefix: String, keyPrefix: String = "lake/") {
        precondition(prefix.hasSuffix("/"), "a warehouse ends in a slash")
        self.prefix = prefix
        self.keyPrefix = keyPrefix
    }

    private init() {
        prefix = ""
        keyPrefix = ""
    }

    /// Of files whose object keys are their locations, wherever they are.
    public static let asTold = LakeLocation()

    /// The warehouse in a folder of objects, in which programs of others find its files by their
    /// paths.
    ///
    /// `former` are the prefixes that it had in metadata of before.
    public static func folder(_ path: String, former: [String]) -> LakeLocation {
        var location = LakeLocation(prefix: "file://\(path)/lake/")
        location.formerPrefixes = former
        // Two levels of it tell it from other folders.
        let levels = path.split(separator: "/").suffix(2).joined(separator: "/")
        location.landmark = "/\(levels)/lake/"
        location.hasVersionHints = true
        return location
    }

    /// The object key of a file's URI.
    public func key(of location: String) throws(IcebergError) -> String {
        for known in [prefix] + formerPrefixes
        where location.hasPrefix(known) && location.utf8.count > known.utf8.count {
            return keyPrefix + location.dropFirst(known.count)
        }
        if let otherBuckets, location.hasPrefix(Self.scheme) {
            return otherBuckets + location.dropFirst(Self.scheme.count)
        }
        if let landmark, let place = location.firstRange(of: landmark),
            place.upperBound < location.endIndex
        {
            return keyPrefix + location[place.upperBound...]
        }
        throw .damaged(path: location, reason: "it is outside the warehouse \(prefix)")
    }
}
