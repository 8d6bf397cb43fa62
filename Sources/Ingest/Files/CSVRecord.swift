import Workloads

/// The fields of a record of CSV (RFC 4180): quoted fields may hold anything, and `""` in them is
/// a quote.
struct CSVRecord {
    struct Cell: Hashable {
        var text: String
        /// An empty field without quotes says that there is no value.
        var isQuoted: Bool
        /// Where it begins, in bytes from 1.
        var column: Int

        var isMissing: Bool { text.isEmpty && !isQuoted }
    }

    /// What is wrong at a byte of the record, from 1.
    struct Flaw: Error, Hashable {
        var reason: String
        var column: Int
    }

    private(set) var cells: [Cell] = []

    init(_ record: ArraySlice<UInt8>, delimiter: UInt8) throws(Flaw) {
        let quote = UInt8(ascii: "\"")
        var position = record.startIndex
        while true {
            let start = position
            let column = start - record.startIndex + 1
            var bytes: [UInt8] = []
            let isQuoted = position < record.endIndex && record[position] == quote
            if isQuoted {
                position += 1
                while true {
                    guard position < record.endIndex else {
                        throw Flaw(reason: "quotes that are never closed", column: column)
                    }
                    let byte = record[position]
                    position += 1
                    if byte != quote {
                        bytes.append(byte)
                    } else if position < record.endIndex && record[position] == quote {
                        bytes.append(quote)
                        position += 1
                    } else {
                        break
                    }
                }
                if position < record.endIndex && record[position] != delimiter {
                    throw Flaw(
                        reason: "text behind closing quotes; a quote within them is written \"\"",
                        column: position - record.startIndex + 1)
                }
            } else {
                let end = record[position...].firstIndex(of: delimiter) ?? record.endIndex
                bytes = Array(record[position..<end])
                position = end
            }
            guard let text = String(validating: bytes, as: UTF8.self) else {
                throw Flaw(reason: "not UTF-8", column: column)
            }
            cells.append(Cell(text: text, isQuoted: isQuoted, column: column))
            if position == record.endIndex { return }
            position += 1
        }
    }

    /// The sign between the fields of a header: the most frequent of those that are usual.
    static func delimiter(of header: ArraySlice<UInt8>) -> UInt8 {
        var best = (byte: UInt8(ascii: ","), count: 0)
        for byte in Array(",;\t|".utf8) {
            let count = header.count { $0 == byte }
            if count > best.count { best = (byte, count) }
        }
        return best.byte
    }
}
