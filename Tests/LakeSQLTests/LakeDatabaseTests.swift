import Columnar
import Foundation
import Host
import Platform
import TestSupport
import Testing
import Workbench

@testable import LakeSQL

@Suite("SQL over a lake")
struct LakeDatabaseTests {
    /// What a statement answers.
    private static func rows(_ database: LakeDatabase, _ sql: String) throws -> [[SQLCell]] {
        var rows: [[SQLCell]] = []
        try database.run(sql) { statement in
            while try statement.step() { rows.append(statement.row) }
        }
        return rows
    }

    private static func literal(_ cell: SQLCell) -> String {
        switch cell {
        case .null: "NULL"
        case .integer(let number): "\(number)"
        case .real(let number): "\(number)"
        case .text(let text):
            "'" + text.replacingOccurrences(of: "'", with: "''") + "'"
        case .blob(let bytes): "x'\(SQLCell.hexadecimal(bytes))'"
        }
    }

    /// The same rows in a table of SQLite's own.
    private static func copy(_ fixture: LakeFixture, into database: LakeDatabase) throws {
        let columns = goods.fields.map { "\($0.name) \($0.type.sqlName)" }.joined(separator: ", ")
        _ = try rows(database, "CREATE TEMP TABLE plain(\(columns))")
        for number in fixture.numbers {
            let values = zip(goodsRow(number), goods.fields)
                .map { literal(SQLCell($0, $1.type)) }
            _ = try rows(
                database, "INSERT INTO plain VALUES (\(values.joined(separator: ", ")))")
        }
    }

    @Test("A statement answers what it does of a table of SQLite's own", arguments: 0..<4)
    func sameAnswers(_ seed: Int) throws {
        let fixture = try LakeFixture()
        let database = try LakeDatabase(.data(fixture.folder))
        defer { database.close() }
        #expect(database.unreadable.isEmpty)
        try Self.copy(fixture, into: database)
        var draws = StatementDraws(seed: UInt64(seed))
        var rowCount = 0
        for _ in 0..<150 {
            let condition = draws.condition(0)
            let columns = draws.columns()
            let order = "ORDER BY \((1...columns.count).map { "\($0)" }.joined(separator: ", "))"
            func answer(_ table: String) throws -> [[SQLCell]] {
                try Self.rows(
                    database,
                    "SELECT \(columns.joined(separator: ", ")) FROM \(table) WHERE \(condition) "
                        + order)
            }
            let expected = try answer("plain")
            #expect(try answer("goods") == expected, "\(condition)")
            rowCount += expected.count
        }
        #expect(rowCount > 2000)
    }

    @Test("The changes between two moments are rows of a table of their own")
    func changes() throws {
        let fixture = try LakeFixture()
        let database = try LakeDatabase(.data(fixture.folder))
        defer { database.close() }
        let since = "SELECT _change, count(*), min(number), max(number) FROM \"goods$changes\" "
        let all = try Self.rows(database, since + "GROUP BY 1")
        #expect(all == [[.text("insert"), .integer(288), .integer(0), .integer(299)]])
        let later = try Self.rows(database, since + "WHERE since = 'first' GROUP BY 1")
        #expect(later == [[.text("insert"), .integer(264), .integer(25), .integer(299)]])
        let none = try Self.rows(
            database, since + "WHERE since = 'first' AND as_of = 'first' GROUP BY 1")
        #expect(none.isEmpty)
        let undone = try Self.rows(
            database,
            "SELECT _change, count(*) FROM \"goods$changes\" WHERE since = 'main' "
                + "AND as_of = 'first' AND number > 100 GROUP BY 1")
        #expect(undone == [[.text("delete"), .integer(191)]])
    }

