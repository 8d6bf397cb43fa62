import Columnar

/// Reads a web access log in combined format, as nginx and Apache write it.
///
///     host ident user [25/Nov/2026:20:15:29 +0100] "request" status bytes "referrer" "user agent"
///
/// `-` stands for what is not there. Within quotes `\xHH` stands for a byte and `\"` for a quote;
/// what does not make UTF-8 that way is kept as it is written. A request that is none of HTTP, such
/// as the bytes of another protocol, is a path without method and protocol.
struct CombinedLogReader: CaptureReader {
    static let tableName = "access_log"

    let tables = [definition]

    private static var definition: TableDefinition {
        let columns: [(String, DataType, Bool)] = [
            ("host", .string, false), ("ident", .string, true), ("user", .string, true),
            ("time", .timestampLTZ(precision: 6), false), ("method", .string, true),
            ("path", .string, true), ("protocol", .string, true), ("status", .int, false),
            ("bytes", .bigint, true), ("referrer", .string, true), ("user_agent", .string, true),
        ]
        let fields = columns.enumerated().map { position, column in
            Field(
                identifier: Int32(position + 1), name: column.0, type: column.1,
                isNullable: column.2)
        }
        return TableDefinition(name: tableName, schema: Schema(fields: fields), bucketKey: [0])
    }

    func read(_ line: ArraySlice<UInt8>) throws(Refusal) -> CaptureEvent {
        if line.isEmpty { return .nothing }
        _ = try line.text()
        var scanner = CombinedLogScanner(line)
        let host = try scanner.takeWord("the host")
        let ident = try scanner.takeWord("the ident")
        let user = try scanner.takeUser()
        let time = try scanner.takeTime()
        let request = try scanner.takeQuoted("the request")
        let status = try scanner.takeStatus()
        let bytes = try scanner.takeByteCount()
        let referrer = try scanner.takeQuoted("the referrer")
        let agent = try scanner.takeQuoted("the user agent")
        try scanner.takeEnd()
        let parts = Self.split(request)
        let row: Row = [
            .string(host), Self.value(ident), Self.value(user), .timestamp(time),
            Self.value(parts.method), Self.value(parts.path), Self.value(parts.version),
            .int(status), bytes.map { .bigint($0) } ?? .null, Self.value(referrer),
            Self.value(agent),
        ]
        return .changes([Change(table: 0, .append(row))], time: time, transaction: nil)
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
