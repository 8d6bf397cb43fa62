import ArgumentParser
import Foundation
import RunReports
import Server
import Workbench

/// `wavetank explain`.
struct Explain: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Tell the story of a failure in order.",
        discussion: """
            Runs it twice: to learn which record the violation is about, and to follow that record \
            over the nodes, with faults, leaders and what each node noted. Shrink a failure first, \
            and the story is short. Exit codes: 0 told, 3 there is nothing to tell.
            """)

    @OptionGroup var which: CaseArgument

    @Option(help: "Write the story as a page with a picture to this file.", completion: .file())
    var html: String?

    @Flag(help: "Tell repeated notes each time.")
    var all = false

    func run() throws {
        let session = try which.session()
        let told = try tellStory(reproduceCommand: session.reproduceCommand, session.makeRun)
        guard var story = told else {
            throw refusal("\(which.file): the run violates nothing on this build")
        }
        if !all { story = story.condensed() }
        print(story)
        if let html {
            try Data(htmlPage(for: story).utf8).write(to: URL(fileURLWithPath: html))
            say("the picture is in \(html)")
        }
    }
}