    @Test("A join, a group and a nested value are SQLite's own affair")
    func joins() throws {
        let fixture = try LakeFixture()
        let database = try LakeDatabase(.data(fixture.folder))
        defer { database.close() }
        try Self.copy(fixture, into: database)
        for sql in [
            "SELECT count(*), sum(price), min(day), max(sold_at) FROM TABLE",
            "SELECT is_new, count(*), avg(ratio) FROM TABLE GROUP BY is_new ORDER BY 1",
            "SELECT a.number, b.number FROM TABLE a JOIN TABLE b ON a.shelf = b.number "
                + "ORDER BY 1, 2",
            "SELECT json_extract(tags, '$[0]') FROM TABLE WHERE number < 9 ORDER BY number",
            "SELECT date(sold_at, '+1 day') FROM TABLE WHERE day = '2024-10-10'",
        ] {
            let answers = try ["plain", "shop.goods"].map {
                try Self.rows(database, sql.replacingOccurrences(of: "TABLE", with: $0))
            }
            #expect(answers[0] == answers[1] && !answers[0].isEmpty, "\(sql)")
        }
    }

    @Test("What a statement does not need is not read")
    func pushdown() throws {
        let fixture = try LakeFixture()
        let database = try LakeDatabase(.data(fixture.folder))
        defer { database.close() }
        func cost(_ sql: String) throws -> (rows: [[SQLCell]], byteCount: Int) {
            let before = database.readByteCount
            return (try Self.rows(database, sql), database.readByteCount - before)
        }
        _ = try cost("SELECT * FROM goods")
        let all = try cost("SELECT * FROM goods")
        #expect(all.rows.count == fixture.numbers.count)
        for condition in [
            "number = 30", "number BETWEEN 26 AND 40", "day < '2024-10-10'", "number IN (1, 2)",
            "sold_at >= '2025-12-06'", "exact IS NULL AND number > 280",
            "number = 30 OR number = 31",
        ] {
            let few = try cost("SELECT number FROM goods WHERE \(condition)")
            #expect(!few.rows.isEmpty, "\(condition)")
            #expect(few.byteCount < all.byteCount / 4, "\(condition)")
        }
    }

    @Test("A table is read as it was: by a snapshot, a tag or a time")
    func timeTravel() throws {
        let fixture = try LakeFixture()
        let database = try LakeDatabase(.data(fixture.folder))
        defer { database.close() }
        let first: [[SQLCell]] = [[.integer(LakeFixture.fileRowCount - 1)]]
        for moment in ["'first'", "\(fixture.firstSnapshot)", "'\(fixture.firstSnapshot)'"] {
            #expect(try Self.rows(database, "SELECT count(*) FROM goods(\(moment))") == first)
        }
        #expect(
            try Self.rows(database, #"SELECT count(*) FROM "goods$snapshots""#)
                == [[.integer(Int64(LakeFixture.fileCount))]])
        let times = try Self.rows(
            database, #"SELECT committed_at FROM "goods$snapshots" ORDER BY sequence_number"#)
        guard case .text(let last)? = times.last?.first else {
            Issue.record("no time")
            return
        }
        #expect(
            try Self.rows(database, "SELECT count(*) FROM goods('\(last)')")
                == [[.integer(Int64(fixture.numbers.count))]])
        for moment in ["'2001-01-01'", "'nobody'", "7"] {
            #expect(throws: LakeSQLError.self) {
                try Self.rows(database, "SELECT * FROM goods(\(moment))")
            }
        }
        let then = try LakeDatabase(.data(fixture.folder), asOf: "first")
        defer { then.close() }
        #expect(try Self.rows(then, "SELECT count(*) FROM goods") == first)
    }

    @Test("A folder of tables is read without a catalog, and after it was moved")
    func folders() throws {
        let fixture = try LakeFixture()
        let lake = HostConfiguration(folder: fixture.folder).objectsFolder + "/lake"
        let moved = fixture.folder + "/elsewhere"
        try FileManager.default.copyItem(atPath: lake, toPath: moved)
        try FileManager.default.removeItem(atPath: lake)
        let database = try LakeDatabase(.warehouse(moved))
        defer { database.close() }
        let name = try #require(database.tables.first)
        #expect(name.namespace == "shop" && name.name.hasPrefix("goods-"))
        #expect(
            try Self.rows(database, "SELECT count(*) FROM \"\(name.name)\"")
                == [[.integer(Int64(fixture.numbers.count))]])
        #expect(try database.listing(name).rowCount == Int64(fixture.numbers.count))
    }

    @Test("What cannot be done is said in words")
    func refusals() throws {
        #expect(throws: LakeSQLError.self) { try LakeDatabase(.warehouse("/nowhere")) }
        #expect(throws: LakeSQLError.self) { try LakeDatabase(.catalog("/nowhere.db")) }
        let fixture = try LakeFixture()
        let database = try LakeDatabase(.data(fixture.folder))
        defer { database.close() }
        for sql in [
            "SELEKT 1", "SELECT * FROM nothing", "DELETE FROM goods", "SELECT nothing FROM goods",
            "INSERT INTO goods(number) VALUES (1)",
        ] {
            #expect(throws: LakeSQLError.self, "\(sql)") { try Self.rows(database, sql) }
        }
        database.stop { true }
        #expect(throws: LakeSQLError.interrupted) {
            try Self.rows(database, "SELECT count(*) FROM goods a, goods b, goods c")
        }
    }
}

