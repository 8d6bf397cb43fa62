import NIOHTTP1
import Platform

extension S3ObjectStore {
    /// Puts a large object part by part; it is there with the last request.
    func putInParts(_ bytes: [UInt8], at key: String) async throws -> ObjectTag {
        let begun = try await send(S3Request(.POST, key: key, query: [("uploads", "")]))
        guard begun.status == 200, let root = XMLElement.parse(begun.body),
            let upload = root["UploadId"], !upload.isEmpty
        else {
            // Nobody sees an upload that was begun and not completed.
            let failure = error(begun, of: key)
            throw failure == .outcomeUnknown(key: key) ? .throttled(key: key) : failure
        }
        do {
            let parts = try await putParts(bytes, at: key, upload)
            return try await complete(upload, at: key, parts)
        } catch ObjectStoreError.outcomeUnknown(let key) {
            // The upload may be the object: it is not to be given up.
            throw ObjectStoreError.outcomeUnknown(key: key)
        } catch let error as ObjectStoreError {
            _ = try? await send(
                S3Request(.DELETE, key: key, query: [("uploadId", upload)]))
            throw error
        }
    }

    private func putParts(
        _ bytes: [UInt8], at key: String, _ upload: String
    ) async throws -> [String] {
        var tags: [String] = []
        for start in stride(from: 0, to: bytes.count, by: configuration.partByteCount) {
            let end = min(start + configuration.partByteCount, bytes.count)
            let request = S3Request(
                .PUT, key: key,
                query: [("partNumber", String(tags.count + 1)), ("uploadId", upload)],
                body: Array(bytes[start..<end]))
            let answer: HTTPAnswer
            do { answer = try await send(request) } catch ObjectStoreError.outcomeUnknown {
                // A part put again replaces itself, and is no object yet.
                throw ObjectStoreError.throttled(key: key)
            }
            guard answer.status == 200, let tag = answer.headers.first(name: "etag") else {
                throw answer.isServersFault
                    ? ObjectStoreError.throttled(key: key) : error(answer, of: key)
            }
            tags.append(tag)
        }
        return tags
    }

    private func complete(
        _ upload: String, at key: String, _ tags: [String]
    ) async throws -> ObjectTag {
        var body = "<CompleteMultipartUpload>"
        for (index, tag) in tags.enumerated() {
            let text = tag.replacing("&", with: "&amp;").replacing("\"", with: "&quot;")
            body += "<Part><PartNumber>\(index + 1)</PartNumber><ETag>\(text)</ETag></Part>"
        }
        body += "</CompleteMultipartUpload>"
        let answer = try await send(
            S3Request(
                .POST, key: key, query: [("uploadId", upload)], body: Array(body.utf8)))
        if answer.status != 200 { throw error(answer, of: key) }
        // A 200 was sent before the store knew, and may end in an error.
        guard let root = XMLElement.parse(answer.body),
            root.name == "CompleteMultipartUploadResult", let tag = root["ETag"]
        else { throw ObjectStoreError.outcomeUnknown(key: key) }
        return ObjectTag(text: tag)
    }
}
