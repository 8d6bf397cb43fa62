public import Cluster
public import JSON
public import Platform

/// Where a sink reads the changelog of a table.
public protocol ChangeSource: AnyObject {
    /// The committed changes of a bucket from `offset` on, as many as one answer holds; waits up
    /// to `wait` for the first.
    ///
    /// - Throws: `SinkError.unavailable` where another try may go better, `SinkError.expired`
    ///   where the log begins later.
    func changes(
        of bucket: BucketIdentifier, from offset: Int64, waiting wait: Duration
    ) async throws -> ChangePage
}

/// What one read of a changelog brought.
public struct ChangePage: Sendable {
    /// In the order of their offsets.
    public var changes: [SinkChange]
    /// Where to read on.
    public var nextOffset: Int64

    public init(changes: [SinkChange], nextOffset: Int64) {
        self.changes = changes
        self.nextOffset = nextOffset
    }
}

/// What one change made of the points of its key: one in the collection of each vector column.
public struct SinkChange: Hashable, Sendable {
    public enum Effect: Hashable, Sendable {
        case point(vector: [Float], attributes: [JSONMember])
        /// The row is gone, or has no vector there.
        case none
    }

    public var identifier: PointIdentifier
    /// Also the version of the points.
    public var offset: Int64
    /// The partition that the row is in, of a table with some.
    public var partition: Int64?
    /// In the order of the table's vector columns.
    public var effects: [Effect]

    public init(
        _ identifier: PointIdentifier, offset: Int64, partition: Int64? = nil, _ effects: [Effect]
    ) {
        self.identifier = identifier
        self.offset = offset
        self.partition = partition
        self.effects = effects
    }
}

extension SinkChange {
    /// The point that is there after it, in the collection of a vector column.
    public func point(_ column: Int) -> VectorPoint? {
        guard case .point(let vector, let attributes) = effects[column] else { return nil }
        return VectorPoint(
            identifier, version: offset, partition: partition, vector: vector,
            attributes: attributes)
    }
}

/// What can go wrong with a sink; cases by what the caller must do.
public enum SinkError: Error, Hashable, Sendable, CustomStringConvertible {
    /// Try again later.
    case unavailable(reason: String)
    /// Write no more: another sink does, or may do so by now.
    case fenced(reason: String)
    /// Make the collection anew: the log begins after what was confirmed.
    case expired(BucketIdentifier, offset: Int64, start: Int64)
    /// Fix what it says: nothing goes on until then.
    case refused(reason: String)

    public var description: String {
        switch self {
        case .unavailable(let reason), .refused(let reason): reason
        case .fenced(let reason): "another sink writes: \(reason)"
        case .expired(let bucket, let offset, let start):
            "the log of \(bucket) begins at \(start), and \(offset) was to be read: drop the "
                + "collection and bring the table to another"
        }
    }
}
