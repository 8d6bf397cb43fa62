import Changelog
import Cluster
import Columnar
import Iceberg
import JSON
import LakeSQL
import Platform
import UnionRead

/// SQL over the tables, lake and log together.
///
/// SQLite answers over rows in memory: it says which it lacks, they are read as any others are, and
/// it is asked again. So it runs in the tank as well, and on the real machine beside the loop.
extension DataGateway {
    static let answerRowLimit = 1_000_000
    /// Questions that may be under way at a time.
    private static let questionLimit = 4
    /// How many tables and moments a question may read, those that are read again included.
    private static let scanLimit = 40
    /// How long all reading of a question may take.
    static let questionPatience = Duration.seconds(30)
    /// How long SQLite may take for a question.
    private static let workPatience = Duration.seconds(10)
    /// Rows that a question may read, and their bytes.
    private static let heldRowLimit = 4_000_000
    static let heldByteLimit = 256 * 1024 * 1024

    func askSQL(_ call: WebCall) async throws -> WebResponse {
        let format = try RowFormat(ofAnswerTo: call.request)
        // What the caller may not read is not there for a statement.
        let tables = client.mirror.tables.keys.sorted().map { client.mirror.tables[$0]! }.filter {
            access.isAllowed(call.caller, .read, on: .table($0.path))
        }.sorted {
            ($0.path.database, $0.name) < ($1.path.database, $1.name)
        }
        let question = try question(call, tables)
        if questionCount >= Self.questionLimit {
            throw WebProblem(
                503, "unavailable", "\(questionCount) questions are being answered: ask again")
        }
        questionCount += 1
        defer { questionCount -= 1 }
        do {
            let answer = try await answer(question, tables)
            return try Self.response(answer, format)
        } catch let error as SQLQuestionError {
            guard case .unknownTable = error, var problem = WebProblem.of(error) else {
                throw error
            }
            let known = tables.prefix(100).map { "\($0.path)" }
            problem.detail +=
                known.isEmpty ? "; there is none" : "; there are \(known.joined(separator: ", "))"
            problem.members = [JSONMember("tables", .array(known.map { .string($0) }))]
            throw problem
        }
    }

    private func question(
        _ call: WebCall, _ tables: [TableDescription]
    ) throws -> SQLQuestion {
        let body = try object(call)
        let known = ["query", "parameters", "database", "limit"]
        var given: Set<String> = []
        for member in try body.members() {
            if !known.contains(member.name) {
                throw WebProblem.badRequest(
                    "there is no \(member.name) of a question, only "
                        + known.joined(separator: ", "))
            }
            if !given.insert(member.name).inserted {
                throw WebProblem.badRequest("\(member.name) is there twice")
            }
        }
        var question = SQLQuestion(
            try body.required("query").string(),
            over: tables.map {
                SQLTable(
                    database: $0.path.database, name: $0.name, columns: $0.schema.fields)
            })
        question.limits = questionLimits
        if let name = try body.optional("database")?.string() {
            let names = client.mirror.databases.map(\.name)
            if !names.contains(name) {
                throw WebProblem(
                    422, "unknownDatabase",
                    "there is no database \(name); there are \(names.joined(separator: ", "))")
            }
            question.database = name
        }
        if let limit = try body.optional("limit") {
            guard let count = limit.value.integer, (0...Int64(Self.answerRowLimit)).contains(count)
            else {
                throw WebProblem.unprocessable("limit is not from 0 to \(Self.answerRowLimit)")
            }
            question.limits.rowCount = Int(count)
        }
        for value in try body.optional("parameters")?.array() ?? [] {
            question.parameters.append(try Self.cell(value))
        }
        return question
    }

    private static func cell(_ field: JSONField) throws(WebProblem) -> SQLCell {
        switch field.value {
        case .null: return .null
        case .bool(let flag): return .integer(flag ? 1 : 0)
        case .integer(let number): return .integer(number)
        case .number(let number): return .real(number)
        case .string(let text) where !text.utf8.contains(0): return .text(text)
        default:
            throw .unprocessable(
                "\(field.path) is neither a number nor text without zero bytes, true, false or null"
            )
        }
    }

    // MARK: Answering

    private func answer(
        _ question: SQLQuestion, _ tables: [TableDescription]
    ) async throws -> SQLQuestion.Answer {
        let deadline = machine.clock.now + Self.questionPatience
        let held = MemoryUse(of: machine.memory)
        defer { held.byteCount = 0 }
        var rows: [SQLRows] = []
        var patience = Self.workPatience
        for _ in 0..<Self.scanLimit {
            let present = rows
            let byteCount = held.byteCount
            let step = try await questionTurns.run {
                let start = machine.clock.now
                let sign = stopSign(after: patience)
                defer { patience -= machine.clock.now - start }
                return try await machine.compute(.query, byteCount: byteCount) {
                    try question.step(over: present, until: sign)
                }
            }
            switch step {
            case .answers(let answer): return answer
            case .reads(let scan):
                rows.removeAll { $0.scan.isOfSameRows(as: scan) }
                let others = rows.reduce(0) { $0 + $1.byteCount }
                held.byteCount = others
                rows.append(
                    try await reading {
                        held.byteCount = others
                        return try await read(
                            scan, of: tables[scan.table], into: held, until: deadline)
                    })
            }
        }
        throw WebProblem(
            422, "overLimit", "the statement reads more than \(Self.scanLimit) tables and moments")
    }

