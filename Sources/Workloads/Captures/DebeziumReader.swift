import Columnar
import JSON

/// Reads Debezium change events; `ChangeEvent` says in which forms.
///
/// Where there is neither a header (`CaptureHeader`) nor a schema, columns have the types that JSON
/// shows and may be null; where there is no key either, nothing says what the primary key is, and
/// the tables are logs. Consecutive changes of one transaction stay together; the rows of a
/// snapshot come one by one.
struct DebeziumReader: CaptureReader {
    let known: CapturedTables
    private var found = DebeziumTables()
    private let hasHeader: Bool
    /// The database that a header's table was first seen to be of.
    private var databases: [TableIdentity: TableIdentity] = [:]

    init(
        _ lines: some CaptureRecords, _ selection: TableSelection, file: String
    ) throws(CaptureError) {
        var rest = lines
        var header: CaptureHeader?
        var writing = DebeziumHeaderWriting()
        var firstRefusal: String?
        while let line = rest.next() {
            if line.count > CaptureLines.lengthLimit { continue }
            if header == nil, let json = try? line.json(depthLimit: ChangeEvent.depthLimit),
                CaptureHeader.isHeader(json)
            {
                header = try CaptureHeader(json, file: file)
                continue
            }
            do throws(Refusal) {
                let event = try ChangeEvent(line)
                if event.form == .service { continue }
                if let header { writing.note(event, header) } else { found.note(event) }
            } catch {
                firstRefusal = firstRefusal ?? "line \(rest.number): \(error.reason)"
            }
        }
        hasHeader = header != nil
        let drafts = header.map { writing.drafts($0) } ?? found.drafts
        if drafts.isEmpty {
            let nothing = "no line that describes or changes one"
            throw .noTables(
                file: file, reason: firstRefusal.map { "\(nothing); \($0)" } ?? nothing)
        }
        known = try CapturedTables(drafts, selection, file: file)
    }

    mutating func read(
        _ record: ArraySlice<UInt8>, line: Int
    ) throws(Refusal) -> CaptureEvent {
        let event = try isHeader(record) ? nil : ChangeEvent(record)
        guard let event, event.form != .service else { return .nothing }
        guard let operation = event.operation else { throw Refusal("no op") }
        if operation == "m" { return .nothing }
        guard let identity = event.identity else {
            throw Refusal(
                event.form == .event
                    ? "the source names no table"
                    : "a flattened event that names no table: add.fields=op,table")
        }
        guard let position = try known.position(place(of: identity)) else { return .nothing }
        return .changes(
            [try change(operation, event, position, line)], time: event.time,
            transaction: event.transaction)
    }

    private func isHeader(_ record: ArraySlice<UInt8>) throws(Refusal) -> Bool {
        guard hasHeader, !record.isBlank,
            let json = try? record.json(depthLimit: ChangeEvent.depthLimit)
        else { return false }
        return CaptureHeader.isHeader(json)
    }

    /// Which table of a header an event is about; the header is of one database.
    private mutating func place(of identity: TableIdentity) throws(Refusal) -> TableIdentity {
        if !hasHeader { return identity }
        let within = identity.withinDatabase
        if let first = databases[within], first != identity {
            throw Refusal(
                "the header describes \(first.names.last!), and this is of "
                    + "\(identity.names.last!): capture them apart")
        }
        databases[within] = identity
        return within
    }

    // MARK: Changes

    private func change(
        _ operation: String, _ event: ChangeEvent, _ position: Int, _ line: Int
    ) throws(Refusal) -> CapturedChange {
        let table = known[position]
        if operation == "t" {
            var refusal = Refusal(
                "a truncation names no rows, so nothing can be deleted by it")
            refusal.doubt = .table(position)
            throw refusal
        }
        if let key = event.keyValues, Set(key.map(\.name)) != Set(table.keyNames) {
            throw Refusal(
                "the key of \(table.name) changed from (\(table.keyNames.joined(separator: ", ")))"
                    + " to (\(key.map(\.name).joined(separator: ", ")))")
        }
        let layout = try found.layout(of: event, in: table)
        let before = BeforeImage(event, table)
        switch operation {
        case "c", "r":
            let values = try after(event)
            if let unsent = values.first(where: { UnsentValue.isPart(of: $0.value) }) {
                throw Refusal("a new row of \(table.name) without the value of '\(unsent.name)'")
            }
            return try known.insertion(of: values, into: position, layout, line: line)
        case "u":
            let values = try after(event)
            let unsent = values.filter { UnsentValue.isPart(of: $0.value) }.map(\.name)
            return try known.update(
                of: before.sent, oldKey: before.key,
                to: values.filter { !unsent.contains($0.name) }, unsent: unsent, in: position,
                layout, absent: .notThere, line: line)
        case "d":
            let row = event.form == .flattened ? event.after ?? [] : []
            return try known.deletion(
                of: before.key.isEmpty ? row : before.key, from: position, layout)
        default: throw Refusal("no such op: '\(operation.prefix(40))'")
        }
    }

    private func after(_ event: ChangeEvent) throws(Refusal) -> CapturedValues {
        guard let values = event.after else { throw Refusal("no row after") }
        return values
    }
}

/// What an event says of the row before its change.
///
/// PostgreSQL sends all of it with replica identity full only. Of what it does not send, Debezium
/// writes null or, where a column is required, zero: neither says anything.
private struct BeforeImage {
    /// The values that are known to be of the row.
    let sent: CapturedValues
    /// The primary key; empty if it is not said.
    let key: CapturedValues

    init(_ event: ChangeEvent, _ table: CapturedTable) {
        let before = (event.before ?? []).filter { !UnsentValue.isPart(of: $0.value) }
        let connector = event.value["source"]?["connector"]?.string ?? "postgresql"
        let isWhole = connector != "postgresql"
        sent = isWhole ? before : before.filter { !Self.isFiller($0.value) }
        if let key = event.keyValues {
            self.key = key
            return
        }
        let names = table.keyNames
        let said = before.filter { names.contains($0.name) && !$0.value.isNull }
        let isUnsent =
            !isWhole && said.allSatisfy { Self.isFiller($0.value) }
            && before.contains { $0.value.isNull }
        key = isUnsent ? [] : said
    }

    private static func isFiller(_ value: JSONValue) -> Bool {
        switch value {
        case .null, .bool(false), .integer(0), .string(""), .string("AA=="), .array([]): true
        case .exactNumber(let text): Double(text) == 0
        default: false
        }
    }
}
