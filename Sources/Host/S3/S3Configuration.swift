/// Which bucket of an S3 store holds the objects, and how it is spoken to.
public struct S3Configuration: Sendable {
    public enum Style: String, Hashable, Sendable, CaseIterable {
        /// The bucket is the first part of the path.
        case path
        /// The bucket is the first part of the host's name.
        case virtualHost = "virtual-host"
    }

    public var address: ServiceAddress
    public var bucket: String
    /// What the names of all our objects begin with; empty, or with a slash last.
    public var prefix: String
    public var region: String
    public var style: Style
    public var credentials: S3Credentials
    /// Who may vouch for a store that speaks TLS.
    public var trust: TLSTrust?
    /// A larger object is put in parts of this size; S3 wants 5 MiB at least.
    public var partByteCount = 32 * 1024 * 1024
    /// Attempts at a request that had no effect, and at one that only reads.
    public var attemptLimit = 4

    public init(
        address: ServiceAddress, bucket: String, prefix: String = "", region: String = "us-east-1",
        style: Style = .path, credentials: S3Credentials
    ) {
        self.address = address
        self.bucket = bucket
        self.prefix = prefix.isEmpty || prefix.hasSuffix("/") ? prefix : prefix + "/"
        self.region = region
        self.style = style
        self.credentials = credentials
    }

    /// What the key of an object in another bucket of the store begins with: `s3:BUCKET/KEY`. A
    /// catalog of others puts tables where it likes.
    public static let otherBucket = "s3:"

    /// Where the object of a key is, or the objects whose keys begin with it.
    func place(of key: String) -> (bucket: String, key: String) {
        guard key.hasPrefix(Self.otherBucket) else { return (bucket, prefix + key) }
        let rest = key.dropFirst(Self.otherBucket.count)
        let name = rest.prefix { $0 != "/" }
        return (String(name), String(rest.dropFirst(name.count + 1)))
    }

    /// The key of an object by its name in its bucket, in the form of the prefix that it was listed
    /// by: what `place` undoes. Our own bucket has both forms, and who lists compares keys.
    func key(of name: String, listedBy listed: String) -> String {
        listed.hasPrefix(Self.otherBucket)
            ? "\(Self.otherBucket)\(place(of: listed).bucket)/\(name)"
            : String(name.dropFirst(prefix.count))
    }

    /// Reads `http://HOST[:PORT]/BUCKET[/PREFIX]`, `https://...`, or `s3://BUCKET[/PREFIX]` with
    /// the store at `AWS_ENDPOINT_URL_S3` or `AWS_ENDPOINT_URL`, or at Amazon's of the region.
    ///
    /// - Parameter authorities: The file of those who may vouch for the store; nil for that which
    ///   `AWS_CA_BUNDLE` names, or the system's.
    /// - Throws: `HostError`, which says what to name instead.
    public static func parse(
        _ url: String, style: Style = .path, _ environment: [String: String],
        authorities: String? = nil, readFile: (String) -> [UInt8]?
    ) throws(HostError) -> S3Configuration {
        let region = S3Credentials.region(environment, readFile: readFile) ?? "us-east-1"
        var path: Substring
        let address: ServiceAddress
        if url.hasPrefix("s3://") {
            let endpoint =
                environment["AWS_ENDPOINT_URL_S3"] ?? environment["AWS_ENDPOINT_URL"]
                ?? "https://s3.\(region).amazonaws.com"
            (address, _) = try ServiceAddress.parse(endpoint)
            path = url.dropFirst("s3://".count)
        } else {
            let parsed = try ServiceAddress.parse(url)
            address = parsed.0
            path = parsed.path[...]
        }
        while path.last == "/" { path.removeLast() }
        let bucket = path.prefix { $0 != "/" }
        if !isBucketName(bucket) {
            throw .service(name: url, reason: "it names no bucket: http://HOST:PORT/BUCKET does")
        }
        var configuration = S3Configuration(
            address: address, bucket: String(bucket),
            prefix: String(path.dropFirst(bucket.count).drop { $0 == "/" }),
            region: region, style: style,
            credentials: try S3Credentials.find(environment, readFile: readFile))
        if address.isSecure {
            configuration.trust = try TLSTrust(
                authorities: authorities ?? environment["AWS_CA_BUNDLE"])
        }
        return configuration
    }

    private static func isBucketName(_ name: Substring) -> Bool {
        (3...63).contains(name.utf8.count)
            && name.utf8.allSatisfy {
                (UInt8(ascii: "a")...UInt8(ascii: "z")).contains($0)
                    || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0)
                    || $0 == UInt8(ascii: "-") || $0 == UInt8(ascii: ".")
            }
    }
}
