import Testing

@testable import ScenarioFiles

@Suite("Cost models of scenarios")
struct CostOptionsTests {
    private let start = "title: x\nlength: 10s\n"

    private func costs(_ text: String) throws -> CostOptions {
        try Scenario.load(text: start + text, path: "x.yaml").costs
    }

    @Test("One time, two or six say a distribution, and bandwidths stand beside them")
    func reads() throws {
        let costs = try costs(
            """
            costs:
              diskSync: [1ms, 2ms, 3ms, 4ms, 50ms, 90ms]
              diskRead: 40us
              networkLatency: [10us, 20us]
              diskBytesPerSecond: 200MiB
            """)
        #expect(costs.times["diskSync"]?.count == 6)
        #expect(costs.times["diskRead"] == [.microseconds(40)])
        #expect(costs.times["networkLatency"] == [.microseconds(10), .microseconds(20)])
        #expect(costs.bytesPerSecond == ["diskBytesPerSecond": 200 << 20])
        #expect(try self.costs("") == CostOptions())
    }

    @Test(
        "Times that say no distribution are refused with their line",
        arguments: ["[1ms, 2ms, 3ms]", "[2ms, 1ms]", "[1ms, 2ms, 3ms, 4ms, 5ms, 1ms]"])
    func refuses(list: String) {
        let error = #expect(throws: ScenarioErrors.self) {
            try self.costs("costs:\n  diskSync: \(list)\n")
        }
        #expect("\(error!)".contains("x.yaml:4"))
        #expect("\(error!)".contains("'diskSync' is"))
    }

    @Test("A named model stands in the text in place of its name")
    func names() throws {
        let text = start + "costs: machine.yaml  # of this machine\nseed: 3\n"
        var asked: [String] = []
        let whole = Scenario.inliningCosts(text) { name in
            asked.append(name)
            return "# measured\ndiskSync: [1ms, 2ms]\ndiskBytesPerSecond: 1GiB\n"
        }
        #expect(asked == ["machine.yaml"])
        let scenario = try Scenario.load(text: whole, path: "x.yaml")
        #expect(scenario.costs.times["diskSync"] == [.milliseconds(1), .milliseconds(2)])
        #expect(scenario.seed == 3)
        #expect(whole.split(separator: "\n")[3] == "seed: 3")
        // Once is enough, and a model that stands there is left alone.
        #expect(Scenario.inliningCosts(whole) { _ in "" } == whole)
    }

    @Test("Another model takes the place of one that is written or named")
    func replaces() throws {
        let written = start + "costs:\n  diskSync: 1ms\n  diskRead: 1us\nseed: 4\n"
        for text in [written, start + "costs: a.yaml\nseed: 4\n", start + "seed: 4\n"] {
            let chosen = Scenario.settingCosts(text, to: "b.yaml")
            let whole = Scenario.inliningCosts(chosen) { name in
                #expect(name == "b.yaml")
                return "diskWrite: 5us\n"
            }
            let scenario = try Scenario.load(text: whole, path: "x.yaml")
            #expect(scenario.costs.times == ["diskWrite": [.microseconds(5)]])
            #expect(scenario.seed == 4)
        }
    }
}
