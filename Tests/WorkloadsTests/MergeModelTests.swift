import Columnar
import Testing

@testable import Workloads

@Suite("What merge engines come to")
struct MergeModelTests {
    private let key: [Value] = [.bigint(1)]

    private func row(
        _ amount: Int64?, _ version: Int32?, _ note: String?, _ flag: Bool? = nil
    ) -> Row {
        [
            .bigint(1), amount.map { .bigint($0) } ?? .null, version.map { .int($0) } ?? .null,
            note.map { .string($0) } ?? .null, flag.map { .boolean($0) } ?? .null,
        ]
    }

    /// What is wrong with `found` after these changes of one key were acknowledged.
    private func violations(
        _ table: MergingWorkload.Table, _ changes: [Change.Kind], found: Row?
    ) throws -> [String] {
        let workload = MergingWorkload(seed: 1)
        let model = try #require(MergeModel(workload.tables[table.rawValue]))
        for (number, change) in changes.enumerated() {
            try model.learned(change, number: number, .acknowledged)
        }
        let encoded = try KeyCodec(primaryKeyOf: MergingWorkload.schema).encode(key)
        var violations: [String] = []
        let compared = model.check(rows: found.map { [encoded: $0] } ?? [:]) {
            violations.append($0)
        }
        #expect(compared == 1)
        return violations
    }

    @Test("Each engine keeps what Fluss says it keeps")
    func engines() throws {
        let first = row(1, 5, "a", false)
        let second = row(2, 4, "b", true)
        let both: [Change.Kind] = [.upsert(first), .upsert(second)]
        #expect(try violations(.lastRows, both, found: second).isEmpty)
        #expect(try violations(.firstRows, both, found: first).isEmpty)
        #expect(try violations(.versions, both, found: first).isEmpty)
        #expect(try violations(.totals, both, found: row(3, 5, "a,b", true)).isEmpty)
        let update = Change.Kind.update(row(9, nil, nil), columns: [0, 1, 3])
        let partial = [.upsert(first), update]
        #expect(try violations(.lastRows, partial, found: row(9, 5, nil, false)).isEmpty)
        let deleted = both + [.delete(key: key)]
        #expect(try violations(.lastRows, deleted, found: nil).isEmpty)
        #expect(try violations(.keptRows, deleted, found: second).isEmpty)
        #expect(try violations(.versions, deleted, found: first).isEmpty)
    }

    @Test("Another row than that is seen")
    func violations() throws {
        let changes: [Change.Kind] = [.upsert(row(1, 5, "a")), .upsert(row(2, 4, "b"))]
        for table in MergingWorkload.Table.allCases {
            #expect(try violations(table, changes, found: row(7, 7, "c")).count == 1)
            #expect(try violations(table, changes, found: nil).count == 1)
        }
    }

    @Test("A key of unknown outcome is not compared")
    func unknown() throws {
        let workload = MergingWorkload(seed: 1)
        let model = try #require(MergeModel(workload.tables[0]))
        try model.learned(.upsert(row(1, 1, "a")), number: 0, .unknown)
        #expect(model.check(rows: [:]) { Issue.record("\($0)") } == 0)
    }

    @Test("Equal seeds write equal changes, and every table gets some", arguments: [1, 2, 3])
    func seeds(seed: UInt64) {
        let left = MergingWorkload(seed: seed)
        let right = MergingWorkload(seed: seed)
        var counts = [Int](repeating: 0, count: left.tables.count)
        for _ in 0..<1000 {
            let step = left.next(now: 0)
            #expect(step == right.next(now: 0))
            counts[step!.changes[0].table] += 1
        }
        #expect(counts.allSatisfy { $0 > 100 })
    }
}
