import Columnar
import JSON

/// Reads PostgreSQL changes as wal2json writes them (https://github.com/eulerto/wal2json).
///
/// Format 2 has one object a line: `B` and `C` begin and commit, `I`, `U`, `D` change a row, `T`
/// truncates, `M` is an application's message. `columns` holds the new row without values that are
/// stored out of line and did not change; `identity` the old key or, with replica identity full,
/// the old row. Format 1 has one object a transaction, with its changes in `change`. Without a
/// header the tables are what the lines say, and all columns but the key may be null.
struct Wal2JSONReader: CaptureReader {
    let known: CapturedTables
    /// What becomes of a type, by its name.
    private var types: [String: DataType] = [:]

    init(
        _ lines: some CaptureRecords, _ selection: TableSelection, file: String
    ) throws(CaptureError) {
        var rest = lines
        var found = Wal2JSONTables()
        var header: CaptureHeader?
        var firstRefusal: String?
        while header == nil, let line = rest.next() {
            if line.count > CaptureLines.lengthLimit { continue }
            let record: JSONValue?
            do throws(Refusal) {
                record = try Wal2JSONRecord.json(line)
            } catch {
                firstRefusal = firstRefusal ?? "line \(rest.number): \(error.reason)"
                continue
            }
            guard let record else { continue }
            if found.isEmpty, CaptureHeader.isHeader(record) {
                header = try CaptureHeader(record, file: file)
                continue
            }
            do throws(Refusal) {
                for change in try Wal2JSONRecord.changes(record) {
                    try found.note(change, line: rest.number)
                }
            } catch {
                firstRefusal = firstRefusal ?? "line \(rest.number): \(error.reason)"
            }
        }
        let drafts = header?.drafts ?? found.drafts
        if drafts.isEmpty {
            let nothing = "no change in it; capture with include-types and include-pk"
            throw .noTables(
                file: file, reason: firstRefusal.map { "\(nothing); \($0)" } ?? nothing)
        }
        known = try CapturedTables(drafts, selection, file: file)
    }

    mutating func read(
        _ record: ArraySlice<UInt8>, line: Int
    ) throws(Refusal) -> CaptureEvent {
        guard let json = try Wal2JSONRecord.json(record) else { return .nothing }
        let time = json["timestamp"]?.string.flatMap {
            CalendarTime.microseconds($0, hasZone: true)
        }
        switch json["action"]?.string {
        case "S", "M": return .nothing
        case "B": return .begin
        case "C": return .commit(time: time)
        default: break
        }
        var changes: [CapturedChange] = []
        let isWhole = json["change"] != nil
        for change in try Wal2JSONRecord.changes(json) {
            do throws(Refusal) {
                if let change = try taken(change, line) { changes.append(change) }
            } catch {
                // The other changes of a transaction in one record are not lost with it.
                if !isWhole { throw error }
                changes.append(CapturedChange(refused: error))
            }
        }
        return changes.isEmpty ? .nothing : .changes(changes, time: time, transaction: nil)
    }

    private mutating func taken(
        _ change: Wal2JSONChange, _ line: Int
    ) throws(Refusal) -> CapturedChange? {
        guard let position = try known.position(change.identity) else { return nil }
        try checkTypes(change.columns, in: known[position])
        let old = change.oldValues.map { ($0.name, $0.value) }
        switch change.kind {
        case .insert:
            return try known.insertion(of: change.values, into: position, line: line)
        case .update:
            return try known.update(
                of: old, oldKey: old, to: change.values, in: position, absent: .notYet, line: line)
        case .delete: return try known.deletion(of: old, from: position)
        case .truncate:
            var refusal = Refusal("a truncation names no rows, so nothing can be deleted by it")
            refusal.doubt = .table(position)
            throw refusal
        }
    }

    /// Refuses a line whose columns are of types that the table's do not hold.
    private mutating func checkTypes(
        _ columns: [Wal2JSONChange.Column], in table: CapturedTable
    ) throws(Refusal) {
        for (position, column) in columns.enumerated() {
            guard let name = column.type else { continue }
            let type = types[name] ?? PostgresType.dataType(name)
            types[name] = type
            // Lines give the columns in the table's order, but for those that they leave out.
            let expected =
                position < table.columns.count && table.columns[position].name == column.name
                ? table.columns[position] : table.columns.first { $0.name == column.name }
            guard let expected, expected.type != type else { continue }
            var own = expected
            own.type = type
            guard expected.widened(by: own)?.type == expected.type else {
                throw Refusal(
                    "the schema of \(table.name) changed: its column '\(column.name)' was "
                        + "\(expected.type), and is \(type) here")
            }
        }
    }
}
