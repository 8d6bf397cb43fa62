/// Decimal numbers as text and as bytes.
public enum DecimalText {
    /// The most digits of a decimal column; a number of more stays text.
    public static let precisionLimit = 38

    /// The unscaled number of a text such as `-12.50` or `1.25e1`; nil if it is none or does not
    /// fit.
    public static func unscaled(_ text: String, precision: Int, scale: Int) -> Int128? {
        precondition((1...precisionLimit).contains(precision), "no precision of a decimal")
        precondition((0...precision).contains(scale), "more places than digits")
        guard let plain = withoutExponent(text) else { return nil }
        var digits = Array(plain.utf8)[...]
        let isNegative = digits.first == UInt8(ascii: "-")
        if isNegative { digits.removeFirst() }
        var number: UInt128 = 0
        var places: Int?
        var count = 0
        for byte in digits {
            if byte == UInt8(ascii: "."), places == nil {
                places = 0
                continue
            }
            guard byte >= 48 && byte <= 57 else { return nil }
            count += 1
            if let found = places {
                // Zeros behind the last place change nothing.
                if found == scale {
                    if byte != 48 { return nil }
                    continue
                }
                places = found + 1
            }
            guard let longer = append(UInt128(byte - 48), to: number, precision) else { return nil }
            number = longer
        }
        if count == 0 { return nil }
        for _ in (places ?? 0)..<scale {
            guard let longer = append(0, to: number, precision) else { return nil }
            number = longer
        }
        return isNegative ? -Int128(number) : Int128(number)
    }

    /// Millionths of a text such as `0.005`, of at most 18 digits.
    public static func millionths(_ text: String) -> Int64? {
        unscaled(text, precision: 18, scale: 6).map { Int64($0) }
    }

    /// `1.25e1` as `12.5`; nil if the exponent is none or far from zero.
    private static func withoutExponent(_ text: String) -> String? {
        guard let mark = text.utf8.firstIndex(where: { $0 == 0x65 || $0 == 0x45 }) else {
            return text
        }
        guard let exponent = Int(text[text.utf8.index(after: mark)...]),
            (-100...100).contains(exponent), text[..<mark].utf8.count <= 100
        else { return nil }
        let isNegative = text.utf8.first == UInt8(ascii: "-")
        let parts = text[..<mark].dropFirst(isNegative ? 1 : 0).split(
            separator: ".", maxSplits: 1, omittingEmptySubsequences: false)
        let fraction = parts.count > 1 ? String(parts[1]) : ""
        var digits = String(parts[0]) + fraction
        if digits.isEmpty { return nil }
        // Where the point goes, counted from the left.
        let point = parts[0].utf8.count + exponent
        if point <= 0 { digits = String(repeating: "0", count: 1 - point) + digits }
        let place = max(1, point)
        let missing = max(0, place - digits.utf8.count)
        digits += String(repeating: "0", count: missing)
        let whole = digits.prefix(place)
        let rest = digits.dropFirst(place)
        return (isNegative ? "-" : "") + whole + (rest.isEmpty ? "" : "." + rest)
    }

    /// The text of a number of any size: two's complement, the most significant byte first.
    public static func text(bigEndian bytes: [UInt8], scale: Int) -> String {
        let isNegative = (bytes.first ?? 0) >= 0x80
        var magnitude = bytes
        if isNegative {
            var carry = true
            for position in magnitude.indices.reversed() {
                let flipped = ~magnitude[position]
                magnitude[position] = carry ? flipped &+ 1 : flipped
                carry = carry && flipped == 0xFF
            }
        }
        var digits: [UInt8] = []
        while magnitude.contains(where: { $0 != 0 }) {
            var remainder = 0
            for position in magnitude.indices {
                let value = remainder << 8 | Int(magnitude[position])
                magnitude[position] = UInt8(value / 10)
                remainder = value % 10
            }
            digits.append(UInt8(48 + remainder))
        }
        while digits.count < max(1, scale + 1) { digits.append(48) }
        if scale > 0 { digits.insert(UInt8(ascii: "."), at: scale) }
        if isNegative { digits.append(UInt8(ascii: "-")) }
        let text = String(decoding: digits.reversed(), as: UTF8.self)
        return scale < 0 && text != "0" ? text + String(repeating: "0", count: -scale) : text
    }

    /// A number with one more digit; nil if it has more than `precision` of them then.
    private static func append(
        _ digit: UInt128, to number: UInt128, _ precision: Int
    ) -> UInt128? {
        if number >= limits[precision - 1] { return nil }
        return number * 10 + digit
    }

    /// By digits: the least number that has more.
    private static let limits: [UInt128] = (0...precisionLimit).map { digits in
        (0..<digits).reduce(1) { power, _ in power * 10 }
    }
}
