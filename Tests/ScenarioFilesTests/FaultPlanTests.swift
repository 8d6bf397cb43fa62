import JSON
import ScenarioFiles
import Server
import Testing

@Suite("A fault plan")
struct FaultPlanTests {
    static let node = NodeName(.server, 2)

    /// Forms that the examples of the reference do not have.
    static let forms = """
        - { at: 1s, for: 3s, crashLoop: { node: server-2, every: 700ms } }
        - { at: 2s, for: 3s, ringPartition: [server-1, server-2, server-3, tierer-1] }
        - { at: 2s, for: 3s, ringPartition: }
        - { at: 3s, for: 3s, linkClogged: }
        - { at: 3s, for: 3s, linkClogged: { node: server-2 } }
        - { at: 4s, for: 3s, linkSlow: { bytesPerSecond: 20000B } }
        - { at: 4s, for: 3s, linkDuplication: { node: server-2, rate: 2% } }
        - { at: 4s, for: 3s, linkReset: { node: server-2, rate: 12345ppm } }
        - { at: 4s, for: 3s, linkReset: 1ppm }
        - { at: 5s, for: 3s, diskErrors: { node: server-2, rate: 1000ppm, operation: write } }
        - { at: 5s, for: 3s, syncFailure: { node: server-2, rate: 100% } }
        - { at: 6s, unreadableSector: { node: server-2, file: rows/ } }
        - { at: 6s, bitRot: { node: server-2 } }
        - { at: 6s, clockStep: { node: server-2, by: -1500ms } }
        - { at: 6s, for: 3s, clockDrift: { node: server-2, partsPerMillion: -200 } }
        - { at: 7s, for: 3s, partition: { groups: [[server-2], [server-1, client-1]],
            direction: incoming } }
        - { at: 7s, for: 3s, partition: server-2 }
        - { at: 7s, for: 3s, linkDelay: { by: 20ms, jitter: 1ns } }
        - { at: 8s, for: 3s, objectStoreErrors: { rate: 2%, effect: after } }
        - { at: 8s, strike: { place: lakeCatalog, operation: 12, effect: lostAnswer } }

        """

    static let plan: FaultPlan = {
        let examples = FaultDescription.all.map { "- \($0.example)\n" }.joined()
        let text = "title: x\nlength: 10m\nworkloads: [clickstream]\nfaults:\n"
        do {
            return try Scenario.load(text: text + forms + examples, path: "x.yaml").scriptedFaults
        } catch {
            preconditionFailure("\(error)")
        }
    }()

    @Test("Of every kind comes back from JSON as it was")
    func roundTrip() throws {
        #expect(Set(Self.plan.faults.map(\.kind.name)) == Set(FaultKindName.allCases))
        let text = Self.plan.json.pretty
        #expect(try FaultPlan(json: JSONValue(parsing: text), path: "plan") == Self.plan)
    }

    @Test(
        "Writes its dates shortly and exactly",
        arguments: [
            (0, "0"), (1, "1ns"), (83_204_918_113, "83.204918113s"), (41_250_000_000, "41.25s"),
            (1_500_000_000, "1500ms"), (90_000_000_000, "90s"), (600_000_000_000, "10m"),
            (12_345, "12.345us"), (1_000_000_001, "1.000000001s"), (.max, "9223372036.854775807s"),
        ])
    func dates(nanoseconds: Int64, text: String) throws {
        #expect(Duration.nanoseconds(nanoseconds).shortText == text)
        for sign in [1, -1] as [Int64] {
            let step = Duration.nanoseconds(nanoseconds / 1_000_000 * sign)
            let fault = PlannedFault(
                at: .nanoseconds(nanoseconds % 2_000_000_000_000_000), duration: .zero,
                kind: FaultKind(
                    "clockStep", ["node": .node(Self.node), "by": .duration(step)]))
            let plan = FaultPlan([fault])
            #expect(try FaultPlan(json: plan.json, path: "plan") == plan)
        }
    }

