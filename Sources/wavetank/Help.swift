import ArgumentParser
import RunReports
import ScenarioFiles

/// `wavetank help`.
struct Help: ParsableCommand {
    /// What there is a page about: those of scenario files, and figures.
    private static let topics = Reference.Topic.allCases.map(\.rawValue) + ["figures"]

    static let configuration = CommandConfiguration(
        commandName: "help",
        abstract: "Tell what may stand in a scenario file, and what is measured.",
        discussion: """
            Topics: \(topics.joined(separator: ", ")). A name of a topic tells of it alone: \
            wavetank help faults partition. The same pages stand in the repository, in \
            Sources/ScenarioFiles/ScenarioFiles.docc.
            """)

    @Argument(help: "A topic, or a command.")
    var topic: String?

    @Argument(help: "One name of the topic.")
    var name: String?

    @Flag(help: "Print Markdown, as the pages of the repository are.")
    var markdown = false

    func run() throws {
        guard let topic else {
            try show(Wavetank.helpMessage())
            return
        }
        if let command = Wavetank.configuration.subcommands.first(where: {
            ($0.configuration.commandName ?? "\($0)".lowercased()) == topic
        }) {
            try show(Wavetank.helpMessage(for: command))
            return
        }
        if topic == "figures" {
            try show(markdown ? FigureReference.markdown : FigureReference.text(of: name))
            return
        }
        guard let known = Reference.Topic(rawValue: topic) else {
            let hint = suggestion(for: topic, among: Self.topics).map { "; did you mean '\($0)'?" }
            let list = "; the topics are: \(Self.topics.joined(separator: ", "))"
            throw ValidationError("no topic is called '\(topic)'\(hint ?? list)")
        }
        let reference = Reference(known)
        guard let name else {
            try show(markdown ? reference.markdown : reference.text)
            return
        }
        guard let text = reference.text(of: name) else {
            let hint = suggestion(for: name, among: reference.names)
                .map { "; did you mean '\($0)'?" }
            throw ValidationError("\(topic) has no '\(name)'\(hint ?? "")")
        }
        try show(text)
    }
}
