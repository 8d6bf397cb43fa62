/// The records of a captured file: its lines or, where a file is written so, JSON values that go
/// over several lines or stand in one array.
struct CaptureLines {
    /// A record longer than this is refused, whatever it holds.
    static let lengthLimit = 1024 * 1024

    /// How records follow each other.
    enum Layout: Hashable {
        case lines
        /// JSON values with any space between, and the elements of an array one by one.
        case values
    }

    private let bytes: [UInt8]
    private let layout: Layout
    private var position = 0
    private var isInArray = false
    private var line = 1
    /// The line at which the last record begins, from 1.
    private(set) var number = 0
    /// The lines up to the end of the last record.
    private(set) var readCount = 0

    init(_ bytes: [UInt8], _ layout: Layout = .lines) {
        self.bytes = bytes
        self.layout = layout
        // A byte order mark is not part of the first line.
        if bytes.starts(with: [0xEF, 0xBB, 0xBF]) { position = 3 }
    }

    /// The layout of a file of JSON, as its first line shows.
    static func layout(ofJSON bytes: [UInt8]) -> Layout {
        var lines = CaptureLines(bytes)
        while let line = lines.next() {
            var scanner = JSONExtent(line)
            guard let first = scanner.skipSpace() else { continue }
            if first == UInt8(ascii: "[") { return .values }
            guard first == UInt8(ascii: "{") else { return .lines }
            // A line that is cut off is broken, not the beginning of a value of several lines.
            let last = line.last { $0 != 0x20 && $0 != 0x09 }
            let goesOn = Array("{[,".utf8).contains(last ?? 0)
            return goesOn && scanner.end() == .open(isInString: false) ? .values : .lines
        }
        return .lines
    }

    /// The next record that is not empty, without its line's end.
    mutating func next() -> ArraySlice<UInt8>? {
        layout == .lines ? nextLine() : nextValue()
    }

    private mutating func nextLine() -> ArraySlice<UInt8>? {
        while let line = anyLine() {
            if !line.isEmpty { return line }
        }
        return nil
    }

    private mutating func anyLine() -> ArraySlice<UInt8>? {
        skipEmptyLines()
        if position >= bytes.count { return nil }
        let end = bytes[position...].firstIndex(of: UInt8(ascii: "\n")) ?? bytes.count
        var found = bytes[position..<end]
        if found.last == UInt8(ascii: "\r") { found.removeLast() }
        position = end + 1
        number = line
        readCount = line
        line += 1
        return found
    }

    /// Passes over many empty lines as fast as memory allows.
    private mutating func skipEmptyLines() {
        let start = position
        let end = bytes.withUnsafeBufferPointer { buffer in
            var end = start
            while end < buffer.count, buffer[end] == UInt8(ascii: "\n") { end += 1 }
            return end
        }
        line += end - start
        if end > start { readCount = line - 1 }
        position = end
    }

    // MARK: Values

    private mutating func nextValue() -> ArraySlice<UInt8>? {
        skipSeparators()
        guard position < bytes.count else { return nil }
        number = line
        let end = bytes[position] == UInt8(ascii: "{") ? valueEnd() : damageEnd()
        let record = bytes[position..<end]
        countLines(record)
        position = end
        readCount = line
        return record
    }

    private func valueEnd() -> Int {
        let limit = min(bytes.count, position + Self.lengthLimit + 1)
        var extent = JSONExtent(bytes[position..<limit])
        // What follows one that does not end cannot be told apart from it.
        guard case .closed(let end) = extent.end() else { return bytes.count }
        return end
    }

    /// Where what is no object ends: with its line, or before an object that follows a comma. It is
    /// one record, however many words and brackets are left of what it was.
    private func damageEnd() -> Int {
        var last = UInt8(ascii: " ")
        for index in position..<bytes.count {
            let byte = bytes[index]
            if byte == UInt8(ascii: "\n") { return max(index, position + 1) }
            if byte == UInt8(ascii: "{") && last == UInt8(ascii: ",") { return index }
            if byte != 0x20 && byte != 0x09 { last = byte }
        }
        return bytes.count
    }

    /// Space, the commas between elements, and the brackets around them.
    private mutating func skipSeparators() {
        while position < bytes.count {
            switch bytes[position] {
            case UInt8(ascii: "\n"): line += 1
            case 0x20, 0x09, 0x0D: break
            case UInt8(ascii: "["):
                if isInArray { return }
                isInArray = true
            case UInt8(ascii: "]"), UInt8(ascii: ","):
                if !isInArray { return }
                if bytes[position] == UInt8(ascii: "]") { isInArray = false }
            default: return
            }
            position += 1
        }
    }

    private mutating func countLines(_ record: ArraySlice<UInt8>) {
        for byte in record where byte == UInt8(ascii: "\n") { line += 1 }
    }
}

/// Where a JSON value ends, by its brackets and strings alone.
struct JSONExtent {
    enum End: Hashable {
        /// Behind the value's last byte.
        case closed(Int)
        case open(isInString: Bool)
    }

    private let bytes: ArraySlice<UInt8>
    private var position: Int

    init(_ bytes: ArraySlice<UInt8>) {
        self.bytes = bytes
        position = bytes.startIndex
    }

    /// The first byte that is no space; nil at the end.
    mutating func skipSpace() -> UInt8? {
        while position < bytes.endIndex {
            let byte = bytes[position]
            if byte != 0x20 && byte != 0x09 && byte != 0x0A && byte != 0x0D { return byte }
            position += 1
        }
        return nil
    }

    /// The end of the value that begins here; of a bare word it is before a comma, a bracket or
    /// space.
    mutating func end() -> End {
        guard let first = skipSpace() else { return .open(isInString: false) }
        let opens = [UInt8(ascii: "{"), UInt8(ascii: "["), UInt8(ascii: "\"")]
        if !opens.contains(first) { return .closed(wordEnd()) }
        var depth = 0
        var isInString = false
        while position < bytes.endIndex {
            let byte = bytes[position]
            position += 1
            if isInString {
                if byte == UInt8(ascii: "\\") { position += 1 }
                if byte == UInt8(ascii: "\"") { isInString = false }
            } else {
                switch byte {
                case UInt8(ascii: "\""): isInString = true
                case UInt8(ascii: "{"), UInt8(ascii: "["): depth += 1
                case UInt8(ascii: "}"), UInt8(ascii: "]"): depth -= 1
                default: break
                }
            }
            if depth <= 0 && !isInString { return .closed(min(position, bytes.endIndex)) }
        }
        return .open(isInString: isInString)
    }

    private func wordEnd() -> Int {
        let ends = Array(" \t\r\n,]}".utf8)
        // At least one byte, so that a reader always gets on.
        return bytes[position...].dropFirst().firstIndex { ends.contains($0) } ?? bytes.endIndex
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
