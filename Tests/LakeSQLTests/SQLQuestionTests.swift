import Columnar
import Iceberg
import Platform
import TestSupport
import Testing

@testable import LakeSQL

private let orders = SQLTable(
    database: "shop", name: "orders",
    columns: [
        Field(identifier: 1, name: "id", type: .bigint, isNullable: false),
        Field(identifier: 2, name: "customer", type: .int),
        Field(identifier: 3, name: "price", type: .double),
        Field(identifier: 4, name: "note", type: .string),
    ])
private let customers = SQLTable(
    database: "people", name: "customers",
    columns: [
        Field(identifier: 1, name: "id", type: .int, isNullable: false),
        Field(identifier: 2, name: "name", type: .string),
    ])

/// Reads for questions, as a cluster would, and remembers what was asked for.
private final class Reader {
    private let rows: [[Row]] = [
        (0..<200).map { order($0) }, (0..<7).map { [.int($0), .string("name \($0)")] },
    ]

    private static func order(_ number: Int64) -> Row {
        let customer: Value = number % 9 == 0 ? .null : .int(Int32(number % 7))
        let price: Value = .double(number == 13 ? .nan : Double(number) / 4)
        return [.bigint(number), customer, price, .string(number % 2 == 0 ? "even" : "odd")]
    }

    private(set) var scans: [SQLScan] = []
    /// Whether it reads all rows and columns, whatever is asked for.
    var readsAll = false
    let tables = [orders, customers]

    func question(_ text: String) -> SQLQuestion { SQLQuestion(text, over: tables) }

    func ask(_ text: String) throws -> [[SQLCell]] { try ask(question(text)).rows }

    func ask(_ question: SQLQuestion) throws -> SQLQuestion.Answer {
        var held: [SQLRows] = []
        for _ in 0..<20 {
            switch try question.step(over: held) {
            case .answers(let answer): return answer
            case .reads(var scan):
                scans.append(scan)
                if readsAll {
                    scan.columns = Array(tables[scan.table].columns.indices)
                    scan.filter = RowFilter()
                    scan.rowLimit = nil
                }
                held.removeAll { $0.scan.isOfSameRows(as: scan) }
                held.append(SQLRows(scan: scan, batches: try read(scan)))
            }
        }
        throw SQLQuestionError.statement(reason: "it asks for ever")
    }

    /// Batches of 30 rows, an empty one among them.
    private func read(_ scan: SQLScan) throws -> [RecordBatch] {
        let schema = Schema(fields: tables[scan.table].columns)
        let whole = try RecordBatch(schema: schema, rows: rows[scan.table])
        let passing = (0..<whole.rowCount).filter { scan.filter.passes(whole, row: $0) }
            .prefix(scan.rowLimit ?? .max)
        var batches = [try RecordBatch(schema: schema, rows: [])]
        for start in stride(from: 0, to: passing.count, by: 30) {
            let part = passing[start..<min(start + 30, passing.count)]
            batches.append(
                try RecordBatch(schema: schema, rows: part.map { rows[scan.table][$0] }))
        }
        let columns = scan.columns
        if scan.isOfChanges {
            let kind = Field(identifier: -1, name: "_change", type: .string)
            return try batches.map { batch in
                try RecordBatch(
                    schema: Schema(fields: [kind] + columns.map { schema.fields[$0] }),
                    rows: batch.rows.map { row in [.string("insert")] + columns.map { row[$0] } })
            }
        }
        return batches.map { $0.project(columns.isEmpty ? [0] : columns) }
    }
}

