/// How an index keeps the elements of its vectors.
public enum VectorQuantization: String, Hashable, Sendable, CaseIterable {
    /// As they are, four bytes each.
    case none
    /// As whole numbers from -127 to 127 of a unit that each vector has of its own, a byte each.
    ///
    /// Distances are near the true ones then: who wants those measures the rows that are found.
    case int8
}

/// A vector as a graph keeps it, and measures from it.
///
/// Of whole numbers where it is quantized: up to 127 as a node, up to 2047 as a query, so that what
/// is lost is lost at the nodes.
struct GraphVector: Hashable {
    var floats: [Float] = []
    /// Filled up with zeros to a multiple of 16.
    var codes: [Int16] = []
    /// What a code of 1 stands for, and the sum of the squares of all elements.
    var scale: Float = 0
    var square: Float = 0

    static let nodeLimit = 127
    static let queryLimit = 2047

    /// Precondition: `prepared` is, by `VectorDistance.prepared`, and finite.
    init(_ prepared: [Float], _ quantization: VectorQuantization, limit: Int) {
        switch quantization {
        case .none: floats = prepared
        case .int8:
            let largest = prepared.reduce(0) { max($0, abs($1)) }
            scale = largest / Float(limit)
            codes.reserveCapacity(GraphVector.paddedCount(prepared.count))
            for element in prepared {
                // A unit may be so small that it is lost itself, or its digits are.
                let code = scale > 0 ? (element / scale).rounded() : 0
                codes.append(Int16(max(-Float(limit), min(Float(limit), code))))
            }
            pad()
        }
    }

    /// What was read or kept: codes up to 127.
    init(codes: [Int16], scale: Float) {
        self.codes = codes
        self.scale = scale
        pad()
    }

    private mutating func pad() {
        let missing = GraphVector.paddedCount(codes.count) - codes.count
        codes.append(contentsOf: repeatElement(0, count: missing))
        let sum = codes.reduce(Int64(0)) { $0 + Int64($1) * Int64($1) }
        square = Float(sum) * (scale * scale)
    }

    static func paddedCount(_ count: Int) -> Int { max(16, (count + 15) & ~15) }
}

/// Where the elements of a vector lie that distances are measured from.
struct VectorView {
    var floats: UnsafePointer<Float>?
    var codes: UnsafePointer<Int16>?
    var scale: Float = 0
    var square: Float = 0
}

extension GraphVector {
    func withView<Result>(_ body: (VectorView) -> Result) -> Result {
        floats.withUnsafeBufferPointer { floats in
            codes.withUnsafeBufferPointer { codes in
                body(
                    VectorView(
                        floats: floats.isEmpty ? nil : floats.baseAddress,
                        codes: codes.baseAddress, scale: scale, square: square))
            }
        }
    }
}
