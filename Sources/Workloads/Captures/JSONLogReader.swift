import Columnar
import JSON

/// Reads a log of JSON objects, one a line, as nginx writes it with `escape=json`.
///
/// The columns are the members of all objects, of the types that JSON shows.
struct JSONLogReader: CaptureReader {
    private static let depthLimit = 32
    /// Members that may say when a line was written.
    private static let timeNames = [
        "time_iso8601", "time_local", "msec", "@timestamp", "timestamp", "time", "ts",
    ]

    let known: CapturedTables

    init(
        _ lines: some CaptureRecords, table: String, _ selection: TableSelection, file: String
    ) throws(CaptureError) {
        var rest = lines
        var columns: [InferredColumn] = []
        var positions: [String: Int] = [:]
        var lineCount = 0
        while let line = rest.next() {
            guard line.count <= CaptureLines.lengthLimit,
                let members = try? line.json(depthLimit: Self.depthLimit).object
            else { continue }
            lineCount += 1
            for member in members {
                let position = positions[member.name] ?? columns.count
                if position == columns.count {
                    if position > CapturedTable.columnLimit { break }
                    positions[member.name] = position
                    columns.append(InferredColumn(member.name))
                }
                columns[position].note(member.value)
            }
        }
        if columns.isEmpty { throw .noTables(file: file, reason: "no line is a JSON object") }
        var draft = TableDraft(identity: TableIdentity(schema: nil, table: table))
        draft.columns = columns.map(\.column)
        draft.filled = Set(columns.filter { $0.count == lineCount }.map(\.name))
        known = try CapturedTables([draft], selection, file: file)
    }

    func read(_ record: ArraySlice<UInt8>, line: Int) throws(Refusal) -> CaptureEvent {
        if record.isBlank { return .nothing }
        guard let members = try record.json(depthLimit: Self.depthLimit).object else {
            throw Refusal("a line of the log is an object")
        }
        let values: CapturedValues = members.map { ($0.name, $0.value) }
        let change = try known.insertion(of: values, into: 0, line: line)
        return .changes([change], time: Self.time(of: values), transaction: nil)
    }

    private static func time(of values: CapturedValues) -> Int64? {
        for name in timeNames {
            guard let value = values.first(where: { $0.name == name })?.value else { continue }
            switch value {
            case .string(let text):
                if let time = CalendarTime.microseconds(text, hasZone: true)
                    ?? CalendarTime.logMicroseconds(text)
                    ?? DecimalText.millionths(text)
                {
                    return time
                }
            case .exactNumber(let text):
                if let time = DecimalText.millionths(text) { return time }
            default: continue
            }
        }
        return nil
    }
}
