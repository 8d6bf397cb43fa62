import CSQLite

/// A database in memory whose tables are those of a lake.
final class SQLConnection {
    let handle: OpaquePointer
    /// Asked every few thousand steps whether to end.
    var isInterrupted: () -> Bool = { false }

    init(keepsSortsInFiles: Bool = true) throws {
        var opened: OpaquePointer?
        let code = sqlite3_open_v2(
            ":memory:", &opened, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, nil)
        guard let opened, code == SQLITE_OK else {
            throw LakeSQLError.statement(reason: "SQLite cannot be opened: \(code)")
        }
        handle = opened
        // Sorts and joins of more rows than fit in memory go to files.
        try run("PRAGMA temp_store = \(keepsSortsInFiles ? "FILE" : "MEMORY")")
        askProgress(every: 10_000)
    }

    /// Has a closure be asked after so many steps, each time, whether to end.
    func setProgress(every stepCount: Int, _ isInterrupted: @escaping () -> Bool) {
        self.isInterrupted = isInterrupted
        askProgress(every: stepCount)
    }

    private func askProgress(every stepCount: Int) {
        sqlite3_progress_handler(
            handle, Int32(stepCount),
            { context in
                let connection = Unmanaged<SQLConnection>.fromOpaque(context!)
                return connection.takeUnretainedValue().isInterrupted() ? 1 : 0
            }, Unmanaged.passUnretained(self).toOpaque())
    }

    deinit { sqlite3_close_v2(handle) }

    /// Runs a statement without rows.
    func run(_ sql: String) throws {
        let statement = try prepare(sql).statement
        if let statement { while try statement.step() {} }
    }

    /// The first statement of a text, nil if there is none but space and comments, and what follows
    /// it.
    func prepare(_ sql: String) throws -> (statement: SQLStatement?, rest: String) {
        var prepared: OpaquePointer?
        var rest = ""
        let code = sql.withCString { start in
            var tail: UnsafePointer<CChar>?
            let code = sqlite3_prepare_v2(handle, start, -1, &prepared, &tail)
            if let tail { rest = String(cString: tail) }
            return code
        }
        if code != SQLITE_OK { throw failure(code) }
        return (prepared.map { SQLStatement($0, self) }, rest)
    }

    func failure(_ code: Int32) -> LakeSQLError {
        if code & 0xFF == SQLITE_INTERRUPT { return .interrupted }
        return .statement(reason: String(cString: sqlite3_errmsg(handle)))
    }
}

/// A statement and where it is in its rows.
public final class SQLStatement {
    private let handle: OpaquePointer
    private let connection: SQLConnection

    init(_ handle: OpaquePointer, _ connection: SQLConnection) {
        self.handle = handle
        self.connection = connection
    }

    deinit { sqlite3_finalize(handle) }

    /// The names of the columns of its rows; none if it has no rows.
    public var columns: [String] {
        (0..<sqlite3_column_count(handle)).map { String(cString: sqlite3_column_name(handle, $0)) }
    }

    /// The columns, with the types that tables say for theirs.
    var described: [SQLQuestion.Column] {
        columns.enumerated().map { position, name in
            let type = sqlite3_column_decltype(handle, Int32(position))
            return SQLQuestion.Column(name: name, type: type.map { String(cString: $0) })
        }
    }

    /// Whether it has rows and changes no database.
    var isReading: Bool {
        sqlite3_stmt_readonly(handle) != 0 && sqlite3_column_count(handle) > 0
    }

    var parameterCount: Int { Int(sqlite3_bind_parameter_count(handle)) }

    /// Gives a parameter its value; the first is at 0.
    func bind(_ cell: SQLCell, at position: Int) throws {
        let place = Int32(position + 1)
        let copying = unsafeBitCast(-1, to: sqlite3_destructor_type.self)
        let code: Int32
        switch cell {
        case .null: code = sqlite3_bind_null(handle, place)
        case .integer(let number): code = sqlite3_bind_int64(handle, place, number)
        case .real(let number): code = sqlite3_bind_double(handle, place, number)
        case .text(let text):
            code = sqlite3_bind_text(handle, place, text, Int32(text.utf8.count), copying)
        case .blob(let bytes):
            code = sqlite3_bind_blob(handle, place, bytes, Int32(bytes.count), copying)
        }
        if code != SQLITE_OK { throw connection.failure(code) }
    }

    /// The statement with its parameters' values in their places; nil if it is too long.
    var expanded: String? {
        guard let text = sqlite3_expanded_sql(handle) else { return nil }
        defer { sqlite3_free(text) }
        return String(cString: text)
    }

    /// Goes to the next row; false if there is none.
    public func step() throws -> Bool {
        switch sqlite3_step(handle) {
        case SQLITE_ROW: return true
        case SQLITE_DONE: return false
        case let code: throw connection.failure(code)
        }
    }

    /// The values of the present row.
    public var row: [SQLCell] {
        (0..<sqlite3_column_count(handle)).map { SQLCell(sqlite3_column_value(handle, $0)) }
    }
}

/// A value as SQLite has it.
public enum SQLCell: Hashable, Sendable {
    case null
    case integer(Int64)
    case real(Double)
    case text(String)
    case blob([UInt8])

    init(_ value: OpaquePointer?) {
        switch sqlite3_value_type(value) {
        case SQLITE_INTEGER: self = .integer(sqlite3_value_int64(value))
        case SQLITE_FLOAT: self = .real(sqlite3_value_double(value))
        case SQLITE_TEXT:
            let count = Int(sqlite3_value_bytes(value))
            let start = sqlite3_value_text(value)
            self = .text(
                String(decoding: UnsafeBufferPointer(start: start, count: count), as: UTF8.self))
        case SQLITE_BLOB:
            let count = Int(sqlite3_value_bytes(value))
            let start = sqlite3_value_blob(value)
            self = .blob([UInt8](UnsafeRawBufferPointer(start: start, count: count)))
        default: self = .null
        }
    }

    /// Hands the value to a function or column that is asked for it.
    func give(to context: OpaquePointer?) {
        // SQLITE_TRANSIENT: SQLite takes a copy.
        let copying = unsafeBitCast(-1, to: sqlite3_destructor_type.self)
        switch self {
        case .null: sqlite3_result_null(context)
        case .integer(let number): sqlite3_result_int64(context, number)
        case .real(let number): sqlite3_result_double(context, number)
        case .text(let text):
            var text = text
            text.withUTF8 { bytes in
                bytes.withMemoryRebound(to: CChar.self) {
                    sqlite3_result_text64(
                        context, $0.baseAddress, UInt64($0.count), copying, UInt8(SQLITE_UTF8))
                }
            }
        case .blob(let bytes):
            bytes.withUnsafeBytes {
                sqlite3_result_blob64(context, $0.baseAddress, UInt64($0.count), copying)
            }
        }
    }
}
