import ArgumentParser
import Foundation
import Host
import JSON

/// `wavetank admin`.
struct Admin: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Ask a running cluster what it is and how it does, and move its replicas.",
        discussion: """
            It asks a process of the cluster that serves HTTP (wavetank serve --http PORT).
            """,
        subcommands: [AdminShow.self, AdminRebalance.self, AdminReassign.self],
        defaultSubcommand: AdminShow.self)
}

/// `wavetank admin SUBJECT`.
struct AdminShow: ParsableCommand {
    enum Subject: String, CaseIterable {
        case cluster, databases, tables, partitions, buckets, leaders, lag, lake, ready, metrics
    }

    static let configuration = CommandConfiguration(
        commandName: "show", abstract: "Tell what the cluster is and how it does.",
        discussion: """
            `lag` tells for each bucket which replicas are behind, and how many changes its remote \
            log, its row snapshot and the readers of its log do not have yet; `lake` for each \
            table how many are not in the lake.
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

    @OptionGroup var options: AdminOptions

    func run() throws {
        let path =
            switch subject {
            case .ready, .metrics: subject.rawValue
            default: "api/v1/\(subject.rawValue)"
            }
        try options.ask("GET", path)
    }
}

/// `wavetank admin rebalance`.
struct AdminRebalance: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "rebalance", abstract: "Spread replicas and leaders evenly over the servers.",
        discussion: """
            The coordinator moves a few buckets at a time while they serve. Ask again with \
            --progress how far it is.
            """)

    @Option(
        parsing: .upToNextOption,
        help: ArgumentHelp(
            "REPLICA_DISTRIBUTION, LEADER_DISTRIBUTION or, when absent, both.",
            valueName: "goal"))
    var goals: [String] = []

    @Flag(help: "Begin nothing: tell of the rebalance that is under way, or was last.")
    var progress = false

    @Flag(help: "End the rebalance that is under way: what has begun goes back.")
    var cancel = false

    @OptionGroup var options: AdminOptions

    func validate() throws {
        if progress && cancel || !goals.isEmpty && (progress || cancel) {
            throw ValidationError("goals, --progress and --cancel exclude each other")
        }
    }

    func run() throws {
        let path = "api/v1/rebalance"
        if progress || cancel { return try options.ask(progress ? "GET" : "DELETE", path) }
        let wanted = goals.isEmpty ? JSONValue.null : .array(goals.map { .string($0) })
        try options.ask("POST", path, ["goals": wanted])
    }
}

/// `wavetank admin reassign`.
struct AdminReassign: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "reassign", abstract: "Move the replicas of a bucket to other servers.",
        discussion: """
            The new replicas fetch beside the old ones, which leave once all that stay are in \
            sync; `wavetank admin buckets` shows where it is moving until then.
            """)

    @Argument(help: ArgumentHelp("A table, with its database.", valueName: "database.table"))
    var table: String

    @Argument(help: "The number of the bucket.")
    var bucket: Int

    @Option(
        help: ArgumentHelp(
            "The servers, with commas between and the one that is to lead first: 2,3,4 or "
                + "server-2,server-3,server-4.", valueName: "servers"))
    var replicas: String?

    @Option(help: "The partition that has the bucket, of a table with some.")
    var partition: String?

    @Flag(help: "Have the replicas go back to where they were, if they are under way.")
    var cancel = false

    @OptionGroup var options: AdminOptions

    func validate() throws {
        if (replicas == nil) != cancel {
            throw ValidationError("say either --replicas or --cancel")
        }
        if table.split(separator: ".").count != 2 {
            throw ValidationError("'\(table)' is no DATABASE.TABLE")
        }
    }

    func run() throws {
        let names = table.split(separator: ".")
        var path =
            "api/v1/databases/\(names[0])/tables/\(names[1])/buckets/\(bucket)/reassignment"
        if let partition {
            let escaped = partition.addingPercentEncoding(withAllowedCharacters: .alphanumerics)
            path += "?partition=\(escaped ?? partition)"
        }
        guard let replicas else { return try options.ask("DELETE", path) }
        let servers = replicas.split(separator: ",").map { name in
            JSONValue.string(Int(name) == nil ? String(name) : "server-\(name)")
        }
        try options.ask("POST", path, ["replicas": .array(servers)])
    }
}

/// How `wavetank admin` asks, and shows what it is told.
struct AdminOptions: ParsableArguments {
    @Option(help: ArgumentHelp("Where the process serves HTTP.", valueName: "url"))
    var at = "http://127.0.0.1:9180"

    @OptionGroup var credentials: CredentialOptions

    @Flag(help: "Print the answer as JSON.")
    var json = false

    /// Asks, and prints the answer.
    func ask(_ method: String, _ path: String, _ body: JSONValue? = nil) throws {
        let base = at.hasSuffix("/") ? String(at.dropLast()) : at
        let answer: HTTPConversation.Answer
        do {
            answer = try credentials.conversation(with: base).ask(
                method, "/\(path)", contentType: body == nil ? nil : "application/json",
                body: body.map { Array($0.compact.utf8) } ?? [], timeout: 30)
        } catch let error as HostError {
            throw refusal("\(error)")
        }
        let text = String(decoding: answer.body, as: UTF8.self)
        guard (200..<300).contains(answer.status) else {
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
