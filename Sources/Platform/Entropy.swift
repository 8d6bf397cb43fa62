/// A machine's source of randomness.
public protocol Entropy: AnyObject {
    /// The next 64 random bits.
    func next() -> UInt64
}

extension Entropy {
    /// A number in `range`, evenly drawn (Lemire, "Fast Random Integer Generation in an Interval",
    /// 2019).
    public func next(in range: Range<UInt64>) -> UInt64 {
        let width = range.upperBound - range.lowerBound
        precondition(width > 0, "cannot draw from an empty range")
        var product = next().multipliedFullWidth(by: width)
        if product.low < width {
            let threshold = (0 &- width) % width
            while product.low < threshold { product = next().multipliedFullWidth(by: width) }
        }
        return range.lowerBound + product.high
    }

    public func next(in range: Range<Int>) -> Int {
        let width = UInt64(range.upperBound - range.lowerBound)
        return range.lowerBound + Int(next(in: 0..<width))
    }

    /// True `numerator` times in `denominator`.
    public func chance(_ numerator: UInt64, in denominator: UInt64) -> Bool {
        next(in: 0..<denominator) < numerator
    }

    /// A version 4 UUID (RFC 9562) in its usual lower-case form.
    public func uuid() -> String {
        let words = [(next() & ~0xF000) | 0x4000, (next() & ~(0b11 << 62)) | (0b10 << 62)]
        let digits = Array("0123456789abcdef".utf8)
        var text: [UInt8] = []
        text.reserveCapacity(36)
        for position in 0..<32 {
            if [8, 12, 16, 20].contains(position) { text.append(UInt8(ascii: "-")) }
            let shift = UInt64(60 - 4 * (position % 16))
            text.append(digits[Int(words[position / 16] >> shift & 0xF)])
        }
        return String(decoding: text, as: UTF8.self)
    }
}
