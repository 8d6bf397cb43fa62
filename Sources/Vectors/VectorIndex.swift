import Platform

/// The vector index of one bucket's column: a function of the bucket's changelog up to an offset.
///
/// Changes go to a hot segment in memory; when it is large it is sealed. `checkpoint` makes sealed
/// segments durable as objects and then writes the manifest that names them, with the offset up to
/// which they hold: the receipt, always last. After a crash `open` loads the newest manifest and
/// the changelog is applied again from `consumedOffset`.
///
/// A key is live in one place at most. Deletes and newer vectors of keys in sealed segments are
/// kept as a set of deleted points beside each segment, and with it in the manifest.
///
/// `apply` and `search` never wait, so a checkpoint always sees the index between two changes.
public final class VectorIndex {
    public let configuration: VectorIndexConfiguration
    /// Where the index's objects are; what the caller passed to `open`.
    public let prefix: String
    /// The epoch under which this index was opened or taken over; 0 of a copy.
    public internal(set) var epoch: Int64
    /// Whether this is the one that writes the index's objects, as far as it has heard; a copy does
    /// not. See `takeOver`.
    public internal(set) var isOwner = false
    /// Where to go on in the changelog: all changes below are reflected, none from here on.
    public internal(set) var consumedOffset: Int64 = 0
    /// The changelog must be kept from here: what a crash now would make `open` answer.
    public internal(set) var durableOffset: Int64 = 0
    /// Vectors with an element that is not finite, which have no distance to anything: their rows
    /// are not in the index.
    public private(set) var refusedCount = 0

    /// Counts what changed, so that a checkpoint without changes writes nothing.
    var changeCount = 0
    var durableChangeCount = 0
    let machine: Machine
    /// Tells this opening of the index from all others.
    let writer: String
    let gate: Gate
    let manifests: VectorManifestStore
    var stored: StoredVectorManifest?
    /// Oldest first.
    var segments: [VectorSegment] = [] { didSet { account() } }
    private let held: MemoryUse
    /// Segments that have an object in the store; others are in memory only.
    var savedObjects: Set<String> = []
    /// Objects of this index that exist, or may: what no manifest names any more is deleted.
    var knownObjects: Set<String> = []
    /// Objects of which an upload had no answer: it may land after they were deleted.
    var doubtfulObjects: Set<String> = []
    /// Those of them that were deleted, and when: they are deleted once more.
    var lapsed: [(object: String, at: Instant)] = []
    /// When uploads of earlier openings have landed that the claim did not list; nil once they are
    /// looked for.
    var formersLandedAt: Instant?
    private var hot: PointGraph
    private var hotPoints: [[UInt8]: Int32] = [:]
    private var segmentNumber = 0
    private var formerMeasurementCount = 0

    init(
        _ machine: Machine, _ configuration: VectorIndexConfiguration, prefix: String,
        epoch: Int64, manifests: VectorManifestStore
    ) {
        precondition(configuration.hotPointLimit >= 1 && configuration.mergeCount >= 2)
        precondition(!prefix.isEmpty && prefix.last != "/", "a prefix is a folder's name")
        self.machine = machine
        held = MemoryUse(of: machine.memory)
        self.configuration = configuration
        self.prefix = prefix
        self.epoch = epoch
        self.manifests = manifests
        writer =
            String(machine.entropy.next(), radix: 16) + String(machine.entropy.next(), radix: 16)
        gate = Gate(machine)
        hot = VectorIndex.newPoints(configuration)
    }

    /// Rows in the index.
    public var count: Int { segments.reduce(hot.liveCount) { $0 + $1.liveCount } }

    /// Points in the hot segment, deleted ones included.
    public var hotPointCount: Int { hot.count }

    /// Points of each sealed segment and how many of them are live, oldest first.
    public var segmentCounts: [(points: Int, live: Int)] {
        segments.map { ($0.pointCount, $0.liveCount) }
    }

    // MARK: Changes

