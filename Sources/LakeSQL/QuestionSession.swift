import CSQLite
import Columnar
import Platform

/// One run of a question on a database of its own, which goes away with it.
final class QuestionSession {
    private let question: SQLQuestion
    private let connection: SQLConnection
    private var module: VirtualTableModule?
    private let held: [HeldRows]
    private let sign: StopSign
    /// What a scan wanted that is not held.
    var lacking: SQLScan?
    private var refusedWord: String?
    private var overLimit: String?
    private var tickCount = 0
    private let startByteCount: Int64

    /// SQLite attaches ten databases at most.
    private static let databaseLimit = 9
    private static let textByteLimit = 100_000
    private static let ticks = 100

    init(_ question: SQLQuestion, _ rows: [SQLRows], until sign: StopSign) throws {
        self.question = question
        self.sign = sign
        held = rows.map { HeldRows($0) }
        startByteCount = sqlite3_memory_used()
        if question.text.utf8.count > Self.textByteLimit {
            throw SQLQuestionError.overLimit(
                reason: "the statement has over \(Self.textByteLimit) bytes")
        }
        if question.text.utf8.contains(0) {
            throw SQLQuestionError.statement(reason: "the statement has a zero byte in it")
        }
        connection = try SQLConnection(keepsSortsInFiles: false)
        try register()
        bound()
    }

    func table(_ number: Int) -> SQLTable { question.tables[number] }

    /// The rows that are enough for a scan; notes what is lacking if there are none.
    func rows(for scan: SQLScan) throws -> HeldRows {
        if let found = held.first(where: { $0.rows.scan.covers(scan) }) { return found }
        let former = held.first { $0.rows.scan.isOfSameRows(as: scan) }
        lacking = former.map { $0.rows.scan.joined(with: scan) } ?? scan
        throw LakeSQLError.interrupted
    }

    // MARK: Tables

    private func register() throws {
        let module = VirtualTableModule("held") { [unowned self] arguments in
            guard let number = arguments.first.flatMap({ Int($0) }),
                question.tables.indices.contains(number)
            else { throw LakeSQLError.statement(reason: "no table of the question") }
            return HeldTable(self, number, isOfChanges: arguments.count > 1)
        }
        self.module = module
        try module.register(connection)
        let tables = try namedTables()
        var databases: [String] = []
        if let first = question.database, tables.contains(where: { $0.table.database == first }) {
            databases.append(first)
        }
        for (_, table) in tables where !databases.contains(table.database) {
            databases.append(table.database)
        }
        for name in databases where !["main", "temp"].contains(name.lowercased()) {
            try connection.run("ATTACH ':memory:' AS \(quoted(name))")
        }
        if databases.count > Self.databaseLimit {
            throw SQLQuestionError.statement(
                reason: "the statement has the names of tables of more than "
                    + "\(Self.databaseLimit) databases")
        }
        for (number, table) in tables {
            for (label, kind) in [(table.name, ""), (table.name + "$changes", ", changes")] {
                try connection.run(
                    "CREATE VIRTUAL TABLE \(quoted(table.database)).\(quoted(label)) "
                        + "USING held('\(number)'\(kind))")
            }
        }
    }

    /// The tables whose names the statement has: the others need not be made.
    private func namedTables() throws -> [(number: Int, table: SQLTable)] {
        let text = question.text.lowercased()
        var found: [(number: Int, table: SQLTable)] = []
        for (number, table) in question.tables.enumerated()
        where text.contains(table.name.lowercased()) { found.append((number, table)) }
        // SQL takes letters of both cases for the same; where names differ in nothing else, the
        // one counts that is written as it is.
        func key(_ table: SQLTable) -> String {
            table.database.lowercased() + "." + table.name.lowercased()
        }
        func isExact(_ table: SQLTable) -> Bool { question.text.contains(table.name) }
        return found.filter { candidate in
            let rivals = found.filter { key($0.table) == key(candidate.table) }
            if rivals.count == 1 { return true }
            let exact = rivals.filter { isExact($0.table) }
            return exact.count == 1 && exact[0].number == candidate.number
        }
    }

