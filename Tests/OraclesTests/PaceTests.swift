import Cluster
import Oracles
import Platform
import Server
import Testing

/// A run in which nothing happens but what a test tells.
final class StillObservation: Observation {
    var nanoseconds: Int64 = 0
    let deployment = Deployment([], ClusterConfiguration())
    var workloads: [any ObservedWorkload] { [] }
    var clients: [String] { [] }
    var lostNodes: Set<String> { [] }
    var damagedNodes: Set<String> { [] }
    var nodesWithoutDisk: Set<String> { [] }
    func lastDisturbance(of node: String) -> Int64? { nil }
    func lastDisturbance(withStore: Bool) -> Int64? { nil }
    var hasForeignWriters: Bool { false }
    func state(of bucket: BucketIdentifier) -> BucketState? { nil }
    func fileNames(of node: String, in folder: String) -> [String] { [] }
    func folderNames(of node: String, in folder: String) -> [String] { [] }
    func fileBytes(of node: String, at path: String) -> [UInt8]? { nil }
    func durableNames(of node: String, in folder: String) -> [String] { [] }
    func durableBytes(of node: String, at path: String, from offset: Int64) -> [UInt8]? { nil }
    var footprint: Footprint { Footprint() }
    func object(_ key: String) -> [UInt8]? { nil }
    func coordinationValue(_ key: String) -> [UInt8]? { nil }
    func coordinationKeys(prefix: String) -> [String] { [] }
    func vectorPoints(of collection: String) -> [VectorPoint]? { nil }
    func objectKeys(prefix: String) -> [String] { [] }
}

@Suite("The pace of requests")
struct PaceTests {
    private func violations(_ counts: [Int], answer: String = "refused") -> [String] {
        let observation = StillObservation()
        let oracles = OracleSet(observation, seeing: [.cluster, .store])
        for count in counts {
            oracles.tell(
                .repeated(
                    RepeatedRequest(
                        node: "client-1", target: "server-1", request: "produceLog",
                        answer: answer, count: count)))
            oracles.tell(.second)
        }
        let tally = oracles[.pace]!
        #expect(tally.compared == counts.count * 2)
        return tally.violations.map(\.message)
    }

    @Test("Tries with pauses between them are no loop, however long they go on")
    func pauses() { #expect(violations(Array(repeating: 40, count: 50)).isEmpty) }

    @Test("A loop without a pause is named once, with who asks whom, what and how often")
    func loop() throws {
        let found = violations([30, 900, 900], answer: "this server does not lead it")
        #expect(found.count == 1)
        let text = try #require(found.first)
        for part in ["client-1", "server-1", "900 times", "produceLog", "does not lead"] {
            #expect(text.contains(part))
        }
    }
}
