public import ArgumentParser
import Foundation
public import LakeSQL
import Platform
import Workbench

/// `wavetank sql`.
struct SQL: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "sql",
        abstract: "Query the tables of a lake, which may be anybody's, with SQL.",
        discussion: """
            SQLite runs the statement; columns and conditions are pushed down to the lake's files. \
            A table is named by its name, or as namespace.name; "name$snapshots" and "name$refs" \
            tell of its history. Dates and times are text such as '2026-11-28 23:59:59.5', in UTC. \
            A table as it was: FROM orders('2026-11-28 12:00') or FROM orders('a tag'), or by a \
            snapshot id; --as-of means all tables. A join in which neither side is small goes \
            faster over WITH ... AS MATERIALIZED.
            """)

    @Argument(help: "Statements, with a semicolon between them; - reads them from the input.")
    var statements: String?

    @Option(
        help: "A folder of Iceberg tables, or of one, or an export.", completion: .directory)
    var warehouse: String?

    @Option(help: "A catalog in a SQLite file.", completion: .file())
    var catalog: String?

    @Option(help: "A folder of wavetank serve --data.", completion: .directory)
    var data: String?

    @Option(help: "Read all tables as of a time, a snapshot id, a branch or a tag.")
    var asOf: String?

    @Option(help: "How rows are written: table, csv, json or jsonl.")
    var format = RowPrinter.Format.table

    @Flag(help: "List the tables instead.")
    var tables = false

    func validate() throws {
        if [warehouse, catalog, data].compactMap(\.self).count != 1 {
            throw ValidationError("name one of --warehouse, --catalog and --data")
        }
        if (statements == nil) != tables {
            throw ValidationError("give statements, or --tables")
        }
    }

    func run() throws {
        Interruption.handle()
        let database: LakeDatabase
        do { database = try LakeDatabase(source, asOf: asOf) } catch let error as LakeSQLError {
            throw refusal("\(error)")
        }
        defer { database.close() }
        database.stop { Interruption.isRequested }
        for (table, reason) in database.unreadable {
            say("note: table \(table) cannot be queried: \(reason)")
        }
        do {
            if tables { try list(database) } else { try query(database) }
        } catch LakeSQLError.interrupted {
            throw ExitCode(130)
        } catch let error as LakeSQLError {
            throw refusal("\(error)")
        }
    }

    private var source: LakeSource {
        if let warehouse { return .warehouse(warehouse) }
        if let catalog { return .catalog(catalog) }
        return .data(data ?? "")
    }

    private func query(_ database: LakeDatabase) throws {
        var text = statements ?? ""
        if text == "-" {
            text = String(decoding: FileHandle.standardInput.readDataToEndOfFile(), as: UTF8.self)
        }
        let output = BufferedOutput()
        try database.run(text) { statement in
            var printer = try RowPrinter(format, columns: statement.columns, output.write)
            while try statement.step() { try printer.print(statement.row) }
            try printer.finish()
        }
        try output.flush()
    }

    private func list(_ database: LakeDatabase) throws {
        let output = BufferedOutput()
        let names = [
            "table", "rows", "files", "bytes", "snapshots", "format", "committed_at", "columns",
        ]
        var printer = try RowPrinter(format, columns: names, output.write)
        for table in database.tables
        where !database.unreadable.contains(where: { $0.table == table }) {
            let listing = try database.listing(table)
            func number(_ value: Int64?) -> SQLCell { value.map { .integer($0) } ?? .null }
            try printer.print([
                .text(table.description), number(listing.rowCount), number(listing.fileCount),
                number(listing.byteCount), .integer(Int64(listing.snapshotCount)),
                .integer(Int64(listing.formatVersion)),
                listing.committedAt.map { .text($0) } ?? .null,
                .text(listing.columns.joined(separator: ", ")),
            ])
        }
        try printer.finish()
        try output.flush()
    }
}

extension RowPrinter.Format: ExpressibleByArgument {}

/// Gathers text for the output, so that each row is no write of its own.
private final class BufferedOutput {
    private var text = ""

    func write(_ more: String) throws {
        text += more
        if text.utf8.count > 1 << 16 { try flush() }
    }

    func flush() throws {
        let ready = text
        text = ""
        try writeAll([UInt8](ready.utf8), to: STDOUT_FILENO, path: "standard output")
    }
}