    // MARK: Bounds

    private static let limits: [(Int32, Int32)] = [
        (SQLITE_LIMIT_LENGTH, 16 * 1024 * 1024), (SQLITE_LIMIT_SQL_LENGTH, 1_000_000),
        (SQLITE_LIMIT_EXPR_DEPTH, 200), (SQLITE_LIMIT_COMPOUND_SELECT, 100),
        (SQLITE_LIMIT_LIKE_PATTERN_LENGTH, 1000), (SQLITE_LIMIT_VDBE_OP, 100_000),
        (SQLITE_LIMIT_WORKER_THREADS, 0), (SQLITE_LIMIT_VARIABLE_NUMBER, 1000),
    ]

    /// From now on the statement may read and nothing else, within bounds.
    private func bound() {
        let handle = connection.handle
        for (limit, value) in Self.limits { sqlite3_limit(handle, limit, value) }
        connection.setProgress(every: Self.ticks) { [unowned self] in
            tickCount += 1
            if sign.isRaised {
                overLimit = "the statement takes too long: narrow it, or join on fewer rows"
            } else if tickCount > question.limits.stepCount / Self.ticks {
                overLimit =
                    "the statement takes over \(question.limits.stepCount) steps: narrow it, or "
                    + "join on fewer rows"
            } else if sqlite3_memory_used() - startByteCount
                > Int64(question.limits.memoryByteCount)
            {
                overLimit =
                    "the statement sorts or groups over \(question.limits.memoryByteCount) bytes: "
                    + "narrow it"
            }
            return overLimit != nil
        }
        sqlite3_set_authorizer(
            handle,
            { context, action, first, second, _, _ in
                let session = Unmanaged<QuestionSession>.fromOpaque(context!)
                return session.takeUnretainedValue().judge(action, first, second)
            }, Unmanaged.passUnretained(self).toOpaque())
    }

    private typealias Name = UnsafePointer<CChar>

    private func judge(_ action: Int32, _ first: Name?, _ second: Name?) -> Int32 {
        switch action {
        case SQLITE_SELECT, SQLITE_READ, SQLITE_RECURSIVE: return SQLITE_OK
        case SQLITE_FUNCTION:
            let function = second.map { String(cString: $0).lowercased() } ?? ""
            if !Self.refusedFunctions.contains(function) { return SQLITE_OK }
            refusedWord = refusedWord ?? function
        case SQLITE_INSERT, SQLITE_UPDATE, SQLITE_DELETE:
            // SQLite asks so for each table function, and before it asks what is really done: its
            // own tables cannot be changed by statements.
            let table = first.map { String(cString: $0) } ?? ""
            if ["sqlite_master", "sqlite_temp_master"].contains(table) { return SQLITE_OK }
            refusedWord = refusedWord ?? Self.words[action]
        default: refusedWord = refusedWord ?? Self.words[action] ?? "the statement"
        }
        return SQLITE_DENY
    }

    private static let refusedFunctions = ["load_extension", "fts3_tokenizer"]

    private static let words: [Int32: String] = [
        SQLITE_INSERT: "INSERT", SQLITE_UPDATE: "UPDATE", SQLITE_DELETE: "DELETE",
        SQLITE_CREATE_TABLE: "CREATE TABLE", SQLITE_CREATE_TEMP_TABLE: "CREATE TEMP TABLE",
        SQLITE_CREATE_VIEW: "CREATE VIEW", SQLITE_CREATE_TEMP_VIEW: "CREATE TEMP VIEW",
        SQLITE_CREATE_INDEX: "CREATE INDEX", SQLITE_CREATE_TEMP_INDEX: "CREATE TEMP INDEX",
        SQLITE_CREATE_TRIGGER: "CREATE TRIGGER", SQLITE_CREATE_TEMP_TRIGGER: "CREATE TEMP TRIGGER",
        SQLITE_CREATE_VTABLE: "CREATE VIRTUAL TABLE", SQLITE_DROP_TABLE: "DROP TABLE",
        SQLITE_DROP_VTABLE: "DROP TABLE", SQLITE_DROP_VIEW: "DROP VIEW",
        SQLITE_DROP_INDEX: "DROP INDEX", SQLITE_DROP_TRIGGER: "DROP TRIGGER",
        SQLITE_ALTER_TABLE: "ALTER TABLE", SQLITE_ANALYZE: "ANALYZE", SQLITE_REINDEX: "REINDEX",
        SQLITE_ATTACH: "ATTACH", SQLITE_DETACH: "DETACH", SQLITE_PRAGMA: "PRAGMA",
        SQLITE_TRANSACTION: "BEGIN or COMMIT", SQLITE_SAVEPOINT: "SAVEPOINT",
    ]

