import ArgumentParser
import Foundation

/// The command line, thin: each subcommand parses, calls the Workbench, and prints.
@main
struct Wavetank: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "wavetank",
        abstract: "A deterministic simulation workbench for a streaming lakehouse.",
        discussion: """
            Exit codes: 0 pass, 1 fail (an oracle saw a violation, or a defect was noted), \
            2 inconclusive, 3 the run could not be made or its result could not be written, \
            64 wrong usage, 130 interrupted. Completion for a shell: \
            wavetank --generate-completion-script bash.
            """,
        version: versionText,
        subcommands: [
            Run.self, Replay.self, Shrink.self, Explain.self, Bisect.self, Hunt.self, Merge.self,
            Sweep.self,
            Calibrate.self, MachineNodeCommand.self,
            Serve.self, IngestCommand.self, SinkCommand.self, Admin.self, Endpoints.self, SQL.self,
            List.self,
            Check.self, Profile.self, Schema.self, Help.self,
            Speed.self,
            TraceCommand.self, Bench.self, WhatIf.self,
            ReportCommand.self,
        ])

    static func main() {
        Interruption.install()
        do {
            var command = try parseAsRoot(joined(Array(CommandLine.arguments.dropFirst())))
            try command.run()
        } catch {
            Foundation.exit(end(with: error))
        }
    }

    /// Arguments with each negative number joined to the option before it, of which it is the
    /// value and not an option of its own.
    static func joined(_ arguments: [String]) -> [String] {
        var result: [String] = []
        for argument in arguments {
            let digits = argument.dropFirst()
            let isNegative =
                argument.hasPrefix("-") && !digits.isEmpty && digits.first!.isNumber
            if isNegative, let last = result.last, last.hasPrefix("--"), last.count > 2,
                !last.contains("=")
            {
                result[result.count - 1] = "\(last)=\(argument)"
            } else {
                result.append(argument)
            }
        }
        return result
    }

    /// Says what there is to say of how a command ended; the exit code.
    private static func end(with error: any Error) -> Int32 {
        if let code = error as? ExitCode { return code.rawValue }
        let code = exitCode(for: error)
        if code.isSuccess {
            // Help, a completion script or the version: asked for, and so a result.
            do { try show(fullMessage(for: error)) } catch {
                say("\(error)")
                return 3
            }
            return 0
        }
        if code == .validationFailure {
            say(fullMessage(for: error))
            return code.rawValue
        }
        say(plainText(of: error))
        return 3
    }

    /// What an error says, on one line, whoever threw it.
    private static func plainText(of error: any Error) -> String {
        let isForeign =
            error is CocoaError || error is POSIXError || type(of: error) is NSError.Type
        if !isForeign { return "\(error)" }
        let foreign = error as NSError
        let path = foreign.userInfo[NSFilePathErrorKey] as? String
        let cause = foreign.userInfo[NSUnderlyingErrorKey] as? NSError
        let reason = (cause ?? foreign).localizedDescription
        return (path.map { "\($0): " } ?? "") + reason.split(separator: "\n").joined(separator: " ")
    }
}