    /// A sign that is raised after a while, and when the machine ends.
    private func stopSign(after patience: Duration) -> StopSign {
        let sign = StopSign()
        machine.spawn("end of a question") {
            defer { sign.raise() }
            try await self.machine.sleep(patience)
        }
        return sign
    }

    private func read(
        _ scan: SQLScan, of table: TableDescription, into held: MemoryUse, until deadline: Instant
    ) async throws -> SQLRows {
        var rows = SQLRows(scan: scan, batches: [])
        var rowCount = 0
        func take(_ batch: RecordBatch) throws {
            if batch.rowCount == 0 { return }
            rows.batches.append(batch)
            held.byteCount += SQLRows.byteCount(of: batch)
            rowCount += batch.rowCount
            if held.byteCount > Self.heldByteLimit || rowCount > Self.heldRowLimit {
                throw WebProblem(
                    422, "overLimit",
                    "the rows that the statement reads are over \(Self.heldByteLimit) bytes or "
                        + "\(Self.heldRowLimit) rows: name fewer columns, or narrow it by "
                        + "conditions with constants")
            }
            if machine.clock.now > deadline {
                throw WebProblem(
                    422, "overLimit",
                    "\(table.path) was not read within \(Self.questionPatience): name fewer "
                        + "columns, or narrow the statement by conditions with constants")
            }
        }
        if scan.isOfChanges {
            try await readChanges(scan, of: table, take)
        } else if scan.asOf == nil, let keys = scan.filter.keys(of: table) {
            let found = try await self.rows(of: keys, in: table).compactMap(\.self)
            let batch = try RecordBatch(schema: table.schema, rows: found)
            try take(batch.project(scan.columns))
        } else {
            // A read has a column, also where a statement only counts.
            let columns = scan.columns.isEmpty ? [0] : scan.columns
            let request = ReadRequest(columns: columns, filter: scan.filter)
            var left = scan.rowLimit ?? .max
            do {
                if left == 0 { throw EnoughRows() }
                _ = try await read(table, at: Self.moment(scan.asOf) ?? .head, request) { batch in
                    try take(batch)
                    left -= batch.rowCount
                    if left <= 0 { throw EnoughRows() }
                }
            } catch is EnoughRows {}
        }
        try requireSame(table)
        return rows
    }

    private func readChanges(
        _ scan: SQLScan, of table: TableDescription, _ take: (RecordBatch) throws -> Void
    ) async throws {
        if !table.isInLake {
            throw WebProblem.unprocessable(
                "\(table.path) is not in the lake, so what became of it is not known: read its "
                    + "changelog at .../changes")
        }
        let fields = scan.columns.map { table.schema.fields[$0] }
        let kind = Field(identifier: -1, name: "_change", type: .string, isNullable: false)
        let schema = Schema(fields: [kind] + fields)
        let end = Self.moment(scan.asOf) ?? .head
        guard let start = Self.moment(scan.since) else {
            // Since the table was empty: all that is there came in.
            let columns = scan.columns.isEmpty ? [0] : scan.columns
            _ = try await read(table, at: end, ReadRequest(columns: columns)) { batch in
                let rows = batch.rows.map { [.string("insert")] + $0.prefix(fields.count) }
                try take(try RecordBatch(schema: schema, rows: rows))
            }
            return
        }
        let found = try await client.changes(
            table, from: start, to: end, ReadRequest(columns: scan.columns))
        for part in found.changes.chunks(of: 1000) {
            let rows = part.map { [.string(Self.name(of: $0.type))] + $0.row }
            try take(try RecordBatch(schema: schema, rows: rows))
        }
    }

    private static func name(of change: ChangeType) -> String {
        switch change {
        case .append, .insert: "insert"
        case .delete: "delete"
        case .updateBefore: "update_before"
        case .updateAfter: "update_after"
        }
    }

    /// The moment that a statement names: a snapshot, a time, or a branch or tag.
    private static func moment(_ text: String?) -> ReadMoment? {
        guard let text else { return nil }
        if let snapshot = Int64(text) { return .snapshot(snapshot) }
        if let milliseconds = CalendarText.units(text, TimeUnit.millisecond.rawValue) {
            return .time(Timestamp(millisecondsSinceEpoch: milliseconds))
        }
        return .reference(text)
    }

