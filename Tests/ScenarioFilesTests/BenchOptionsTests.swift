import ScenarioFiles
import Testing

@Suite("Scenarios as benchmarks")
struct BenchOptionsTests {
    private static let text = """
        title: A benchmark
        length: 1m
        workloads:
          - ecommerceCDC: { rate: 10/s, products: 20, lookups: 5/s, unionReads: 6/m }
        faults:
          - { at: 5s, for: 2s, crash: server-1 }
        bench:
          storm:
            - { at: 20s, for: 2s, crash: server-2 }
            - drawn: { from: 30s, until: 40s, kinds: [pause] }
          limits: { latency: 3%, amplification: 0.5% }
        """

    private func load(_ text: String) throws -> Scenario {
        try Scenario.load(text: text, path: "a.yaml")
    }

    @Test("Without faults a benchmark has the scenario's own, with them the storm's as well")
    func faults() throws {
        let scenario = try load(Self.text)
        #expect(scenario.benchmark(.small, .off).scriptedFaults.faults.count == 1)
        #expect(scenario.benchmark(.small, .off).drawnFaults.isEmpty)
        let stormy = scenario.benchmark(.small, .on)
        #expect(stormy.scriptedFaults.faults.map(\.at) == [.seconds(5), .seconds(20)])
        #expect(stormy.drawnFaults.map(\.kinds) == [["pause"]])
    }

    @Test("A size multiplies rates, rows and questions", arguments: BenchSize.allCases)
    func sizes(size: BenchSize) throws {
        let scenario = try load(Self.text).benchmark(size, .off)
        let shop = scenario.workloads[0]
        #expect(shop.values.rate("rate") == .perSecond(10 * size.factor))
        #expect(shop.values.integer("products") == 20 * size.factor)
        #expect(shop.reads.lookups == .perSecond(5 * size.factor))
        #expect(shop.reads.unionReads == EventRate(6 * size.factor, per: .seconds(60)))
        #expect(shop.reads.scans == nil)
    }

    @Test("Limits that are written hold, the others have their own")
    func limits() throws {
        let bench = try #require(try load(Self.text).bench)
        #expect(bench.limits.map(\.name) == BenchLimitName.allCases)
        func limit(_ name: BenchLimitName) -> Int? {
            bench.limits.first { $0.name == name }?.partsPerMillion
        }
        #expect(limit(.latency) == 30_000)
        #expect(limit(.amplification) == 5000)
        #expect(limit(.requests) == 10_000)
        let stormy = bench.limits(in: .on)
        #expect(stormy.first { $0.name == .latency }?.partsPerMillion == 300_000)
        #expect(bench.limits(in: .off) == bench.limits)
    }

    @Test(
        "What cannot be is refused with its place",
        arguments: [
            ("crash: server-2", "crash: server-9", "there is no server-9"),
            ("latency: 3%", "latancy: 3%", "did you mean 'latency'?"),
            ("lookups: 5/s", "lookups: 5/s, readers: 0", "'lookups' needs readers"),
            ("lookups: 5/s", "lookups: 0/s", "a rate of zero"),
            ("at: 20s", "at: 2h", "the run ends after 1m"),
        ])
    func refusals(old: String, new: String, message: String) throws {
        let error = try #require(throws: ScenarioErrors.self) {
            try load(Self.text.replacing(old, with: new))
        }
        #expect("\(error)".contains(message), "\(error)")
    }
}
