import Columnar
import JSON

/// A change event without what tools put around it.
///
/// A record is the event's value, or its key and value: as members of one object, as kcat and
/// console consumers print them, or in a CloudEvent. Each may stand in Kafka Connect's envelope of
/// `schema` and `payload`, and each may be JSON within a string.
struct ChangeEvent {
    enum Form: Hashable {
        /// Nothing that changes a row: a tombstone, a heartbeat, a mark of a transaction.
        case service
        /// An event with `op`, `before` and `after`.
        case event
        /// The row alone, with the operation in `__op` or `__deleted`.
        case flattened
    }

    private(set) var key: JSONValue?
    /// The schema of the value, if the record has it.
    private(set) var schema: JSONValue?
    private(set) var value = JSONValue.null
    private(set) var form = Form.service
    /// The topic that kcat says.
    private var topic: String?

    static let depthLimit = 32

    init(_ record: ArraySlice<UInt8>) throws(Refusal) {
        if record.isBlank { return }
        let parts = try RecordText.parts(record)
        if let value = parts.value {
            key = try parts.key.map(Self.unwrapped)
            try takeValue(value)
        } else {
            try takeRecord(parts.whole)
        }
        if key?.isNull == true { key = nil }
        form = try Self.form(of: value)
    }

    // MARK: What is around it

    private mutating func takeRecord(_ record: JSONValue) throws(Refusal) {
        guard let members = record.object else {
            if record.isNull { return }
            throw Refusal("a change event is an object")
        }
        let names = members.map(\.name)
        if names.contains("topic"), names.contains("payload"), names.contains("partition") {
            topic = record["topic"]?.string
            key = try record["key"].map(Self.unwrapped)
            try takeValue(record["payload"]!)
        } else if names.contains("key"), names.contains("value"),
            names.allSatisfy(Self.pairMembers.contains)
        {
            topic = record["topic"]?.string
            key = try record["key"].map(Self.unwrapped)
            try takeValue(record["value"]!)
        } else {
            try takeValue(record)
        }
    }

    private static let pairMembers = [
        "key", "value", "topic", "partition", "offset", "timestamp", "timestampType", "headers",
        "tstype", "ts", "broker",
    ]

    private mutating func takeValue(_ written: JSONValue) throws(Refusal) {
        var written = try Self.parsed(written)
        if written["specversion"]?.string != nil {
            if written["data_base64"] != nil {
                throw Refusal("a CloudEvent of encoded data: capture with CloudEvents as JSON")
            }
            written = try Self.parsed(written["data"] ?? .null)
        }
        if Self.isEnvelope(written) || written["payload"]?["op"] != nil {
            schema = written["schema"]
            if schema?.object == nil { schema = nil }
            written = written["payload"]!
        }
        value = written
    }

    private static func isEnvelope(_ value: JSONValue) -> Bool {
        value.object?.count == 2 && value["schema"] != nil && value["payload"] != nil
    }

    private static func unwrapped(_ written: JSONValue) throws(Refusal) -> JSONValue {
        let value = try parsed(written)
        return isEnvelope(value) ? value["payload"]! : value
    }

    /// JSON may stand in a string.
    private static func parsed(_ value: JSONValue) throws(Refusal) -> JSONValue {
        guard let text = value.string else { return value }
        if text.isEmpty || text == "null" { return .null }
        do throws(Refusal) {
            return try Array(text.utf8)[...].json(depthLimit: depthLimit)
        } catch {
            throw Refusal("a key or value is text that is no JSON: '\(text.prefix(40))'")
        }
    }

    // MARK: What it is

    private static func form(of value: JSONValue) throws(Refusal) -> Form {
        if value.isNull { return .service }
        guard let members = value.object else { throw Refusal("a change event is an object") }
        let isMongo = value["source"]?["connector"]?.string == "mongodb"
        if isMongo || value["source"]?["collection"] != nil || value["updateDescription"] != nil {
            throw Refusal(
                "an event of MongoDB, whose documents have no columns: capture it with the "
                    + "transform ExtractNewDocumentState and add.fields=op,collection")
        }
        if value["op"]?.string != nil {
            if value["source"] != nil || members.contains(where: { $0.name == "after" }) {
                return .event
            }
        }
        if isService(value, members) { return .service }
        if value["__op"] != nil || value["__deleted"] != nil { return .flattened }
        throw Refusal(foreign(value, members))
    }

    private static func isService(_ value: JSONValue, _ members: [JSONMember]) -> Bool {
        if ["BEGIN", "END"].contains(value["status"]?.string), value["id"] != nil { return true }
        // A heartbeat says the time only.
        let times = ["ts_ms", "ts_us", "ts_ns"]
        if !members.isEmpty, members.allSatisfy({ times.contains($0.name) }) { return true }
        // What a connector tells of schemas and of itself.
        if value["source"] != nil, value["ddl"] != nil { return true }
        return value["aggregate_type"] != nil && value["type"] != nil
    }

