/// Reads the format strings of nginx and Apache.
struct LogFormatParser {
    private var rest: Substring
    private var parts: [LogFormat.Part] = []

    init(_ text: String) { rest = Substring(text) }

    mutating func parse() throws(CaptureError) -> [LogFormat.Part] {
        while let character = rest.popFirst() {
            switch character {
            case "$": parts.append(.field(try nginx()))
            case "%": try apache()
            // Apache's configuration writes a quote within quotes so.
            case "\\" where rest.first == "\"" || rest.first == "\\": append(rest.removeFirst())
            default: append(character)
            }
        }
        return parts
    }

    private mutating func append(_ character: Character) {
        var literal: [UInt8] = []
        if case .literal(let before)? = parts.last {
            literal = before
            parts.removeLast()
        }
        parts.append(.literal(literal + Array(String(character).utf8)))
    }

    // MARK: nginx

    private mutating func nginx() throws(CaptureError) -> LogField {
        var name = ""
        if rest.first == "{" {
            rest.removeFirst()
            name = String(rest.prefix { $0 != "}" })
            rest = rest.dropFirst(name.count + 1)
        } else {
            name = String(rest.prefix { $0.isASCII && ($0.isLetter || $0.isNumber || $0 == "_") })
            rest = rest.dropFirst(name.count)
        }
        if name.isEmpty { throw .unusableLogFormat(reason: "a $ without a variable's name") }
        if let field = Self.nginxFields[name] { return field }
        let kind: LogField.Kind =
            Self.nginxCounts.contains(name) ? .count : name == "request_time" ? .decimal : .text
        return LogField(name: name, noun: "the \(name)", kind: kind)
    }

    private static let host = LogField(name: "host", noun: "the host", kind: .word)
    private static let user = LogField(name: "user", noun: "the user", kind: .text)
    private static let request = LogField(name: "request", noun: "the request", kind: .request)
    private static let status = LogField(name: "status", noun: "the status", kind: .status)
    private static let bytes = LogField(name: "bytes", noun: "a number of bytes", kind: .count)
    private static let referrer = LogField(name: "referrer", noun: "the referrer", kind: .text)
    private static let agent = LogField(name: "user_agent", noun: "the user agent", kind: .text)

    private static let nginxFields: [String: LogField] = [
        "remote_addr": host, "remote_user": user, "request": request, "status": status,
        "body_bytes_sent": bytes, "http_referer": referrer, "http_user_agent": agent,
        "time_local": LogField(name: "time", noun: "the time", kind: .time(hasBrackets: false)),
        "time_iso8601": LogField(name: "time", noun: "the time", kind: .isoTime),
        "msec": LogField(name: "time", noun: "the time", kind: .unixTime),
    ]

    private static let nginxCounts: Set<String> = [
        "bytes_sent", "request_length", "connection", "connection_requests", "server_port",
        "remote_port", "pid",
    ]

    // MARK: Apache

    private mutating func apache() throws(CaptureError) {
        var argument: String?
        // A condition on the status, or which of several requests is meant.
        rest = rest.drop { "!<>,0123456789".contains($0) }
        if rest.first == "{" {
            rest.removeFirst()
            let name = String(rest.prefix { $0 != "}" })
            rest = rest.dropFirst(name.count + 1)
            argument = name
            rest = rest.drop { "<>".contains($0) }
        }
        guard let letter = rest.popFirst() else {
            throw .unusableLogFormat(reason: "a % without a letter behind it")
        }
        if letter == "%" {
            append("%")
            return
        }
        parts.append(.field(try apache(letter, argument)))
    }

    private func apache(
        _ letter: Character, _ argument: String?
    ) throws(CaptureError) -> LogField {
        if let argument {
            let name = argument.lowercased().map { $0.isLetter || $0.isNumber ? $0 : "_" }
            switch (letter, argument.lowercased()) {
            case ("i", "referer"): return Self.referrer
            case ("i", "user-agent"): return Self.agent
            case ("i", _): return text(String(name))
            case ("o", _): return text("response_" + name)
            case ("C", _): return text("cookie_" + name)
            case ("e", _), ("n", _), ("x", _): return text(String(name))
            case ("a", _): return text("peer")
            case ("p", _): return LogField(name: "port", noun: "the port", kind: .count)
            case ("T", _):
                return LogField(name: "request_time", noun: "the request time", kind: .decimal)
            default:
                throw .unusableLogFormat(reason: "%{\(argument)}\(letter) is not known")
            }
        }
        guard let field = Self.apacheFields[letter] else {
            throw .unusableLogFormat(reason: "%\(letter) is not known")
        }
        return field
    }

    private func text(_ name: String) -> LogField {
        LogField(name: name, noun: "the \(name)", kind: .text)
    }

    private static let apacheFields: [Character: LogField] = [
        "h": host, "u": user, "r": request, "s": status, "b": bytes, "B": bytes,
        "l": LogField(name: "ident", noun: "the ident", kind: .word),
        "t": LogField(name: "time", noun: "the time", kind: .time(hasBrackets: true)),
        "O": LogField(name: "bytes_sent", noun: "a number of bytes", kind: .count),
        "I": LogField(name: "bytes_received", noun: "a number of bytes", kind: .count),
        "S": LogField(name: "bytes_transferred", noun: "a number of bytes", kind: .count),
        "D": LogField(name: "microseconds", noun: "a number of microseconds", kind: .count),
        "T": LogField(name: "seconds", noun: "a number of seconds", kind: .count),
        "v": LogField(name: "server", noun: "the server", kind: .text),
        "V": LogField(name: "server_name", noun: "the server's name", kind: .text),
        "p": LogField(name: "port", noun: "the port", kind: .count),
        "P": LogField(name: "process", noun: "the process", kind: .count),
        "k": LogField(name: "keepalive", noun: "a number of requests", kind: .count),
        "a": LogField(name: "client", noun: "the client", kind: .text),
        "A": LogField(name: "local_address", noun: "the local address", kind: .text),
        "f": LogField(name: "file", noun: "the file", kind: .text),
        "m": LogField(name: "method", noun: "the method", kind: .text),
        "U": LogField(name: "path", noun: "the path", kind: .text),
        "q": LogField(name: "query", noun: "the query", kind: .text),
        "H": LogField(name: "protocol", noun: "the protocol", kind: .text),
        "R": LogField(name: "handler", noun: "the handler", kind: .text),
        "X": LogField(name: "connection_status", noun: "the connection's status", kind: .text),
        "L": LogField(name: "log_id", noun: "the log id", kind: .text),
    ]
}
