import Cluster
import LakeTiering
import Testing

@testable import ScenarioFiles

@Suite("The settings of a cluster")
struct ClusterSettingTests {
    private func configuration(_ keys: String) throws -> ClusterConfiguration {
        let text = "title: x\nlength: 1m\ncluster: { \(keys) }\n"
        return try Scenario.load(text: text, path: "x.yaml").cluster.configuration
    }

    /// The names and values of all stored members, members of members too.
    private func members(_ value: Any, _ prefix: String = "") -> [(String, String)] {
        Mirror(reflecting: value).children.flatMap { child -> [(String, String)] in
            let name = prefix + (child.label ?? "")
            if let nested = child.value as? LakeTieringConfiguration {
                return members(nested, name + ".")
            }
            return [(name, "\(child.value)")]
        }
    }

    /// Two values that a file may write, each unlike the default.
    private func values(_ field: Field) -> [String] {
        switch field.shape {
        case .integer(let range): ["\(range.lowerBound)", "\(range.upperBound)"]
        case .byteCount(let range):
            [range.lowerBound, range.upperBound].map { Units.bytes.write(Int64($0)) }
        case .duration(let range): [range.lowerBound, range.upperBound].map(\.shortText)
        case .boolean: ["true", "false"]
        default: []
        }
    }

    @Test("Every setting of the engine can be reached, apart from those that a run decides")
    func complete() throws {
        let decided = ["formatVersion", "lakeLocation", "port"]
        let standard = members(try configuration(""))
        var reached: Set<String> = []
        for setting in ClusterSetting.all {
            for value in values(setting.field) {
                var others = ""
                if setting.name == "minimumInSync" { others = ", replication: 9, servers: 9" }
                if setting.name == "replication" { others = ", servers: 9, minimumInSync: 1" }
                if setting.name == "servers" { others = ", replication: 1, minimumInSync: 1" }
                // The ends of a range may contradict what other settings are by default.
                guard let found = try? configuration("\(setting.name): \(value)\(others)")
                else { continue }
                let changed = members(found)
                for (old, new) in zip(standard, changed) where old.1 != new.1 {
                    reached.insert(new.0)
                }
            }
        }
        let missed = standard.map(\.0).filter { !reached.contains($0) && !decided.contains($0) }
        #expect(missed == [])
    }

    @Test("Patience follows the intervals that a scenario sets", arguments: [10, 600, 3600])
    func patience(seconds: Int) throws {
        for key in ["lakeInterval", "tieringInterval"] {
            let text = "title: x\nlength: 1m\ncluster: { \(key): \(seconds)s }\n"
            let layout = try Scenario.load(text: text, path: "x.yaml").cluster
            #expect(layout.settleLimit / 2 >= .seconds(seconds * 2))
            #expect(layout.settleLimit >= .seconds(300))
        }
    }
}
