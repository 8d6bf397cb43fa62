/// Which points of a segment are deleted: one bit each.
public struct DeletionSet: Hashable, Sendable {
    private var words: [UInt64] = []
    /// How many points are deleted.
    public private(set) var count = 0

    public init() {}

    public func contains(_ point: Int32) -> Bool {
        let word = Int(point) / 64
        return word < words.count && words[word] >> UInt64(point % 64) & 1 == 1
    }

    /// The deleted points, in ascending order.
    public var points: [Int32] { (0..<Int32(words.count * 64)).filter(contains) }

    /// The deleted points, in ascending order.
    func forEach(_ body: (Int32) -> Void) {
        for (place, word) in words.enumerated() {
            var bits = word
            while bits != 0 {
                body(Int32(place * 64 + bits.trailingZeroBitCount))
                bits &= bits - 1
            }
        }
    }

    /// Adds a point; false if it was in the set already.
    @discardableResult
    public mutating func insert(_ point: Int32) -> Bool {
        precondition(point >= 0, "points are numbered from 0")
        if contains(point) { return false }
        let word = Int(point) / 64
        while words.count <= word { words.append(0) }
        words[word] |= 1 << UInt64(point % 64)
        count += 1
        return true
    }

    /// The bits as hexadecimal digits, point 0 in the lowest bit of the first digit; no trailing
    /// zeros.
    public var hexadecimal: String {
        let digits = Array("0123456789abcdef".utf8)
        var text: [UInt8] = []
        for word in words {
            for shift in stride(from: UInt64(0), to: 64, by: 4) {
                text.append(digits[Int(word >> shift & 0xF)])
            }
        }
        while text.last == UInt8(ascii: "0") { text.removeLast() }
        return String(decoding: text, as: UTF8.self)
    }

    /// The set of those digits; nil if they are none, or name a point from `pointCount` on.
    public init?(hexadecimal text: String, pointCount: Int) {
        guard pointCount >= 0, text.utf8.count <= (pointCount + 3) / 4 else { return nil }
        for (index, byte) in text.utf8.enumerated() {
            let digit: UInt8
            switch byte {
            case UInt8(ascii: "0")...UInt8(ascii: "9"): digit = byte - UInt8(ascii: "0")
            case UInt8(ascii: "a")...UInt8(ascii: "f"): digit = byte - UInt8(ascii: "a") + 10
            default: return nil
            }
            for bit in 0..<4 where digit >> UInt8(bit) & 1 == 1 {
                let point = index * 4 + bit
                if point >= pointCount { return nil }
                insert(Int32(point))
            }
        }
    }
}
