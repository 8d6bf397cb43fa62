import NIOHTTP1
import Platform

/// One machine's way to a bucket of an S3 store.
///
/// What is told apart of a request that failed is whether it may have had its effect: only what
/// certainly had none, and what reads, is asked again here. A write that may have arrived is
/// `outcomeUnknown` at once, since asked again it could meet, or overtake, itself.
final class S3ObjectStore: ObjectStore {
    let bucket: S3Bucket
    private let world: HostWorld
    private let machine: String
    let lifetime: Lifetime
    var configuration: S3Configuration { bucket.configuration }

    init(_ bucket: S3Bucket, world: HostWorld, machine: String, lifetime: Lifetime) {
        self.bucket = bucket
        self.world = world
        self.machine = machine
        self.lifetime = lifetime
    }

    // MARK: Requests

    func put(_ bytes: [UInt8], at key: String, _ condition: PutCondition) async throws -> ObjectTag
    {
        try validate(key)
        // A condition goes with one request: some stores, moto among them, take conditions there
        // and ignore them where an upload in parts is completed.
        if bytes.count > configuration.partByteCount && condition == .always {
            return try await putInParts(bytes, at: key)
        }
        let answer = try await send(
            S3Request(.PUT, key: key, headers: Self.headers(condition), body: bytes))
        switch answer.status {
        case 200, 201, 204:
            guard let tag = answer.headers.first(name: "etag") else {
                throw ObjectStoreError.outcomeUnknown(key: key)
            }
            return ObjectTag(text: tag)
        default: throw await failure(answer, of: key, condition)
        }
    }

    func get(_ key: String) async throws -> [UInt8] {
        try validate(key)
        let answer = try await send(S3Request(.GET, key: key))
        if answer.status != 200 { throw error(answer, of: key) }
        return answer.body
    }

    func get(_ key: String, range: Range<Int64>) async throws -> [UInt8] {
        try validate(key)
        if range.isEmpty || range.lowerBound < 0 {
            throw ObjectStoreError.invalidRequest(
                key: key, reason: "the range is empty or negative")
        }
        // Beyond any object, and some servers count no further.
        let end = range.upperBound > 1 << 53 ? "" : String(range.upperBound - 1)
        let answer = try await send(
            S3Request(.GET, key: key, headers: [("range", "bytes=\(range.lowerBound)-\(end)")]))
        switch answer.status {
        case 206: return answer.body
        case 416:
            throw ObjectStoreError.invalidRequest(
                key: key, reason: "range begins past the end: \(range.lowerBound)")
        case 200:
            // A store may answer with the whole object, most do with an empty one.
            if range.lowerBound >= answer.body.count {
                throw ObjectStoreError.invalidRequest(
                    key: key, reason: "range begins past the end at \(answer.body.count)")
            }
            let end = min(range.upperBound, Int64(answer.body.count))
            return Array(answer.body[Int(range.lowerBound)..<Int(end)])
        default: throw error(answer, of: key)
        }
    }

    func head(_ key: String) async throws -> ObjectDescription? {
        try validate(key)
        let answer = try await send(S3Request(.HEAD, key: key))
        if answer.status == 404 { return nil }
        if answer.status != 200 { throw error(answer, of: key) }
        guard let tag = answer.headers.first(name: "etag"),
            let size = answer.headers.first(name: "content-length").flatMap(Int64.init),
            let time = answer.headers.first(name: "last-modified")
                .flatMap(S3Listing.milliseconds(ofDate:))
        else { throw ObjectStoreError.throttled(key: key) }
        return ObjectDescription(
            key: key, byteCount: size, tag: ObjectTag(text: tag),
            lastModified: Timestamp(millisecondsSinceEpoch: time))
    }

    func list(prefix: String, after start: String?, limit: Int) async throws -> [ObjectDescription]
    {
        if limit < 1 || limit > 1000 {
            throw ObjectStoreError.invalidRequest(key: prefix, reason: "a limit is from 1 to 1000")
        }
        if !bucket.listsByFolder {
            return try await listed(prefix: prefix, after: start, limit: limit)
        }
        let all = try await listed(prefix: prefix, after: nil, limit: .max)
            .filter { object in
                start.map { $0.utf8.lexicographicallyPrecedes(object.key.utf8) } ?? true
            }
            .sorted { $0.key.utf8.lexicographicallyPrecedes($1.key.utf8) }
        return Array(all.prefix(limit))
    }

    /// Objects in the order of the store, taken page by page.
    func listed(
        prefix: String, after start: String?, limit: Int
    ) async throws -> [ObjectDescription] {
        let place = configuration.place(of: prefix)
        var found: [ObjectDescription] = []
        var continuation: String?
        repeat {
            var query = [
                (name: "list-type", value: "2"), ("encoding-type", "url"),
                ("max-keys", String(min(1000, limit - found.count))),
                ("prefix", place.key),
            ]
            if let continuation {
                query.append(("continuation-token", continuation))
            } else if let start {
                query.append(("start-after", configuration.place(of: start).key))
            }
            let answer = try await send(S3Request(.GET, key: nil, in: place.bucket, query: query))
            if answer.status != 200 { throw error(answer, of: prefix) }
            guard let page = S3Listing.parse(answer.body, prefix: place.key) else {
                throw ObjectStoreError.invalidRequest(
                    key: prefix, reason: "the store's listing is none that S3 gives")
            }
            for var object in page.objects {
                object.key = configuration.key(of: place.key + object.key, listedBy: prefix)
                found.append(object)
            }
            continuation = page.continuation
        } while found.count < limit && continuation != nil
        return Array(found.prefix(limit))
    }

