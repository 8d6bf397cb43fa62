import Workloads

/// The records of a file of any size: its lines, those of CSV, or JSON values that go over several
/// lines.
final class FileRecords: CaptureRecords {
    enum Layout: Hashable {
        case lines
        /// A line's end within quotes is part of the record.
        case quotedLines
        /// JSON values with any space between, and the elements of an array one by one.
        case values
    }

    /// What a record may have at most, so that memory is bounded.
    static let recordByteLimit = 16 * 1024 * 1024

    let stream: ByteStream
    private let layout: Layout
    /// Whether a last line without its end is yet to be completed.
    private let isGrowing: Bool
    private var buffer: [UInt8] = []
    private var head = 0
    /// Of the buffer's first byte, among the decompressed bytes.
    private var bufferOffset: Int64
    private var scan = Scan()
    private var isAtEnd = false
    /// The line of the next byte, from 1.
    private(set) var line: Int
    private(set) var number = 0
    /// Why there are no more records, if it is not the end.
    private(set) var failure: IngestError?

    /// How far the search for a record's end has come.
    private struct Scan {
        var position = 0
        var depth = 0
        var isInQuotes = false
        var isEscaped = false
    }

    /// Begins at a place among the decompressed bytes, where a record begins.
    init(
        _ stream: ByteStream, _ layout: Layout, offset: Int64 = 0, line: Int = 1,
        isGrowing: Bool = false
    ) throws(IngestError) {
        self.stream = stream
        self.layout = layout
        self.line = line
        self.isGrowing = isGrowing
        bufferOffset = offset
        buffer = try stream.skip(to: offset)
        if offset == 0 {
            while buffer.count < 3, try fill() {}
            if buffer.starts(with: [0xEF, 0xBB, 0xBF]) { head = 3 }
        }
        scan.position = head
    }

    /// The layout of a file of JSON, as its beginning shows.
    static func layout(ofJSON stream: ByteStream) throws(IngestError) -> Layout {
        let records = try FileRecords(stream, .lines)
        guard let line = records.next() else {
            if let failure = records.failure { throw failure }
            return .lines
        }
        let text = line.filter { $0 != 0x20 && $0 != 0x09 }
        if text.first == UInt8(ascii: "[") { return .values }
        let goesOn = Array("{[,".utf8)
        return text.first == UInt8(ascii: "{") && goesOn.contains(text.last ?? 0)
            ? .values : .lines
    }

    /// Behind the last record, among the decompressed bytes.
    var offset: Int64 { bufferOffset + Int64(head) }

    /// The next record that is not empty, without its line's end; nil at the end, or at a
    /// `failure`.
    func next() -> ArraySlice<UInt8>? {
        do throws(IngestError) {
            while failure == nil {
                if layout == .values { try skipSeparators() }
                guard let end = try recordEnd() else { return nil }
                var record = buffer[head..<end]
                number = line
                for byte in record where byte == UInt8(ascii: "\n") { line += 1 }
                head = end
                if layout != .values, head < buffer.count {
                    head += 1
                    line += 1
                }
                scan = Scan()
                scan.position = head
                if record.last == UInt8(ascii: "\r") { record.removeLast() }
                if !record.isEmpty { return record }
            }
        } catch { failure = error }
        return nil
    }

    /// Reads on after what was the end of a file that grows.
    func retry() { isAtEnd = false }

    /// Where the record at the head ends; nil if there is none.
    private func recordEnd() throws(IngestError) -> Int? {
        while true {
            if let end = layout == .values ? valueEnd() : lineEnd() { return end }
            if buffer.count - head > Self.recordByteLimit {
                throw place("a record of more than \(Self.recordByteLimit) bytes")
            }
            if try fill() { continue }
            if head == buffer.count || isGrowing { return nil }
            if scan.isInQuotes && layout == .quotedLines {
                throw place("quotes that are opened in this record are never closed")
            }
            return buffer.count
        }
    }

    private func place(_ reason: String) -> IngestError {
        .source(place: "\(stream.path):\(line)", reason: reason)
    }

    private func lineEnd() -> Int? {
        let isQuoted = layout == .quotedLines
        return buffer.withUnsafeBufferPointer { bytes in
            while scan.position < bytes.count {
                let byte = bytes[scan.position]
                if byte == UInt8(ascii: "\n") && !scan.isInQuotes { return scan.position }
                if isQuoted && byte == UInt8(ascii: "\"") { scan.isInQuotes.toggle() }
                scan.position += 1
            }
            return nil
        }
    }

    /// The end of an object; of anything else that of its line.
    private func valueEnd() -> Int? {
        if buffer[head...].first != UInt8(ascii: "{") { return lineEnd() }
        while scan.position < buffer.count {
            let byte = buffer[scan.position]
            scan.position += 1
            if scan.isEscaped {
                scan.isEscaped = false
            } else if scan.isInQuotes {
                if byte == UInt8(ascii: "\\") { scan.isEscaped = true }
                if byte == UInt8(ascii: "\"") { scan.isInQuotes = false }
            } else if byte == UInt8(ascii: "\"") {
                scan.isInQuotes = true
            } else if byte == UInt8(ascii: "{") || byte == UInt8(ascii: "[") {
                scan.depth += 1
            } else if byte == UInt8(ascii: "}") || byte == UInt8(ascii: "]") {
                scan.depth -= 1
                if scan.depth <= 0 { return scan.position }
            }
        }
        return nil
    }

    /// Space, commas between elements, and the brackets around them.
    private func skipSeparators() throws(IngestError) {
        let separators = Array(" \t\r\n,[]".utf8)
        while true {
            while head < buffer.count, separators.contains(buffer[head]) {
                if buffer[head] == UInt8(ascii: "\n") { line += 1 }
                head += 1
            }
            scan.position = head
            if head < buffer.count { return }
            if try !fill() { return }
        }
    }

    /// Reads more; false at the end.
    private func fill() throws(IngestError) -> Bool {
        if isAtEnd { return false }
        if head > 0 {
            buffer.removeSubrange(..<head)
            bufferOffset += Int64(head)
            scan.position -= head
            head = 0
        }
        let more = try stream.next()
        isAtEnd = more.isEmpty
        buffer += more
        return !more.isEmpty
    }
}
