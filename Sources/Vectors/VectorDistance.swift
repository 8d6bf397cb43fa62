import CDistance

/// How far two vectors are apart; smaller is nearer.
///
/// Sums are taken in float32 in one fixed order (eight lanes, then a fixed tree), so that debug and
/// release, and every machine, find the same distance to the last bit. The sums are made in C
/// (`CDistance`), by the widest lanes that the processor has.
public enum VectorDistance: String, Hashable, Sendable, CaseIterable {
    /// The sum of squared differences.
    case squaredEuclidean
    /// One less the cosine of the angle, 0 to 2; the zero vector is 1 away from everything.
    case cosine
    /// The negated inner product.
    case innerProduct

    /// The distance as an index of this kind finds it, to the last bit.
    ///
    /// Precondition: both have the same number of elements.
    public func between(_ left: [Float], _ right: [Float]) -> Float {
        precondition(left.count == right.count, "vectors of different dimension")
        return prepared(left).withUnsafeBufferPointer { left in
            prepared(right).withUnsafeBufferPointer { right in
                measure(left.baseAddress!, right.baseAddress!, left.count)
            }
        }
    }

    /// The distance of a row's vector to a query as an index of that quantization finds it, to the
    /// last bit.
    ///
    /// Precondition: both have the same number of elements.
    public func between(
        _ query: [Float], _ vector: [Float], _ quantization: VectorQuantization
    ) -> Float {
        if quantization == .none { return between(query, vector) }
        precondition(query.count == vector.count, "vectors of different dimension")
        let query = GraphVector(prepared(query), quantization, limit: GraphVector.queryLimit)
        let node = GraphVector(prepared(vector), quantization, limit: GraphVector.nodeLimit)
        var sum: Int64 = 0
        for (left, right) in zip(query.codes, node.codes) { sum += Int64(left) * Int64(right) }
        return ofCodes(
            sum, scales: query.scale * node.scale, squares: query.square + node.square)
    }

    /// The distance of two vectors of codes, of the sum of whose products this is.
    @inline(__always)
    func ofCodes(_ sum: Int64, scales: Float, squares: Float) -> Float {
        let product = Float(sum) * scales
        if self != .squaredEuclidean { return distance(ofSum: product) }
        let squared = squares - 2 * product
        return squared.isNaN ? .infinity : max(0, squared)
    }

    /// The elements as an index keeps them: of length 1 for `cosine`, and filled up with zeros to a
    /// whole number of lanes.
    func prepared(_ vector: [Float]) -> [Float] {
        var elements = vector
        let laneCount = VectorDistance.paddedCount(vector.count)
        elements.append(contentsOf: repeatElement(0, count: laneCount - vector.count))
        if self == .cosine {
            // In double, so that squares of large elements do not overflow.
            var sum = 0.0
            for element in vector { sum += Double(element) * Double(element) }
            if sum > 0 {
                let length = sum.squareRoot()
                for index in vector.indices {
                    elements[index] = Float(Double(vector[index]) / length)
                }
            }
        }
        return elements
    }

    /// Rounded up to whole lanes, and at least one.
    static func paddedCount(_ count: Int) -> Int { max(8, (count + 7) & ~7) }

    /// The distance of two prepared vectors of `count` elements, a multiple of eight.
    @inline(__always)
    func measure(
        _ left: UnsafePointer<Float>, _ right: UnsafePointer<Float>, _ count: Int
    ) -> Float {
        distance(
            ofSum: self == .squaredEuclidean
                ? wavetank_squares(left, right, Int64(count))
                : wavetank_products(left, right, Int64(count)))
    }

    /// The distances of a prepared query to some of the vectors that lie `count` elements apart
    /// from `vectors` on: to the last bit what `measure` finds for each.
    func measure(
        _ query: UnsafePointer<Float>, _ vectors: UnsafePointer<Float>, _ count: Int,
        nodes: UnsafePointer<Int32>, nodeCount: Int, into distances: UnsafeMutablePointer<Float>
    ) {
        wavetank_sums(
            self == .squaredEuclidean ? 1 : 0, query, vectors, Int64(count), nodes,
            Int64(nodeCount), distances)
        for place in 0..<nodeCount { distances[place] = distance(ofSum: distances[place]) }
    }

    @inline(__always)
    private func distance(ofSum sum: Float) -> Float {
        let distance =
            switch self {
            case .squaredEuclidean: sum
            case .cosine: 1 - sum
            case .innerProduct: 0 - sum
            }
        // Elements near the largest float can add up to infinity less infinity.
        return distance.isNaN ? .infinity : distance
    }
}
