import ArgumentParser
import Foundation
import Host
import Ingest
import JSON
import Workloads

/// `wavetank ingest`.
struct IngestCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "ingest",
        abstract: "Bring a file or a PostgreSQL database into a served process, exactly once.",
        discussion: """
            The process is one of wavetank serve --data DIR --http PORT. A table that is missing \
            is made, with columns as the source shows them; columns that it lacks are added.

            How far it came is kept in a file: FILE.ingest, or SLOT.ingest in this folder, if \
            --state names no other. Whenever this process or the served one dies, or is stopped, \
            the same command goes on: no row is lost and none is written twice. To begin anew \
            delete the file.

            Formats of files: csv (the first record names the columns; an empty field without \
            quotes is null), parquet, jsonLines (objects of JSON, also in an array), debezium and \
            wal2json (changes of databases), accessLog (of nginx and Apache). Files compressed by \
            gzip or zstd are read as they are. A record that cannot be taken ends the command, \
            which says file, line and column, unless --allow lets some go.

            PostgreSQL (wal_level = logical) needs a publication and a user who may replicate. The \
            slot is made; the rows that are there are copied first, then each change follows: \
            inserts, updates, deletes, truncations, and columns that are added, dropped, renamed \
            or widened. Tables without a primary key become logs. A password is taken from \
            PGPASSWORD. Once the slot is not needed any more drop it, for the server keeps its \
            log for it.

            Without --follow the command ends with the file, or with what was committed in the \
            database when it began.

            Examples:
              wavetank ingest orders.csv --table shop.orders --key id
              wavetank ingest changes.json.zst --database shop
              wavetank ingest /var/log/nginx/access.log --table web.access --follow
              wavetank ingest postgres://me@db:5432/shop --publication all --slot tank --follow
            """)

    @Argument(
        help: "The file to read, or postgres://USER@HOST:PORT/DATABASE.", completion: .file())
    var source: String

    @Option(help: ArgumentHelp("Where the process serves HTTP.", valueName: "url"))
    var to = "http://127.0.0.1:9180"

    @OptionGroup var credentials: CredentialOptions

    @Option(help: ArgumentHelp("The table to write to.", valueName: "database.table"))
    var table: String?

    @Option(
        help: ArgumentHelp(
            "A database, for tables named as in the source; instead of --table. For PostgreSQL "
                + "that of the source if not given."))
    var database: String?

    @Option(help: "The publication of PostgreSQL whose tables are followed.")
    var publication: String?

    @Option(help: "The replication slot to make, and to go on from.")
    var slot: String?

    @Option(
        help: ArgumentHelp(
            "What the file is; if not given, what it seems to be: "
                + "\(FileFormat.allCases.map(\.rawValue).joined(separator: ", ")).",
            valueName: "format"),
        transform: { text in
            if let format = FileFormat(rawValue: text) { return format }
            throw ValidationError("there is no format '\(text)'")
        })
    var format: FileFormat?

    @Option(help: "The columns of the primary key, with commas between; of a log if not given.")
    var key: String?

    @Option(help: "The file that keeps how far it came.", completion: .file())
    var state: String?

    @Option(help: "How many records may be left out because they cannot be taken.")
    var allow: Int64 = 0

    @Flag(help: "Wait for more at the end, and for the file that takes a log's place.")
    var follow = false

    @Option(help: "What stands between the fields of CSV; if not given, what the header shows.")
    var delimiter: String?

    @Option(help: "How the lines of an access log are written: a format string, a name, or json.")
    var logFormat: String?

    @Option(help: "Only this table of those that the source has; may be given again.")
    var only: [String] = []

    @Option(help: "Buckets of tables that are made.")
    var buckets: Int?

    @Option(
        help: ArgumentHelp(
            "A property of tables that are made, such as table.datalake.enabled=false; may be "
                + "given again.", valueName: "name=value"))
    var property: [String] = []

    @Option(help: "How many seconds to wait for a process that does not answer.")
    var patience: Double = 600

    @Flag(help: "Print JSON instead of text.")
    var json = false

    func validate() throws {
        if isPostgres {
            if publication == nil || slot == nil || table != nil {
                throw ValidationError(
                    "PostgreSQL needs --publication and --slot, and --database instead of --table")
            }
        } else if (table == nil) == (database == nil) {
            throw ValidationError("name one of --table and --database")
        }
        if let table, Self.parts(of: table) == nil {
            throw ValidationError("--table is a database and a table, such as shop.orders")
        }
        if let delimiter, delimiter != "\\t", delimiter.utf8.count != 1 {
            throw ValidationError("--delimiter is one sign of ASCII, or \\t")
        }
        if let buckets, !(1...256).contains(buckets) {
            throw ValidationError("--buckets is from 1 to 256")
        }
        for text in property where Self.pair(text) == nil {
            throw ValidationError("--property is NAME=VALUE, not '\(text)'")
        }
        if allow < 0 || !(0...86_400).contains(patience) {
            throw ValidationError("--allow and --patience are not negative, and finite")
        }
    }

    private static func pair(_ text: String) -> (name: String, value: String)? {
        let parts = text.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
        guard parts.count == 2, !parts[0].isEmpty else { return nil }
        return (String(parts[0]), String(parts[1]))
    }

    private static func parts(of name: String) -> (database: String, table: String)? {
        let parts = name.split(separator: ".", omittingEmptySubsequences: false)
        guard parts.count == 2, !parts[0].isEmpty, !parts[1].isEmpty else { return nil }
        return (String(parts[0]), String(parts[1]))
    }

    func run() throws {
        Interruption.handle()
        do { try ingest() } catch IngestError.stopped {
            say("\(IngestError.stopped)")
            throw Interruption.exitCode
        } catch let error as IngestError {
            throw refusal("\(error)")
        }
    }

    private var isPostgres: Bool {
        ["postgres://", "postgresql://"].contains(where: source.hasPrefix)
    }

    private func ingest() throws {
        let target = try IngestTarget(
            to, credentials: try credentials.credentials(), authorities: credentials.authorities)
        target.patience = patience
        target.bucketCount = buckets
        target.properties = property.compactMap(Self.pair)
        target.isStopped = { Interruption.isRequested }
        var lastTrouble = Date.distantPast
        target.onTrouble = { reason in
            // A process that is away is away for a while.
            if Date().timeIntervalSince(lastTrouble) < 5 { return }
            lastTrouble = Date()
            say("sending again: \(reason)")
        }
        let begun = Date()
        let (delivery, path) =
            try isPostgres ? replicate(to: target, begun) : read(to: target, begun)
        try close(delivery, Date().timeIntervalSince(begun), path)
    }

    private func delivery(
        to target: IngestTarget, _ path: String, source: String, _ begun: Date
    ) throws -> Delivery {
        let delivery = try Delivery(target, try StateFile(path), source: source)
        delivery.onBatch = { tally in
            let seconds = Date().timeIntervalSince(begun)
            ProgressLine.show(
                "\(tally.rowCount) rows in \(tally.batchCount) batches, "
                    + "\(Int(Double(tally.ownRowCount) / max(seconds, 0.001)))/s",
                share: nil, secondsLeft: nil)
        }
        return delivery
    }

    private func read(to target: IngestTarget, _ begun: Date) throws -> (Delivery, String) {
        let path = (source as NSString).standardizingPath
        let state = state ?? "\(path).ingest"
        try FileIngest.requireReadable(path)
        let delivery = try delivery(
            to: target, state, source: URL(fileURLWithPath: path).path, begun)
        let ingest = FileIngest(fileOptions(path), delivery)
        ingest.onLeftOut = { say("left out: \($0)") }
        try ingest.run()
        return (delivery, state)
    }

    private func replicate(to target: IngestTarget, _ begun: Date) throws -> (Delivery, String) {
        var address: PostgresAddress
        do { address = try PostgresAddress(source) } catch { throw ValidationError("\(error)") }
        address.password =
            address.password ?? ProcessInfo.processInfo.environment["PGPASSWORD"]
        let slot = slot ?? ""
        let state = state ?? "\(slot).ingest"
        var options = PostgresIngest.Options(
            publication: publication ?? "", slot: slot, database: database ?? address.database)
        options.isFollowed = follow
        options.patience = patience
        let delivery = try delivery(
            to: target, state, source: "\(address.shown) slot \(slot)", begun)
        let ingest = PostgresIngest(address, options, delivery)
        ingest.onNote = { say($0) }
        try ingest.run()
        return (delivery, state)
    }

    private func fileOptions(_ path: String) -> FileIngest.Options {
        let parts = table.flatMap(Self.parts)
        var options = FileIngest.Options(
            path: path, database: database ?? parts?.database ?? "", table: parts?.table)
        options.format = format
        options.key = key?.split(separator: ",").map(String.init) ?? []
        options.delimiter = delimiter == "\\t" ? 9 : delimiter?.utf8.first
        options.logFormat = logFormat
        options.only = only
        options.leftOutLimit = allow
        options.isFollowed = follow
        return options
    }

    private func close(_ delivery: Delivery, _ seconds: Double, _ state: String) throws {
        let (tally, isResumed) = (delivery.tally, !delivery.start.isNull)
        if json {
            let result: JSONValue = [
                "rows": .integer(tally.rowCount), "rowsNow": .integer(tally.ownRowCount),
                "batches": .integer(tally.batchCount), "sentAgain": .integer(tally.repeatedCount),
                "leftOut": .integer(tally.leftOutCount), "resumed": .bool(isResumed),
                "seconds": .number((seconds * 1000).rounded() / 1000),
            ]
            return try show(result.compact)
        }
        if isResumed && tally.ownRowCount == 0 {
            return try show(
                "nothing new: all \(tally.rowCount) rows were sent before; to send them again "
                    + "delete \(state)")
        }
        var text = "\(tally.rowCount) rows in \(tally.batchCount) batches"
        if isResumed { text += ", \(tally.ownRowCount) of them now" }
        text += ", \(tally.repeatedCount) requests sent again"
        if tally.leftOutCount > 0 { text += ", \(tally.leftOutCount) records left out" }
        try show("\(text), in \(String(format: "%.1f", seconds)) s")
    }
}
