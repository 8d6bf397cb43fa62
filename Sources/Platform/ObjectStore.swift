/// A bucket of immutable objects with conditional writes, as S3 has them.
///
/// Reads see every completed write at once (S3 is strongly consistent since December 2020). Keys
/// are at most 1,024 bytes of UTF-8.
public protocol ObjectStore: AnyObject {
    /// Writes a whole object; `ObjectStoreError.preconditionFailed` if the condition does not hold.
    func put(_ bytes: [UInt8], at key: String, _ condition: PutCondition) async throws -> ObjectTag

    /// Reads a whole object; `ObjectStoreError.notFound`.
    func get(_ key: String) async throws -> [UInt8]

    /// Reads bytes `range` of an object, cut at its end; an empty or outside range is refused.
    func get(_ key: String, range: Range<Int64>) async throws -> [UInt8]

    /// Describes an object, or nil if there is none.
    func head(_ key: String) async throws -> ObjectDescription?

    /// Up to `limit` objects whose keys begin with `prefix` and follow `start`, in the order of
    /// their UTF-8 bytes.
    func list(prefix: String, after start: String?, limit: Int) async throws -> [ObjectDescription]

    /// Removes an object; removing what is not there succeeds.
    func delete(_ key: String) async throws
}

public enum PutCondition: Hashable, Sendable {
    case always
    /// Only if no object has the key.
    case ifAbsent
    /// Only if the object at the key has this tag.
    case ifMatches(ObjectTag)
}

/// Stands for one content of one key: S3's ETag.
public struct ObjectTag: Hashable, Sendable {
    public var text: String

    public init(text: String) { self.text = text }
}

public struct ObjectDescription: Hashable, Sendable {
    public var key: String
    public var byteCount: Int64
    public var tag: ObjectTag
    public var lastModified: Timestamp

    public init(key: String, byteCount: Int64, tag: ObjectTag, lastModified: Timestamp) {
        self.key = key
        self.byteCount = byteCount
        self.tag = tag
        self.lastModified = lastModified
    }
}

public enum ObjectStoreError: Error, Hashable, Sendable, CustomStringConvertible {
    case notFound(key: String)
    case preconditionFailed(key: String)
    /// The request had no effect; retry later (S3's 503 SlowDown).
    case throttled(key: String)
    /// The request may or may not have had its effect: read back before deciding anything.
    case outcomeUnknown(key: String)
    case invalidRequest(key: String, reason: String)

    public var description: String {
        switch self {
        case .notFound(let key): "no such object: \(key)"
        case .preconditionFailed(let key): "another writer was there first: object \(key)"
        case .throttled(let key): "the object store asks to slow down: object \(key)"
        case .outcomeUnknown(let key): "no answer from the object store: object \(key)"
        case .invalidRequest(let key, let reason): "bad request for object \(key): \(reason)"
        }
    }
}
