import Columnar
import JSON

/// Reads PostgreSQL changes in format 2 of wal2json (https://github.com/eulerto/wal2json).
///
/// One object a line: `B` and `C` begin and commit, `I`, `U`, `D` change a row, `T` truncates, `M`
/// is an application's message. `columns` holds the new row without values that are stored out of
/// line and did not change; `identity` the old key or, with replica identity full, the old row.
/// Without a header the tables are what the lines say, and all columns but the key may be null.
struct Wal2JSONReader: CaptureReader {
    private static let depthLimit = 32

    private let known: CapturedTables

    var tables: [TableDefinition] { known.definitions }

    init(_ lines: CaptureLines, file: String) throws(CaptureError) {
        var rest = lines
        while let line = rest.next() {
            guard !line.isEmpty, let json = try? Self.parse(line) else { continue }
            if CaptureHeader.isHeader(json) {
                known = try CapturedTables(CaptureHeader(json, file: file).tables, file: file)
                return
            }
            break
        }
        known = try CapturedTables(Self.found(lines, file), file: file)
    }

    private static func parse(_ line: ArraySlice<UInt8>) throws(Refusal) -> JSONValue {
        try line.json(depthLimit: depthLimit, exactNumbers: true)
    }

    func read(_ line: ArraySlice<UInt8>) throws(Refusal) -> CaptureEvent {
        if line.isEmpty { return .nothing }
        let json = try Self.parse(line)
        guard let action = json["action"]?.string else {
            throw Refusal("no action: wal2json format 2 says one on each line")
        }
        let time = json["timestamp"]?.string.flatMap {
            CalendarTime.microseconds($0, hasZone: true)
        }
        switch action {
        case "S", "M": return .nothing
        case "B": return .begin
        case "C": return .commit(time: time)
        case "I", "U", "D":
            return .changes(try changes(action, json), time: time, transaction: nil)
        case "T": throw Refusal("a truncation names no rows, so nothing can be deleted by it")
        default: throw Refusal("no such action: '\(action.prefix(40))'")
        }
    }

    private func changes(_ action: String, _ json: JSONValue) throws(Refusal) -> [Change] {
        guard let table = json["table"]?.string else { throw Refusal("no table") }
        let position = try known.position(
            CapturedTable.name(schema: json["schema"]?.string, table: table))
        switch action {
        case "I": return try known.insertion(of: values(json, "columns"), into: position)
        case "U":
            let old = json["identity"] == nil ? [] : try values(json, "identity")
            return try known.update(of: old, to: values(json, "columns"), in: position)
        default: return try known.deletion(of: values(json, "identity"), from: position)
        }
    }

    private func values(_ json: JSONValue, _ member: String) throws(Refusal) -> CapturedValues {
        guard let columns = json[member]?.array else { throw Refusal("no \(member)") }
        var values: CapturedValues = []
        values.reserveCapacity(columns.count)
        for column in columns {
            guard let name = column["name"]?.string, let value = column["value"] else {
                throw Refusal("one of the \(member) has no name or no value")
            }
            values.append((name, value))
        }
        return values
    }

    // MARK: Tables without a header

    private struct Found {
        var name: String
        var columns: [CapturedColumn] = []
        var primaryKey: [String] = []
    }

    /// Looks through the whole capture: a column may be left out of many lines.
    private static func found(
        _ lines: CaptureLines, _ file: String
    ) throws(CaptureError) -> [CapturedTable] {
        var rest = lines
        var found: [Found] = []
        var positions: [String: Int] = [:]
        while let line = rest.next() {
            guard line.count <= CaptureLines.lengthLimit, let json = try? parse(line),
                let table = json["table"]?.string
            else { continue }
            let name = CapturedTable.name(schema: json["schema"]?.string, table: table)
            let position = positions[name] ?? found.count
            if position == found.count {
                if found.count > CapturedTable.tableLimit { break }
                positions[name] = position
                found.append(Found(name: name))
            }
            note(json, &found[position])
        }
        var tables: [CapturedTable] = []
        for table in found where !table.columns.isEmpty {
            tables.append(
                try CapturedTable(
                    name: table.name, columns: table.columns, primaryKey: table.primaryKey,
                    file: file))
        }
        if tables.isEmpty {
            throw .noTables(
                file: file, reason: "no change in it; capture with include-types and include-pk")
        }
        return tables
    }

    private static func note(_ json: JSONValue, _ table: inout Found) {
        for column in json["columns"]?.array ?? [] {
            guard let name = column["name"]?.string, let type = column["type"]?.string,
                table.columns.count <= CapturedTable.columnLimit,
                !table.columns.contains(where: { $0.name == name })
            else { continue }
            table.columns.append(
                CapturedColumn(
                    name: name, type: PostgresType.dataType(type), isNullable: true))
        }
        if table.primaryKey.isEmpty, let key = json["pk"]?.array {
            table.primaryKey = key.prefix(CapturedTable.columnLimit).compactMap {
                $0["name"]?.string
            }
        }
    }
}

extension ArraySlice<UInt8> {
    /// The JSON of a line.
    func json(depthLimit: Int, exactNumbers: Bool) throws(Refusal) -> JSONValue {
        do throws(JSONError) {
            return try JSONValue(
                parsing: Array(self), depthLimit: depthLimit, exactNumbers: exactNumbers)
        } catch {
            if case .malformed(_, let column, let reason) = error {
                throw Refusal(reason, column: column)
            }
            throw Refusal("\(error)")
        }
    }
}
