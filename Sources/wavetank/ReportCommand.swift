import ArgumentParser
import Foundation
import JSON
import RunReports

/// `wavetank report`.
struct ReportCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "report",
        abstract: "Draw pages anew from the JSON of runs, hunts, benchmarks and what-ifs.",
        discussion: """
            Each file becomes a page of its own beside it, with .html for its ending. A file of \
            one JSON object a line is a hunt, or a history of benchmarks.
            """)

    @Argument(
        help: "Files that wavetank wrote: JSON, or JSON lines.",
        completion: .file(extensions: ["json", "jsonl"]))
    var files: [String]

    @Option(help: "A folder for the pages, instead of beside the files.", completion: .directory)
    var output: String?

    func run() throws {
        for file in files {
            let page = try page(of: file)
            let url = URL(fileURLWithPath: file)
            let name = url.deletingPathExtension().lastPathComponent + ".html"
            let folder = output ?? url.deletingLastPathComponent().path
            try FileManager.default.createDirectory(
                atPath: folder, withIntermediateDirectories: true)
            let path = "\(folder)/\(name)"
            try Data(page.utf8).write(to: URL(fileURLWithPath: path))
            print(path)
        }
    }

    private func page(of file: String) throws -> String {
        if file.hasSuffix(".jsonl") { return try pageOfLines(file) }
        let json = try readJSON(file)
        do {
            let format = json["format"]?.string ?? ""
            if format.hasPrefix("wavetank bench, tank") {
                return htmlPage(for: try readBench(file))
            }
            if format.hasPrefix("wavetank what if") {
                return htmlPage(for: try WhatIfReport(json: json))
            }
            return htmlPage(for: try RunReport(json: json))
        } catch {
            throw refusal("\(file): \(error)")
        }
    }

    private func pageOfLines(_ file: String) throws -> String {
        guard let data = FileManager.default.contents(atPath: file) else {
            throw refusal("\(file): cannot be read")
        }
        let text = String(decoding: data, as: UTF8.self)
        let lines = text.split(separator: "\n")
        let first = lines.first.flatMap { try? JSONValue(parsing: Array($0.utf8)) }
        if first?["digest"] != nil { return htmlPage(for: try readHistory(file)) }
        do {
            return htmlPage(
                for: HuntReport(
                    try lines.map { line in
                        try HuntReport.Seed(json: try JSONValue(parsing: Array(line.utf8)))
                    }))
        } catch {
            throw refusal("\(file): \(error)")
        }
    }
}
