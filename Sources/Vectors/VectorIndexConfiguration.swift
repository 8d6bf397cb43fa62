/// How the index of one vector column is built and searched.
public struct VectorIndexConfiguration: Hashable, Sendable {
    public var dimension: Int
    public var distance: VectorDistance
    /// How elements are kept, in memory and in segments.
    public var quantization = VectorQuantization.none
    /// What is kept of each row for filters: the identifiers of its columns, in order.
    public var attributes: [Int32] = []
    /// Neighbours of a point in the graph (M): more finds more and takes more memory.
    public var degree = 16
    /// Candidates an insertion weighs (efConstruction).
    public var insertionBreadth = 100
    /// Candidates a search weighs where the caller does not say (ef).
    public var searchBreadth = 100
    /// Whether a segment is looked through point by point where that costs less than its graph: few
    /// points, or few that pass a filter.
    public var isExactWhereFaster = true
    /// The hot segment is sealed when it has as many points, deleted ones included.
    public var hotPointLimit = 4096
    /// As many segments of about one size are merged into one.
    public var mergeCount = 4
    /// Segments are not merged into a larger one than this.
    public var segmentPointLimit = 65_536
    /// Points merged before other tasks of the machine get a turn.
    public var mergeStepCount = 256
    /// How often a request to the object store is tried, and the first wait between; it doubles.
    public var attemptLimit = 6
    public var retryWait = Duration.milliseconds(200)
    /// After so long what an upload was to do has been done, or never will be.
    public var landingTime = Duration.seconds(60)

    public init(dimension: Int, distance: VectorDistance = .cosine) {
        self.dimension = dimension
        self.distance = distance
    }
}