    /// Applies one change of the changelog: the row's vector, or nil if the row or its vector is
    /// gone.
    ///
    /// Changes come in order of their offsets; one below `consumedOffset` was applied before and is
    /// passed over. Records that change no row (-U) need not be applied: see `advance`.
    ///
    /// `attributes` are what is kept of the row for filters, as many as the configuration names,
    /// each in bytes that order as its values do, empty for null. A row whose attributes alone
    /// change costs the index as much as one that moves.
    public func apply(
        offset: Int64, key: [UInt8], vector: [Float]?, attributes: [[UInt8]] = []
    ) throws(VectorsError) {
        if offset < consumedOffset { return }
        if let vector {
            set(key, try checked(vector), attributes, offset: offset)
        } else {
            remove(key)
        }
        consumedOffset = offset + 1
        changeCount += 1
        if hot.count >= configuration.hotPointLimit { seal() }
        account()
    }

    /// Says that the changelog has no change for the index below `offset` but those applied.
    public func advance(to offset: Int64) {
        if offset <= consumedOffset { return }
        consumedOffset = offset
        changeCount += 1
    }

    /// Puts the rows of a table snapshot in place of all there is; then goes on from `offset`.
    ///
    /// For a changelog whose beginning is gone, and for rebuilding a damaged index.
    public func replaceAll(
        with rows: some Sequence<(key: [UInt8], vector: [Float])>, upTo offset: Int64,
        attributes: (_ key: [UInt8]) -> [[UInt8]] = { _ in [] }
    ) throws(VectorsError) {
        var checkedRows: [([UInt8], [Float]?)] = []
        for row in rows { checkedRows.append((row.key, try checked(row.vector))) }
        for segment in segments {
            for point in segment.points.livePoints { segment.points.delete(point) }
        }
        startHot()
        for (key, vector) in checkedRows {
            set(key, vector, attributes(key), offset: offset - 1)
            if hot.count >= configuration.hotPointLimit { seal() }
        }
        consumedOffset = offset
        changeCount += 1
        account()
    }

    /// Counts the vectors and the links of all points as held memory.
    private func account() {
        held.byteCount = byteCount
    }

    /// What the vectors, links and attributes of all points take in memory.
    public var byteCount: Int {
        let points = segments.reduce(hot.count) { $0 + $1.pointCount }
        let elements =
            configuration.quantization == .none
            ? configuration.dimension * 4 : configuration.dimension + 8
        return points
            * (elements + 8 * configuration.degree + 4 * configuration.attributes.count)
    }

    /// Distances found by all that this index has done: what searches and changes cost.
    public var measurementCount: Int {
        segments.reduce(formerMeasurementCount + hot.graph.measurementCount) {
            $0 + $1.points.graph.measurementCount
        }
    }

    /// Ends the hot segment and starts an empty one; nothing is written before `checkpoint`.
    public func seal() {
        if hot.liveCount > 0 { segments.append(VectorSegment(object: nextObject(), hot)) }
        startHot()
    }

    private func startHot() {
        formerMeasurementCount += hot.graph.measurementCount
        hot = VectorIndex.newPoints(configuration)
        hotPoints = [:]
    }

    private func set(
        _ key: [UInt8], _ vector: [Float]?, _ attributes: [[UInt8]], offset: Int64
    ) {
        precondition(
            attributes.count == configuration.attributes.count, "other attributes than the index's")
        guard let vector else {
            remove(key)
            return
        }
        if let (points, point) = locate(key) {
            // Most updates of a row leave its vector alone.
            if points.graph.holds(points.nodes[Int(point)], points.graph.kept(vector))
                && points.attributes(of: point) == attributes
            {
                return
            }
            points.delete(point)
        }
        hotPoints[key] = hot.append(key, vector, offset: offset, attributes: attributes)
    }

    private func remove(_ key: [UInt8]) {
        if let (points, point) = locate(key) { points.delete(point) }
        hotPoints[key] = nil
    }

