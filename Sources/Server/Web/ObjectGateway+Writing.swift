import Platform

extension ObjectGateway {
    func put(_ key: String, _ request: WebRequest) async throws -> WebResponse {
        guard let body = Self.body(of: request) else { return Self.tornBody }
        let tag: ObjectTag
        switch (request.header("if-none-match"), request.header("if-match")) {
        case ("*", nil):
            tag = try await machine.objectStore.put(body, at: Self.keyPrefix + key, .ifAbsent)
        case (nil, let expected?):
            tag = try await machine.objectStore.put(
                body, at: Self.keyPrefix + key, .ifMatches(ObjectTag(text: expected)))
        case (nil, nil):
            tag = try await machine.objectStore.put(body, at: Self.keyPrefix + key, .always)
        default:
            // A condition that is not kept would be worse than none.
            return Self.refused(
                501, "NotImplemented", "puts know If-None-Match: * and If-Match, one at a time")
        }
        return Self.tagged(tag)
    }

    private static func tagged(_ tag: ObjectTag) -> WebResponse {
        var response = xml("")
        response.headers.append(WebRequest.Parameter("etag", tag.text))
        return response
    }

    func copy(to key: String, _ request: WebRequest) async throws -> WebResponse {
        let named = request.header("x-amz-copy-source") ?? ""
        guard
            let source = WebRequest(
                method: "GET", target: named.hasPrefix("/") ? named : "/" + named),
            source.path.first == Self.bucket, !Self.key(of: source).isEmpty
        else { return Self.refused(400, "InvalidArgument", "no source of a copy: \(named)") }
        let bytes = try await machine.objectStore.get(Self.keyPrefix + Self.key(of: source))
        let tag = try await machine.objectStore.put(bytes, at: Self.keyPrefix + key, .always)
        let time = HTTPDate.timestamp(machine.clock.timestamp)
        return Self.xml(
            "<CopyObjectResult><ETag>\(Self.escaped(tag.text))</ETag>"
                + "<LastModified>\(time)</LastModified></CopyObjectResult>")
    }

    func delete(_ key: String) async throws -> WebResponse {
        willDelete(Self.keyPrefix + key)
        try await machine.objectStore.delete(Self.keyPrefix + key)
        return WebResponse(204, "application/xml", [])
    }

    /// Removes up to 1,000 objects; each that could not be removed is told.
    func deleteMany(_ request: WebRequest) async throws -> WebResponse {
        guard let body = Self.body(of: request),
            let keys = XMLText.values(of: "Key", in: body), keys.count <= 1000
        else { return Self.refused(400, "MalformedXML", "the list of keys cannot be read") }
        var text = "<DeleteResult>"
        for key in keys {
            do {
                willDelete(Self.keyPrefix + key)
                try await machine.objectStore.delete(Self.keyPrefix + key)
                text += "<Deleted><Key>\(Self.escaped(key))</Key></Deleted>"
            } catch let error as ObjectStoreError {
                text += "<Error><Key>\(Self.escaped(key))</Key><Code>InternalError</Code>"
                text += "<Message>\(Self.escaped("\(error)"))</Message></Error>"
            }
        }
        return Self.xml(text + "</DeleteResult>")
    }

    // MARK: Uploads in parts

    func beginUpload(_ key: String) -> WebResponse {
        Self.xml(
            "<InitiateMultipartUploadResult><Bucket>\(Self.bucket)</Bucket>"
                + "<Key>\(Self.escaped(key))</Key><UploadId>\(machine.entropy.uuid())</UploadId>"
                + "</InitiateMultipartUploadResult>")
    }

    /// The parts of an upload begin so; nil if the request names none that can be.
    private func parts(of request: WebRequest) -> String? {
        guard let upload = request.parameter("uploadId"), !upload.isEmpty,
            upload.utf8.count <= 64, upload.utf8.allSatisfy({ $0 != UInt8(ascii: "/") })
        else { return nil }
        return Self.partPrefix + upload + "/"
    }

    func putPart(_ key: String, _ request: WebRequest) async throws -> WebResponse {
        guard let folder = parts(of: request),
            let number = Int(request.parameter("partNumber") ?? ""),
            (1...10_000).contains(number)
        else { return Self.refused(400, "InvalidArgument", "no part of an upload that can be") }
        guard let body = Self.body(of: request) else { return Self.tornBody }
        let tag = try await machine.objectStore.put(body, at: folder + Self.padded(number), .always)
        return Self.tagged(tag)
    }

    private static func padded(_ number: Int) -> String {
        let digits = String(number)
        return String(repeating: "0", count: 5 - digits.count) + digits
    }

