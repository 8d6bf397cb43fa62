import Platform

extension WebGateway {
    /// The files of the lake as the bucket `warehouse` of an S3 store has them, for reading.
    func objects(_ request: WebRequest) async throws -> WebResponse {
        let name = request.path.dropFirst().joined(separator: "/")
        if request.method != "GET" && request.method != "HEAD" {
            return Self.refusedObject(405, "MethodNotAllowed", "this store is read only")
        }
        if name.isEmpty { return try await listObjects(request) }
        let key = "lake/" + name
        guard let object = try await machine.objectStore.head(key) else {
            return Self.refusedObject(404, "NoSuchKey", "there is no object \(name)")
        }
        let whole = 0..<object.byteCount
        let range = request.header("range").map { Self.range($0, of: object.byteCount) } ?? whole
        guard let range else {
            return Self.refusedObject(
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
        if request.method == "HEAD" {
            response.impliedByteCount = Int64(range.count)
        } else if !range.isEmpty {
            response.body = try await machine.objectStore.get(key, range: range)
        }
        return response
    }

    private static let binary = "binary/octet-stream"

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

    private func listObjects(_ request: WebRequest) async throws -> WebResponse {
        if request.query.contains(where: { $0.name == "location" }) {
            return WebResponse(
                200, "application/xml",
                Array("<LocationConstraint>us-east-1</LocationConstraint>".utf8))
        }
        let limit = min(1000, max(1, Int(request.parameter("max-keys") ?? "") ?? 1000))
        let start = request.parameter("continuation-token") ?? request.parameter("start-after")
        let found = try await machine.objectStore.list(
            prefix: "lake/" + (request.parameter("prefix") ?? ""),
            after: start.map { "lake/" + $0 },
            limit: limit)
        var text = "<ListBucketResult><Name>warehouse</Name>"
        text += "<KeyCount>\(found.count)</KeyCount><MaxKeys>\(limit)</MaxKeys>"
        let isCut = found.count == limit
        text += "<IsTruncated>\(isCut)</IsTruncated>"
        for object in found {
            let key = String(object.key.dropFirst("lake/".count))
            text += "<Contents><Key>\(Self.escaped(key))</Key><Size>\(object.byteCount)</Size>"
            text += "<ETag>\(Self.escaped(object.tag.text))</ETag>"
            text += "<LastModified>\(HTTPDate.timestamp(object.lastModified))</LastModified>"
            text += "</Contents>"
        }
        if isCut, let last = found.last {
            let token = Self.escaped(String(last.key.dropFirst("lake/".count)))
            text += "<NextContinuationToken>\(token)</NextContinuationToken>"
        }
        return WebResponse(200, "application/xml", Array((text + "</ListBucketResult>").utf8))
    }

    private static func refusedObject(
        _ status: Int, _ code: String, _ message: String
    ) -> WebResponse {
        let text = "<Error><Code>\(code)</Code><Message>\(escaped(message))</Message></Error>"
        return WebResponse(status, "application/xml", Array(text.utf8))
    }

    private static func escaped(_ text: String) -> String {
        text.replacing("&", with: "&amp;").replacing("<", with: "&lt;")
            .replacing(">", with: "&gt;").replacing("\"", with: "&quot;")
    }
}
