import ArgumentParser

/// The command line, thin: each subcommand parses, calls the Workbench, and prints.
@main
struct Wavetank: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "wavetank",
        abstract: "A deterministic simulation workbench for a streaming lakehouse.",
        discussion: """
            Exit codes: 0 pass, 1 fail (an oracle saw a violation, or a defect was noted), \
            2 inconclusive, 3 the run could not be made, 64 wrong usage.
            """,
        subcommands: [
            Run.self, Replay.self, Shrink.self, Explain.self, Bisect.self, Hunt.self, Merge.self,
            Sweep.self,
            Serve.self,
            List.self,
            Check.self, Schema.self,
            Speed.self,
            TraceCommand.self, Bench.self,
        ])
}