/// Conditions and columns of the goods.
struct StatementDraws {
    private var draws: SeededDraws

    init(seed: UInt64) { draws = SeededDraws(seed: seed) }

    private mutating func pick(_ choices: [String]) -> String {
        choices[draws.next(below: choices.count)]
    }

    private mutating func number(_ limit: Int) -> Int { draws.next(below: limit) }

    mutating func columns() -> [String] {
        var columns = ["number"]
        for field in goods.fields.dropFirst() where number(3) == 0 { columns.append(field.name) }
        return columns
    }

    mutating func condition(_ depth: Int) -> String {
        switch number(depth < 2 ? 10 : 5) {
        case 5, 6: return "(\(condition(depth + 1)) OR \(condition(depth + 1)))"
        case 7, 8: return "(\(condition(depth + 1)) AND \(condition(depth + 1)))"
        case 9: return "NOT (\(condition(depth + 1)))"
        case 0: return "\(pick(goods.fields.map(\.name))) \(pick(["IS NULL", "IS NOT NULL"]))"
        default: break
        }
        let field = goods.fields[number(goods.fields.count)]
        if number(4) == 0 {
            return "\(field.name) IN (\(constant(field.name)), \(constant(field.name)), NULL)"
        }
        let comparator = pick(["=", "<", "<=", ">", ">=", "<>", "IS", "IS NOT"])
        return "\(field.name) \(comparator) \(constant(field.name))"
    }

    /// A value that occurs, or one of another kind.
    private mutating func constant(_ column: String) -> String {
        if number(8) == 0 {
            return pick(["NULL", "'5'", "5", "-0.5", "''", "x'00'", "0", "1e300"])
        }
        let some = number(300)
        switch column {
        case "number": return "\(some)"
        case "label": return "'label \(some % 40)''s'"
        case "price": return pick(["\(Double(some * 25 - 1000) / 100)", "\(some / 4)"])
        case "ratio": return "\(Double(some - 50) / 8)"
        case "weight": return pick(["\(Double(some % 30) / 4)", "1.1", "3"])
        case "sold_at":
            let units = 1_764_000_000_000_000 + Int64(some) * 3_600_500_000
            let text = CalendarText.timestamp(units, 1_000_000)
            return pick(["'\(text)'", "'\(text.prefix(10))'", "'\(text.prefix(16))'", "'\(text)Z'"])
        case "day": return "'\(CalendarText.date(Int64(20_000 + some)))'"
        case "is_new": return pick(["0", "1", "2"])
        case "image": return "x'\(SQLCell.hexadecimal([UInt8(some % 256), 0, 255]))'"
        case "tags": return "'[\"a\(some)\",null]'"
        case "shelf": return pick(["\(some % 12)", "2.5", "70000"])
        default: return "'\(some)'"
        }
    }
}