@Suite("Questions in SQL over rows in memory")
struct SQLQuestionTests {
    @Test("Columns, conditions and limits are pushed down to what is read")
    func pushdown() throws {
        let reader = Reader()
        #expect(
            try reader.ask("SELECT id FROM orders WHERE id >= 3 AND id < 5 ORDER BY id DESC")
                == [[.integer(4)], [.integer(3)]])
        let scan = try #require(reader.scans.first)
        #expect(scan.columns == [0] && scan.filter.conditions.count == 2 && scan.table == 0)
        #expect(try reader.ask("SELECT count(*) FROM shop.orders") == [[.integer(200)]])
        #expect(reader.scans[1].columns == [] && reader.scans[1].filter.conditions.isEmpty)
        #expect(try reader.ask("SELECT note FROM orders LIMIT 2 OFFSET 3").count == 2)
        #expect(reader.scans[2].rowLimit == 5)
        #expect(
            try reader.ask("SELECT id FROM orders WHERE id IN (7, 8, 900)")
                == [[.integer(7)], [.integer(8)]])
        #expect(reader.scans[3].filter.conditions.count == 1)
        var question = reader.question("SELECT note FROM orders WHERE id = ?1 AND note = ?2")
        question.parameters = [.integer(4), .text("even")]
        #expect(try reader.ask(question).rows == [[.text("even")]])
        #expect(reader.scans[4].filter.conditions.count == 2)
        question.parameters = [.real(4), .text("it's")]
        #expect(try reader.ask(question).rows == [])
    }

    @Test(
        "Where a limit would leave out rows that count, all are read",
        arguments: [
            ("SELECT id FROM orders WHERE id + 0 = 150 LIMIT 1", 150),
            ("SELECT id FROM orders WHERE note LIKE 'od%' AND id > 190 LIMIT 1", 191),
            ("SELECT id FROM orders ORDER BY id DESC LIMIT 1", 199),
            ("SELECT max(id) FROM orders LIMIT 1", 199),
            ("SELECT DISTINCT id / 100 FROM orders LIMIT 1 OFFSET 1", 1),
            ("SELECT count(*) FROM (SELECT id FROM orders LIMIT 30) LIMIT 5", 30),
        ])
    func limits(_ text: String, _ expected: Int64) throws {
        #expect(try Reader().ask(text) == [[.integer(expected)]])
    }

    @Test("Tables are joined by their values, and a table is read once for two uses of it")
    func joins() throws {
        let reader = Reader()
        let rows = try reader.ask(
            """
            SELECT c.name, count(*), sum(o.price) FROM shop.orders o
            JOIN customers c ON c.id = o.customer WHERE o.id < 20 GROUP BY 1 ORDER BY 1 LIMIT 2
            """)
        #expect(
            rows == [
                [.text("name 0"), .integer(2), .real(5.25)],
                [.text("name 1"), .integer(3), .real(6)],
            ])
        #expect(
            try reader.ask(
                "SELECT count(*) FROM orders a JOIN orders b ON b.id = a.id + 1 WHERE a.id < 50")
                == [[.integer(50)]])
        #expect(
            try reader.ask(
                """
                SELECT (SELECT count(*) FROM orders WHERE id < 7),
                (SELECT count(*) FROM orders WHERE id >= 190)
                """) == [[.integer(7), .integer(10)]])
        #expect(
            try reader.ask("SELECT count(*) FROM orders WHERE id = 1 OR note = 'even'")
                == [[.integer(101)]])
        #expect(
            try reader.ask("SELECT count(*) FROM \"orders$changes\" WHERE _change = 'insert'")
                == [[.integer(200)]])
        #expect(try reader.ask("SELECT price FROM orders WHERE id = 13") == [[.null]])
        #expect(try reader.ask("SELECT sum(value) FROM json_each('[3, 4]')") == [[.integer(7)]])
    }

    @Test("Whatever is pushed down, the answer is that over all rows", arguments: [1, 2, 3])
    func differential(_ seed: UInt64) throws {
        var draws = SeededDraws(seed: seed)
        func pick(_ choices: [String]) -> String { choices[draws.next(below: choices.count)] }
        let constants = [
            "0", "7", "13", "199", "-1", "3.0", "3.25", "1e3", "'odd'", "'even'", "'7'", "NULL",
            "x'37'", "9223372036854775807", "''",
        ]
        func condition(_ table: String, _ depth: Int) -> String {
            let column = table + "." + pick(["id", "customer", "price", "note"])
            switch draws.next(below: depth > 0 ? 9 : 6) {
            case 0, 1:
                return "\(column) \(pick(["=", "<", ">", "<=", ">=", "<>", "IS"])) "
                    + pick(constants)
            case 2: return "\(column) IN (\(pick(constants)), \(pick(constants)))"
            case 3: return "\(column) IS \(pick(["", "NOT "]))NULL"
            case 4: return "\(column) BETWEEN \(pick(constants)) AND \(pick(constants))"
            case 5: return "\(column) LIKE '\(pick(["o%", "%d", "1_", "%"]))'"
            case 6: return "NOT (\(condition(table, depth - 1)))"
            default:
                return "(\(condition(table, depth - 1)) \(pick(["AND", "OR"])) "
                    + "\(condition(table, depth - 1)))"
            }
        }
        let (pushing, plain) = (Reader(), Reader())
        plain.readsAll = true
        for _ in 0..<150 {
            var text = "SELECT a.id, a.\(pick(["note", "price", "customer"])) FROM orders a "
            text += pick([
                "", "JOIN customers c ON c.id = a.customer ",
                "LEFT JOIN orders b ON b.id = a.customer AND \(condition("b", 1)) ",
            ])
            text +=
                "WHERE \(condition("a", 2)) ORDER BY a.id, 2 LIMIT \(pick(["500", "9 OFFSET 2"]))"
            #expect(try pushing.ask(text) == plain.ask(text), "\(text)")
        }
        #expect(pushing.scans.contains { !$0.filter.conditions.isEmpty })
    }

    @Test("A moment of a table is told to who reads it")
    func moments() throws {
        let reader = Reader()
        _ = try reader.ask("SELECT id FROM orders('2026-11-28') WHERE as_of IS NOT NULL LIMIT 1")
        _ = try reader.ask("SELECT id FROM orders WHERE as_of = 17")
        _ = try reader.ask("SELECT id FROM \"orders$changes\" WHERE since = 'a' AND as_of = 'b'")
        #expect(reader.scans.map(\.asOf) == ["2026-11-28", "17", "b"])
        #expect(reader.scans.map(\.since) == [nil, nil, "a"])
    }

    @Test(
        "What writes is refused by its name",
        arguments: [
            ("INSERT INTO orders VALUES (1, 2, 3, 'x')", "INSERT"),
            ("UPDATE orders SET id = 1", "UPDATE"), ("DELETE FROM orders", "DELETE"),
            ("CREATE TABLE a (b)", "CREATE TABLE"), ("DROP TABLE orders", "DROP TABLE"),
            ("ATTACH 'a.db' AS b", "ATTACH"), ("DETACH shop", "DETACH"),
            ("PRAGMA journal_mode", "PRAGMA"), ("SELECT * FROM pragma_database_list", "PRAGMA"),
            ("BEGIN", "BEGIN or COMMIT"), ("SAVEPOINT a", "SAVEPOINT"),
            ("VACUUM INTO 'a.db'", "a statement that is no SELECT"),
            ("SELECT load_extension('a.so')", "load_extension"),
            ("CREATE TEMP VIEW a AS SELECT 1", "CREATE TEMP VIEW"),
            ("ALTER TABLE orders RENAME TO a", "ALTER TABLE"),
            ("WITH a AS (SELECT 1) DELETE FROM orders", "DELETE"),
            ("EXPLAIN DROP TABLE orders", "DROP TABLE"),
            ("UPDATE sqlite_master SET sql = ''", "UPDATE"),
        ])
    func writes(_ text: String, _ word: String) throws {
        do {
            _ = try Reader().ask(text)
            Issue.record("\(text) is carried out")
        } catch let error as SQLQuestionError {
            let known = [.notReading(word: word)] as [SQLQuestionError]
            #expect(known.contains(error) || "\(error)".contains("may not be"), "\(text): \(error)")
        }
    }

    @Test("A statement that is none is refused in SQLite's words, an unknown table by its name")
    func mistakes() throws {
        let reader = Reader()
        func refusal(_ text: String) -> SQLQuestionError? {
            do {
                _ = try reader.ask(text)
                return nil
            } catch { return error as? SQLQuestionError }
        }
        #expect(refusal("SELEC 1") == .statement(reason: "near \"SELEC\": syntax error"))
        #expect(
            refusal("SELECT nobody FROM orders") == .statement(reason: "no such column: nobody"))
        #expect(refusal("SELECT 1 FROM order_items") == .unknownTable(name: "order_items"))
        #expect(refusal(" -- nothing") == .statement(reason: "there is no statement in the text"))
        #expect(
            refusal("SELECT 1; SELECT 2")
                == .statement(reason: "one statement is answered at a time"))
        #expect(refusal("SELECT 1; -- the end\n ;") == nil)
        #expect(refusal("SELECT ?") != nil)
        #expect(refusal("SELECT 1\0") != nil)
    }

    @Test("Work, memory and answers are bounded")
    func bounds() throws {
        let reader = Reader()
        func refusal(_ text: String, _ change: (inout SQLQuestion.Limits) -> Void) -> String? {
            var question = reader.question(text)
            change(&question.limits)
            do {
                _ = try reader.ask(question)
                return nil
            } catch SQLQuestionError.overLimit(let reason) { return reason } catch { return nil }
        }
        let endless = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n)"
        let steps = refusal(endless + " SELECT sum(i) FROM n") { $0.stepCount = 500_000 }
        #expect(steps?.contains("500000 steps") == true)
        let sorts = endless + " SELECT i FROM (SELECT i, hex(i) FROM n LIMIT 900000) ORDER BY -i"
        #expect(refusal(sorts) { $0.memoryByteCount = 4 << 20 }?.contains("sorts") == true)
        let answers = refusal("SELECT note FROM orders") { $0.answerByteCount = 1000 }
        #expect(answers?.contains("answer") == true)
        let sign = StopSign()
        sign.raise()
        let tooLong = "the statement takes too long: narrow it, or join on fewer rows"
        #expect(throws: SQLQuestionError.overLimit(reason: tooLong)) {
            try reader.question(endless + " SELECT sum(i) FROM n").step(over: [], until: sign)
        }
        var question = reader.question("SELECT id FROM orders")
        question.limits.rowCount = 3
        let answer = try reader.ask(question)
        #expect(answer.rows.count == 3 && !answer.isWhole)
        question.limits.rowCount = 200
        #expect(try reader.ask(question).isWhole)
    }

    @Test("Names that differ in the case of letters alone are told apart by how they are written")
    func cases() throws {
        var question = SQLQuestion(
            "SELECT id FROM Orders",
            over: [
                SQLTable(database: "a", name: "Orders", columns: [orders.columns[0]]),
                SQLTable(database: "a", name: "orders", columns: [orders.columns[3]]),
            ])
        guard case .reads(let scan) = try question.step(over: []) else {
            Issue.record("nothing is read")
            return
        }
        #expect(scan.table == 0)
        let taken = ["as_of", "since", "_change"].enumerated().map { number, name in
            Field(identifier: Int32(number), name: name, type: .string)
        }
        question.text = "SELECT t.as_of FROM t, \"t$changes\" c WHERE c._since = 'a'"
        question.tables = [SQLTable(database: "a", name: "t", columns: taken)]
        guard case .reads = try question.step(over: []) else {
            Issue.record("nothing is read")
            return
        }
        question.text = "SELECT id FROM main.t"
        question.tables = [SQLTable(database: "main", name: "t", columns: [orders.columns[0]])]
        guard case .reads = try question.step(over: []) else {
            Issue.record("nothing is read")
            return
        }
    }
}
