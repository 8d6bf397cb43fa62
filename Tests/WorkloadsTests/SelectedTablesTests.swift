import Testing
import Workloads

@Suite("Some tables of a workload")
struct SelectedTablesTests {
    @Test("Their changes and times are those of the whole", arguments: 1...3)
    func same(seed: UInt64) throws {
        let whole = EcommerceWorkload(seed: seed, EcommerceWorkload.Options())
        let names = ["orders", "products"]
        let some = SelectedTables(
            EcommerceWorkload(seed: seed, EcommerceWorkload.Options()), named: names)
        #expect(some.tables.map(\.name).sorted() == names)
        var count = 0
        for number in 0..<2000 {
            let now = Int64(number) * 5000
            let all = try #require(whole.next(now: now))
            let left = try #require(some.next(now: now))
            #expect(left.delay == all.delay)
            let expected = all.changes.filter { names.contains(whole.tables[$0.table].name) }
            #expect(left.changes.map(\.kind) == expected.map(\.kind))
            for (change, original) in zip(left.changes, expected) {
                #expect(some.tables[change.table].name == whole.tables[original.table].name)
            }
            count += left.changes.count
        }
        #expect(count > 100)
    }
}