    // MARK: The statement

    func run() throws -> SQLQuestion.Step {
        do {
            let statement = try prepare()
            let columns = statement.described
            var rows: [[SQLCell]] = []
            var byteCount = 0
            while try statement.step() {
                if rows.count >= question.limits.rowCount {
                    return .answers(.init(columns: columns, rows: rows, isWhole: false))
                }
                let row = statement.row
                byteCount += row.reduce(32) { $0 + $1.byteCount }
                if byteCount > question.limits.answerByteCount {
                    throw SQLQuestionError.overLimit(
                        reason: "the answer is over \(question.limits.answerByteCount) bytes: ask "
                            + "for fewer columns or rows")
                }
                rows.append(row)
            }
            return .answers(.init(columns: columns, rows: rows, isWhole: true))
        } catch let error as LakeSQLError {
            if let lacking { return .reads(lacking) }
            throw refusal(error)
        }
    }

    private func refusal(_ error: LakeSQLError) -> SQLQuestionError {
        if let overLimit { return .overLimit(reason: overLimit) }
        if let refusedWord { return .notReading(word: refusedWord) }
        let reason = "\(error)"
        let mark = "no such table: "
        if reason.hasPrefix(mark) {
            return .unknownTable(name: String(reason.dropFirst(mark.count)))
        }
        return .statement(reason: reason)
    }

    private func prepare() throws -> SQLStatement {
        let (first, rest) = try connection.prepare(question.text)
        guard let first else {
            throw SQLQuestionError.statement(reason: "there is no statement in the text")
        }
        if try hasStatement(rest) {
            throw SQLQuestionError.statement(reason: "one statement is answered at a time")
        }
        if !first.isReading {
            throw SQLQuestionError.notReading(word: "a statement that is no SELECT")
        }
        if first.parameterCount != question.parameters.count {
            throw SQLQuestionError.statement(
                reason: "the statement has \(first.parameterCount) parameters, and "
                    + "\(question.parameters.count) values were given")
        }
        if question.parameters.isEmpty { return first }
        for (position, value) in question.parameters.enumerated() {
            try first.bind(value, at: position)
        }
        // As literals they take part in the plan, which leaves out what they exclude; but as such
        // SQLite would write reals with fewer digits than they have.
        let hasReal = question.parameters.contains { if case .real = $0 { true } else { false } }
        if hasReal { return first }
        guard let expanded = first.expanded, let bound = try connection.prepare(expanded).statement
        else { throw SQLQuestionError.overLimit(reason: "the parameters are too long") }
        return bound
    }

    /// Whether there is more than space, comments and semicolons.
    private func hasStatement(_ text: String) throws -> Bool {
        var rest = text
        while !rest.isEmpty {
            let (statement, further) = try connection.prepare(rest)
            if statement != nil { return true }
            if further == rest { return false }
            rest = further
        }
        return false
    }
}

extension SQLCell {
    /// About what it takes in memory.
    fileprivate var byteCount: Int {
        switch self {
        case .null, .integer, .real: 24
        case .text(let text): 24 + text.utf8.count
        case .blob(let bytes): 24 + bytes.count
        }
    }
}
