/// One row near the query.
public struct VectorHit: Hashable, Sendable, Comparable {
    /// The row's encoded primary key.
    public var key: [UInt8]
    public var distance: Float
    /// The changelog offset that gave the row this vector.
    public var offset: Int64

    public init(key: [UInt8], distance: Float, offset: Int64) {
        self.key = key
        self.distance = distance
        self.offset = offset
    }

    /// Nearer first; the key decides between equals.
    public static func < (left: VectorHit, right: VectorHit) -> Bool {
        if left.distance != right.distance { return left.distance < right.distance }
        return left.key.lexicographicallyPrecedes(right.key)
    }
}

/// The rows nearest to a query, and how fresh that is.
public struct VectorAnswer: Hashable, Sendable {
    /// Nearest first.
    public var hits: [VectorHit]
    /// The answer reflects every change below this offset and none from it on.
    public var freshUpTo: Int64

    public init(hits: [VectorHit], freshUpTo: Int64) {
        self.hits = hits
        self.freshUpTo = freshUpTo
    }
}
