import Columnar

/// Reads a web access log, as nginx and Apache write it.
///
/// In combined format, if nothing else is said:
///
///     host ident user [25/Nov/2026:20:15:29 +0100] "request" status bytes "referrer" "user agent"
///
/// `-` stands for what is not there. Within quotes `\xHH` stands for a byte and `\"` for a quote;
/// what does not make UTF-8 that way is kept as it is written. A request that is none of HTTP, such
/// as the bytes of another protocol, is a path without method and protocol.
struct AccessLogReader: CaptureReader {
    static let tableName = "access_log"

    let known: CapturedTables
    private let format: LogFormat

    init(
        _ format: LogFormat, table: String, _ selection: TableSelection, file: String
    ) throws(CaptureError) {
        var draft = TableDraft(identity: TableIdentity(schema: nil, table: table))
        draft.columns = format.fields.flatMap(\.columns).map {
            CapturedColumn(name: $0.name, type: $0.type, isNullable: $0.isNullable)
        }
        draft.isFound = false
        self.format = format
        known = try CapturedTables([draft], selection, file: file)
    }

    func read(_ record: ArraySlice<UInt8>, line: Int) throws(Refusal) -> CaptureEvent {
        if record.isBlank { return .nothing }
        if record.first == UInt8(ascii: "{") {
            throw Refusal("JSON, not a line of this format: give the capture the logFormat json")
        }
        _ = try record.text()
        var scanner = LogScanner(record)
        var row: Row = []
        var time: Int64?
        for position in format.parts.indices {
            switch format.parts[position] {
            case .literal(let literal):
                try scanner.take(literal: literal, before: format.field(at: position + 1))
            case .field(let field):
                row += try Self.values(of: field, at: position, format, &scanner, &time)
            }
        }
        try scanner.requireEnd(after: format.fields.last)
        return .changes([try known.append(row, to: 0)], time: time, transaction: nil)
    }

    private static func values(
        of field: LogField, at position: Int, _ format: LogFormat, _ scanner: inout LogScanner,
        _ time: inout Int64?
    ) throws(Refusal) -> [Value] {
        var end = format.literal(at: position + 1)
        // Before a time in brackets there may be spaces.
        let isBeforeTime = format.field(at: position + 2)?.kind == .time(hasBrackets: true)
        if isBeforeTime { end = (end ?? []) + [UInt8(ascii: "[")] }
        switch field.kind {
        case .word:
            let word = try scanner.takeWord(before: end, field.noun)
            return [field.name == "host" ? .string(word) : value(word)]
        case .text where isBeforeTime:
            return [value(try scanner.takeName(before: end, "\(field.noun) and the time"))]
        case .text:
            let text = try scanner.takeText(before: end, field.noun)
            return [field.name == "host" ? .string(text) : value(text)]
        case .request:
            let parts = split(try scanner.takeText(before: end, field.noun))
            return [value(parts.method), value(parts.path), value(parts.version)]
        case .time(let hasBrackets):
            time = try scanner.takeTime(hasBrackets: hasBrackets, before: end)
        case .isoTime: time = try scanner.takeISOTime(before: end)
        case .unixTime: time = try scanner.takeUnixTime(before: end)
        case .status: return [.int(try scanner.takeStatus())]
        case .count:
            return [try scanner.takeCount(before: end, field.noun).map { .bigint($0) } ?? .null]
        case .decimal:
            return [
                try scanner.takeDecimal(before: end, field.noun).map { .decimal(Int128($0)) }
                    ?? .null
            ]
        }
        return [time.map { .timestamp($0) } ?? .null]
    }

    private static func value(_ text: String?) -> Value {
        guard let text, text != "-" else { return .null }
        return .string(text)
    }

    private static func split(
        _ request: String
    ) -> (method: String?, path: String?, version: String?) {
        if request.isEmpty || request == "-" { return (nil, nil, nil) }
        let method = request.utf8.prefix { $0 >= 65 && $0 <= 90 || $0 == UInt8(ascii: "-") }
        let rest = request.utf8[method.endIndex...]
        guard !method.isEmpty, method.count <= 32, rest.first == UInt8(ascii: " "), rest.count > 1
        else { return (nil, request, nil) }
        let path = rest.dropFirst()
        if let space = path.lastIndex(of: UInt8(ascii: " ")), space > path.startIndex {
            let version = path[path.index(after: space)...]
            if isVersion(version) {
                return (String(method), String(path[..<space]), String(version))
            }
        }
        return (String(method), String(path), nil)
    }

    /// Such as `HTTP/1.1`.
    private static func isVersion(_ text: Substring.UTF8View) -> Bool {
        let name = text.prefix { $0 >= 65 && $0 <= 90 }
        let rest = text[name.endIndex...]
        return !name.isEmpty && rest.first == UInt8(ascii: "/") && rest.count > 1
            && rest.dropFirst().allSatisfy { $0 >= 48 && $0 <= 57 || $0 == UInt8(ascii: ".") }
    }
}
