import Platform
import Simulation
import TestSupport
import Testing

@testable import Vectors

/// Rows with attributes that change by themselves and with their vectors, and the table of them.
private struct FilteredStory {
    struct Row: Equatable {
        var vector: [Float]
        var attributes: [[UInt8]]
    }

    var changes: [(key: [UInt8], row: Row?)] = []
    static let dimension = 6

    init(seed: UInt64, count: Int, keyCount: Int = 100) {
        let random = RandomStream(seed: seed, label: "filtered story")
        var rows: [[UInt8]: Row] = [:]
        for _ in 0..<count {
            let name = key(random.next(in: 0..<keyCount))
            // Null in one of eight, few values of the first, many of the second.
            let attributes: [[UInt8]] = [
                random.chance(1, in: 8) ? [] : [UInt8(random.next(in: 0..<5))],
                random.chance(1, in: 8)
                    ? [] : [UInt8(random.next(in: 0..<256)), UInt8(random.next(in: 0..<256))],
            ]
            if random.chance(1, in: 5) {
                rows[name] = nil
            } else if random.chance(1, in: 2), let known = rows[name] {
                rows[name] = Row(vector: known.vector, attributes: attributes)
            } else {
                let vector = (0..<Self.dimension).map { _ in Float(random.next(in: 0..<4)) }
                rows[name] = Row(vector: vector, attributes: attributes)
            }
            changes.append((name, rows[name]))
        }
    }

    func table(at offset: Int64) -> [[UInt8]: Row] {
        var table: [[UInt8]: Row] = [:]
        for change in changes.prefix(Int(offset)) { table[change.key] = change.row }
        return table
    }

    func apply(to index: VectorIndex, upTo end: Int) throws {
        while index.consumedOffset < end {
            let change = changes[Int(index.consumedOffset)]
            try index.apply(
                offset: index.consumedOffset, key: change.key, vector: change.row?.vector,
                attributes: change.row?.attributes ?? [])
        }
    }

    /// Filters with what they mean.
    static var filters: [(name: String, filter: VectorFilter, passes: (Row) -> Bool)] {
        [
            (
                "equal", VectorFilter([.within(0, lower: bound([2]), upper: bound([2]))]),
                { $0.attributes[0] == [2] }
            ),
            (
                "below", VectorFilter([.within(1, lower: nil, upper: bound([99, 7], false))]),
                {
                    !$0.attributes[1].isEmpty
                        && $0.attributes[1].lexicographicallyPrecedes([99, 7])
                }
            ),
            (
                "above", VectorFilter([.within(0, lower: bound([1], false), upper: nil)]),
                { !$0.attributes[0].isEmpty && $0.attributes[0][0] > 1 }
            ),
            ("null", VectorFilter([.passing(0) { $0.isEmpty }]), { $0.attributes[0].isEmpty }),
            (
                "both",
                VectorFilter([
                    .within(0, lower: bound([1]), upper: bound([3])),
                    .within(1, lower: bound([50]), upper: nil),
                ]),
                {
                    !$0.attributes[0].isEmpty && 1...3 ~= $0.attributes[0][0]
                        && !$0.attributes[1].lexicographicallyPrecedes([50])
                }
            ),
            (
                "either",
                VectorFilter([.together { $0[0] == [4] || $0[1].isEmpty }]),
                { $0.attributes[0] == [4] || $0.attributes[1].isEmpty }
            ),
            ("none", VectorFilter([.passing(1) { _ in false }]), { _ in false }),
        ]
    }

    private static func bound(_ value: [UInt8], _ isIncluded: Bool = true) -> VectorFilter.Bound {
        VectorFilter.Bound(value, isIncluded: isIncluded)
    }

    /// What is wrong with the filtered answers of an index.
    func complaints(
        about index: VectorIndex, _ quantization: VectorQuantization
    ) throws -> [String] {
        var complaints: [String] = []
        let table = table(at: index.consumedOffset)
        let query = Cloud.uniform.vectors(1, dimension: Self.dimension, seed: 8)[0]
        for (name, filter, passes) in Self.filters {
            let truth = table.filter { passes($0.value) }.map { row in
                VectorHit(
                    key: row.key,
                    distance: VectorDistance.squaredEuclidean.between(
                        query, row.value.vector, quantization), offset: 0)
            }.sorted().prefix(10)
            let exact = try index.exactSearch(query, limit: 10, filter: filter)
            if exact.hits.map(\.key) != truth.map(\.key)
                || exact.hits.map(\.distance) != truth.map(\.distance)
            {
                complaints.append("\(name): exactly \(exact.hits) and not \(truth)")
            }
            let found = try index.search(query, limit: 10, filter: filter)
            if found.hits.count != truth.count { complaints.append("\(name): \(found.hits.count)") }
            for hit in found.hits where table[hit.key].map(passes) != true {
                complaints.append("\(name): \(hit.key) does not pass")
            }
        }
        return complaints
    }