    @Test("Can be pasted under the faults of a scenario")
    func pasted() throws {
        let text = """
            title: Pasted
            length: 10m
            workloads: [clickstream]
            faults: \(Self.plan.json.compact)
            """
        let scenario = try Scenario.load(text: text, path: "pasted.yaml")
        #expect(scenario.scriptedFaults == Self.plan)
    }

    @Test("Is in the order of its dates, and faults of one date keep their order")
    func order() {
        let faults = [3, 1, 2, 1].enumerated().map { index, second in
            PlannedFault(
                at: .seconds(second), duration: .zero,
                kind: FaultKind(
                    "connectionReset", ["node": .node(NodeName(.server, index + 1))]))
        }
        #expect(
            FaultPlan(faults).description == """
                at 1s: connectionReset server-2
                at 1s: connectionReset server-4
                at 2s: connectionReset server-3
                at 3s: connectionReset server-1
                """)
    }

    @Test("A failure file comes back from JSON as it was", arguments: [0, 7, .max] as [UInt64])
    func failureFile(seed: UInt64) throws {
        let file = FailureFile(
            scenarioPath: "Scenarios/fast/a.yaml", scenarioText: "title: \"ü\"\nlength: 1m\n",
            seed: seed, length: .seconds(60), plan: Self.plan, build: "37cf9e4 release",
            traceHash: "00ff00ff00ff00ff", verdict: "fail",
            violations: [
                .init(oracle: "unionRead", message: "a row is missing", at: .milliseconds(41_250))
            ])
        let text = file.json.pretty
        #expect(try FailureFile(json: JSONValue(parsing: text)) == file)
    }

    @Test("A failure file of another version, or damaged, is refused with the reason")
    func damaged() throws {
        func reason(_ text: String) throws -> String {
            let json = try JSONValue(parsing: text)
            do throws(FailureFileError) {
                _ = try FailureFile(json: json)
                return "none"
            } catch {
                return error.description
            }
        }
        #expect(try reason("[]") == "this is not a failure file: the text is not an object")
        #expect(
            try reason(#"{"wavetankFailure": 9}"#)
                == "failure files of version 9 are not known here, only 1")
        let head = #"{"wavetankFailure": 1, "violations": [], "scenario": "", "scenarioText": "","#
        #expect(
            try reason(head + #""seed": 1, "length": "1 week", "plan": []}"#)
                == "this is not a failure file: length is not a duration ('week' in '1 week' is "
                + "not a unit of a duration; the units are ns, us, ms, s, m, h, d)")
        #expect(
            try reason(
                head + #""seed": 1, "length": "1m", "plan": [{"at": "1s", "crsh": "server-1"}]}"#)
                == "plan: unknown kind of fault 'crsh'; did you mean 'crash'?")
    }

    @Test("A spoilt failure file is read or refused", arguments: 0..<10)
    func spoilt(seed: Int) throws {
        var generator = ScenarioFuzzTests.Generator(state: UInt64(seed))
        let file = FailureFile(
            scenarioPath: "a.yaml", scenarioText: "", seed: 1, length: .seconds(60),
            plan: Self.plan, build: "", traceHash: "", verdict: "fail", violations: [])
        let original = file.json.compact.split(separator: ",").map(String.init)
        let values = [
            "1", "-1", "null", "[]", "{}", "\"-5s\"", "\"1e9s\"", "\"server-0\"", "1e300",
        ]
        for _ in 0..<100 {
            var pieces = original
            let at = generator.next(below: pieces.count)
            let colon = pieces[at].lastIndex(of: ":") ?? pieces[at].startIndex
            let tail = pieces[at][colon...].filter { "]}".contains($0) }
            let value = values[generator.next(below: values.count)]
            pieces[at] = pieces[at][..<colon] + ":" + value + tail
            guard let json = try? JSONValue(parsing: pieces.joined(separator: ",")) else {
                continue
            }
            do throws(FailureFileError) {
                _ = try FailureFile(json: json)
            } catch {
                #expect(!error.description.isEmpty)
            }
        }
    }
}
