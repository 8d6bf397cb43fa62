import Platform

extension ObjectGateway {
    private static let binary = "binary/octet-stream"

    /// An object or a range of it; of a question for its head only what it would be.
    func read(_ key: String, _ request: WebRequest, isHead: Bool) async throws -> WebResponse {
        let place = Self.keyPrefix + key
        guard let object = try await machine.objectStore.head(place) else {
            return Self.refused(404, "NoSuchKey", "there is no object \(key)")
        }
        if let tag = request.header("if-match"), tag != object.tag.text, tag != "*" {
            return Self.refused(412, "PreconditionFailed", "object \(key) has another tag")
        }
        let whole = 0..<object.byteCount
        let range = request.header("range").map { Self.range($0, of: object.byteCount) } ?? whole
        guard let range else {
            return Self.refused(
                416, "InvalidRange", "the object has \(object.byteCount) bytes")
        }
        var response = WebResponse(request.header("range") == nil ? 200 : 206, Self.binary, [])
        response.headers += [
            WebRequest.Parameter("etag", object.tag.text),
            WebRequest.Parameter("accept-ranges", "bytes"),
            WebRequest.Parameter("last-modified", HTTPDate.text(object.lastModified)),
        ]
        if response.status == 206 {
            response.headers.append(
                WebRequest.Parameter(
                    "content-range",
                    "bytes \(range.lowerBound)-\(range.upperBound - 1)/\(object.byteCount)"))
        }
        if isHead {
            response.impliedByteCount = Int64(range.count)
        } else if !range.isEmpty {
            response.body = try await machine.objectStore.get(place, range: range)
        }
        return response
    }

    /// Reads `bytes=5-9`, `bytes=5-` or `bytes=-5`; nil if it asks for nothing that is there.
    static func range(_ header: String, of byteCount: Int64) -> Range<Int64>? {
        guard header.hasPrefix("bytes="), !header.contains(",") else { return nil }
        let sides = header.dropFirst("bytes=".count)
            .split(separator: "-", omittingEmptySubsequences: false)
        guard sides.count == 2, byteCount > 0 else { return nil }
        if sides[0].isEmpty {
            guard let count = Int64(sides[1]), count > 0 else { return nil }
            return max(0, byteCount - count)..<byteCount
        }
        guard let first = Int64(sides[0]), first >= 0, first < byteCount else { return nil }
        if sides[1].isEmpty { return first..<byteCount }
        guard let last = Int64(sides[1]), last >= first else { return nil }
        return first..<(min(last, byteCount - 1) + 1)
    }

    // MARK: Listings

    /// One page of ListObjects, of either version.
    func list(_ request: WebRequest) async throws -> WebResponse {
        let limit = min(1000, max(1, Int(request.parameter("max-keys") ?? "") ?? 1000))
        let prefix = request.parameter("prefix") ?? ""
        let delimiter = request.parameter("delimiter") ?? ""
        let isSecond = request.parameter("list-type") == "2"
        let token = request.parameter(isSecond ? "continuation-token" : "marker")
        let page = try await page(
            prefix, delimiter, after: token ?? request.parameter("start-after"), limit)
        let isURL = request.parameter("encoding-type") == "url"
        func name(_ text: String) -> String { isURL ? Self.urlEscaped(text) : Self.escaped(text) }
        var text = "<ListBucketResult><Name>\(Self.bucket)</Name><Prefix>\(name(prefix))</Prefix>"
        if !delimiter.isEmpty { text += "<Delimiter>\(name(delimiter))</Delimiter>" }
        if isURL { text += "<EncodingType>url</EncodingType>" }
        text += "<KeyCount>\(page.objects.count + page.prefixes.count)</KeyCount>"
        text += "<MaxKeys>\(limit)</MaxKeys><IsTruncated>\(page.next != nil)</IsTruncated>"
        for object in page.objects {
            let key = String(object.key.dropFirst(Self.keyPrefix.count))
            text += "<Contents><Key>\(name(key))</Key><Size>\(object.byteCount)</Size>"
            text += "<ETag>\(Self.escaped(object.tag.text))</ETag>"
            text += "<LastModified>\(HTTPDate.timestamp(object.lastModified))</LastModified>"
            text += "<StorageClass>STANDARD</StorageClass></Contents>"
        }
        for common in page.prefixes {
            text += "<CommonPrefixes><Prefix>\(name(common))</Prefix></CommonPrefixes>"
        }
        if let next = page.next {
            let tag = isSecond ? "NextContinuationToken" : "NextMarker"
            text += "<\(tag)>\(isSecond ? Self.escaped(next) : name(next))</\(tag)>"
        }
        return Self.xml(text + "</ListBucketResult>")
    }

    private struct Page {
        var objects: [ObjectDescription] = []
        /// What keys have in common up to the delimiter.
        var prefixes: [String] = []
        /// What the next page follows.
        var next: String?
    }

    private func page(
        _ prefix: String, _ delimiter: String, after start: String?, _ limit: Int
    ) async throws -> Page {
        var page = Page()
        var after = start
        while true {
            let found = try await machine.objectStore.list(
                prefix: Self.keyPrefix + prefix, after: after.map { Self.keyPrefix + $0 },
                limit: 1000)
            for object in found {
                let key = String(object.key.dropFirst(Self.keyPrefix.count))
                if let after, !after.utf8.lexicographicallyPrecedes(key.utf8) { continue }
                if page.objects.count + page.prefixes.count == limit {
                    page.next = after
                    return page
                }
                let rest = key.dropFirst(prefix.count)
                if !delimiter.isEmpty, let end = rest.firstRange(of: delimiter) {
                    let common = prefix + rest[..<end.upperBound]
                    page.prefixes.append(common)
                    // Follows all keys that begin with it.
                    after = common + "\u{10FFFF}"
                } else {
                    page.objects.append(object)
                    after = key
                }
            }
            if found.count < 1000 { return page }
        }
    }

    /// Each byte escaped that is no letter, digit or one of `-._~/`.
    private static func urlEscaped(_ text: String) -> String {
        let digits = Array("0123456789ABCDEF".utf8)
        var bytes: [UInt8] = []
        for byte in text.utf8 {
            switch byte {
            case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "-")...UInt8(ascii: "/"),
                UInt8(ascii: "_"), UInt8(ascii: "~"):
                bytes.append(byte)
            default:
                bytes += [UInt8(ascii: "%"), digits[Int(byte >> 4)], digits[Int(byte & 15)]]
            }
        }
        return String(decoding: bytes, as: UTF8.self)
    }
}
