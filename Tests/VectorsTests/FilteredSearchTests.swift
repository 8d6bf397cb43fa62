import Platform
import Simulation
import Testing

@testable import Vectors

@Suite("Searches with filters, at size")
struct FilteredSearchTests {
    @Test(
        "Nineteen of twenty true neighbours are found at every filter, a tenth of the rows changed",
        arguments: [(10_000, 128), (3000, 16)])
    func recallHolds(count: Int, dimension: Int) {
        let vectors = Cloud.clustered.vectors(count, dimension: dimension, seed: 11)
        let moved = Cloud.clustered.vectors(count / 10, dimension: dimension, seed: 12)
        let points = PointGraph(
            HierarchicalGraph(dimension: dimension, distance: .cosine, degree: 16, breadth: 80))
        func append(_ number: Int, _ vector: [Float]) -> Int32 {
            points.append(
                key(number), points.graph.distance.prepared(vector), offset: Int64(number))
        }
        var at = vectors.enumerated().map { append($0.offset, $0.element) }
        // A tenth of the rows gets another vector, one of fifty goes.
        for (place, vector) in moved.enumerated() {
            points.delete(at[place * 10])
            at[place * 10] = append(place * 10, vector)
        }
        for number in stride(from: 5, to: count, by: 50) { points.delete(at[number]) }
        let queries = stride(from: 0, to: count, by: count / 20).map {
            points.graph.distance.prepared(vectors[$0])
        }
        for percent in [1, 10, 50, 100] as [UInt64] {
            let filter: (([UInt8]) -> Bool)? =
                percent == 100 ? nil : { PointGraph.hash($0) % 100 < percent }
            var recall = Recall()
            for query in queries {
                let hits = points.search(query, limit: 10, breadth: 100, filter: filter)
                recall.add(
                    hits, truth: points.exactSearch(query, limit: 10, filter: filter))
                #expect(hits.allSatisfy { filter?($0.key) ?? true })
            }
            #expect(recall.share >= 0.95, "recall \(recall.share) of \(percent) percent")
        }
    }

    @Test("All points and some points measured together are as far as each by itself")
    func batches() {
        for kind in VectorDistance.allCases {
            for dimension in [1, 8, 16, 100, 1536] {
                let vectors = Cloud.uniform.vectors(23, dimension: dimension, seed: 6)
                let graph = HierarchicalGraph(dimension: dimension, distance: kind)
                for (number, vector) in vectors.enumerated() {
                    _ = graph.insert(kind.prepared(vector), hash: UInt64(number))
                }
                let found = graph.scan(kind.prepared(vectors[7]), limit: 23, isAccepted: nil)
                #expect(found.count == graph.count && found == found.sorted())
                for candidate in found {
                    let expected = kind.between(vectors[7], graph.vector(candidate.node))
                    let isSame = expected.bitPattern == candidate.distance.bitPattern
                    // What is kept is of length 1 already, and not quite when it is made so again.
                    #expect(isSame || kind == .cosine)
                    #expect(abs(expected - candidate.distance) < 1e-6)
                }
            }
        }
    }

    @Test("Lanes are summed in the order that is written down, to the last bit")
    func order() {
        let left = Cloud.uniform.vectors(1, dimension: 40, seed: 1)[0]
        let right = Cloud.uniform.vectors(1, dimension: 40, seed: 2)[0]
        for kind in [VectorDistance.squaredEuclidean, .innerProduct] {
            var lanes = [Float](repeating: 0, count: 8)
            for place in 0..<40 {
                let difference = left[place] - right[place]
                lanes[place % 8] +=
                    kind == .innerProduct
                    ? left[place] * right[place] : difference * difference
            }
            let four = (0..<4).map { lanes[$0] + lanes[$0 + 4] }
            let sum = (four[0] + four[2]) + (four[1] + four[3])
            #expect(kind.between(left, right) == (kind == .innerProduct ? 0 - sum : sum))
        }
    }
}