    static func configuration(
        _ quantization: VectorQuantization, isExactWhereFaster: Bool
    ) -> VectorIndexConfiguration {
        var configuration = VectorIndexConfiguration.small
        configuration.attributes = [4, 9]
        configuration.quantization = quantization
        configuration.isExactWhereFaster = isExactWhereFaster
        return configuration
    }
}

@Suite("Filters inside the index")
struct AttributeTests {
    @Test(
        "Filtered answers are those of the table, over changes, merges, copies and openings",
        arguments: VectorQuantization.allCases, [true, false])
    func story(quantization: VectorQuantization, isExactWhereFaster: Bool) throws {
        let configuration = FilteredStory.configuration(
            quantization, isExactWhereFaster: isExactWhereFaster)
        for seed in 1...3 as ClosedRange<UInt64> {
            let story = FilteredStory(seed: seed, count: 420)
            try inWorld { machine, _ in
                func open(_ epoch: Int64) async throws -> VectorIndex {
                    try await VectorIndex.open(
                        machine, prefix: "p", epoch: epoch, configuration: configuration)
                }
                let index = try await open(1)
                for end in stride(from: 35, through: 350, by: 35) {
                    try story.apply(to: index, upTo: end)
                    #expect(try story.complaints(about: index, quantization) == [])
                    try await index.checkpoint()
                    #expect(try story.complaints(about: index, quantization) == [])
                }
                #expect(index.segmentCounts.count > 1)
                let copy = try await VectorIndex.openCopy(
                    machine, prefix: "p", configuration: configuration)
                #expect(try story.complaints(about: copy, quantization) == [])
                let again = try await open(2)
                #expect(again.consumedOffset == 350)
                try story.apply(to: again, upTo: 420)
                #expect(try story.complaints(about: again, quantization) == [])
            }
        }
    }

