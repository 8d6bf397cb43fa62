import Columnar

/// How a web server writes a line of its access log: fields, and what stands between them.
///
/// Read from the format strings of nginx (`log_format`) and Apache (`LogFormat`), or from a name
/// that both documentations know: `combined`, `common`, `vhost_combined`, `combinedio`.
struct LogFormat: Hashable {
    enum Part: Hashable {
        case literal([UInt8])
        case field(LogField)
    }

    let parts: [Part]

    var fields: [LogField] {
        parts.compactMap { if case .field(let field) = $0 { field } else { nil } }
    }

    func field(at position: Int) -> LogField? {
        guard position < parts.count, case .field(let field) = parts[position] else { return nil }
        return field
    }

    func literal(at position: Int) -> [UInt8]? {
        guard position < parts.count, case .literal(let bytes) = parts[position] else { return nil }
        return bytes
    }

    static let lengthLimit = 4000

    private static let named: [(name: String, text: String)] = [
        ("combined", #"%h %l %u %t "%r" %>s %b "%{Referer}i" "%{User-Agent}i""#),
        ("common", #"%h %l %u %t "%r" %>s %b"#),
        ("vhost_combined", #"%v:%p %h %l %u %t "%r" %>s %O "%{Referer}i" "%{User-Agent}i""#),
        ("combinedio", #"%h %l %u %t "%r" %>s %b "%{Referer}i" "%{User-Agent}i" %I %O"#),
    ]

    static let combined: LogFormat = {
        guard let format = try? LogFormat("combined") else {
            preconditionFailure("a format of our own that cannot be read")
        }
        return format
    }()

    init(_ text: String) throws(CaptureError) {
        let written = Self.named.first { $0.name == text }?.text ?? text
        if written.utf8.count > Self.lengthLimit {
            throw .unusableLogFormat(reason: "it is over \(Self.lengthLimit) bytes long")
        }
        var parser = LogFormatParser(written)
        parts = try parser.parse()
        let fields = fields
        if fields.isEmpty {
            throw .unusableLogFormat(
                reason: "it has no fields such as $status or %>s; by name there are "
                    + Self.named.map(\.name).joined(separator: ", "))
        }
        let names = fields.flatMap(\.columns).map(\.name)
        if let twice = names.enumerated().first(where: { names[..<$0.offset].contains($0.element) })
        {
            throw .unusableLogFormat(reason: "two of its fields are the column \(twice.element)")
        }
        for (first, second) in zip(parts, parts.dropFirst()) {
            if case .field = first, case .field = second {
                throw .unusableLogFormat(
                    reason: "two fields follow each other with nothing between them")
            }
        }
    }
}

/// A field of a line, by what it holds.
struct LogField: Hashable {
    enum Kind: Hashable {
        /// Text up to what follows the field; `-` is none.
        case text
        /// The same, but always there and without a quote or bracket at its start.
        case word
        /// A method, a path and a protocol.
        case request
        /// `25/Nov/2026:20:15:29 +0100`, with or without brackets that belong to the field.
        case time(hasBrackets: Bool)
        /// `2026-11-25T20:15:29+01:00`
        case isoTime
        /// Seconds since 1970 with three digits after the point.
        case unixTime
        case status
        case count
        /// Seconds or other numbers with a fraction.
        case decimal
    }

    struct Column: Hashable {
        var name: String
        var type: DataType
        var isNullable: Bool
    }

    var name: String
    /// How messages call it.
    var noun: String
    var kind: Kind

    /// The columns that it becomes.
    var columns: [Column] {
        switch kind {
        case .text: [Column(name: name, type: .string, isNullable: name != "host")]
        case .word: [Column(name: name, type: .string, isNullable: name != "host")]
        case .request:
            ["method", "path", "protocol"].map { Column(name: $0, type: .string, isNullable: true) }
        case .time, .isoTime, .unixTime:
            [Column(name: name, type: .timestampLTZ(precision: 6), isNullable: false)]
        case .status: [Column(name: name, type: .int, isNullable: false)]
        case .count: [Column(name: name, type: .bigint, isNullable: true)]
        case .decimal:
            [Column(name: name, type: .decimal(precision: 18, scale: 6), isNullable: true)]
        }
    }
}
