import CSQLite

/// A value in a database.
package enum SQLiteValue: Hashable, Sendable {
    case null
    case integer(Int64)
    case text(String)
    case blob([UInt8])

    package var integer: Int64? { if case .integer(let value) = self { value } else { nil } }
    package var text: String? { if case .text(let value) = self { value } else { nil } }
    package var blob: [UInt8]? { if case .blob(let value) = self { value } else { nil } }
}

package struct SQLiteError: Error, CustomStringConvertible {
    var code: Int32
    var message: String
    /// Whether the failure was in making a transaction durable: it may or may not be.
    var isInDoubt = false

    package var description: String { "SQLite error \(code): \(message)" }
}

/// One connection to a SQLite database; one thread at a time may use it.
package final class SQLiteDatabase {
    private let connection: OpaquePointer
    private var statements: [String: OpaquePointer] = [:]

    /// Opens a database, made if it is not there, whose commits are durable when they return; or
    /// one of others, to read only.
    package init(_ path: String, isReadOnly: Bool = false) throws(SQLiteError) {
        var opened: OpaquePointer?
        let access = isReadOnly ? SQLITE_OPEN_READONLY : SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE
        let flags = access | SQLITE_OPEN_NOMUTEX
        let code = sqlite3_open_v2(path, &opened, flags, nil)
        guard let opened else { throw SQLiteError(code: code, message: "no memory") }
        guard code == SQLITE_OK else {
            let message = String(cString: sqlite3_errmsg(opened))
            sqlite3_close_v2(opened)
            throw SQLiteError(code: code, message: message)
        }
        connection = opened
        sqlite3_busy_timeout(connection, 5000)
        if isReadOnly { return }
        try run("PRAGMA journal_mode = WAL")
        try run("PRAGMA synchronous = FULL")
    }

    deinit {
        // Each is ended on its own, in any order.
        for statement in statements.values { sqlite3_finalize(statement) }
        sqlite3_close_v2(connection)
    }

    /// Rows changed by the last statement that changes rows.
    var changeCount: Int { Int(sqlite3_changes(connection)) }

    /// Runs one statement and returns its rows.
    @discardableResult
    package func run(
        _ sql: String, _ values: SQLiteValue...
    ) throws(SQLiteError) -> [[SQLiteValue]] {
        let statement = try prepare(sql)
        defer {
            sqlite3_reset(statement)
            sqlite3_clear_bindings(statement)
        }
        precondition(
            Int(sqlite3_bind_parameter_count(statement)) == values.count,
            "as many values as question marks: \(sql)")
        for (position, value) in values.enumerated() {
            try check(bind(value, at: Int32(position + 1), of: statement))
        }
        var rows: [[SQLiteValue]] = []
        while true {
            let code = sqlite3_step(statement)
            if code == SQLITE_DONE { return rows }
            guard code == SQLITE_ROW else { throw failure(code) }
            rows.append((0..<sqlite3_column_count(statement)).map { read($0, of: statement) })
        }
    }

    /// Runs `body` as one write transaction; an error of its own takes everything back.
    func transaction<Value>(_ body: () throws -> Value) throws -> Value {
        try enclosed("BEGIN IMMEDIATE", body)
    }

    /// Runs `body`, which only reads, at one moment of the database.
    func snapshot<Value>(_ body: () throws -> Value) throws -> Value {
        try enclosed("BEGIN", body)
    }

    private func enclosed<Value>(_ beginning: String, _ body: () throws -> Value) throws -> Value {
        try run(beginning)
        let value: Value
        do { value = try body() } catch {
            rollBack()
            throw error
        }
        do throws(SQLiteError) { try run("COMMIT") } catch {
            rollBack()
            throw SQLiteError(
                code: error.code, message: error.message, isInDoubt: error.code != SQLITE_BUSY)
        }
        return value
    }

    private func rollBack() {
        // A severe error has rolled back already.
        if sqlite3_get_autocommit(connection) == 0 { _ = try? run("ROLLBACK") }
    }

    // MARK: Statements

    private func prepare(_ sql: String) throws(SQLiteError) -> OpaquePointer {
        if let known = statements[sql] { return known }
        var statement: OpaquePointer?
        try check(sqlite3_prepare_v2(connection, sql, -1, &statement, nil))
        guard let statement else { throw SQLiteError(code: SQLITE_MISUSE, message: "no statement") }
        statements[sql] = statement
        return statement
    }

    private func bind(_ value: SQLiteValue, at position: Int32, of statement: OpaquePointer)
        -> Int32
    {
        // SQLITE_TRANSIENT: SQLite takes a copy.
        let copying = unsafeBitCast(-1, to: sqlite3_destructor_type.self)
        switch value {
        case .null: return sqlite3_bind_null(statement, position)
        case .integer(let number): return sqlite3_bind_int64(statement, position, number)
        case .text(let text):
            let bytes = Array(text.utf8CString)
            return sqlite3_bind_text(
                statement, position, bytes, Int32(bytes.count - 1), copying)
        case .blob(let bytes):
            if bytes.isEmpty { return sqlite3_bind_zeroblob(statement, position, 0) }
            return sqlite3_bind_blob(statement, position, bytes, Int32(bytes.count), copying)
        }
    }

    private func read(_ column: Int32, of statement: OpaquePointer) -> SQLiteValue {
        switch sqlite3_column_type(statement, column) {
        case SQLITE_INTEGER: return .integer(sqlite3_column_int64(statement, column))
        case SQLITE_NULL: return .null
        case SQLITE_BLOB:
            let count = Int(sqlite3_column_bytes(statement, column))
            guard let start = sqlite3_column_blob(statement, column) else { return .blob([]) }
            return .blob(Array(UnsafeRawBufferPointer(start: start, count: count)))
        default:
            guard let start = sqlite3_column_text(statement, column) else { return .text("") }
            let count = Int(sqlite3_column_bytes(statement, column))
            return .text(
                String(decoding: UnsafeBufferPointer(start: start, count: count), as: UTF8.self))
        }
    }

    private func check(_ code: Int32) throws(SQLiteError) {
        if code != SQLITE_OK { throw failure(code) }
    }

    private func failure(_ code: Int32) -> SQLiteError {
        SQLiteError(code: code, message: String(cString: sqlite3_errmsg(connection)))
    }
}
