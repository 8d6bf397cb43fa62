import Columnar
import Platform
import Testing

@testable import Cluster

@Suite("A consumer's ledger has one writer")
struct LedgerStories {
    private static let table = TableDescription(
        name: "items",
        schema: Schema(
            fields: [Field(identifier: 1, name: "id", type: .int, isNullable: false)],
            primaryKey: [0]),
        bucketCount: 2, replicationFactor: 3, bucketKey: [0], isInLake: false)

    @Test("Who takes it over finds what was begun, and nobody before begins anything more")
    func takingOver() {
        let story = FaultyStory(seed: 5)
        story.play { client in
            let table = try await client.createTable(Self.table)
            let bucket = table.buckets[1]
            let first = try ConsumerLedger("sink", of: table, client)
            try await first.takeOver(epoch: 1)
            try await first.begin(bucket, upTo: 10)
            first.confirm(bucket, upTo: 10)
            try await first.begin(bucket, upTo: 17)
            let second = try ConsumerLedger("sink", of: table, client)
            try await second.takeOver(epoch: 2)
            #expect(second.confirmed(bucket) == 10 && second.begun(bucket) == 17)
            await #expect(throws: ConsumerFenced.self) {
                try await first.begin(bucket, upTo: 20)
            }
            await #expect(throws: ConsumerFenced.self) { try await first.takeOver(epoch: 1) }
            second.confirm(bucket, upTo: 17)
            try await second.save()
            // What was confirmed holds the log.
            let third = try ConsumerLedger("sink", of: table, client)
            try await third.takeOver(epoch: 3)
            #expect(third.confirmed(bucket) == 17 && third.begun(bucket) == 17)
            #expect(third.begun(table.buckets[0]) == 0)
        }
        story.end()
    }
}
