/// Turns text into a vector: hashed three-letter features, as feature hashing does (Weinberger et
/// al., 2009).
///
/// The same everywhere: integer counts, one division by a square root, no library of mathematics.
public struct TextEmbedder: Sendable {
    public let dimension: Int

    public init(dimension: Int = 16) {
        precondition(dimension > 0, "a vector has elements")
        self.dimension = dimension
    }

    /// A vector of length 1; of zeros for less than three bytes, or if the features cancel out.
    public func embed(_ text: String) -> [Float] {
        var counts = [Int](repeating: 0, count: dimension)
        var window: [UInt8] = []
        for byte in text.utf8 {
            let folded = byte >= 65 && byte <= 90 ? byte + 32 : byte
            window.append(folded)
            if window.count > 3 { window.removeFirst() }
            if window.count < 3 { continue }
            var hash: UInt64 = 0xcbf2_9ce4_8422_2325
            for byte in window { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01b3 }
            hash ^= hash >> 32
            counts[Int(hash % UInt64(dimension))] += hash & 0x1_0000 == 0 ? 1 : -1
        }
        let squares = counts.reduce(0) { $0 + $1 * $1 }
        if squares == 0 { return [Float](repeating: 0, count: dimension) }
        let length = Double(squares).squareRoot()
        return counts.map { Float(Double($0) / length) }
    }
}
