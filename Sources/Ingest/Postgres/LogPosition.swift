/// A place in PostgreSQL's log, as in `16/B374D848`.
struct LogPosition: Hashable, Comparable, CustomStringConvertible {
    var value: UInt64

    init(_ value: UInt64) { self.value = value }

    init?(_ text: String) {
        let parts = text.split(separator: "/", omittingEmptySubsequences: false)
        guard parts.count == 2, let high = UInt32(parts[0], radix: 16),
            let low = UInt32(parts[1], radix: 16)
        else { return nil }
        value = UInt64(high) << 32 | UInt64(low)
    }

    var description: String {
        let (high, low) = (value >> 32, value & 0xFFFF_FFFF)
        return "\(String(high, radix: 16))/\(String(low, radix: 16))".uppercased()
    }

    static func < (left: LogPosition, right: LogPosition) -> Bool { left.value < right.value }
}
