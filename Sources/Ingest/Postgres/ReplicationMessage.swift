import Host

/// A message of pgoutput, protocol version 1.
///
/// https://www.postgresql.org/docs/15/protocol-logicalrep-message-formats.html
enum ReplicationMessage: Hashable {
    /// A column of a relation: its type by number, and what `format_type` needs beside it.
    struct Column: Hashable {
        var name: String
        var typeNumber: UInt32
        var typeModifier: Int32
    }

    struct Relation: Hashable {
        var number: UInt32
        var schema: String
        var name: String
        var columns: [Column]
    }

    enum Cell: Hashable {
        case null
        /// Stored out of line, and not changed.
        case unsent
        case text(String)
    }

    case begin(commit: LogPosition)
    /// `end` is behind the transaction.
    case commit(end: LogPosition)
    case relation(Relation)
    case insert(relation: UInt32, [Cell])
    /// `old` is the key or the row before, where the server says it.
    case update(relation: UInt32, old: [Cell]?, [Cell])
    case delete(relation: UInt32, old: [Cell])
    case truncate(relations: [UInt32])
    /// Of types, origins and messages.
    case other

    init(_ bytes: [UInt8]) throws(PostgresError) {
        var fields = PostgresFields(bytes)
        let type: UInt8 = try fields.integer()
        switch type {
        case UInt8(ascii: "B"): self = .begin(commit: LogPosition(try fields.integer()))
        case UInt8(ascii: "C"):
            _ = try fields.bytes(9)
            self = .commit(end: LogPosition(try fields.integer()))
        case UInt8(ascii: "R"): self = .relation(try Self.relation(&fields))
        case UInt8(ascii: "I"):
            let relation: UInt32 = try fields.integer()
            _ = try fields.bytes(1)
            self = .insert(relation: relation, try Self.cells(&fields))
        case UInt8(ascii: "U"):
            let relation: UInt32 = try fields.integer()
            var old: [Cell]?
            if try fields.integer(UInt8.self) != UInt8(ascii: "N") {
                old = try Self.cells(&fields)
                _ = try fields.bytes(1)
            }
            self = .update(relation: relation, old: old, try Self.cells(&fields))
        case UInt8(ascii: "D"):
            let relation: UInt32 = try fields.integer()
            _ = try fields.bytes(1)
            self = .delete(relation: relation, old: try Self.cells(&fields))
        case UInt8(ascii: "T"):
            let count: Int32 = try fields.integer()
            _ = try fields.bytes(1)
            var relations: [UInt32] = []
            for _ in 0..<max(0, min(count, 100_000)) { relations.append(try fields.integer()) }
            self = .truncate(relations: relations)
        default: self = .other
        }
    }

    private static func relation(_ fields: inout PostgresFields) throws(PostgresError) -> Relation {
        let number: UInt32 = try fields.integer()
        let schema = try fields.text()
        let name = try fields.text()
        _ = try fields.bytes(1)
        var columns: [Column] = []
        for _ in 0..<max(0, try fields.integer(Int16.self)) {
            _ = try fields.bytes(1)
            columns.append(
                Column(
                    name: try fields.text(), typeNumber: try fields.integer(),
                    typeModifier: try fields.integer()))
        }
        // The system's schema has no name here.
        return Relation(
            number: number, schema: schema.isEmpty ? "pg_catalog" : schema, name: name,
            columns: columns)
    }

    private static func cells(_ fields: inout PostgresFields) throws(PostgresError) -> [Cell] {
        var cells: [Cell] = []
        for _ in 0..<max(0, try fields.integer(Int16.self)) {
            switch try fields.integer(UInt8.self) {
            case UInt8(ascii: "n"): cells.append(.null)
            case UInt8(ascii: "u"): cells.append(.unsent)
            case UInt8(ascii: "t"):
                let size = Int(try fields.integer(Int32.self))
                cells.append(.text(String(decoding: try fields.bytes(size), as: UTF8.self)))
            case let kind:
                throw .connection(reason: "PostgreSQL sends a value of the unknown kind \(kind)")
            }
        }
        return cells
    }
}

/// What goes around the messages of a stream.
enum StreamPart: Hashable {
    case message([UInt8])
    /// Where the server is in its log, and whether it wants to hear of us at once.
    case alive(LogPosition, wantsAnswer: Bool)

    init(_ bytes: [UInt8]) throws(PostgresError) {
        var fields = PostgresFields(bytes)
        switch try fields.integer(UInt8.self) {
        case UInt8(ascii: "w"):
            _ = try fields.bytes(24)
            self = .message(fields.rest())
        case UInt8(ascii: "k"):
            let end = LogPosition(try fields.integer())
            _ = try fields.bytes(8)
            self = .alive(end, wantsAnswer: try fields.integer(UInt8.self) == 1)
        case let kind:
            throw .connection(reason: "PostgreSQL sends a part of the unknown kind \(kind)")
        }
    }

    /// Tells the server up to where all is safe here.
    static func status(_ position: LogPosition, wantsAnswer: Bool) -> [UInt8] {
        var bytes = [UInt8(ascii: "r")]
        for number in [position.value, position.value, position.value, 0] {
            withUnsafeBytes(of: number.bigEndian) { bytes += $0 }
        }
        return bytes + [wantsAnswer ? 1 : 0]
    }
}
