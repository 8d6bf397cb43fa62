import ArgumentParser
import Foundation
import JSON
import LakeSQL
import Platform
import RunReports
import ScenarioFiles
import Workbench

/// `wavetank endpoints`.
struct Endpoints: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Serve an S3 store and an Iceberg REST catalog that fail as a scenario says.",
        discussion: """
            Point a program of yours at them: its requests are struck by kind and number. When \
            the program ends, the tables are judged: nothing that a snapshot names is gone, no \
            snapshot is lost, no file is added twice, rows are there once by the key that the \
            scenario names. A command after -- is run with the addresses in its environment: \
            WAVETANK_CATALOG (http://127.0.0.1:PORT/iceberg), WAVETANK_S3, AWS_ENDPOINT_URL_S3, \
            AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_REGION, \
            PYICEBERG_CATALOG__DEFAULT__TYPE and PYICEBERG_CATALOG__DEFAULT__URI. Without one they \
            are served until Ctrl-C. Example: \
            wavetank endpoints Scenarios/endpoints/lost-commits.yaml --data lake -- python job.py
            """)

    @Argument(help: "A scenario of endpoints.", completion: .file(extensions: ["yaml"]))
    var scenario: String

    @Option(help: "The folder of all data; made if need be.", completion: .directory)
    var data: String

    @Option(help: "The port; 0 for a free one.")
    var port = 0

    @Option(help: "The seed; the scenario's own if not given.", transform: parseSeed)
    var seed: UInt64?

    @Flag(help: "Print one JSON object instead of text.")
    var json = false

    @Option(help: "Write the page and JSON to this folder.", completion: .directory)
    var report: String?

    @Argument(
        parsing: .postTerminator,
        help: ArgumentHelp("A command to run against them, after --.", valueName: "command"))
    var command: [String] = []

    func validate() throws {
        if !(0...65_535).contains(port) { throw ValidationError("--port is from 0 to 65535") }
    }

    func run() throws {
        Interruption.handle()
        let loaded = try loadEndpoints(scenario)
        if let report { try makeFolder(report) }
        try makeFolder(data)
        let folder = URL(fileURLWithPath: data).standardizedFileURL.path
        let server: EndpointServer
        do {
            server = try EndpointServer(
                loaded, seed: seed ?? loaded.seed, folder: folder, port: port)
        } catch {
            throw refusal("\(error)")
        }
        let program = try start(server)
        let result = try server.run(
            until: { Interruption.isRequested || program.map { !$0.isRunning } ?? false },
            rows: { try Self.count($0, in: folder) })
        try stop(program)
        try show(json ? result.json.compact : result.text)
        if let program, program.terminationStatus != 0 {
            say("note: the command ended with \(program.terminationStatus)")
        }
        if let report { try write(result, to: report) }
        throw ExitCode(result.exitCode)
    }

    // MARK: The command

    private func start(_ server: EndpointServer) throws -> Process? {
        let catalog = server.address + "/iceberg"
        guard let name = command.first else {
            say("the catalog is at \(catalog), the store at \(server.address); Ctrl-C ends")
            return nil
        }
        let program = Process()
        program.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        program.arguments = [name] + command.dropFirst()
        program.environment = ProcessInfo.processInfo.environment.merging([
            "WAVETANK_CATALOG": catalog, "WAVETANK_S3": server.address,
            "AWS_ENDPOINT_URL_S3": server.address, "AWS_ACCESS_KEY_ID": "wavetank",
            "AWS_SECRET_ACCESS_KEY": "wavetank", "AWS_REGION": "us-east-1",
            "PYICEBERG_CATALOG__DEFAULT__TYPE": "rest",
            "PYICEBERG_CATALOG__DEFAULT__URI": catalog,
        ]) { _, new in new }
        // What it prints stands apart from the verdict.
        program.standardOutput = FileHandle.standardError
        do { try program.run() } catch {
            throw refusal("\(name) cannot be run: \(error.localizedDescription)")
        }
        return program
    }

    private func stop(_ program: Process?) throws {
        guard let program, program.isRunning else { return }
        program.terminate()
        program.waitUntilExit()
    }

    // MARK: Rows

    /// How many rows a table has, and of how many keys there are several; nil without the table.
    private static func count(
        _ table: EndpointScenario.Table, in folder: String
    ) throws -> EndpointRows? {
        let database = try LakeDatabase(.data(folder))
        defer { database.close() }
        guard database.tables.contains(where: { $0.description == table.name }) else { return nil }
        let parts = table.name.split(separator: ".")
        let name =
            quoted(parts.dropLast().joined(separator: ".")) + "." + quoted(String(parts.last!))
        var counts = EndpointRows(rows: 0, duplicates: 0, example: "")
        try database.run("SELECT count(*) FROM \(name)") { statement in
            if try statement.step(), case .integer(let count) = statement.row[0] {
                counts.rows = Int(count)
            }
        }
        if table.key.isEmpty { return counts }
        let key = table.key.map(quoted).joined(separator: ", ")
        try database.run(
            "SELECT \(key), count(*) FROM \(name) GROUP BY \(key) HAVING count(*) > 1"
        ) { statement in
            while try statement.step() {
                if counts.duplicates == 0 {
                    counts.example = statement.row.dropLast().map(text).joined(separator: ", ")
                }
                counts.duplicates += 1
            }
        }
        return counts
    }

    private static func quoted(_ name: String) -> String {
        "\""
            + name.split(separator: "\"", omittingEmptySubsequences: false)
            .joined(separator: "\"\"") + "\""
    }

    private static func text(_ cell: SQLCell) -> String {
        switch cell {
        case .null: "null"
        case .integer(let number): String(number)
        case .real(let number): String(number)
        case .text(let text): text
        case .blob(let bytes): "\(bytes.count) bytes"
        }
    }

    // MARK: Files

    private func write(_ result: EndpointReport, to folder: String) throws {
        let name = URL(fileURLWithPath: scenario).deletingPathExtension().lastPathComponent
        let page = "\(folder)/endpoints-\(name).html"
        try OutputFile(page, .page).replace(htmlPage(for: result))
        try OutputFile("\(folder)/endpoints-\(name).json", .report)
            .replace(result.json.pretty)
        say("the page is \(page)")
    }
}

/// Reads and checks a scenario of endpoints; its errors are printed one a line.
func loadEndpoints(_ path: String) throws -> EndpointScenario {
    let text = try readInputText(path)
    do { return try EndpointScenario.load(text: text, path: path) } catch {
        throw refusal("\(error)")
    }
}