    /// The live point of a key.
    private func locate(_ key: [UInt8]) -> (PointGraph, Int32)? {
        if let point = hotPoints[key] { return (hot, point) }
        for segment in segments.reversed() {
            if let point = segment.find(key) { return (segment.points, point) }
        }
        return nil
    }

    /// The vector as the graph wants it; nil, and counted, if it is not finite.
    private func checked(_ vector: [Float]) throws(VectorsError) -> [Float]? {
        try checkDimension(vector)
        if !vector.allSatisfy(\.isFinite) {
            refusedCount += 1
            return nil
        }
        return configuration.distance.prepared(vector)
    }

    // MARK: Answers

    /// The `limit` rows nearest to `query` among those that the filter passes.
    ///
    /// The answer is approximate: a larger `breadth` (ef) misses less. It never names a row that is
    /// deleted or that has another vector by now, and if fewer than `limit` rows pass it names all.
    ///
    /// - Precondition: the filter's terms are of attributes that the index has.
    public func search(
        _ query: [Float], limit: Int, breadth: Int? = nil, filter: VectorFilter? = nil
    ) throws(VectorsError) -> VectorAnswer {
        let breadth = max(1, breadth ?? configuration.searchBreadth)
        return try answer(query, limit) {
            let points = $0
            return points.search(
                $1, limit: limit, breadth: breadth,
                isExactWhereFaster: configuration.isExactWhereFaster,
                among: filter.map { PointFilter($0, points.attributes) })
        }
    }

    /// As `search`, by looking at every row: for oracles.
    public func exactSearch(
        _ query: [Float], limit: Int, filter: VectorFilter? = nil
    ) throws(VectorsError) -> VectorAnswer {
        try answer(query, limit) { points, query in
            guard let filter else { return points.exactSearch(query, limit: limit, filter: nil) }
            return points.exactSearch(
                query, limit: limit, among: PointFilter(filter, points.attributes))
        }
    }

    private func answer(
        _ query: [Float], _ limit: Int, _ search: (PointGraph, [Float]) -> [VectorHit]
    ) throws(VectorsError) -> VectorAnswer {
        try checkDimension(query)
        guard query.allSatisfy(\.isFinite) else {
            throw .invalidVector(reason: "an element of the query is not finite")
        }
        if limit < 1 { return VectorAnswer(hits: [], freshUpTo: consumedOffset) }
        let prepared = configuration.distance.prepared(query)
        var hits = search(hot, prepared)
        for segment in segments { hits.append(contentsOf: search(segment.points, prepared)) }
        hits.sort()
        return VectorAnswer(hits: Array(hits.prefix(limit)), freshUpTo: consumedOffset)
    }

    /// The keys of all rows in the index, in byte order: for oracles.
    public func liveKeys() -> [[UInt8]] {
        ([hot] + segments.map(\.points))
            .flatMap { points in points.livePoints.map { points.keys[Int($0)] } }
            .sorted { $0.lexicographicallyPrecedes($1) }
    }

    /// The row's vector as it is kept (of length 1 for `cosine`), or nil if the row is not there.
    public func vector(of key: [UInt8]) -> [Float]? {
        locate(key).map { points, point in points.vector(of: point) }
    }

    private func checkDimension(_ vector: [Float]) throws(VectorsError) {
        if vector.count != configuration.dimension {
            throw .invalidVector(
                reason: "\(vector.count) elements, but the index of \(prefix) has "
                    + "\(configuration.dimension)")
        }
    }

    // MARK: Parts

    static func newPoints(_ configuration: VectorIndexConfiguration) -> PointGraph {
        let graph = HierarchicalGraph(
            dimension: configuration.dimension, distance: configuration.distance,
            quantization: configuration.quantization, degree: configuration.degree,
            breadth: configuration.insertionBreadth)
        return PointGraph(graph, attributeCount: configuration.attributes.count)
    }

    var segmentFolder: String { "\(prefix)/segments/" }

    /// A name that no other opening of the index can choose.
    func nextObject() -> String {
        segmentNumber += 1
        return "\(segmentFolder)\(writer)-\(segmentNumber)"
    }
}
