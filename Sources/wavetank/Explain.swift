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

    @Flag(
        help: ArgumentHelp(
            "Find the moment since which the failure could not be helped any more.",
            discussion: """
                Runs it many times, each the same up to a moment and drawn anew after it, and \
                shows how many of these still fail, over time, and what happened where more do.
                """))
    var when = false

    @Option(help: "Runs at each moment that --when looks at.")
    var runs = 10

    @Option(name: .customLong("for"), help: "Begin no more runs of --when after so much time.")
    var limit = TimeSpan(.seconds(300))

    @Option(help: "Worker processes at a time for --when.")
    var jobs = max(1, ProcessInfo.processInfo.activeProcessorCount)

    @Option(help: "Stop a worker of --when after as many seconds.", transform: parsePatience)
    var patience = 120

    func validate() throws {
        if jobs < 1 || jobs > 256 { throw ValidationError("--jobs is from 1 to 256") }
        if runs < 2 || runs > 1000 { throw ValidationError("--runs is from 2 to 1000") }
    }

    func run() throws {
        let page = try html.map { try OutputFile($0, .page) }
        let session = try which.session()
        let told = try tellStory(reproduceCommand: session.reproduceCommand, session.makeRun)
        guard var story = told else {
            throw refusal("\(which.file): the run violates nothing on this build")
        }
        if when { story.noReturn = try findNoReturn(story) }
        if !all { story = story.condensed() }
        try show("\(story)")
        if let page {
            try page.replace(htmlPage(for: story))
            say("the page is \(page.path)")
        }
    }
}
