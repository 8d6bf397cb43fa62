import Foundation
import RunReports
import ScenarioFiles
import Server
import Testing
import Workbench

@Suite("The story of a failure")
struct StoryTests {
    /// No engine can serve what the only disk has lost: the tank must say so, and explain it.
    static let rot = """
        title: One server whose only copy rots
        length: 8s
        seed: 5
        cluster:
          { servers: 1, replication: 1, minimumInSync: 1, coordinators: 1, tierers: 0, indexers: 0,
            buckets: 1 }
        workloads:
          - clickstream: { rate: 20/s, writers: 1 }
        faults:
          - { at: 5s, bitRot: { node: server-1, file: .log } }
          - { at: 6s, bitRot: { node: server-1, file: .log } }
          - { at: 7s, for: 500ms, crash: server-1 }
        checks: [liveness, readableOffsets]
        """

    static func run(_ text: String) throws -> TankRun {
        let scenario = try Scenario.load(text: text, path: "rot.yaml")
        let workloads = try makeWorkloads(scenario, seed: scenario.seed) { path in
            [UInt8](try Data(contentsOf: URL(fileURLWithPath: path)))
        }
        return TankRun(scenario, seed: scenario.seed, workloads: workloads)
    }

    @Test("Tells faults, leaders and nodes in order, and follows the bucket that is violated")
    func tells() throws {
        let story = try #require(
            try tellStory(reproduceCommand: "again") { try Self.run(Self.rot) })
        #expect(story.events.map(\.atSeconds) == story.events.map(\.atSeconds).sorted())
        #expect(story.events.count { $0.kind == .fault } == 4)
        #expect(story.subject.contains("bucket 0"))
        let texts = story.events.map(\.text)
        #expect(texts.contains { $0.hasPrefix("is made leader in epoch 0") })
        #expect(texts.contains("is down") && texts.contains("is up"))
        #expect(texts.contains { $0.contains("damaged") })
        #expect(story.events.last?.kind == .violation)
        let page = htmlPage(for: story)
        #expect(page.contains("bitRot server-1") && !page.contains("http"))
        #expect(story.description.contains("again: again"))
    }

    @Test("Looking changes nothing: the run has the hash that it has alone")
    func onlyLooks() throws {
        let alone = try Self.run(Self.rot)
        let report = alone.report(
            alone.run(), build: "", cpuSeconds: 0, peakMemoryBytes: 0, reproduceCommand: "")
        let story = try tellStory(reproduceCommand: "") { try Self.run(Self.rot) }
        #expect(story?.traceHash == report.traceHash)
        #expect(report.verdict == .fail)
    }

    @Test("There is no story of a run that violates nothing")
    func nothing() throws {
        let calm =
            Self.rot.replacing("faults:", with: "seed2:").components(separatedBy: "seed2:")[0]
            + "checks: [liveness, readableOffsets]\n"
        #expect(try tellStory(reproduceCommand: "") { try Self.run(calm) } == nil)
    }

    @Test("What is told again and again is told once, with a count, until something changes")
    func condenses() {
        func event(_ kind: Story.Event.Kind, _ text: String) -> Story.Event {
            Story.Event(atSeconds: 1, node: "server-1", kind: kind, text: text)
        }
        let story = Story(
            title: "", scenario: "", seed: 1, traceHash: "", oracle: "", violation: "",
            violatedAtSeconds: 2, subject: "", nodes: ["server-1"],
            events: [
                event(.note, "try 1"), event(.note, "try 2"), event(.record, "has 1"),
                event(.note, "try 3"), event(.fault, "crash"), event(.note, "try 4"),
                event(.record, "has 2"),
            ], reproduceCommand: "")
        #expect(
            story.condensed().events.map(\.text) == [
                "try 1 (and 2 more alike)", "has 1", "crash", "try 4", "has 2",
            ])
    }
}
