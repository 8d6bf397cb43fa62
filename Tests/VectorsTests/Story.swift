import Platform
import Simulation

@testable import Vectors

/// A changelog of random upserts and deletes, and the table that it makes.
struct Story {
    struct Change {
        var key: [UInt8]
        var vector: [Float]?
    }

    var changes: [Change] = []
    static let dimension = 6

    init(seed: UInt64, count: Int, keyCount: Int = 120) {
        let random = RandomStream(seed: seed, label: "story")
        for _ in 0..<count {
            let row = key(random.next(in: 0..<keyCount))
            if random.next(in: 0..<4) == 0 {
                changes.append(Change(key: row, vector: nil))
            } else {
                // Few values, so that rows share vectors and updates repeat them.
                let vector = (0..<Story.dimension).map { _ in Float(random.next(in: 0..<4)) }
                changes.append(Change(key: row, vector: vector))
            }
        }
    }

    /// The table after the changes below `offset`, and where each row got its vector.
    func table(at offset: Int64) -> [[UInt8]: [Float]] {
        var table: [[UInt8]: [Float]] = [:]
        for change in changes.prefix(Int(offset)) { table[change.key] = change.vector }
        return table
    }

    /// Applies the changes from where the index is to `end`.
    func apply(to index: VectorIndex, upTo end: Int) throws {
        for offset in index.consumedOffset..<Int64(max(end, Int(index.consumedOffset))) {
            let change = changes[Int(offset)]
            try index.apply(offset: offset, key: change.key, vector: change.vector)
        }
    }

    /// What is wrong with the index against the table at its offset; empty if nothing is.
    func complaints(about index: VectorIndex) throws -> [String] {
        var complaints: [String] = []
        let table = table(at: index.consumedOffset)
        let keys = table.keys.sorted { $0.lexicographicallyPrecedes($1) }
        if index.liveKeys() != keys {
            complaints.append("live keys differ: \(index.liveKeys()) for \(keys)")
        }
        if index.count != keys.count { complaints.append("counts \(index.count)") }
        for row in keys where index.vector(of: row) != table[row] {
            complaints.append("row \(row) has \(String(describing: index.vector(of: row)))")
        }
        var recall = Recall()
        for query in Cloud.uniform.vectors(3, dimension: Story.dimension, seed: 8) {
            let answer = try index.search(query, limit: 10)
            let exact = try index.exactSearch(query, limit: 10)
            let truth = keys.map { row in
                (VectorDistance.squaredEuclidean.between(table[row]!, query), row)
            }.sorted { $0.0 != $1.0 ? $0.0 < $1.0 : $0.1.lexicographicallyPrecedes($1.1) }
                .prefix(10)
            if exact.hits.map(\.key) != truth.map(\.1) { complaints.append("exact answer differs") }
            if answer.freshUpTo != index.consumedOffset { complaints.append("freshness differs") }
            for hit in answer.hits where table[hit.key] == nil {
                complaints.append("deleted row \(hit.key) answers")
            }
            for hit in answer.hits {
                if let vector = table[hit.key],
                    VectorDistance.squaredEuclidean.between(vector, query) != hit.distance
                {
                    complaints.append("row \(hit.key) answers with an old vector")
                }
            }
            recall.add(answer.hits, truth: exact.hits)
        }
        if recall.share < 0.9 { complaints.append("recall \(recall.share)") }
        return complaints
    }
}

extension VectorIndexConfiguration {
    /// Small enough that a short story seals, merges and rebuilds.
    static var small: VectorIndexConfiguration {
        var configuration = VectorIndexConfiguration(
            dimension: Story.dimension, distance: .squaredEuclidean)
        configuration.degree = 6
        configuration.insertionBreadth = 30
        configuration.searchBreadth = 60
        configuration.hotPointLimit = 40
        configuration.mergeCount = 3
        configuration.mergeStepCount = 16
        return configuration
    }
}