    @Test("A range passes the same values in the order of their coming and sorted")
    func ranges() {
        let random = RandomStream(seed: 4, label: "ranges")
        for _ in 0..<200 {
            var column = AttributeColumn()
            for _ in 0..<30 {
                column.append(
                    (0..<random.next(in: 0..<3)).map { _ in UInt8(random.next(in: 0..<3)) })
            }
            func end() -> VectorFilter.Bound? {
                if random.chance(1, in: 4) { return nil }
                let value = (0..<1 + random.next(in: 0..<2)).map { _ in
                    UInt8(random.next(in: 0..<3))
                }
                return VectorFilter.Bound(value, isIncluded: random.chance(1, in: 2))
            }
            let term = VectorFilter.Term.within(0, lower: end(), upper: end())
            var sorted = column
            sorted.sort()
            let (before, after) = (column.passing(term), sorted.passing(term))
            for point in 0..<Int32(30) {
                #expect(column[point] == sorted[point])
                #expect(
                    before[Int(column.numbers[Int(point)])]
                        == after[Int(sorted.numbers[Int(point)])])
            }
        }
    }

    /// Around a few centres, yet not so near to them that a byte an element tells them not apart.
    private static func vectors(_ count: Int, _ dimension: Int, seed: UInt64 = 11) -> [[Float]] {
        let centres = Cloud.uniform.vectors(40, dimension: dimension, seed: 10)
        return Cloud.uniform.vectors(count, dimension: dimension, seed: seed).enumerated().map {
            zip(centres[$0.offset % 40], $0.element).map { $0 + $1 / 2 }
        }
    }

    /// Points whose one attribute is a number below a hundred, a tenth of them moved.
    private static func points(
        _ count: Int, _ dimension: Int, _ quantization: VectorQuantization
    ) -> PointGraph {
        let graph = HierarchicalGraph(
            dimension: dimension, distance: .cosine, quantization: quantization, degree: 16,
            breadth: 80)
        let points = PointGraph(graph, attributeCount: 1)
        let first = Self.vectors(count, dimension)
        let moved = Self.vectors(count / 10, dimension, seed: 12)
        func append(_ number: Int, _ vector: [Float]) -> Int32 {
            points.append(
                key(number), graph.distance.prepared(vector), offset: Int64(number),
                attributes: [[UInt8(PointGraph.hash(key(number)) % 100)]])
        }
        let places = first.enumerated().map { append($0.offset, $0.element) }
        for (place, vector) in moved.enumerated() {
            points.delete(places[place * 10])
            _ = append(place * 10, vector)
        }
        return points
    }

    @Test(
        "Nineteen of twenty true neighbours are found at each share, in whichever way",
        arguments: VectorQuantization.allCases)
    func recallHolds(quantization: VectorQuantization) {
        let (count, dimension) = (5000, 64)
        let points = Self.points(count, dimension, quantization)
        let queries = Self.vectors(20, dimension, seed: 13).map(points.graph.distance.prepared)
        var plans: Set<PointGraph.FilteredPlan> = []
        for percent in [1, 10, 30, 50, 80, 100] as [UInt8] {
            let filter = PointFilter(
                VectorFilter([
                    .within(0, lower: nil, upper: VectorFilter.Bound([percent], isIncluded: false))
                ]), points.attributes)
            for isExactWhereFaster in [true, false] {
                let plan = points.plan(
                    breadth: 100, isExactWhereFaster, passing: count * Int(percent) / 100)
                plans.insert(plan)
                var recall = Recall()
                for query in queries {
                    let hits = points.search(
                        query, limit: 10, breadth: 100, isExactWhereFaster: isExactWhereFaster,
                        among: filter)
                    recall.add(hits, truth: points.exactSearch(query, limit: 10, among: filter))
                    #expect(hits.count == 10)
                }
                let bound = isExactWhereFaster ? 0.95 : 0.9
                #expect(
                    recall.share >= bound, "recall \(recall.share) of \(percent) percent by \(plan)"
                )
            }
        }
        #expect(plans.count == 3)
    }

    @Test("A filter costs no search much more than one without does")
    func cost() {
        let points = Self.points(5000, 64, .none)
        let queries = Self.vectors(20, 64, seed: 13).map(points.graph.distance.prepared)
        func cost(_ percent: UInt8?) -> Int {
            let start = points.graph.measurementCount
            let filter = percent.map { percent in
                PointFilter(
                    VectorFilter([
                        .within(
                            0, lower: nil, upper: VectorFilter.Bound([percent], isIncluded: false))
                    ]), points.attributes)
            }
            for query in queries {
                _ = points.search(query, limit: 10, breadth: 100, among: filter)
            }
            return points.graph.measurementCount - start
        }
        let whole = cost(nil)
        for percent in [1, 10, 50, 90] as [UInt8] {
            let filtered = cost(percent)
            // Twice what a walk measures that knows of no clumps.
            let bound = max(whole * 2, queries.count * 100 * points.graph.degree * 2)
            #expect(filtered <= bound, "\(percent) percent: \(filtered) for \(whole)")
        }
    }

    @Test("Vectors of a byte an element take a third of the memory and are as far as is said")
    func quantized() throws {
        for distance in VectorDistance.allCases {
            var configuration = VectorIndexConfiguration(dimension: 128, distance: distance)
            configuration.hotPointLimit = 100
            let vectors = Cloud.uniform.vectors(250, dimension: 128, seed: 3)
            try inWorld { machine, _ in
                var bytes: [Int] = []
                for quantization in VectorQuantization.allCases {
                    configuration.quantization = quantization
                    let index = try await VectorIndex.open(
                        machine, prefix: "p-\(quantization)", epoch: 1,
                        configuration: configuration)
                    for (number, vector) in vectors.enumerated() {
                        try index.apply(offset: Int64(number), key: key(number), vector: vector)
                    }
                    try await index.checkpoint()
                    bytes.append(index.byteCount)
                    let query = Cloud.uniform.vectors(1, dimension: 128, seed: 4)[0]
                    for hit in try index.search(query, limit: 20).hits {
                        let vector = vectors[Int(hit.key[1]) * 256 + Int(hit.key[2])]
                        #expect(hit.distance == distance.between(query, vector, quantization))
                        let exact = distance.between(query, vector)
                        #expect(abs(hit.distance - exact) < 0.02 * max(1, abs(exact)))
                    }
                }
                #expect(bytes[1] * 2 < bytes[0])
            }
        }
        let least = Float.leastNonzeroMagnitude
        let tiny = GraphVector(
            [least, least * 140, -least * 140, 0], .int8, limit: GraphVector.nodeLimit)
        #expect(tiny.codes.allSatisfy { abs(Int($0)) <= GraphVector.nodeLimit })
    }

    @Test("Sums of codes are the sums of their products, at every length")
    func codeSums() {
        let random = RandomStream(seed: 6, label: "codes")
        for dimension in [1, 15, 16, 17, 128, 4096, 9000] {
            let vectors = (0..<5).map { _ in
                (0..<dimension).map { _ in Float(Int(random.next(in: 0..<2001)) - 1000) }
            }
            let graph = HierarchicalGraph(
                dimension: dimension, distance: .innerProduct, quantization: .int8)
            for (number, vector) in vectors.enumerated() {
                _ = graph.insert(graph.distance.prepared(vector), hash: UInt64(number))
            }
            let query = graph.distance.prepared(vectors[0])
            for candidate in graph.scan(query, limit: 5, isAccepted: nil) {
                let vector = vectors[Int(candidate.node)]
                let expected = VectorDistance.innerProduct.between(vectors[0], vector, .int8)
                #expect(candidate.distance == expected)
            }
        }
    }
}
