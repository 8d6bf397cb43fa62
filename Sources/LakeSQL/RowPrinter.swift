import JSON

/// Rows as text, written as they come.
public struct RowPrinter {
    public enum Format: String, CaseIterable, Sendable {
        case table, csv, json, jsonl
    }

    private let format: Format
    private let columns: [String]
    private let write: (String) throws -> Void
    private var rowCount = 0
    /// Of a table: what waits until it is known how wide the columns are, and then those widths.
    private var waiting: [[SQLCell]] = []
    private var widths: [Int] = []
    private var isRightAligned: [Bool] = []

    /// The first so many rows of a table say how wide its columns are.
    static let measuredRowCount = 1000

    public init(
        _ format: Format, columns: [String], _ write: @escaping (String) throws -> Void
    ) throws {
        self.format = format
        self.columns = columns
        self.write = write
        if format == .csv { try write(columns.map(Self.field).joined(separator: ",") + "\n") }
        if format == .json { try write("[") }
    }

    public mutating func print(_ row: [SQLCell]) throws {
        rowCount += 1
        switch format {
        case .table:
            if widths.isEmpty {
                waiting.append(row)
                if waiting.count == Self.measuredRowCount { try measure() }
            } else {
                try write(line(row))
            }
        case .csv: try write(row.map(Self.field).joined(separator: ",") + "\n")
        case .json: try write((rowCount == 1 ? "\n" : ",\n") + object(row))
        case .jsonl: try write(object(row) + "\n")
        }
    }

    public mutating func finish() throws {
        switch format {
        case .table:
            if widths.isEmpty { try measure() }
            try write("(\(rowCount) row\(rowCount == 1 ? "" : "s"))\n")
        case .json: try write(rowCount == 0 ? "]\n" : "\n]\n")
        case .csv, .jsonl: break
        }
    }

    private func object(_ row: [SQLCell]) -> String {
        JSONValue.object(zip(columns, row).map { JSONMember($0, $1.json) }).compact
    }

    // MARK: CSV (RFC 4180)

    private static func field(_ text: String) -> String {
        let isPlain = !text.isEmpty && !text.contains { ",\"\n\r\r\n".contains($0) }
        if isPlain { return text }
        return "\""
            + text.split(separator: "\"", omittingEmptySubsequences: false)
            .joined(separator: "\"\"") + "\""
    }

    /// Null is nothing at all, an empty text a pair of quotes.
    private static func field(_ cell: SQLCell) -> String {
        switch cell {
        case .null: ""
        case .text(let text): field(text)
        default: cell.shown
        }
    }

    // MARK: Tables

    private mutating func measure() throws {
        let rows = waiting
        waiting = []
        widths = columns.map(\.count)
        isRightAligned = columns.map { _ in true }
        for row in rows {
            for (position, cell) in row.enumerated() {
                widths[position] = max(widths[position], cell.shown.count)
                switch cell {
                case .text, .blob: isRightAligned[position] = false
                case .null, .integer, .real: break
                }
            }
        }
        try write(line(columns.map { .text($0) }, isHead: true))
        try write(widths.map { String(repeating: "-", count: $0) }.joined(separator: "-+-") + "\n")
        for row in rows { try write(line(row)) }
        if widths.isEmpty { widths = [0] }
    }

    private func line(_ row: [SQLCell], isHead: Bool = false) -> String {
        let cells = row.enumerated().map { position, cell in
            let text = cell.shown
            let space = String(repeating: " ", count: max(0, widths[position] - text.count))
            return isRightAligned[position] && !isHead ? space + text : text + space
        }
        var line = cells.joined(separator: " | ")
        while line.last == " " { line.removeLast() }
        return line + "\n"
    }
}

extension SQLCell {
    /// As a person reads it, on one line.
    var shown: String {
        switch self {
        case .null: return "NULL"
        case .blob(let bytes): return Self.hexadecimal(bytes)
        case .integer, .real: return words
        case .text(let text):
            if !text.contains(where: { $0.isNewline || $0 == "\t" }) { return text }
            return text.map { $0.isNewline ? "\\n" : $0 == "\t" ? "\\t" : String($0) }.joined()
        }
    }
}
