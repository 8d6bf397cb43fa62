/// What an index consists of at one offset: the only mutable object of an index.
///
/// It is one JSON object; see `VectorManifest+JSON.swift` for its members.
struct VectorManifest: Hashable {
    struct Segment: Hashable {
        var object: String
        var pointCount: Int
        var deleted: DeletionSet
    }

    /// Grows by one with each exchange.
    var generation: Int64
    /// The epoch of the bucket's leader who wrote it.
    var epoch: Int64
    /// The opening of the index that wrote it.
    var writer: String
    var dimension: Int
    var distance: VectorDistance
    var quantization = VectorQuantization.none
    /// The identifiers of the columns that segments keep for filters.
    var attributes: [Int32] = []
    /// All changes below are in the segments; the changelog is applied from here.
    var consumedOffset: Int64
    /// Oldest first.
    var segments: [Segment]
    /// Objects that this manifest gives up: they may be deleted now that it is durable.
    var garbage: [String]
}
