public import JSON

/// A vector database of others: collections of points, each with an identifier, a vector and what
/// else is known of it.
///
/// Neither Milvus nor Qdrant puts requests into an order for us, and Milvus compares no versions:
/// a request whose answer did not come may take effect later, and so undo what was written after
/// it. How long later at most is all that a service promises.
public protocol VectorService: AnyObject {
    /// How long after it was sent a request may still take effect, if its answer did not come.
    var requestLifetime: Duration { get }

    /// Whether a point that is there is left alone by what is older than it; one that is not there
    /// is made by whatever comes.
    var comparesVersions: Bool { get }

    /// Makes a collection; nothing if there is one of the name and the same shape. One of another
    /// shape is refused.
    func create(_ collection: VectorCollection) async throws

    /// Writes whole points, in the place of those that have their identifiers.
    ///
    /// - Precondition: Each point is named once, and there are no more of them than
    ///   `requestPointLimit` of the collection says, here as in the other requests.
    func upsert(_ points: [VectorPoint], in collection: VectorCollection) async throws

    /// Removes points; those that are not there are none the less removed.
    func delete(_ points: [PointVersion], in collection: VectorCollection) async throws

    /// Removes all points of a partition, however many; reflects what was confirmed before.
    func remove(partition: Int64, from collection: VectorCollection) async throws

    /// The points of some identifiers, in their order, nil for each that is not there; reflects
    /// everything that was confirmed before it was asked.
    func read(
        _ identifiers: [PointIdentifier], in collection: VectorCollection
    ) async throws -> [VectorPoint?]
}

/// What the points of a collection are like.
public struct VectorCollection: Hashable, Sendable {
    /// How near two vectors are.
    public enum Distance: String, Hashable, Sendable {
        case euclidean, cosine, innerProduct
    }

    /// Letters, digits and underscores.
    public var name: String
    /// Elements of a vector.
    public var dimension: Int
    public var distance: Distance

    public init(name: String, dimension: Int, distance: Distance) {
        precondition(dimension > 0, "vectors of \(name) have no elements")
        self.name = name
        self.dimension = dimension
        self.distance = distance
    }

    /// So many points may be in one request. Both services read a vector as text, an element after
    /// the other: more would be refused for their bytes, or take longer than a request lives.
    public var requestPointLimit: Int { max(1, min(1024, Self.requestElementLimit / dimension)) }

    /// 256 Ki elements are some 3 MB of text, which Milvus 2.3 writes in 0.7 s; 4 Mi took it 18 s.
    private static let requestElementLimit = 256 * 1024
}

/// The identifier of a point: 128 bits, which services write as a UUID.
public struct PointIdentifier: Hashable, Comparable, Sendable, CustomStringConvertible {
    public var high: UInt64
    public var low: UInt64

    public init(high: UInt64, low: UInt64) {
        self.high = high
        self.low = low
    }

    /// Reads what `description` wrote; nil for anything else.
    public init?(_ text: String) {
        let digits = text.utf8.filter { $0 != UInt8(ascii: "-") }
        guard digits.count == 32, text.utf8.count == 36 else { return nil }
        let parts = String(decoding: digits, as: UTF8.self)
        guard let high = UInt64(parts.prefix(16), radix: 16),
            let low = UInt64(parts.suffix(16), radix: 16)
        else { return nil }
        self.init(high: high, low: low)
    }

    public var description: String {
        let digits = Array("0123456789abcdef".utf8)
        var text: [UInt8] = []
        for position in 0..<32 {
            if [8, 12, 16, 20].contains(position) { text.append(UInt8(ascii: "-")) }
            let word = position < 16 ? high : low
            text.append(digits[Int(word >> UInt64(60 - 4 * (position % 16)) & 0xF)])
        }
        return String(decoding: text, as: UTF8.self)
    }

    public static func < (left: PointIdentifier, right: PointIdentifier) -> Bool {
        (left.high, left.low) < (right.high, right.low)
    }
}

/// A point of a collection.
public struct VectorPoint: Hashable, Sendable {
    public var identifier: PointIdentifier
    /// Greater for what is newer; kept with the point.
    public var version: Int64
    /// The part of the collection that it can be removed with, if any; never changes.
    public var partition: Int64?
    public var vector: [Float]
    /// By name in order, those that are null left out: as all services give them back.
    public let attributes: [JSONMember]

    public init(
        _ identifier: PointIdentifier, version: Int64, partition: Int64? = nil, vector: [Float],
        attributes: [JSONMember] = []
    ) {
        self.identifier = identifier
        self.version = version
        self.partition = partition
        self.vector = vector
        self.attributes = attributes.filter { !$0.value.isNull }.sorted { $0.name < $1.name }
    }
}

/// A point to be removed, and the version that has none of it.
public struct PointVersion: Hashable, Sendable {
    public var identifier: PointIdentifier
    public var version: Int64

    public init(_ identifier: PointIdentifier, version: Int64) {
        self.identifier = identifier
        self.version = version
    }
}

public enum VectorServiceError: Error, Hashable, Sendable, CustomStringConvertible {
    /// The request had no effect; send it again later.
    case unavailable(collection: String)
    /// The request may have its effect, in whole or in part, until its lifetime is over.
    case outcomeUnknown(collection: String)
    /// The service will never take the request as it is; fix what it says.
    case refused(collection: String, reason: String)

    public var description: String {
        switch self {
        case .unavailable(let name):
            "the vector service does not take requests for collection \(name) now"
        case .outcomeUnknown(let name):
            "no answer from the vector service about collection \(name)"
        case .refused(let name, let reason):
            "the vector service refuses a request for collection \(name): \(reason)"
        }
    }
}
