import Columnar
import Testing

@testable import Ingest

@Suite("Changes on their way to tables")
struct ChangeBatchTests {
    private let shape = TableShape(
        database: "shop", table: "orders",
        fields: [
            Field(identifier: 1, name: "id", type: .bigint, isNullable: false),
            Field(identifier: 2, name: "cents", type: .bigint),
        ], primaryKey: ["id"])

    @Test("Changes of one key keep their order, others share requests")
    func order() {
        var batch = ChangeBatch()
        for change: RowChange in [
            .row([.bigint(1), .bigint(10)]), .deletion([.bigint(1)]), .row([.bigint(2), .null]),
            .row([.bigint(1), .bigint(20)]), .deletion([.bigint(3)]),
        ] {
            let isAdded = batch.add(change, to: 0, shape)
            #expect(isAdded)
        }
        #expect(batch.runs.map(\.kind) == [.rows, .deletions, .rows])
        #expect(batch.runs[0].rows == [[.bigint(1), .bigint(10)], [.bigint(2), .null]])
        #expect(batch.runs[1].rows == [[.bigint(1)], [.bigint(3)]])
        #expect(batch.runs[2].rows == [[.bigint(1), .bigint(20)]])
    }

    @Test("A batch has no more requests to a table than its log knows again")
    func bound() {
        var batch = ChangeBatch()
        var count = 0
        while batch.add(
            count % 2 == 0 ? .row([.bigint(1), .null]) : .deletion([.bigint(1)]), to: 0, shape)
        {
            count += 1
            if count > 10 { break }
        }
        #expect(count == ChangeBatch.runLimit)
        let isAdded = batch.add(.row([.bigint(2), .null]), to: 0, shape)
        #expect(isAdded)
    }
}