    func delete(_ key: String) async throws {
        try validate(key)
        let answer = try await send(S3Request(.DELETE, key: key))
        switch answer.status {
        case 200, 202, 204, 404: return
        default: throw error(answer, of: key)
        }
    }

    // MARK: Sending

    /// Sends a request until it is answered by more than a wish to be asked later.
    func send(_ request: S3Request) async throws -> HTTPAnswer {
        let key = request.key ?? ""
        var attempt = 1
        while true {
            let isLast = attempt >= configuration.attemptLimit
            do {
                let answer = try await bucket.client.send(signed(request), in: lifetime)
                if !answer.hadNoEffect && !(answer.isServersFault && request.onlyReads) {
                    return answer
                }
                if isLast { throw ObjectStoreError.throttled(key: key) }
            } catch let failure as HTTPFailure {
                switch failure {
                case .inDoubt where !request.onlyReads:
                    world.journal.note(.warning, machine: machine, "object \(key): \(failure)")
                    throw ObjectStoreError.outcomeUnknown(key: key)
                case .inDoubt, .notSent:
                    if isLast {
                        world.journal.note(.warning, machine: machine, "object \(key): \(failure)")
                        throw ObjectStoreError.throttled(key: key)
                    }
                }
            }
            try await pause(after: attempt)
            attempt += 1
        }
    }

    /// Waits 50 to 100 ms before the second attempt, twice as long before each later one.
    private func pause(after attempt: Int) async throws {
        let base = Int64(50_000_000) << min(attempt - 1, 6)
        let nanoseconds = base + Int64.random(in: 0...base)
        let deadline = HostClock.monotonicNanoseconds + nanoseconds
        try await lifetime.wait { (wait: Wait<Void>) in
            _ = world.schedule(deadline) { wait.resume(returning: ()) }
        }
    }

    private func signed(_ request: S3Request) -> HTTPCall {
        let place = request.key.map(configuration.place)
        let bucket = place?.bucket ?? request.bucket ?? configuration.bucket
        var path = "/"
        var host = configuration.address
        switch configuration.style {
        case .path: path += bucket
        case .virtualHost: host.host = "\(bucket).\(host.host)"
        }
        if let place {
            path += path == "/" ? "" : "/"
            path += S3Signature.escaped(place.key, keeping: "/")
        }
        let signature = S3Signature(
            credentials: configuration.credentials, region: configuration.region)
        let added = signature.headers(
            for: S3Signature.Subject(
                method: request.method.rawValue, path: path, query: request.query,
                headers: [(name: "host", value: host.description)] + request.headers,
                bodyHash: SHA256.hexadecimal(SHA256.digest(request.body))),
            atSeconds: HostClock.wallNanoseconds / 1_000_000_000)
        let query = S3Signature.queryText(request.query)
        return HTTPCall(
            method: request.method, target: query.isEmpty ? path : "\(path)?\(query)",
            host: host.description, headers: request.headers + added, body: request.body)
    }

    // MARK: Answers

    static func headers(_ condition: PutCondition) -> [(name: String, value: String)] {
        switch condition {
        case .always: []
        case .ifAbsent: [("if-none-match", "*")]
        case .ifMatches(let tag): [("if-match", tag.text)]
        }
    }

    /// What a refused write means; some stores say of a missing object that it does not match.
    func failure(
        _ answer: HTTPAnswer, of key: String, _ condition: PutCondition
    ) async -> any Error {
        guard answer.status == 412 else { return error(answer, of: key) }
        if case .ifMatches = condition {
            do {
                if try await head(key) == nil { return ObjectStoreError.notFound(key: key) }
            } catch is Terminated {
                return Terminated()
            } catch {
                return ObjectStoreError.preconditionFailed(key: key)
            }
        }
        return ObjectStoreError.preconditionFailed(key: key)
    }

    func error(_ answer: HTTPAnswer, of key: String) -> ObjectStoreError {
        let (code, message) = answer.storesReason
        switch answer.status {
        case 404 where code != "NoSuchBucket" && code != "NoSuchUpload":
            return .notFound(key: key)
        case 412: return .preconditionFailed(key: key)
        case 500...599: return .outcomeUnknown(key: key)
        default:
            world.journal.note(
                .warning, machine: machine, "object \(key): \(answer.status) \(code) \(message)")
            return .invalidRequest(
                key: key, reason: "the store answers \(answer.status) \(code): \(message)")
        }
    }

    private func validate(_ key: String) throws {
        try lifetime.check()
        if key.isEmpty || key.utf8.count > 1024 || key.utf8.contains(0) {
            throw ObjectStoreError.invalidRequest(
                key: key, reason: "a key has 1 to 1,024 bytes and none of them zero")
        }
    }
}
