import ScenarioFiles
import Testing

@Suite("What is wrong in a scenario file")
struct ScenarioErrorTests {
    struct Case: Sendable, CustomTestStringConvertible {
        var name: String
        /// What follows a title and a length of ten minutes, from line 3.
        var text: String
        var messages: [String]

        init(_ name: String, _ text: String, _ messages: String...) {
            self.name = name
            self.text = text
            self.messages = messages
        }

        var testDescription: String { name }
    }

    static let head = "title: x\nlength: 10m\n"

    static func messages(_ text: String) -> [String] {
        do throws(ScenarioErrors) {
            _ = try Scenario.load(text: text, path: "a.yaml")
            return []
        } catch {
            return error.errors.map(\.description)
        }
    }

    @Test(
        "Each wrong part is named with its place, its reason and what was probably meant",
        arguments: cases)
    func inTheBody(_ example: Case) {
        #expect(Self.messages(Self.head + example.text) == example.messages)
    }

    @Test("What is wrong with the whole file or its length is named too", arguments: wholeCases)
    func asAWhole(_ example: Case) {
        #expect(Self.messages(example.text) == example.messages)
    }

    static let wholeCases = [
        Case(
            "empty", "",
            "a.yaml:1:1: a scenario needs 'title': what the scenario is, in a sentence",
            "a.yaml:1:1: a scenario needs 'length': simulated time, such as 10m"),
        Case("list", "[]", "a.yaml:1:1: a scenario must be a mapping, not a list"),
        Case("words", "just words", "a.yaml:1:1: a scenario must be a mapping, not a single value"),
        Case(
            "broken YAML", "title: [",
            "a.yaml:2:1: this is not YAML: did not find expected node content "
                + "(while parsing a flow node)"),
        Case(
            "key twice", "title: x\nlength: 10m\ntitle: y",
            "a.yaml:1:1: 'title' stands more than once in one mapping"),
        Case(
            "no unit", "title: x\nlength: 10",
            "a.yaml:2:9: 'length': '10' has no unit; write a duration as in 10m, 90s or 250ms"),
        Case(
            "wrong unit", "title: x\nlength: 10 minutes",
            "a.yaml:2:9: 'length': 'minutes' in '10 minutes' is not a unit of a duration; "
                + "did you mean 'm'?"),
        Case(
            "no number", "title: x\nlength: ten",
            "a.yaml:2:9: 'length': 'ten' is not a duration; write it as in 10m, 90s or 250ms"),
        Case(
            "too long", "title: x\nlength: 9999d",
            "a.yaml:2:9: 'length': '9999d' is outside 1s to 30d"),
        Case(
            "beyond counting", "title: x\nlength: 999999999999999999d",
            "a.yaml:2:9: 'length': '999999999999999999d' is larger than can be counted"),
    ]

