public import Platform

/// The files of the lake as the bucket `warehouse` of an S3 store has them.
///
/// It answers what clients of lakes ask for: objects whole and in ranges, conditional puts, copies,
/// uploads in parts, single and many deletions, and both listings. Signatures are not looked at:
/// who reaches the address may use it.
///
/// Source: the API reference of Amazon S3, <https://docs.aws.amazon.com/AmazonS3/latest/API/>.
public struct ObjectGateway {
    /// The one bucket there is.
    public static let bucket = "warehouse"
    /// What precedes the keys of the bucket's objects in the store.
    public static let keyPrefix = "lake/"
    /// Where parts of uploads wait until the upload is completed.
    static let partPrefix = "uploads/"
    /// An object's largest size, since it is put together in memory.
    static let objectLimit = 1 << 30

    let machine: Machine
    /// Whether anything may be changed.
    let isWritable: Bool
    /// Hears of each object that is about to be removed.
    public var willDelete: (_ key: String) -> Void = { _ in }

    public init(_ machine: Machine, isWritable: Bool) {
        self.machine = machine
        self.isWritable = isWritable
    }

    /// What of a request decides how it is answered.
    public enum Operation: Hashable, Sendable {
        case listBuckets, headBucket, createBucket, bucketLocation, listObjects
        case headObject, getObject, putObject, copyObject, deleteObject, deleteObjects
        case beginUpload, putPart, completeUpload, abortUpload
        case unknown
    }

    public static func operation(_ request: WebRequest) -> Operation {
        let key = key(of: request)
        func has(_ name: String) -> Bool { request.query.contains { $0.name == name } }
        switch (request.method, key.isEmpty) {
        case ("GET", true):
            if request.path.first?.isEmpty ?? true { return .listBuckets }
            return has("location") ? .bucketLocation : .listObjects
        case ("HEAD", true): return .headBucket
        case ("PUT", true): return .createBucket
        case ("POST", true): return has("delete") ? .deleteObjects : .unknown
        case ("GET", false): return has("uploadId") ? .unknown : .getObject
        case ("HEAD", false): return .headObject
        case ("PUT", false):
            if has("uploadId") { return .putPart }
            return request.header("x-amz-copy-source") == nil ? .putObject : .copyObject
        case ("POST", false):
            if has("uploads") { return .beginUpload }
            return has("uploadId") ? .completeUpload : .unknown
        case ("DELETE", false): return has("uploadId") ? .abortUpload : .deleteObject
        default: return .unknown
        }
    }

    /// The key that a request names, in the bucket; empty for the bucket itself.
    public static func key(of request: WebRequest) -> String {
        request.path.dropFirst().joined(separator: "/")
    }

    /// Answers a request; what goes wrong in the store is an answer, too.
    public func answer(_ request: WebRequest) async throws -> WebResponse {
        let key = Self.key(of: request)
        do {
            return try await carryOut(Self.operation(request), request, key)
        } catch let error as ObjectStoreError {
            return Self.refused(error)
        }
    }

    private func carryOut(
        _ operation: Operation, _ request: WebRequest, _ key: String
    ) async throws -> WebResponse {
        if operation == .listBuckets { return Self.buckets }
        if request.path.first != Self.bucket {
            let name = request.path.first ?? ""
            return Self.refused(404, "NoSuchBucket", "the only bucket is \(Self.bucket): \(name)")
        }
        switch operation {
        case .listBuckets: return Self.buckets
        case .headBucket: return Self.xml("")
        case .bucketLocation:
            return Self.xml("<LocationConstraint>us-east-1</LocationConstraint>")
        case .listObjects: return try await list(request)
        case .headObject: return try await read(key, request, isHead: true)
        case .getObject: return try await read(key, request, isHead: false)
        case .unknown:
            return Self.refused(501, "NotImplemented", "this store does not know the operation")
        default: break
        }
        if !isWritable {
            return Self.refused(405, "MethodNotAllowed", "this store is read only")
        }
        switch operation {
        case .createBucket: return Self.xml("")
        case .putObject: return try await put(key, request)
        case .copyObject: return try await copy(to: key, request)
        case .deleteObject: return try await delete(key)
        case .deleteObjects: return try await deleteMany(request)
        case .beginUpload: return beginUpload(key)
        case .putPart: return try await putPart(key, request)
        case .completeUpload: return try await completeUpload(key, request)
        case .abortUpload: return try await abortUpload(request)
        default: preconditionFailure("answered above")
        }
    }

    // MARK: Answers

    private static let buckets = xml(
        "<ListAllMyBucketsResult><Buckets><Bucket><Name>\(bucket)</Name>"
            + "<CreationDate>2026-01-01T00:00:00.000Z</CreationDate></Bucket></Buckets>"
            + "</ListAllMyBucketsResult>")

    static func xml(_ text: String, status: Int = 200) -> WebResponse {
        let head = text.isEmpty ? "" : "<?xml version=\"1.0\" encoding=\"UTF-8\"?>"
        return WebResponse(status, "application/xml", Array((head + text).utf8))
    }

    public static func refused(_ status: Int, _ code: String, _ message: String) -> WebResponse {
        xml(
            "<Error><Code>\(code)</Code><Message>\(escaped(message))</Message></Error>",
            status: status)
    }

    private static func refused(_ error: ObjectStoreError) -> WebResponse {
        switch error {
        case .notFound: refused(404, "NoSuchKey", "\(error)")
        case .preconditionFailed: refused(412, "PreconditionFailed", "\(error)")
        case .throttled: refused(503, "SlowDown", "\(error)")
        case .outcomeUnknown: refused(500, "InternalError", "\(error)")
        case .invalidRequest: refused(400, "InvalidArgument", "\(error)")
        }
    }

    static func escaped(_ text: String) -> String {
        var result = ""
        for character in text.unicodeScalars {
            switch character {
            case "&": result += "&amp;"
            case "<": result += "&lt;"
            case ">": result += "&gt;"
            case "\"": result += "&quot;"
            default: result.unicodeScalars.append(character)
            }
        }
        return result
    }
}