    // MARK: Answers

    private static func response(
        _ answer: SQLQuestion.Answer, _ format: RowFormat
    ) throws -> WebResponse {
        let names = distinct(answer.columns.map(\.name))
        var sink: RowSink
        if format == .arrow {
            let columns = answer.columns.indices.map { position in
                ArrowColumn(
                    names[position], answer.columns[position].type,
                    answer.rows.map { $0[position] })
            }
            let schema = Schema(fields: columns.enumerated().map { $1.field(Int32($0) + 1) })
            sink = RowSink(format, schema)
            for start in stride(from: 0, to: answer.rows.count, by: 1000) {
                let part = start..<min(start + 1000, answer.rows.count)
                let rows = part.map { row in columns.map { $0.values[row] } }
                try sink.take(try RecordBatch(schema: schema, rows: rows))
            }
        } else {
            sink = RowSink(format, Schema(fields: []))
            for row in answer.rows {
                try sink.take(.object(zip(names, row).map { JSONMember($0, $1.json) }))
            }
        }
        var response = sink.response()
        response.headers.append(
            WebRequest.Parameter("wavetank-complete", answer.isWhole ? "true" : "false"))
        return response
    }

    /// Names that differ, since an object has one member of a name.
    private static func distinct(_ names: [String]) -> [String] {
        var seen: Set<String> = []
        return names.map { name in
            var candidate = name
            var number = 2
            while !seen.insert(candidate).inserted {
                candidate = "\(name)_\(number)"
                number += 1
            }
            return candidate
        }
    }
}

/// A column of an answer in SQL, whose values may be of any type, as Arrow has columns.
///
/// It is of whole numbers, reals, text or bytes, where all its values are; whole numbers among
/// reals become reals, and any other mixture text, with bytes as hexadecimal digits.
struct ArrowColumn {
    let name: String
    let type: DataType
    let values: [Value]

    init(_ name: String, _ declared: String?, _ cells: [SQLCell]) {
        self.name = name
        var kinds: Set<String> = []
        for cell in cells {
            switch cell {
            case .null: break
            case .integer: kinds.insert("INTEGER")
            case .real: kinds.insert("REAL")
            case .text: kinds.insert("TEXT")
            case .blob: kinds.insert("BLOB")
            }
        }
        if kinds.isEmpty { kinds.insert(declared ?? "TEXT") }
        if kinds == ["INTEGER"] {
            type = .bigint
            values = cells.map {
                if case .integer(let number) = $0 { .bigint(number) } else { .null }
            }
        } else if kinds.isSubset(of: ["INTEGER", "REAL"]) {
            type = .double
            values = cells.map { cell in
                switch cell {
                case .integer(let number): .double(Double(number))
                case .real(let number): .double(number)
                default: .null
                }
            }
        } else if kinds == ["BLOB"] {
            type = .bytes
            values = cells.map { if case .blob(let bytes) = $0 { .bytes(bytes) } else { .null } }
        } else {
            type = .string
            values = cells.map { cell in
                switch cell {
                case .null: .null
                case .text(let text): .string(text)
                default: .string(cell.json.string ?? cell.json.compact)
                }
            }
        }
    }

    func field(_ identifier: Int32) -> Field {
        Field(identifier: identifier, name: name, type: type, isNullable: true)
    }
}

extension RowFilter {
    /// At most so many keys are looked up instead of reading a table.
    private static let keyLimit = 500

    /// The primary keys that rows which pass have to have; nil if they may have any.
    func keys(of table: TableDescription) -> [[Value]]? {
        if !table.isPrimaryKeyTable { return nil }
        var keys: [[Value]] = [[]]
        for position in table.schema.primaryKey {
            let field = table.schema.fields[position]
            let choices = conditions.compactMap { values($0, of: field) }
            guard let values = choices.first, values.allSatisfy({ $0.matches(field.type) }) else {
                return nil
            }
            if keys.count * values.count > Self.keyLimit { return nil }
            keys = keys.flatMap { key in values.map { key + [$0] } }
        }
        return keys
    }

    /// The values that a condition lets a column have; nil if they may be any.
    private func values(_ condition: Condition, of field: Field) -> [Value]? {
        switch condition {
        case .comparison(let comparison)
        where comparison.column == field.identifier && comparison.comparator == .equal:
            return [comparison.value]
        case .or(let parts):
            var all: [Value] = []
            for part in parts {
                guard let some = values(part, of: field) else { return nil }
                for value in some where !all.contains(value) { all.append(value) }
            }
            return all
        default: return nil
        }
    }
}

extension Array {
    /// The elements, at most so many at a time.
    fileprivate func chunks(of count: Int) -> [ArraySlice<Element>] {
        stride(from: 0, to: self.count, by: count).map {
            self[$0..<Swift.min($0 + count, self.count)]
        }
    }
}
