/// The lines of a captured file, without their ends.
struct CaptureLines {
    /// A line longer than this is refused, whatever it holds.
    static let lengthLimit = 1024 * 1024

    private let bytes: [UInt8]
    private var position = 0
    /// The number of the line that came last, from 1.
    private(set) var number = 0

    init(_ bytes: [UInt8]) {
        self.bytes = bytes
        // A byte order mark is not part of the first line.
        if bytes.starts(with: [0xEF, 0xBB, 0xBF]) { position = 3 }
    }

    mutating func next() -> ArraySlice<UInt8>? {
        if position >= bytes.count { return nil }
        let end = bytes[position...].firstIndex(of: UInt8(ascii: "\n")) ?? bytes.count
        var line = bytes[position..<end]
        if line.last == UInt8(ascii: "\r") { line.removeLast() }
        position = end + 1
        number += 1
        return line
    }
}

extension ArraySlice<UInt8> {
    /// The text of a line, if it is UTF-8.
    func text() throws(Refusal) -> String {
        if let text = String(validating: self, as: UTF8.self) { return text }
        let repaired = Array(String(decoding: self, as: UTF8.self).utf8)
        let place = zip(self, repaired).enumerated().first { $0.element.0 != $0.element.1 }
        throw Refusal("not UTF-8", column: (place?.offset ?? Swift.min(count, repaired.count)) + 1)
    }

    /// The beginning of a line, fit to be shown.
    var excerpt: String {
        let limit = 160
        let shown = String(decoding: prefix(limit), as: UTF8.self)
        return count > limit ? shown + "..." : shown
    }
}
