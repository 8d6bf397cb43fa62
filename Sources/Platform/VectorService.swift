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

    /// Makes a collection; nothing if there is one of the name.
    func create(_ collection: VectorCollection) async throws

    /// Writes whole points, in the place of those that have their identifiers.
    func upsert(_ points: [VectorPoint], in collection: VectorCollection) async throws

    /// Removes points; those that are not there are none the less removed.
    func delete(_ points: [PointVersion], in collection: VectorCollection) async throws

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
    public var vector: [Float]
    public var attributes: [JSONMember]

    public init(
        _ identifier: PointIdentifier, version: Int64, vector: [Float],
        attributes: [JSONMember] = []
    ) {
        self.identifier = identifier
        self.version = version
        self.vector = vector
        self.attributes = attributes
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
