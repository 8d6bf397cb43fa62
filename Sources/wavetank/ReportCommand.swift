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
            one JSON object a line is a hunt, or a history of benchmarks; one of columns with \
            tabs between is what ci/mutants kept of the planted bugs.
            """)

    @Argument(
        help: "Files that wavetank wrote: JSON, or JSON lines; or Reports/mutants.tsv.",
        completion: .file(extensions: ["json", "jsonl", "tsv"]))
    var files: [String]

    @Option(help: "A folder for the pages, instead of beside the files.", completion: .directory)
    var output: String?

    func run() throws {
        var pages: Set<String> = []
        for file in files {
            let page = try page(of: file)
            let url = URL(fileURLWithPath: file)
            let name = url.deletingPathExtension().lastPathComponent
            let folder = output ?? url.deletingLastPathComponent().path
            try makeFolder(folder)
            // Two files of one name in different folders are two pages.
            let path =
                pages.insert("\(folder)/\(name).html").inserted
                ? "\(folder)/\(name).html" : "\(folder)/\(name)-\(pages.count).html"
            try OutputFile(path, .page).replace(page)
            pages.insert(path)
            try show(path)
        }
    }

    private func page(of file: String) throws -> String {
        if file.hasSuffix(".jsonl") { return try pageOfLines(file) }
        if file.hasSuffix(".tsv") { return try pageOfBank(file) }
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
        let first = try text(of: file).prefix { !$0.isNewline }
        if (try? JSONValue(parsing: String(first)))?["digest"] != nil {
            return htmlPage(for: try readHistory(file))
        }
        let seeds = try readHunt(file)
        if seeds.isEmpty { throw refusal("\(file): has no line that a hunt or a benchmark wrote") }
        return htmlPage(for: HuntReport(seeds))
    }

    private func pageOfBank(_ file: String) throws -> String {
        let text = try text(of: file)
        do { return htmlPage(for: try MutationTable(parsing: text)) } catch {
            throw refusal("\(file): \(error)")
        }
    }

    private func text(of file: String) throws -> String {
        try readInputText(file)
    }
}
