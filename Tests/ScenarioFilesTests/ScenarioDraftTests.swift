import Foundation
import ScenarioFiles
import Server
import Testing

@Suite("A draft of a scenario")
struct ScenarioDraftTests {
    static let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
        .deletingLastPathComponent().deletingLastPathComponent()
        .appendingPathComponent("Scenarios")

    static var files: [String] {
        let all = FileManager.default.enumerator(atPath: folder.path)?.allObjects ?? []
        return all.compactMap { $0 as? String }.filter { $0.hasSuffix(".yaml") }.sorted()
    }

    /// Fails as the file says, with the faults of every kind that fit its nodes.
    static func failure(_ file: String) throws -> (FailureFile, Scenario) {
        let text = try String(
            contentsOf: folder.appendingPathComponent(file), encoding: .utf8)
        let scenario = try Scenario.load(text: text, path: file)
        let faults = FaultPlanTests.plan.faults.filter {
            $0.at < scenario.length && $0.end <= scenario.length
                && $0.kind.nodes.allSatisfy(scenario.nodes.contains)
        }
        return (
            FailureFile(
                scenarioPath: file, scenarioText: text, seed: 18_446_744_073_709_551_615,
                length: scenario.length, plan: FaultPlan(faults), build: "", traceHash: "0",
                verdict: "fail", violations: []), scenario
        )
    }

    @Test("Every scenario is written as what it was, with its faults as scripted ones")
    func roundTrip() throws {
        let files = Self.files.filter { $0.hasPrefix("fast/") || $0.hasPrefix("history/") }
        #expect(files.count > 5)
        for file in files {
            let (failure, scenario) = try Self.failure(file)
            let read = try ScenarioDraft(failure).scenario()
            var expected = scenario
            expected.seed = failure.seed
            expected.scriptedFaults = failure.plan
            expected.drawnFaults = []
            expected.description = read.description
            #expect(read == expected, "\(file)")
        }
    }

    @Test("A fault that was to last longer than the run ends with it")
    func longFault() throws {
        var (failure, _) = try Self.failure("fast/clickstream.yaml")
        failure.length = .seconds(20)
        let crash = FaultKind("crash", ["node": .node(NodeName(.server, 1))])
        failure.plan = FaultPlan([
            PlannedFault(at: .seconds(15), duration: .seconds(10), kind: crash),
            PlannedFault(at: .seconds(21), duration: .seconds(1), kind: crash),
        ])
        let faults = try ScenarioDraft(failure).scenario().scriptedFaults.faults
        #expect(faults == [PlannedFault(at: .seconds(15), duration: .seconds(5), kind: crash)])
    }

    @Test("Texts with signs of YAML in them come back as they were")
    func quoting() throws {
        var draft = try ScenarioDraft(Self.failure("fast/clickstream.yaml").0)
        for title in [
            "a: b # c", "- x", "\"quoted\" \\ back", "{ [", "null", "ümlaut – dash", "1e3",
        ] {
            draft.describe(title: title, description: "two\nlines: of # text")
            let read = try draft.scenario()
            #expect(read.title == title)
            #expect(read.description?.contains("lines: of # text") == true)
        }
    }

    @Test("Edits are named apart, and each makes it shorter or another scenario")
    func edits() throws {
        let draft = try ScenarioDraft(Self.failure("fast/ecommerce-cdc.yaml").0)
        let edits = draft.edits(until: .seconds(30))
        let names = Dictionary(grouping: edits, by: \.name).filter { $0.value.count > 1 }.keys
        #expect(names.isEmpty, "\(names.sorted()) name more than one edit")
        let scenario = try draft.scenario()
        let valid = edits.filter { (try? $0.draft.scenario()) != nil }
        #expect(valid.count > 100)
        for edit in valid where edit.draft.text != draft.text {
            let isShorter = edit.draft.text.count < draft.text.count
            #expect(try isShorter || edit.draft.scenario() != scenario, "\(edit.name)")
        }
    }
}
