import JSON
import ScenarioFiles
import Testing

@Suite("The JSON schema of scenario files")
struct ScenarioSchemaTests {
    let schema = scenarioJSONSchema()

    @Test("Names every key, kind of fault and check, each with its meaning")
    func complete() throws {
        let properties = try #require(schema["properties"]?.object)
        #expect(
            properties.map(\.name) == [
                "title", "description", "length", "seed", "cluster", "workloads", "faults",
                "checks", "schedule", "expect", "bench",
            ])
        for property in properties { #expect(property.value["description"] != nil) }
        let faults = try #require(schema["properties"]?["faults"]?["items"]?["oneOf"]?.array)
        for kind in FaultKindName.allCases {
            let form = faults.first { $0["properties"]?[kind.rawValue] != nil }
            #expect(form?["description"]?.string == kind.meaning)
            let beside = form?["properties"]?.object?.map(\.name) ?? []
            #expect(beside.contains("for") == kind.lasts)
        }
        #expect(schema["required"] == ["title", "length"])
        #expect(schema["additionalProperties"] == false)
    }

    @Test("Says the defaults that a scenario without them gets")
    func defaults() throws {
        let cluster = try #require(schema["properties"]?["cluster"]?["properties"])
        let scenario = try Scenario.load(text: ScenarioTests.minimal, path: "a.yaml")
        #expect(cluster["servers"]?["default"]?.integer == Int64(scenario.cluster.servers))
        #expect(cluster["segmentBytes"]?["default"] == "1MiB")
        #expect(cluster["lakeInterval"]?["default"] == "30s")
    }
}
