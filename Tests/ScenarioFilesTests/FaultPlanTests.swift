import JSON
import ScenarioFiles
import Server
import Testing

@Suite("A fault plan")
struct FaultPlanTests {
    static let node = NodeName(.server, 2)

    static let everyKind: [FaultKind] = [
        .crash(node: node), .crashLoop(node: node, every: .milliseconds(700)), .restartAll,
        .nodeLoss(node: node), .configurationChange(node: node, segmentByteCount: 65_536),
        .bridgePartition(node: node), .ringPartition(nodes: []),
        .ringPartition(nodes: (1...3).map { NodeName(.server, $0) } + [NodeName(.tierer, 1)]),
        .linkClogged(node: node), .linkClogged(node: nil),
        .linkSlow(node: nil, bytesPerSecond: 20_000),
        .linkDuplication(node: node, partsPerMillion: 20_000), .connectionForgotten(node: node),
        .diskBudget(node: node, byteCount: 100_000),
        .memoryBudget(node: node, byteCount: 2_000_000),
        .diskErrors(node: node, partsPerMillion: 1000, operation: .write),
        .lostWrite(node: node, file: ".log"), .misdirectedWrite(node: node, file: ""),
        .unreadableSector(node: node, file: "rows/"),
        .objectStoreTornUpload(partsPerMillion: 10_000),
        .objectStoreTail(partsPerMillion: 10_000, factor: 100),
        .coordinationConflict(partsPerMillion: 10_000), .watchRepeat(partsPerMillion: 10_000),
        .powerLoss(node: node), .pause(node: node),
        .clockStep(node: node, by: .milliseconds(-1500)),
        .clockDrift(node: node, partsPerMillion: -200),
        .partition(
            groups: [[node], [NodeName(.server, 1), NodeName(.client, 1)]], direction: .incoming),
        .partition(groups: [[node]], direction: .both),
        .linkDelay(node: node, by: .milliseconds(20), jitter: .zero),
        .linkDelay(node: nil, by: .milliseconds(20), jitter: .nanoseconds(1)),
        .linkReset(node: node, partsPerMillion: 12_345), .linkReset(node: nil, partsPerMillion: 1),
        .connectionReset(node: node), .diskSlow(node: node, factor: 20), .diskFull(node: node),
        .syncFailure(node: node, partsPerMillion: 1_000_000), .bitRot(node: node, file: "orders"),
        .bitRot(node: node, file: ""),
        .objectStoreErrors(partsPerMillion: 20_000, effect: .after),
        .objectStoreThrottle(partsPerMillion: 500_000), .objectStoreSlow(factor: 3),
        .coordinationUnavailable, .coordinationOutcomeUnknown(partsPerMillion: 10),
        .leaseExpiry(node: node), .watchDelay(by: .seconds(3)),
        .lakeForeignCompaction, .lakeForeignProperty, .lakeForeignExpiry, .lakeForeignReference,
        .lakeForeignSchema, .lakeForeignPartitionSpec, .lakeForeignSortOrder,
        .strike(place: .lakeCatalog, operation: 12, effect: .lostAnswer),
        .lakeCatalogConflict(partsPerMillion: 100_000), .lakeCatalogUnavailable,
        .lakeCatalogOutcomeUnknown(partsPerMillion: 300_000),
    ]

    static let plan = FaultPlan(
        everyKind.enumerated().map { index, kind in
            PlannedFault(
                at: .milliseconds(index * 1250), duration: kind.name.lasts ? .seconds(3) : .zero,
                kind: kind)
        })

    @Test("Of every kind comes back from JSON as it was")
    func roundTrip() throws {
        #expect(Set(Self.everyKind.map(\.name)) == Set(FaultKindName.allCases))
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
                kind: .clockStep(node: Self.node, by: step))
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
                kind: .connectionReset(node: NodeName(.server, index + 1)))
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
