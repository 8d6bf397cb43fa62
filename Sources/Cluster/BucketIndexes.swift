import Platform
public import Vectors

/// The vector indexes of one bucket at one indexer: one for each indexed column, over one log.
public final class BucketIndexes {
    /// By the field identifiers of their columns, in the table's order; the first is the one that
    /// is meant where none is named.
    public let parts: [(field: Int32, index: VectorIndex)]

    init(_ parts: [(field: Int32, index: VectorIndex)]) {
        precondition(!parts.isEmpty, "a bucket without indexed columns")
        self.parts = parts
    }

    /// All changes below are in each of them.
    public var consumedOffset: Int64 { parts.map(\.index.consumedOffset).min()! }

    /// From where on the log is needed.
    public var durableOffset: Int64 { parts.map(\.index.durableOffset).min()! }

    /// Whether this indexer writes all of them.
    public var isOwner: Bool { parts.allSatisfy(\.index.isOwner) }

    /// The index of a column, of the first if nil; nil if that has none.
    public func index(of field: Int32?) -> VectorIndex? {
        guard let field else { return parts[0].index }
        return parts.first { $0.field == field }?.index
    }

    /// Makes those that are copies the owners of what is in the store.
    func takeOver(epoch: Int64) async throws {
        for part in parts where !part.index.isOwner { try await part.index.takeOver(epoch: epoch) }
    }

    /// Makes all of them copies.
    func stepDown() { for part in parts { part.index.stepDown() } }

    /// Writes all of them, and answers up to where they are durable.
    func checkpoint() async throws -> Int64 {
        for part in parts { try await part.index.checkpoint() }
        return durableOffset
    }

    /// Merges what copies hold, of which nothing is written.
    func tidy() async throws {
        for part in parts { try await part.index.tidy() }
    }
}
