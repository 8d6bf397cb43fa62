/// Decimal numbers as text and as bytes.
enum DecimalText {
    /// The unscaled number of a text such as `-12.50`; nil if it is none or does not fit.
    static func unscaled(_ text: String, precision: Int, scale: Int) -> Int64? {
        precondition((1...18).contains(precision) && (0...precision).contains(scale), "too wide")
        var digits = Array(text.utf8)[...]
        let isNegative = digits.first == UInt8(ascii: "-")
        if isNegative { digits.removeFirst() }
        var number: UInt64 = 0
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
            number = number * 10 + UInt64(byte - 48)
            if number >= limit(precision) { return nil }
        }
        if count == 0 { return nil }
        for _ in (places ?? 0)..<scale {
            number *= 10
            if number >= limit(precision) { return nil }
        }
        return isNegative ? -Int64(number) : Int64(number)
    }

    /// The text of a number of any size: two's complement, the most significant byte first.
    static func text(bigEndian bytes: [UInt8], scale: Int) -> String {
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

    /// The least number of more than `digits` digits.
    private static func limit(_ digits: Int) -> UInt64 {
        (0..<digits).reduce(1) { power, _ in power * 10 }
    }
}
