import Foundation
import JSON
import ScenarioFiles
import Testing

@Suite("The JSON schema of scenario files")
struct ScenarioSchemaTests {
    let schema = scenarioJSONSchema()

    @Test("Names every key, kind of fault, workload and check, each with its meaning")
    func complete() throws {
        let properties = try #require(schema["properties"]?.object)
        for property in properties { #expect(property.value["description"] != nil) }
        let names = properties.map(\.name)
        #expect(names.contains("cluster") && names.contains("faults") && names.contains("bench"))
        let dated = try #require(schema["$defs"]?["fault"]?["anyOf"]?.array?[0])
        let fault = try #require(dated["properties"])
        let choices = dated["oneOf"]?.array ?? []
        for kind in FaultKindName.allCases {
            #expect(fault[kind.rawValue]?["description"]?.string == kind.meaning)
            let needed = choices.first { $0["required"]?.array?.last?.string == kind.rawValue }
            #expect((needed?["required"]?.array?.count == 2) == kind.lasts, "\(kind.rawValue)")
        }
        let workload = try #require(schema["$defs"]?["workload"]?["anyOf"]?.array?[0]["properties"])
        for description in WorkloadDescription.all {
            #expect(workload[description.name]?["description"]?.string == description.meaning)
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

    @Test("Is small, and every reference in it leads to a definition")
    func small() throws {
        let text = schema.pretty
        #expect(text.split(separator: "\n").count < 6000)
        let defined = Set(try #require(schema["$defs"]?.object).map(\.name))
        let prefix = "\"#/$defs/"
        for line in text.split(separator: "\n") {
            guard let start = line.range(of: prefix)?.upperBound else { continue }
            let name = line[start...].prefix { $0 != "\"" }
            #expect(defined.contains(String(name)), "\(name)")
        }
    }
}
