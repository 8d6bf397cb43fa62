private let hexadecimalDigits = Array("0123456789abcdef".utf8)

/// The digits of a number to base 16, in lower case, with zeros in front up to `count` of them.
public func hexadecimal(_ number: some BinaryInteger, digits count: Int) -> String {
    padded(String(number, radix: 16), to: count)
}

/// Two digits to base 16 for each byte, in lower case.
public func hexadecimal(_ bytes: [UInt8]) -> String {
    var text: [UInt8] = []
    text.reserveCapacity(bytes.count * 2)
    for byte in bytes {
        text.append(hexadecimalDigits[Int(byte >> 4)])
        text.append(hexadecimalDigits[Int(byte & 15)])
    }
    return String(decoding: text, as: UTF8.self)
}

/// The bytes that `hexadecimal` wrote; nil if these are not such digits.
public func bytes(ofHexadecimal text: String) -> [UInt8]? {
    let digits = Array(text.utf8)
    if digits.count % 2 != 0 { return nil }
    var bytes: [UInt8] = []
    bytes.reserveCapacity(digits.count / 2)
    for position in stride(from: 0, to: digits.count, by: 2) {
        guard let high = hexadecimalDigits.firstIndex(of: digits[position]),
            let low = hexadecimalDigits.firstIndex(of: digits[position + 1])
        else { return nil }
        bytes.append(UInt8(high << 4 | low))
    }
    return bytes
}

/// A number of at least `count` decimal digits, so that names sort as their numbers do.
///
/// Precondition: the number is not negative.
public func zeroPadded(_ number: some BinaryInteger, digits count: Int) -> String {
    precondition(number >= 0, "\(number) would not sort as a name")
    return padded(String(number), to: count)
}

private func padded(_ digits: String, to count: Int) -> String {
    String(repeating: "0", count: max(0, count - digits.utf8.count)) + digits
}

/// The least number of more than `exponent` decimal digits.
///
/// Precondition: `exponent` is 0 to 38, so that the power fits.
public func powerOfTen(_ exponent: Int) -> UInt128 {
    precondition((0...38).contains(exponent), "no decimal of \(exponent) digits")
    return powersOfTen[exponent]
}

private let powersOfTen: [UInt128] = {
    var powers: [UInt128] = [1]
    for _ in 0..<38 { powers.append(powers[powers.count - 1] * 10) }
    return powers
}()

extension Int128 {
    /// The number in as few bytes of two's complement as hold it, the most significant first.
    public var bigEndianBytes: [UInt8] {
        let used = 128 - (self < 0 ? ~self : self).leadingZeroBitCount + 1
        let count = (used + 7) / 8
        return (0..<count).map { UInt8(truncatingIfNeeded: self >> Int128(8 * (count - 1 - $0))) }
    }

    /// The number of two's complement bytes, the most significant first; nil if there is none or
    /// they are more than fit.
    public init?(bigEndianBytes bytes: some Collection<UInt8>) {
        guard let first = bytes.first, bytes.count <= 16 else { return nil }
        self = bytes.reduce(first >= 0x80 ? -1 : 0) { $0 << 8 | Int128($1) }
    }
}
