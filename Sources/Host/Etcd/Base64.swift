/// Base64 of RFC 4648, with padding.
enum Base64 {
    private static let digits = Array(
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)
    private static let values: [UInt8?] = {
        var values = [UInt8?](repeating: nil, count: 256)
        for (value, digit) in digits.enumerated() { values[Int(digit)] = UInt8(value) }
        return values
    }()

    static func encoded(_ bytes: [UInt8]) -> String {
        var text: [UInt8] = []
        text.reserveCapacity((bytes.count + 2) / 3 * 4)
        for start in stride(from: 0, to: bytes.count, by: 3) {
            let count = min(3, bytes.count - start)
            var word: UInt32 = 0
            for offset in 0..<3 {
                word = word << 8 | (offset < count ? UInt32(bytes[start + offset]) : 0)
            }
            for position in 0..<4 {
                text.append(
                    position <= count
                        ? digits[Int(word >> (18 - 6 * UInt32(position)) & 63)]
                        : UInt8(ascii: "="))
            }
        }
        return String(decoding: text, as: UTF8.self)
    }

    /// The bytes; nil if the text is no base64.
    static func decoded(_ text: String) -> [UInt8]? {
        let text = Array(text.utf8)
        if text.count % 4 != 0 { return nil }
        var bytes: [UInt8] = []
        bytes.reserveCapacity(text.count / 4 * 3)
        for start in stride(from: 0, to: text.count, by: 4) {
            let quartet = text[start..<(start + 4)]
            var padding = 0
            if start + 4 == text.count {
                padding = quartet.reversed().prefix { $0 == UInt8(ascii: "=") }.count
            }
            if padding > 2 { return nil }
            var word: UInt32 = 0
            for digit in quartet.dropLast(padding) {
                guard let value = values[Int(digit)] else { return nil }
                word = word << 6 | UInt32(value)
            }
            word <<= 6 * UInt32(padding)
            let three = [UInt8(word >> 16 & 255), UInt8(word >> 8 & 255), UInt8(word & 255)]
            bytes += three.dropLast(padding)
        }
        return bytes
    }
}
