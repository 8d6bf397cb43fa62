import Platform
import Simulation
public import Vectors

/// Searches of one vector index with filters that pass different shares of its rows: what they find
/// and what they cost.
///
/// Vectors lie in clumps, as embeddings do, around centres that queries come from as well; a tenth
/// of the rows, or as many as asked for, is moved after it was indexed. Each row keeps one
/// attribute, a number below a hundred that has nothing to do with its vector, and filters are
/// ranges of it.
public struct VectorBenchmark {
    public var rowCount = 100_000
    public var dimension = 128
    public var churnPercent = 10
    public var queryCount = 200
    public var breadth = 100
    public var distance = VectorDistance.cosine
    public var quantization = VectorQuantization.none
    /// Near rows that each search wants.
    public static let limit = 10
    public static let shares = [1, 10, 50, 100]

    /// What searches with one filter found and cost.
    public struct Row: Sendable {
        public var percent: Int
        /// Of the nearest that pass, measured in full, in parts per million.
        public var recall: Int
        /// The same where four times as many are found and measured anew in full.
        public var rerankedRecall: Int
        /// A search.
        public var measurements: Int
        public var seconds: Double
    }

    public struct Result: Sendable {
        public var bytesPerRow: Int
        public var insertions: Int
        public var insertionSeconds: Double
        public var rows: [Row]
    }

    public init() {}

    /// Builds the index and searches it; `seconds` is a clock.
    public func run(_ seconds: @escaping () -> Double) throws -> Result {
        let world = SimulationWorld(seed: 1)
        var result: Swift.Result<Result, any Error>?
        world.addMachine("one")
        world.start("one") { machine in
            do { result = .success(try await measure(machine, seconds)) } catch {
                result = .failure(error)
            }
        }
        _ = world.run(atMost: .seconds(86_400 * 365)) { result != nil }
        world.shutDown()
        guard let result else { preconditionFailure("a benchmark without end") }
        return try result.get()
    }

    private func measure(
        _ machine: Machine, _ seconds: @escaping () -> Double
    ) async throws -> Result {
        var configuration = VectorIndexConfiguration(dimension: dimension, distance: distance)
        configuration.searchBreadth = breadth
        configuration.quantization = quantization
        configuration.attributes = [1]
        let index = try await VectorIndex.open(
            machine, prefix: "vectors", epoch: 1, configuration: configuration)
        let cloud = VectorCloud(dimension: dimension)
        var vectors = (0..<rowCount).map { cloud.vector($0) }
        var offset: Int64 = 0
        let start = seconds()
        func apply(_ row: Int) async throws {
            try index.apply(
                offset: offset, key: Self.key(row), vector: vectors[row],
                attributes: [[Self.attribute(row)]])
            offset += 1
            if offset % 8192 == 0 { try await index.checkpoint() }
        }
        for row in 0..<rowCount { try await apply(row) }
        let moved = rowCount * churnPercent / 100
        for number in 0..<moved {
            let row = number * rowCount / moved
            vectors[row] = cloud.vector(rowCount + number)
            try await apply(row)
        }
        try await index.checkpoint()
        let insertionSeconds = seconds() - start
        let rows = try Self.shares.map { percent in
            try search(index, vectors, cloud, percent, seconds)
        }
        return Result(
            bytesPerRow: index.byteCount / max(1, index.count), insertions: Int(offset),
            insertionSeconds: insertionSeconds, rows: rows)
    }

    private func search(
        _ index: VectorIndex, _ vectors: [[Float]], _ cloud: VectorCloud, _ percent: Int,
        _ seconds: () -> Double
    ) throws -> Row {
        let bound = VectorFilter.Bound([UInt8(percent)], isIncluded: false)
        let filter =
            percent == 100 ? nil : VectorFilter([.within(0, lower: nil, upper: bound)])
        let queries = (0..<queryCount).map { cloud.vector(2 * rowCount + $0) }
        let measured = index.measurementCount
        let start = seconds()
        for query in queries { _ = try index.search(query, limit: Self.limit, filter: filter) }
        let (elapsed, count) = (seconds() - start, index.measurementCount - measured)
        var (found, reranked, wanted) = (0, 0, 0)
        for query in queries {
            let passing = vectors.indices.filter { Int(Self.attribute($0)) < percent }
            let distances = passing.map { distance.between(query, vectors[$0]) }.sorted()
            let last = distances[min(Self.limit, distances.count) - 1]
            wanted += min(Self.limit, distances.count)
            func near(_ limit: Int) throws -> [Float] {
                try index.search(query, limit: limit, filter: filter).hits.map {
                    distance.between(query, vectors[Self.row($0.key)])
                }.sorted()
            }
            found += try near(Self.limit).filter { $0 <= last }.count
            reranked += try near(4 * Self.limit).prefix(Self.limit).filter { $0 <= last }.count
        }
        return Row(
            percent: percent, recall: found * 1_000_000 / wanted,
            rerankedRecall: reranked * 1_000_000 / wanted, measurements: count / queryCount,
            seconds: elapsed / Double(queryCount))
    }

    private static func attribute(_ row: Int) -> UInt8 {
        UInt8((UInt64(row) &* 0x9E37_79B9_7F4A_7C15 >> 40) % 100)
    }

    private static func key(_ row: Int) -> [UInt8] {
        [24, 16, 8, 0].map { UInt8(truncatingIfNeeded: row >> $0) }
    }

    private static func row(_ key: [UInt8]) -> Int { key.reduce(0) { $0 << 8 | Int($1) } }
}

/// Vectors around a few hundred centres, each a function of its number.
private struct VectorCloud {
    private static let centreCount = 400
    let dimension: Int
    private let centres: [[Float]]

    init(dimension: Int) {
        self.dimension = dimension
        centres = (0..<Self.centreCount).map { number in
            let random = RandomStream(seed: UInt64(number), label: "centres")
            return (0..<dimension).map { _ in Self.even(random) }
        }
    }

    func vector(_ number: Int) -> [Float] {
        let random = RandomStream(seed: UInt64(number), label: "vectors")
        return centres[random.next(in: 0..<Self.centreCount)].map { $0 + 0.7 * Self.even(random) }
    }

    private static func even(_ random: RandomStream) -> Float {
        Float(Int(random.next(in: 0..<2_000_001)) - 1_000_000) / 1_000_000
    }
}
