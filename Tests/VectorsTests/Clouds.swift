import Platform
import Simulation

@testable import Vectors

/// How test vectors lie in space.
enum Cloud: CaseIterable {
    /// Even in a cube.
    case uniform
    /// Tight clumps far from each other.
    case clustered
    /// Few distinct values, so that many rows have the same vector.
    case crowded

    func vectors(_ count: Int, dimension: Int, seed: UInt64) -> [[Float]] {
        let random = RandomStream(seed: seed, label: "cloud")
        func even() -> Float { Float(Int(random.next(in: 0..<2_000_001)) - 1_000_000) / 1_000_000 }
        func vector() -> [Float] { (0..<dimension).map { _ in even() } }
        switch self {
        case .uniform:
            return (0..<count).map { _ in vector() }
        case .clustered:
            let centers = (0..<20).map { _ in vector().map { $0 * 10 } }
            return (0..<count).map { _ in
                centers[random.next(in: 0..<20)].map { $0 + even() * 0.1 }
            }
        case .crowded:
            let values = (0..<40).map { _ in vector() }
            return (0..<count).map { _ in values[random.next(in: 0..<40)] }
        }
    }
}

func key(_ number: Int) -> [UInt8] {
    [UInt8(number >> 16 & 255), UInt8(number >> 8 & 255), UInt8(number & 255)]
}

/// A share of true neighbours, counted by distance: of two rows equally far either is right.
struct Recall {
    var found = 0
    var expected = 0

    mutating func add(_ hits: [VectorHit], truth: [VectorHit]) {
        expected += truth.count
        guard let farthest = truth.last?.distance else { return }
        found += hits.filter { $0.distance <= farthest }.count
    }

    var share: Double { expected == 0 ? 1 : Double(found) / Double(expected) }
}

/// A row's distances by the plain definition, in double.
func distance(_ kind: VectorDistance, _ left: [Float], _ right: [Float]) -> Double {
    let pairs = zip(left, right).map { (Double($0), Double($1)) }
    let product = pairs.reduce(0) { $0 + $1.0 * $1.1 }
    switch kind {
    case .squaredEuclidean: return pairs.reduce(0) { $0 + ($1.0 - $1.1) * ($1.0 - $1.1) }
    case .innerProduct: return -product
    case .cosine:
        let lengths = pairs.reduce((0, 0)) { ($0.0 + $1.0 * $1.0, $0.1 + $1.1 * $1.1) }
        let length = (lengths.0 * lengths.1).squareRoot()
        return length == 0 ? 1 : 1 - product / length
    }
}
