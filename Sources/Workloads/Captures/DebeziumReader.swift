import Columnar
import JSON

/// Reads Debezium change events, one JSON object a line.
///
/// A line is an event's value, or `{"key": ..., "value": ...}` of both; each of them may stand in
/// the envelope of `schema` and `payload`. Where there is neither a header (`CaptureHeader`) nor a
/// schema, columns have the types that JSON shows and may be null; where there is no key either,
/// nothing says what the primary key is, and the tables are logs. Consecutive changes of one
/// transaction stay together; the rows of a snapshot come one by one.
struct DebeziumReader: CaptureReader {
    private static let depthLimit = 32
    /// What stands in for a value that is stored out of line and did not change, as text and bytes.
    private static let unavailable: [JSONValue] = [
        "__debezium_unavailable_value", "X19kZWJleml1bV91bmF2YWlsYWJsZV92YWx1ZQ==",
    ]

    /// A line without its envelopes.
    struct Event {
        var key: JSONValue?
        /// The schema of the value, if the line has it.
        var schema: JSONValue?
        var value: JSONValue

        init(_ line: JSONValue) {
            let isPair = line["key"] != nil && line["value"] != nil
            let value = isPair ? line["value"]! : line
            key = isPair ? Self.payload(line["key"]!) : nil
            if key?.isNull == true { key = nil }
            self.value = Self.payload(value)
            schema = value["payload"] == nil ? nil : value["schema"]
        }

        private static func payload(_ value: JSONValue) -> JSONValue { value["payload"] ?? value }

        var tableName: String? {
            guard let source = value["source"], let table = source["table"]?.string else {
                return nil
            }
            return CapturedTable.name(schema: source["schema"]?.string, table: table)
        }

        var time: Int64? {
            if let time = value["source"]?["ts_us"]?.integer { return time }
            let milliseconds = value["source"]?["ts_ms"]?.integer ?? value["ts_ms"]?.integer
            guard let (time, isTooLarge) = milliseconds?.multipliedReportingOverflow(by: 1000),
                !isTooLarge
            else { return nil }
            return time
        }

        /// What the changes of one transaction have in common; nil for a snapshot's rows.
        var transaction: String? {
            if value["op"]?.string == "r" { return nil }
            if let identifier = value["transaction"]?["id"]?.string { return identifier }
            if let number = value["source"]?["txId"]?.integer { return String(number) }
            return value["source"]?["gtid"]?.string
        }
    }

    private let known: CapturedTables

    var tables: [TableDefinition] { known.definitions }

    init(_ lines: CaptureLines, file: String) throws(CaptureError) {
        var rest = lines
        var found = DebeziumTables()
        while let line = rest.next() {
            guard line.count <= CaptureLines.lengthLimit, let json = try? Self.parse(line) else {
                continue
            }
            if CaptureHeader.isHeader(json) {
                known = try CapturedTables(CaptureHeader(json, file: file).tables, file: file)
                return
            }
            found.note(Event(json))
        }
        known = try CapturedTables(found.tables(file), file: file)
    }

    private static func parse(_ line: ArraySlice<UInt8>) throws(Refusal) -> JSONValue {
        try line.json(depthLimit: depthLimit, exactNumbers: false)
    }

    func read(_ line: ArraySlice<UInt8>) throws(Refusal) -> CaptureEvent {
        if line.isEmpty { return .nothing }
        let json = try Self.parse(line)
        if CaptureHeader.isHeader(json) { return .nothing }
        let event = Event(json)
        // A tombstone follows a delete, for Kafka's compaction; a status marks a transaction.
        if event.value.isNull || event.value["status"] != nil { return .nothing }
        guard let operation = event.value["op"]?.string else { throw Refusal("no op") }
        if operation == "m" { return .nothing }
        guard let table = event.tableName else { throw Refusal("the source names no table") }
        let changes = try changes(operation, event, table)
        return .changes(changes, time: event.time, transaction: event.transaction)
    }

    private func changes(
        _ operation: String, _ event: Event, _ table: String
    ) throws(Refusal) -> [Change] {
        if operation == "t" {
            throw Refusal("a truncation names no rows, so nothing can be deleted by it")
        }
        let position = try known.position(table)
        let before = values(event.value["before"]) ?? values(event.key) ?? []
        switch operation {
        case "c", "r":
            return try known.insertion(of: after(event), into: position)
        case "u":
            return try known.update(of: before, to: after(event), in: position)
        case "d": return try known.deletion(of: before, from: position)
        default: throw Refusal("no such op: '\(operation.prefix(40))'")
        }
    }

    private func after(_ event: Event) throws(Refusal) -> CapturedValues {
        guard let values = values(event.value["after"]) else { throw Refusal("no row after") }
        return values
    }

    private func values(_ row: JSONValue?) -> CapturedValues? {
        row?.object?.filter { !Self.unavailable.contains($0.value) }.map { ($0.name, $0.value) }
    }
}
