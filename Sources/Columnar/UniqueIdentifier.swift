/// A UUID (RFC 9562): 128 bits, ordered as they are written.
public struct UniqueIdentifier: Hashable, Sendable, Comparable, CustomStringConvertible {
    public let high: UInt64
    public let low: UInt64

    public init(high: UInt64, low: UInt64) {
        self.high = high
        self.low = low
    }

    /// Precondition: there are 16 bytes; the most significant is the first.
    public init(bytes: some Collection<UInt8>) {
        precondition(bytes.count == 16, "a UUID has 16 bytes")
        let number = bytes.reduce(UInt128(0)) { $0 << 8 | UInt128($1) }
        self.init(
            high: UInt64(truncatingIfNeeded: number >> 64),
            low: UInt64(truncatingIfNeeded: number))
    }

    /// The 36 characters of the canonical text, in either case; nil if these are not.
    public init?(_ text: String) {
        let characters = Array(text.utf8)
        guard characters.count == 36 else { return nil }
        var number: UInt128 = 0
        for (position, character) in characters.enumerated() {
            if [8, 13, 18, 23].contains(position) {
                guard character == UInt8(ascii: "-") else { return nil }
                continue
            }
            guard let digit = Character(Unicode.Scalar(character)).hexDigitValue else {
                return nil
            }
            number = number << 4 | UInt128(digit)
        }
        self.init(
            high: UInt64(truncatingIfNeeded: number >> 64),
            low: UInt64(truncatingIfNeeded: number))
    }

    /// The most significant byte first.
    public var bytes: [UInt8] {
        var writer = ByteWriter(capacity: 16)
        writer.append(bigEndian: high)
        writer.append(bigEndian: low)
        return writer.bytes
    }

    public var description: String {
        let digits = Array(hexadecimal(bytes))
        let groups = [0..<8, 8..<12, 12..<16, 16..<20, 20..<32]
        return groups.map { String(digits[$0]) }.joined(separator: "-")
    }

    public static func < (left: UniqueIdentifier, right: UniqueIdentifier) -> Bool {
        (left.high, left.low) < (right.high, right.low)
    }
}
