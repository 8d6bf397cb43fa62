/// Under which epoch a lake file was written, as its name tells.
///
/// Writers that take turns at a table, each with a larger epoch than the one before, write it into
/// the names of all their files. Whoever has committed under a later epoch than a file's knows that
/// no commit that names the file comes any more, and whose a file is that nothing names.
///
/// The mark is a UUID of version 8, whose bits are its maker's own (RFC 9562, section 5.8): sixty
/// random ones, `b1ce`, and the epoch in the last 48.
enum WriterMark {
    private static let separator: StaticString = "-b1ce-"
    private static let epochDigitCount = 12

    /// A name of our own, with the random digits of `uuid`.
    static func identifier(_ uuid: String, epoch: Int64) -> String {
        precondition(uuid.utf8.count == 36, "a UUID has 36 characters")
        precondition((0..<1 << 48).contains(epoch), "an epoch has 48 bits")
        let text = String(epoch, radix: 16)
        let padding = String(repeating: "0", count: epochDigitCount - text.utf8.count)
        let random = Array(uuid.utf8)
        return String(decoding: random[..<14], as: UTF8.self) + "8"
            + String(decoding: random[15..<18], as: UTF8.self) + "\(separator)" + padding + text
    }

    /// The epoch in a file's name, whatever stands before and after the mark; nil without one.
    static func epoch(in path: some StringProtocol) -> Int64? {
        var path = String(path)
        return path.withUTF8 { epoch(in: $0) }
    }

    /// Names are asked for again and again, by who looks for what nothing needs: nothing is copied.
    private static func epoch(in path: UnsafeBufferPointer<UInt8>) -> Int64? {
        let slash = UInt8(ascii: "/")
        guard let last = path.lastIndex(where: { $0 != slash }) else { return nil }
        let first = path[...last].lastIndex(of: slash).map { $0 + 1 } ?? 0
        let name = UnsafeBufferPointer(rebasing: path[first...last])
        let count = separator.utf8CodeUnitCount
        let length = count + epochDigitCount
        // So many characters of a UUID come before the separator.
        guard name.count >= 18 + length else { return nil }
        for place in 18...name.count - length
        where name[place - 5] == UInt8(ascii: "-") && name[place - 4] == UInt8(ascii: "8") {
            guard (0..<count).allSatisfy({ name[place + $0] == separator.utf8Start[$0] })
            else { continue }
            let digits = name[place + count..<place + length]
            return Int64(String(decoding: digits, as: UTF8.self), radix: 16)
        }
        return nil
    }
}