    /// Makes the object of the parts that the request lists, in their order.
    func completeUpload(_ key: String, _ request: WebRequest) async throws -> WebResponse {
        guard let folder = parts(of: request), let body = Self.body(of: request),
            let numbers = XMLText.values(of: "PartNumber", in: body)?.map({ Int($0) ?? 0 }),
            !numbers.isEmpty, numbers.allSatisfy((1...10_000).contains),
            zip(numbers, numbers.dropFirst()).allSatisfy({ $0 < $1 })
        else { return Self.refused(400, "InvalidPart", "the list of parts cannot be read") }
        var bytes: [UInt8] = []
        for number in numbers {
            do {
                bytes += try await machine.objectStore.get(folder + Self.padded(number))
            } catch ObjectStoreError.notFound {
                return Self.refused(
                    404, "NoSuchUpload", "part \(number) of the upload is not there")
            }
            if bytes.count > Self.objectLimit {
                return Self.refused(
                    400, "EntityTooLarge", "an object has at most \(Self.objectLimit) bytes")
            }
        }
        let condition: PutCondition =
            request.header("if-none-match") == "*" ? .ifAbsent : .always
        let tag = try await machine.objectStore.put(bytes, at: Self.keyPrefix + key, condition)
        try await remove(folder)
        return Self.xml(
            "<CompleteMultipartUploadResult><Bucket>\(Self.bucket)</Bucket>"
                + "<Key>\(Self.escaped(key))</Key><ETag>\(Self.escaped(tag.text))</ETag>"
                + "</CompleteMultipartUploadResult>")
    }

    func abortUpload(_ request: WebRequest) async throws -> WebResponse {
        guard let folder = parts(of: request) else {
            return Self.refused(400, "InvalidArgument", "no upload that can be")
        }
        try await remove(folder)
        return WebResponse(204, "application/xml", [])
    }

    private func remove(_ folder: String) async throws {
        while true {
            let found = try await machine.objectStore.list(prefix: folder, after: nil, limit: 1000)
            for part in found { try await machine.objectStore.delete(part.key) }
            if found.count < 1000 { return }
        }
    }

    // MARK: Bodies

    private static let tornBody = refused(
        400, "IncompleteBody", "the chunks of the body are not whole")

    /// The bytes that a request carries, taken out of the chunks in which SDKs sign them; nil if
    /// those are not whole.
    ///
    /// Source: "Signature calculations: transferring payload in multiple chunks" of S3's reference.
    static func body(of request: WebRequest) -> [UInt8]? {
        let isChunked =
            request.header("x-amz-content-sha256")?.hasPrefix("STREAMING-") ?? false
            || request.header("content-encoding")?.contains("aws-chunked") ?? false
        guard isChunked else { return request.body }
        var bytes: [UInt8] = []
        var rest = request.body[...]
        while true {
            guard let end = lineEnd(in: rest) else { return nil }
            let size = String(
                decoding: rest[rest.startIndex..<end].prefix { $0 != UInt8(ascii: ";") },
                as: UTF8.self)
            guard let count = Int(size, radix: 16), count >= 0 else { return nil }
            rest = rest[(end + 2)...]
            if count == 0 { break }
            guard rest.count >= count + 2 else { return nil }
            bytes += rest.prefix(count)
            rest = rest.dropFirst(count + 2)
        }
        if let told = request.header("x-amz-decoded-content-length").flatMap({ Int($0) }),
            told != bytes.count
        {
            return nil
        }
        return bytes
    }

    private static func lineEnd(in bytes: ArraySlice<UInt8>) -> Int? {
        var position = bytes.startIndex
        while let found = bytes[position...].firstIndex(of: UInt8(ascii: "\r")) {
            if found + 1 < bytes.endIndex, bytes[found + 1] == UInt8(ascii: "\n") { return found }
            position = found + 1
        }
        return nil
    }
}

/// The little that requests to S3 say in XML.
enum XMLText {
    /// The texts of all elements of a name, in their order; nil if the text is no such XML.
    static func values(of name: String, in bytes: [UInt8]) -> [String]? {
        guard let text = String(validating: bytes, as: UTF8.self) else { return nil }
        var values: [String] = []
        var rest = text[...]
        while let start = rest.firstRange(of: "<\(name)>") {
            rest = rest[start.upperBound...]
            guard let end = rest.firstRange(of: "</\(name)>") else { return nil }
            values.append(unescaped(rest[..<end.lowerBound]))
            rest = rest[end.upperBound...]
        }
        return values
    }

    private static func unescaped(_ text: Substring) -> String {
        String(text).replacing("&lt;", with: "<").replacing("&gt;", with: ">")
            .replacing("&quot;", with: "\"").replacing("&apos;", with: "'")
            .replacing("&#13;", with: "\r").replacing("&#10;", with: "\n")
            .replacing("&amp;", with: "&")
    }
}
