import ArgumentParser
import Foundation
import Host
import JSON

/// `wavetank admin`.
struct Admin: ParsableCommand {
    enum Subject: String, CaseIterable {
        case cluster, databases, tables, buckets, leaders, lake, ready, metrics
    }

    static let configuration = CommandConfiguration(
        abstract: "Ask a running cluster what it is and how it does.",
        discussion: """
            It asks a process of the cluster that serves HTTP (wavetank serve --http PORT). \
            `lake` tells for each table how many changes of its log are not in the lake yet.
            """)

    @Argument(
        help: ArgumentHelp(
            "One of \(Subject.allCases.map(\.rawValue).joined(separator: ", ")).",
            valueName: "subject"),
        transform: { text in
            if let subject = Subject(rawValue: text) { return subject }
            throw ValidationError("there is no '\(text)' to ask for")
        })
    var subject: Subject

    @Option(help: ArgumentHelp("Where the process serves HTTP.", valueName: "url"))
    var at = "http://127.0.0.1:9180"

    @OptionGroup var credentials: CredentialOptions

    @Flag(help: "Print the answer as JSON.")
    var json = false

    func run() throws {
        let path =
            switch subject {
            case .ready, .metrics: subject.rawValue
            default: "api/v1/\(subject.rawValue)"
            }
        let base = at.hasSuffix("/") ? String(at.dropLast()) : at
        let answer: HTTPConversation.Answer
        do {
            answer = try credentials.conversation(with: base).ask("GET", "/\(path)", timeout: 30)
        } catch let error as HostError {
            throw refusal("\(error)")
        }
        let text = String(decoding: answer.body, as: UTF8.self)
        guard answer.status == 200 else {
            let value = try? JSONValue(parsing: answer.body)
            let reason = value?["detail"]?.string ?? text
            throw refusal(
                "\(base): \(reason.trimmingCharacters(in: .whitespacesAndNewlines))")
        }
        guard let value = try? JSONValue(parsing: answer.body) else {
            try show(text)
            return
        }
        try show(json ? value.compact + "\n" : Self.table(value))
    }

    /// An answer for people: each list of objects as a table, the rest by name.
    static func table(_ value: JSONValue) -> String {
        var text = ""
        for member in value.object ?? [] {
            if let rows = member.value.array, rows.allSatisfy({ $0.object != nil }), !rows.isEmpty {
                text += "\(member.name)\n" + columns(rows)
            } else if let members = member.value.object {
                for inner in members {
                    text += "\(member.name).\(inner.name)  \(plain(inner.value))\n"
                }
            } else {
                text += "\(member.name)  \(plain(member.value))\n"
            }
        }
        return text
    }

    private static func columns(_ rows: [JSONValue]) -> String {
        var names: [String] = []
        for row in rows {
            for member in row.object ?? [] where !names.contains(member.name) {
                names.append(member.name)
            }
        }
        let lines = [names] + rows.map { row in names.map { plain(row[$0] ?? .null) } }
        let widths = names.indices.map { column in lines.map { $0[column].count }.max() ?? 0 }
        return lines.map { line in
            "  "
                + zip(line, widths).map { cell, width in
                    cell.padding(toLength: width, withPad: " ", startingAt: 0)
                }.joined(separator: "  ").trimmingCharacters(in: .whitespaces) + "\n"
        }.joined()
    }

    private static func plain(_ value: JSONValue) -> String {
        switch value {
        case .string(let text): text
        case .null: "-"
        case .array(let elements): elements.map(plain).joined(separator: ",")
        default: value.compact
        }
    }
}
