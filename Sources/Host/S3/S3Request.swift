import NIOHTTP1

/// A request to a bucket, not signed yet.
struct S3Request {
    var method: HTTPMethod
    /// As the engine knows it; nil for the bucket itself.
    var key: String?
    /// Where there is no key: the bucket, nil for the configured one.
    var bucket: String?
    var query: [(name: String, value: String)]
    /// With lower-case names; all are signed.
    var headers: [(name: String, value: String)]
    var body: [UInt8]

    init(
        _ method: HTTPMethod, key: String?, in bucket: String? = nil,
        query: [(name: String, value: String)] = [],
        headers: [(name: String, value: String)] = [], body: [UInt8] = []
    ) {
        self.method = method
        self.key = key
        self.bucket = bucket
        self.query = query
        self.headers = headers
        self.body = body
    }

    /// Whether it may be asked as often as one likes.
    var onlyReads: Bool { method == .GET || method == .HEAD }
}

extension HTTPAnswer {
    /// Whether the store says that it did nothing and may be asked later.
    var hadNoEffect: Bool {
        switch status {
        // 409: another write of the same key was under way.
        case 409, 429, 503: true
        case 400: storesReason.code == "RequestTimeout"
        default: false
        }
    }

    var isServersFault: Bool { (500...599).contains(status) }

    /// The code and the message of the store's error, empty if it says none.
    var storesReason: (code: String, message: String) {
        guard body.count < 64 * 1024, let root = XMLElement.parse(body), root.name == "Error" else {
            return ("", "")
        }
        return (root["Code"] ?? "", root["Message"] ?? "")
    }
}
