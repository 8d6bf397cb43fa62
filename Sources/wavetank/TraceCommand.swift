import ArgumentParser
import Foundation
import ScenarioFiles
import Server
import Simulation
import Workbench

/// `wavetank trace`.
struct TraceCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "trace",
        abstract: "Print the events of a run, around a moment or where two runs differ.",
        discussion: """
            With --at it prints what happened around a moment, with --from events by their number, \
            with --diff the first events in which another run differs. Without any of these it \
            prints the hash after every 4,096 events, to compare builds or machines with diff.
            """)

    @OptionGroup var which: CaseArgument

    @Option(help: "The simulated moment to look at, as in 41.7s.")
    var at: TimeSpan?

    @Option(help: "How much to print before and after the moment.")
    var around = TimeSpan(.milliseconds(50))

    @Option(help: "The number of the first event to print, from 0.")
    var from: Int?

    @Option(help: "The most events to print.")
    var count = 4096

    @Option(
        help: "Another failure or scenario file: print where its run first differs.",
        completion: .file(extensions: ["json", "yaml"]))
    var diff: String?

    @Option(help: "Only events of this node, or that name it.")
    var node: String?

    @Option(help: "Only kinds that begin so: disk, send, object, coordination, catalog, fault ...")
    var kind: String?

    @Option(help: "Only events of this table's files and objects, as in orders.")
    var table: String?

    @Option(help: "Only events of this bucket's files and objects, as in orders/0.")
    var bucket: String?

    func validate() throws {
        if let from, from < 0 || from > 1 << 40 {
            throw ValidationError("--from is not negative")
        }
        if count < 1 || count > 10_000_000 {
            throw ValidationError("--count is from 1 to 10000000")
        }
        let ways = [at != nil, from != nil, diff != nil].count { $0 }
        if ways > 1 { throw ValidationError("one of --at, --from and --diff") }
    }

    func run() throws {
        let session = try which.session()
        if let diff {
            try compare(session, with: try CaseArgument(diff).session())
        } else if let at {
            try printEvents(session, try numbers(session, at.duration))
        } else if let from {
            try printEvents(session, from..<(from + count))
        } else {
            try printCheckpoints(session)
        }
    }

    private func printCheckpoints(_ session: TankSession) throws {
        let run = try session.makeRun()
        _ = run.run()
        let trace = run.world.trace
        var lines = trace.checkpoints.enumerated().map { number, hash in
            "\((number + 1) * Trace.checkpointInterval) \(String(hash, radix: 16))"
        }
        lines.append("\(trace.eventCount) \(String(trace.hash, radix: 16))")
        try show(lines.joined(separator: "\n"))
    }

    /// The numbers of the events around a moment.
    private func numbers(_ session: TankSession, _ moment: Duration) throws -> Range<Int> {
        let run = try session.makeRun()
        let (first, last) = (moment - around.duration, moment + around.duration)
        var start: Int?
        var end = 0
        run.onStep = {
            let now = Duration.nanoseconds(run.world.nanoseconds)
            if now < first { start = run.world.trace.eventCount }
            if now <= last { end = run.world.trace.eventCount }
        }
        _ = run.run()
        let length = Duration.nanoseconds(run.world.nanoseconds)
        if first > length {
            throw refusal("--at: the run ends at \(length.shortText)")
        }
        return (start ?? 0)..<max(start ?? 0, end)
    }

    private func printEvents(_ session: TankSession, _ numbers: Range<Int>) throws {
        var keeping = session
        keeping.keptEvents = numbers
        let run = try keeping.makeRun()
        _ = run.run()
        if run.world.trace.eventCount <= numbers.lowerBound && self.from != nil {
            throw refusal("--from: the run has \(run.world.trace.eventCount) events, from 0")
        }
        try checkNames(in: run)
        let paths = try paths(in: run)
        let events = run.world.keptEvents.enumerated().filter { matches($0.element, paths) }
        let lines = events.prefix(count).map { position, event in
            "\(numbers.lowerBound + position) \(event)"
        }
        if lines.isEmpty {
            say("no event of the \(run.world.keptEvents.count) in the window is such a one")
            return
        }
        try show(lines.joined(separator: "\n"))
        if events.count > count {
            say("there are \(events.count - count) more: narrow the window, or a larger --count")
        }
    }

    /// Refuses a node or a kind of event that no run of the scenario can have.
    private func checkNames(in run: TankRun) throws {
        let nodes = run.scenario.nodes.map(\.description)
        if let node, !nodes.contains(node), node != "auditor", node != "world" {
            throw refusal(
                "--node: there is no node '\(node)'; there are: \(nodes.joined(separator: ", "))")
        }
        let kinds = EventKind.allCases.map { "\($0)" }
        if let kind, !kinds.contains(where: { $0.hasPrefix(kind) }) {
            throw refusal(
                "--kind: no kind of event begins with '\(kind)'; there are: "
                    + kinds.joined(separator: ", "))
        }
    }

    private func matches(_ event: Trace.Event, _ paths: [[String]]) -> Bool {
        if let node, event.nodeName != node && !event.detail.contains(node) { return false }
        if let kind, !"\(event.kind)".hasPrefix(kind) { return false }
        return paths.allSatisfy { choice in choice.contains { event.detail.contains($0) } }
    }

    /// For each option that names a place, what its events name.
    private func paths(in run: TankRun) throws -> [[String]] {
        var paths: [[String]] = []
        for (name, found) in [
            (table, table.flatMap(run.paths(ofTable:))),
            (bucket, bucket.flatMap(run.paths(ofBucket:))),
        ] {
            guard let name else { continue }
            guard let found else {
                throw refusal(
                    "there is no table or bucket '\(name)' in the run, which has "
                        + run.tableNames.joined(separator: ", "))
            }
            paths.append(found)
        }
        return paths
    }

    private func compare(_ session: TankSession, with other: TankSession) throws {
        func sketch(_ session: TankSession) throws -> TraceSketch? {
            var sketched = session
            sketched.isSketched = true
            let run = try sketched.makeRun()
            _ = run.run()
            return run.endTrace.sketch
        }
        guard let first = try sketch(session), let second = try sketch(other) else { return }
        guard let deviation = first.deviation(from: second) else {
            try show("the runs are the same: \(first.kinds.count) events")
            return
        }
        let start = deviation.events.lowerBound
        try show("the runs are the same for \(start) events")
        let window = max(0, start - 3)..<(deviation.events.upperBound + 6)
        for (name, session) in [("first", session), ("second", other)] {
            try show("\(name):")
            try printEvents(session, window)
        }
        throw ExitCode(1)
    }
}