    static let cases = [
        Case("unknown key", "sede: 4", "a.yaml:3:1: unknown key 'sede'; did you mean 'seed'?"),
        Case(
            "negative seed", "seed: -4",
            "a.yaml:3:7: 'seed': '-4' is not a seed; a seed is a whole number from 0 to 2^64-1"),
        Case(
            "unit of bytes", "cluster: { servers: 2, segmentBytes: 64KB }",
            "a.yaml:3:38: 'segmentBytes': 'KB' in '64KB' is not a unit of a byte count; "
                + "did you mean 'KiB'?"),
        Case(
            "too few servers", "cluster: { servers: 2 }",
            "a.yaml:3:21: replication 3 needs as many servers; there are 2"),
        Case(
            "unmeetable in-sync set", "cluster: { servers: 3, replication: 2, minimumInSync: 3 }",
            "a.yaml:3:55: minimumInSync 3 can never be met with replication 2"),
        Case(
            "unknown workload", "workloads:\n  - ecomerceCDC: { rate: 200 }",
            "a.yaml:4:5: unknown kind of workload 'ecomerceCDC'; did you mean 'ecommerceCDC'?"),
        Case(
            "wrong values",
            """
            workloads:
              - ecommerceCDC: { rate: 200, skew: 20/80, lateEvents: 0.02, deletes: 200% }
              - clickstream: { rate: 5/x }
            """,
            "a.yaml:4:27: 'rate': '200' is not a rate; write a rate as in 200/s, 30/m or 5/h",
            "a.yaml:4:38: 'skew': '20/80' is not a skew; 80/20 sends 80 of 100 events to 20 of "
                + "100 keys, 50/50 is even",
            "a.yaml:4:57: 'lateEvents': '0.02' has no unit and is not a share; write it as in "
                + "2%, 0.5% or 120ppm",
            "a.yaml:4:72: 'deletes': '200%' is more than the whole (100%)",
            "a.yaml:5:26: 'rate': '/x' in '5/x' is not a unit of rate; write a rate as in 200/s, "
                + "30/m or 5/h"),
        Case(
            "unknown format", "workloads:\n  - capture: { file: a.zst, format: wal2jsn }",
            "a.yaml:4:37: 'format': unknown value 'wal2jsn'; did you mean 'wal2json'?"),
        Case(
            "missing key", "workloads:\n  - capture: { format: wal2json }",
            "a.yaml:4:14: capture needs 'file': the captured file, relative to the scenario; "
                + "zstd, gzip and lz4 are decompressed"),
        Case(
            "speed and rate",
            "workloads:\n  - capture: { file: a, format: debezium, speed: 1x, rate: 3/s }",
            "a.yaml:4:60: a capture has a speed or a rate, not both"),
        Case(
            "dates of faults",
            """
            faults:
              - { at: 41s, for: 10s, crash: server-4 }
              - { at: 41s, crash: server-1 }
              - { at: 11m, for: 3s, crash: server-1 }
              - { at: 9m, for: 2m, crash: server-1 }
              - { at: 9m, for: 2m, bitRot: server-1 }
            """,
            "a.yaml:4:33: there is no server-4; the servers are server-1 to server-3",
            "a.yaml:5:16: crash needs 'for': how long it lasts",
            "a.yaml:6:11: the fault begins at 11m, but the run ends after 10m",
            "a.yaml:7:20: the fault ends at 11m, but the run ends after 10m",
            "a.yaml:8:15: 'bitRot' takes no 'for': one bit at rest turns, once"),
        Case(
            "kinds of faults",
            """
            faults:
              - { at: 41s, for: 10s, crush: server-4 }
              - { at: 3s, for: 3s, crash: server-1, pause: server-2 }
              - { at: 9m, for: 2s, partition: {} }
              - { at: 2s, for: 1s, diskFull: client-1 }
              - { at: 2s, for: 1s, crash: sever-2 }
              - { at: 2s, for: 1s, crash: indexer-2 }
            """,
            "a.yaml:4:26: unknown kind of fault 'crush'; did you mean 'crash'?",
            "a.yaml:5:41: one fault cannot be both 'crash' and 'pause'; make it two",
            "a.yaml:6:24: a partition has either 'node' or 'groups'",
            "a.yaml:7:34: 'diskFull' cannot happen to a client",
            "a.yaml:8:31: 'node': 'sever-2' is not the name of a node; did you mean 'server-2'?",
            "a.yaml:9:31: there is no indexer-2; the only indexer is indexer-1"),
        Case(
            "parameters of faults",
            """
            faults:
              - { at: 1s, for: 3s, crashLoop: { node: server-1, every: 1ms } }
              - { at: 1s, nodeLoss: indexer-1 }
              - { at: 1s, for: 3s, ringPartition: [server-1, server-2, server-3] }
              - { at: 1s, for: 3s, ringPartition: [server-1, server-2, server-1, tierer-1] }
              - { at: 1s, for: 3s, linkSlow: { bytesPerSecond: 100 } }
              - { at: 1s, for: 3s, diskErrors: { node: server-1, rate: 1%, operation: sync } }
              - { at: 1s, lostWrite: coordinator-1 }
              - { at: 1s, for: 3s, objectStoreTail: 1% }
              - { at: 1s, for: 3s, misdirectedWrite: server-1 }
            """,
            "a.yaml:4:60: 'every': '1ms' is outside 100ms to 10m",
            "a.yaml:5:25: indexer-1 cannot be lost for good: it is the only one",
            "a.yaml:6:39: in a ring of 3 all are neighbours; it needs four nodes or more",
            "a.yaml:7:60: server-1 stands in the ring twice",
            "a.yaml:8:52: 'bytesPerSecond': '100' has no unit; write a byte count as in 512B, "
                + "64KiB or 1MiB",
            "a.yaml:9:75: 'operation': unknown value 'sync'; it must be one of: read, write, both, "
                + "names, any",
            "a.yaml:10:26: 'lostWrite' happens to servers; coordinator-1 keeps no data",
            "a.yaml:11:41: 'objectStoreTail' must be a mapping, not a single value",
            "a.yaml:12:15: 'misdirectedWrite' takes no 'for': a write lands at another place of "
                + "the disk, once"),
        Case(
            "a probe and a group that are not there",
            """
            faults:
              - { after: in-sync set shrank, for: 3s, crash: server-1 }
              - { after: sunrise, for: 3s, crash: server-1 }
              - { at: 1s, for: 2s, partition: { groups: [[server-1], [cordinator-1, indexer]] } }
            """,
            "a.yaml:4:14: the engine has no probe 'in-sync set shrank'; did you mean 'in-sync set "
                + "shrunk'?",
            "a.yaml:5:14: the engine has no probe 'sunrise'; `wavetank help probes` lists them",
            "a.yaml:6:59: 'groups': 'cordinator-1' is not the name of a node; did you mean "
                + "'coordinator-1'?",
            "a.yaml:6:73: 'groups': 'indexer' is not the name of a node; did you mean "
                + "'indexer-1'?"),
        Case(
            "drawn faults",
            """
            faults:
              - drawn: { from: 10s, until: 9s }
              - drawn: { kinds: [crash, powerLos], solvable: maybe }
              - drawn: { until: 20m }
              - { at: 9m, drawn: }
            """,
            "a.yaml:4:32: 'until' 9s is not after 'from' 10s",
            "a.yaml:5:29: 'kinds': unknown value 'powerLos'; did you mean 'powerLoss'?",
            "a.yaml:5:50: 'solvable': 'maybe' is neither true nor false",
            "a.yaml:6:21: 'until' is 20m, but the run ends after 10m",
            "a.yaml:7:7: 'drawn' takes no 'at': faults that each seed draws"),
        Case(
            "client that is not there",
            """
            workloads: [clickstream: { writers: 2 }]
            faults: [{ at: 1s, for: 1s, crash: [client-2, client-3] }]
            """,
            "a.yaml:4:47: there is no client-3; the clients are client-1 to client-2"),
        Case(
            "checks", "checks: [all, unionRed, lakeRows]\nexpect: fail",
            "a.yaml:3:15: 'checks': unknown value 'unionRed'; did you mean 'unionRead'?",
            "a.yaml:3:25: 'all' has 'lakeRows' already",
            "a.yaml:4:9: 'expect': unknown value 'fail'; it must be one of: pass, refusal"),
        Case(
            "check without a subject",
            "cluster: { indexers: 0, tierers: 0 }\nchecks: [vectorAnswers, lakeRows]",
            "a.yaml:4:10: 'vectorAnswers' needs an indexer; there is none",
            "a.yaml:4:25: 'lakeRows' needs a tierer; there is none"),
        Case(
            "key that is no word", "? [a, b]\n: c", "a.yaml:3:3: a key must be a word, not a list"),
    ]
}
