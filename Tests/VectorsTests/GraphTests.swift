import Platform
import Simulation
import Testing

@testable import Vectors

@Suite("The graph")
struct GraphTests {
    private static func points(
        _ vectors: [[Float]], _ distance: VectorDistance, dimension: Int
    ) -> PointGraph {
        let points = PointGraph(
            HierarchicalGraph(dimension: dimension, distance: distance, degree: 12, breadth: 60))
        for (number, vector) in vectors.enumerated() {
            _ = points.append(key(number), distance.prepared(vector), offset: Int64(number))
        }
        return points
    }

    private static func recall(
        _ points: PointGraph, queries: [[Float]], filter: (([UInt8]) -> Bool)? = nil
    ) -> Double {
        var recall = Recall()
        for query in queries.map(points.graph.distance.prepared) {
            recall.add(
                points.search(
                    query, limit: 10, breadth: 64, isExactWhereFaster: false, filter: filter),
                truth: points.exactSearch(query, limit: 10, filter: filter))
        }
        return recall.share
    }

    @Test(
        "Nine of ten true neighbours are found, however the rows lie",
        arguments: Cloud.allCases, VectorDistance.allCases)
    func recallHolds(cloud: Cloud, distance: VectorDistance) {
        for seed in 1...2 as ClosedRange<UInt64> {
            let vectors = cloud.vectors(300, dimension: 8, seed: seed)
            let points = Self.points(vectors, distance, dimension: 8)
            if cloud == .crowded { #expect(points.graph.count == Set(vectors).count) }
            let queries = cloud.vectors(30, dimension: 8, seed: seed)  // Some near a clump,
            let strangers = Cloud.uniform.vectors(10, dimension: 8, seed: seed + 100)  // some not.
            let share = Self.recall(points, queries: queries + strangers)
            #expect(share >= 0.9, "recall \(share) in \(cloud) by \(distance), seed \(seed)")
        }
    }

    @Test("Distances are those of their definition", arguments: VectorDistance.allCases)
    func distances(kind: VectorDistance) {
        for dimension in [1, 3, 8, 17, 100] {
            let vectors = Cloud.uniform.vectors(20, dimension: dimension, seed: 5)
            for (left, right) in zip(vectors, vectors.dropFirst()) {
                let measured = Double(kind.between(left, right))
                let expected = distance(kind, left, right)
                #expect(abs(measured - expected) < 1e-4 * max(1, abs(expected)))
                #expect(kind.between(left, right) == kind.between(right, left))
            }
        }
        #expect(VectorDistance.cosine.between([0, 0], [1, 2]) == 1)
        #expect(VectorDistance.cosine.between([3e38, 0], [3e38, 0]) == 0)
        let far = VectorDistance.innerProduct.between([3e38, 3e38], [3e38, -3e38])
        #expect(!far.isNaN)
    }

    @Test("Deleted points never answer, yet lead to the others", arguments: [1, 2, 3] as [UInt64])
    func deletes(seed: UInt64) {
        let vectors = Cloud.clustered.vectors(800, dimension: 8, seed: seed)
        let points = Self.points(vectors, .squaredEuclidean, dimension: 8)
        let random = RandomStream(seed: seed, label: "deletes")
        for point in 0..<Int32(800) where random.next(in: 0..<4) != 0 { points.delete(point) }
        for query in vectors.prefix(50).map(points.graph.distance.prepared) {
            for hit in points.search(
                query, limit: 20, breadth: 64, isExactWhereFaster: false, filter: nil)
            {
                #expect(points.isLive(Int32(hit.offset)))
            }
        }
        #expect(Self.recall(points, queries: Array(vectors.prefix(50))) >= 0.9)
    }

    @Test("A filter keeps its word, and the nearest that pass it are found")
    func filters() {
        let vectors = Cloud.uniform.vectors(800, dimension: 8, seed: 9)
        let points = Self.points(vectors, .cosine, dimension: 8)
        for divisor in [2, 10, 100] as [UInt8] {
            let filter: ([UInt8]) -> Bool = { $0[2] % divisor == 0 }
            let query = points.graph.distance.prepared(vectors[3])
            let hits = points.search(
                query, limit: 10, breadth: 64, isExactWhereFaster: false, filter: filter)
            #expect(hits.count == min(10, (0..<800).filter { filter(key($0)) }.count))
            #expect(hits.allSatisfy { filter($0.key) })
            let share = Self.recall(points, queries: Array(vectors.prefix(20)), filter: filter)
            #expect(share >= 0.9)
        }
    }

    @Test("The same insertions give the same graph, to the byte")
    func sameGraph() {
        let vectors = Cloud.uniform.vectors(300, dimension: 8, seed: 4)
        let bytes = (1...2).map { _ in
            VectorSegment(object: "o", Self.points(vectors, .cosine, dimension: 8)).encoded()
        }
        #expect(bytes[0] == bytes[1])
        // The constant pins the answer between debug and release builds and between machines.
        #expect(hash(bytes[0]) == 15_991_155_466_282_419_290)
    }

    private func hash(_ bytes: [UInt8]) -> UInt64 {
        bytes.reduce(0xCBF2_9CE4_8422_2325) { ($0 ^ UInt64($1)) &* 0x0000_0100_0000_01B3 }
    }

    @Test("Each layer holds one node in as many as the degree says of the layer below")
    func levels() {
        for degree in [2, 12, 16] {
            let graph = HierarchicalGraph(dimension: 1, distance: .cosine, degree: degree)
            let random = RandomStream(seed: 3, label: "levels")
            let levels = (0..<20_000).map { _ in graph.level(hash: random.next()) }
            let above = levels.filter { $0 >= 1 }.count
            #expect(abs(above * degree - 20_000) < 2_000)
            #expect(levels.max()! <= HierarchicalGraph.levelLimit)
        }
    }

    @Test("Candidates sort by distance, then by node, and keep both")
    func candidates() {
        let distances: [Float] = [-.infinity, -2, -1e-20, 0, 1e-20, 1, 3e38, .infinity]
        let candidates = distances.flatMap { distance in
            [0, 7, Int32.max].map { Candidate(distance: distance, node: $0) }
        }
        #expect(candidates == candidates.sorted())
        #expect(candidates.map(\.distance) == distances.flatMap { [$0, $0, $0] })
        #expect(Candidate(distance: 1, node: 7).node == 7)
        let random = RandomStream(seed: 1, label: "heap")
        for farthestFirst in [false, true] {
            var heap = CandidateHeap(farthestFirst: farthestFirst)
            let pushed = (0..<500).map { _ in Candidate(order: random.next(in: 0..<1000)) }
            for candidate in pushed { heap.push(candidate) }
            #expect(heap.top == (farthestFirst ? pushed.max()! : pushed.min()!))
            #expect(heap.drainSorted() == pushed.sorted())
        }
    }
}