    /// What an object is that is no change event, with what to do.
    private static func foreign(_ value: JSONValue, _ members: [JSONMember]) -> String {
        if value["action"]?.string != nil || value["change"]?.array != nil {
            return "a change as wal2json writes it: give the capture the format wal2json"
        }
        if value["metadata"]?["operation"] != nil || value["metadata"]?["record-type"] != nil {
            return "a change as AWS DMS writes it, which is not read: capture with Debezium"
        }
        if value["database"] != nil, value["table"] != nil, value["type"] != nil {
            let tool = value["isDdl"] != nil ? "Canal" : "Maxwell"
            return "a change as \(tool) writes it, which is not read: capture with Debezium"
        }
        if members.contains(where: { $0.name.hasPrefix("__") }) {
            return "a flattened event without __op: add.fields=op,table says what happened"
        }
        if members.isEmpty || value["source"] != nil { return "no op" }
        return "no op: a row alone does not say what happened; a flattened event needs "
            + "add.fields=op,table"
    }

    // MARK: What it says

    /// Lower-case letter of the operation; "u" where only `__deleted` says that there is a row.
    var operation: String? {
        if form == .event { return value["op"]?.string }
        if isTrue(value["__deleted"]) { return "d" }
        return value["__op"]?.string ?? "u"
    }

    private func isTrue(_ value: JSONValue?) -> Bool {
        value == .bool(true) || value == .string("true")
    }

    var identity: TableIdentity? {
        if form == .event {
            guard let source = value["source"], let table = source["table"]?.string else {
                return nil
            }
            return TableIdentity(
                server: source["name"]?.string, database: source["db"]?.string,
                schema: source["schema"]?.string, table: table)
        }
        func field(_ name: String) -> String? {
            value["__\(name)"]?.string ?? value["__source_\(name)"]?.string
        }
        if let table = field("table") ?? field("collection") {
            return TableIdentity(
                server: field("name"), database: field("db"), schema: field("schema"), table: table)
        }
        // A topic is named server.schema.table or server.database.table.
        guard let parts = topic?.split(separator: "."), parts.count >= 2 else { return nil }
        return TableIdentity(
            schema: String(parts[parts.count - 2]), table: String(parts[parts.count - 1]))
    }

    var before: CapturedValues? { form == .event ? Self.values(value["before"]) : nil }
    var after: CapturedValues? { form == .event ? Self.values(value["after"]) : flattenedRow }
    var keyValues: CapturedValues? { Self.values(key) }

    private var flattenedRow: CapturedValues? {
        Self.values(value)?.filter { !Self.isMetadata($0.name) }
    }

    private static func values(_ row: JSONValue?) -> CapturedValues? {
        row?.object?.map { ($0.name, $0.value) }
    }

    /// Whether a member of a flattened event is Debezium's, and no column.
    static func isMetadata(_ name: String) -> Bool {
        metadata.contains(name) || name.hasPrefix("__source_")
            || name.hasPrefix("__transaction")
    }

    private static let metadata: Set<String> = [
        "__op", "__deleted", "__table", "__collection", "__db", "__schema", "__name", "__lsn",
        "__ts_ms", "__ts_us", "__ts_ns", "__txId", "__xmin", "__file", "__pos", "__row", "__gtid",
        "__server_id", "__thread", "__query", "__scn", "__commit_scn", "__commit_lsn",
        "__change_lsn", "__snapshot", "__connector", "__version", "__sequence",
    ]

    var time: Int64? {
        let source = value["source"]
        if let time = source?["ts_us"]?.integer ?? value["__source_ts_us"]?.integer { return time }
        let milliseconds =
            source?["ts_ms"]?.integer ?? value["ts_ms"]?.integer
            ?? value["__source_ts_ms"]?.integer ?? value["__ts_ms"]?.integer
        guard let (time, isTooLarge) = milliseconds?.multipliedReportingOverflow(by: 1000),
            !isTooLarge
        else { return nil }
        return time
    }

    /// What the changes of one transaction have in common; nil for a snapshot's rows.
    var transaction: String? {
        if operation == "r" { return nil }
        let source = value["source"]
        let identifier =
            value["transaction"]?["id"]?.string
            ?? (source?["txId"]?.integer ?? value["__txId"]?.integer).map { String($0) }
            ?? source?["txId"]?.string ?? source?["gtid"]?.string
        // Two servers count alike.
        return identifier.map {
            "\(source?["name"]?.string ?? "") \(source?["db"]?.string ?? "") \($0)"
        }
    }
}

extension ArraySlice<UInt8> {
    /// Whether there is nothing but space.
    var isBlank: Bool { allSatisfy { $0 == 0x20 || $0 == 0x09 || $0 == 0x0D || $0 == 0x0A } }

    /// The JSON of a record, with each number as it is written.
    func json(depthLimit: Int) throws(Refusal) -> JSONValue {
        do throws(JSONError) {
            return try JSONValue(parsing: Array(self), depthLimit: depthLimit, exactNumbers: true)
        } catch {
            if case .malformed(let line, let column, let reason) = error {
                throw Refusal(
                    line > 1 ? "\(reason), \(line - 1) lines below" : reason, column: column)
            }
            throw Refusal("\(error)")
        }
    }
}
