import JSON

/// One row's change in a record of wal2json, in either of its formats.
struct Wal2JSONChange {
    enum Kind: Hashable {
        case insert, update, delete, truncate
    }

    struct Column {
        var name: String
        /// nil if the capture was made without types.
        var type: String?
        var value: JSONValue
    }

    var kind: Kind
    var identity: TableIdentity
    var columns: [Column] = []
    var oldValues: [Column] = []
    /// nil if the capture was made without them.
    var primaryKey: [String]?

    var values: CapturedValues { columns.map { ($0.name, $0.value) } }
}

/// Takes the records of wal2json apart.
enum Wal2JSONRecord {
    private static let depthLimit = 32

    /// The record's JSON; nil if there is none, as in an empty line or psql's heading.
    static func json(_ record: ArraySlice<UInt8>) throws(Refusal) -> JSONValue? {
        if record.isBlank { return nil }
        var start = record.startIndex
        if record[start] != UInt8(ascii: "{") {
            if isFrame(record) { return nil }
            start = bodyStart(record) ?? start
        }
        var body = record[start...]
        // psql pads its columns.
        while body.last == 0x20 { body.removeLast() }
        do throws(Refusal) {
            return try body.json(depthLimit: depthLimit)
        } catch {
            var refusal = error
            refusal.column = error.column.map { $0 + start - record.startIndex }
            throw refusal
        }
    }

    /// Where the object begins behind the log position and transaction that psql prints before it.
    private static func bodyStart(_ record: ArraySlice<UInt8>) -> Int? {
        guard let start = record.firstIndex(of: UInt8(ascii: "{")) else { return nil }
        let before = record[..<start]
        let isPosition = before.allSatisfy {
            EncodedBytes.digit($0) != nil || Array("/ \t|".utf8).contains($0)
        }
        return isPosition && before.contains(UInt8(ascii: "/")) ? start : nil
    }

    /// Whether a line is psql's heading or its count of rows.
    private static func isFrame(_ record: ArraySlice<UInt8>) -> Bool {
        let text = String(decoding: record, as: UTF8.self)
        if text.hasPrefix("("), text.hasSuffix(" rows)") || text.hasSuffix(" row)") { return true }
        if text.utf8.allSatisfy({ $0 == UInt8(ascii: "-") || $0 == UInt8(ascii: "+") }) {
            return true
        }
        let names = text.split { " \t|".contains($0) }
        return !names.isEmpty
            && names.allSatisfy { ["lsn", "location", "xid", "data"].contains($0) }
    }

    static func changes(_ json: JSONValue) throws(Refusal) -> [Wal2JSONChange] {
        if let list = json["change"]?.array {
            var changes: [Wal2JSONChange] = []
            for change in list { if let one = try version1(change) { changes.append(one) } }
            return changes
        }
        guard let action = json["action"]?.string else {
            if json["op"] != nil || json["payload"] != nil || json["value"] != nil {
                throw Refusal("a Debezium event: give the capture the format debezium")
            }
            throw Refusal("neither the action of wal2json format 2 nor the change of format 1")
        }
        return try version2(action, json).map { [$0] } ?? []
    }

    // MARK: Format 2

    private static func version2(
        _ action: String, _ json: JSONValue
    ) throws(Refusal) -> Wal2JSONChange? {
        let kind: Wal2JSONChange.Kind
        switch action {
        case "I": kind = .insert
        case "U": kind = .update
        case "D": kind = .delete
        case "T": kind = .truncate
        case "B", "C", "M", "S": return nil
        default: throw Refusal("no such action: '\(action.prefix(40))'")
        }
        var change = Wal2JSONChange(kind: kind, identity: try identity(json))
        if kind == .insert || kind == .update { change.columns = try columns(json, "columns") }
        if kind == .delete || kind == .update && json["identity"] != nil {
            change.oldValues = try columns(json, "identity")
        }
        change.primaryKey = json["pk"]?.array?.prefix(CapturedTable.columnLimit).compactMap {
            $0["name"]?.string
        }
        return change
    }

    private static func identity(_ json: JSONValue) throws(Refusal) -> TableIdentity {
        guard let table = json["table"]?.string else { throw Refusal("no table") }
        return TableIdentity(schema: json["schema"]?.string, table: table)
    }

    private static func columns(
        _ json: JSONValue, _ member: String
    ) throws(Refusal) -> [Wal2JSONChange.Column] {
        guard let list = json[member]?.array else { throw Refusal("no \(member)") }
        var columns: [Wal2JSONChange.Column] = []
        columns.reserveCapacity(list.count)
        for column in list {
            guard let name = column["name"]?.string, let value = column["value"] else {
                throw Refusal("one of the \(member) has no name or no value")
            }
            columns.append(.init(name: name, type: column["type"]?.string, value: value))
        }
        return columns
    }

    // MARK: Format 1

    private static func version1(_ json: JSONValue) throws(Refusal) -> Wal2JSONChange? {
        let kind: Wal2JSONChange.Kind
        switch json["kind"]?.string {
        case "insert": kind = .insert
        case "update": kind = .update
        case "delete": kind = .delete
        case "truncate": kind = .truncate
        case "message": return nil
        case let other: throw Refusal("no such kind: '\(other?.prefix(40) ?? "")'")
        }
        var change = Wal2JSONChange(kind: kind, identity: try identity(json))
        if kind == .insert || kind == .update {
            change.columns = try columns(json, "columnnames", "columntypes", "columnvalues")
        }
        if let old = json["oldkeys"] {
            change.oldValues = try columns(old, "keynames", "keytypes", "keyvalues")
        } else if kind == .delete {
            throw Refusal("no oldkeys")
        }
        change.primaryKey = json["pk"]?["pknames"]?.array?.prefix(CapturedTable.columnLimit)
            .compactMap(\.string)
        return change
    }

    private static func columns(
        _ json: JSONValue, _ names: String, _ types: String, _ values: String
    ) throws(Refusal) -> [Wal2JSONChange.Column] {
        guard let list = json[names]?.array, let found = json[values]?.array else {
            throw Refusal("no \(names) or \(values)")
        }
        let typeList = json[types]?.array ?? []
        guard list.count == found.count, typeList.isEmpty || typeList.count == list.count else {
            throw Refusal(
                "\(list.count) \(names), \(typeList.count) \(types), \(found.count) \(values)")
        }
        var columns: [Wal2JSONChange.Column] = []
        for (position, name) in list.enumerated() {
            guard let name = name.string else { throw Refusal("one of the \(names) is no text") }
            columns.append(
                .init(
                    name: name, type: typeList.isEmpty ? nil : typeList[position].string,
                    value: found[position]))
        }
        return columns
    }
}
