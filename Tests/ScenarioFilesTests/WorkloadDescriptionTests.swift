import Foundation
@testable import ScenarioFiles
import Testing
import Workloads

@Suite("The table of workloads")
struct WorkloadDescriptionTests {
    private static let names = WorkloadDescription.all.map(\.name)

    /// The workload that an example names.
    private func options(_ description: WorkloadDescription) throws -> WorkloadOptions {
        let text = "title: x\nlength: 1m\nworkloads:\n  - \(description.example)\n"
        let scenario = try Scenario.load(text: text, path: "Scenarios/fast/x.yaml")
        return try #require(scenario.workloads.first)
    }

    @Test("Each example is read, and makes the workload that it names", arguments: names)
    func examples(name: String) throws {
        let description = try #require(WorkloadDescription.named(name))
        let options = try options(description)
        #expect(options.name == name)
        var asked: [String] = []
        let source = WorkloadSource(seed: 1, scenarioPath: "Scenarios/fast/x.yaml") { path in
            asked.append(path)
            let url = ScenarioFolderTests.root.appending(path: "../\(path)")
            return [UInt8](try Data(contentsOf: url))
        }
        let workload = try options.make(source)
        #expect(workload.next(now: 0) != nil)
        if description == .tableTraffic {
            #expect(workload.tables.map(\.name) == (1...4).map { "drawn_\($0)" })
        } else if description.tables.isEmpty {
            #expect(asked == ["Scenarios/captures/nginx-access.log.zst"])
        } else {
            let expected = options.tables.isEmpty ? description.tables : options.tables
            #expect(workload.tables.map(\.name).sorted() == expected.sorted())
        }
    }

    @Test("Names are their own, and sentences have no full stop")
    func unique() {
        #expect(Set(Self.names).count == Self.names.count)
        for description in WorkloadDescription.all {
            #expect(!description.meaning.isEmpty && !description.meaning.hasSuffix("."))
        }
    }
}
