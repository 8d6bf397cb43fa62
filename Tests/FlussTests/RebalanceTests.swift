import Cluster
import Platform
import Testing

@testable import Fluss

@Suite("Rebalances in the bytes of the Fluss protocol")
struct RebalanceTests {
    private func progress(
        _ client: WireClient, _ identifier: String?
    ) async throws -> ListRebalanceProgressResponse {
        var request = ListRebalanceProgressRequest()
        request.rebalanceID = identifier
        return try await client.insist(
            .listRebalanceProgress, request, port: Gateway.coordinatorPort)
    }

    @Test("A rebalance is begun, told of until its end, and not canceled after it")
    func rebalance() throws {
        let cluster = GatewayWorld(seed: 1)
        try cluster.run { client in
            _ = try await createOrders(client, primaryKey: "id")
            #expect(try await progress(client, nil) == ListRebalanceProgressResponse())
            var request = RebalanceRequest()
            request.goals = [0, 1]
            let begun: RebalanceResponse = try await client.insist(
                .rebalance, request, port: Gateway.coordinatorPort)
            #expect(begun.rebalanceID == "1")
            while true {
                let told = try await progress(client, begun.rebalanceID)
                #expect(told.rebalanceID == "1")
                if told.status == Rebalance.Status.completed.rawValue { break }
                try await client.pause(.milliseconds(100))
            }
            var cancel = CancelRebalanceRequest()
            cancel.rebalanceID = "7"
            await #expect(throws: FlussError.self) {
                let _: CancelRebalanceResponse = try await client.call(
                    .cancelRebalance, cancel, port: Gateway.coordinatorPort)
            }
            request.goals = [2]
            await #expect(throws: FlussError.self) {
                let _: RebalanceResponse = try await client.call(
                    .rebalance, request, port: Gateway.coordinatorPort)
            }
        }
    }

    @Test("The messages are upstream's: a move with its servers, byte for byte")
    func bytes() throws {
        var plan = RebalancePlanOfBucket()
        plan.bucketID = 3
        plan.originalLeader = 1
        plan.newLeader = 2
        plan.originalReplicas = [1, 2]
        plan.newReplicas = [2, 300]
        var bucket = RebalanceProgressOfBucket()
        bucket.plan = plan
        bucket.status = 1
        let expected: [UInt8] = [
            0x0a, 15, 0x10, 3, 0x18, 1, 0x20, 2, 0x2a, 2, 1, 2, 0x32, 3, 2, 0xac, 0x02, 0x10, 1,
        ]
        #expect(bucket.encoded == expected)
    }
}
