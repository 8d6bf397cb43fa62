/// Where lake files are: the URI prefix that metadata shows, and the object keys behind it.
public struct LakeLocation: Hashable, Sendable {
    /// Such as `s3://warehouse/`, with a slash last.
    public var prefix: String

    public init(prefix: String) {
        precondition(prefix.hasSuffix("/"), "a warehouse ends in a slash")
        self.prefix = prefix
    }

    /// The object key of a file's URI.
    public func key(of location: String) throws(IcebergError) -> String {
        guard location.hasPrefix(prefix), location.count > prefix.count else {
            throw .damaged(path: location, reason: "it is outside the warehouse \(prefix)")
        }
        return "lake/" + location.dropFirst(prefix.count)
    }
}
