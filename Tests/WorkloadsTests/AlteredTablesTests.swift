import Columnar
import Testing
import Workloads

@Suite("A workload whose tables are altered")
struct AlteredTablesTests {
    /// The schema of a table with its last column dropped and another added.
    private func altered(_ schema: Schema) -> Schema {
        var fields = schema.fields
        let added = Int32(fields.count + 1)
        fields.removeLast()
        fields.append(Field(identifier: added, name: "note", type: .string))
        return Schema(identifier: 1, fields: fields, primaryKey: schema.primaryKey)
    }

    @Test(
        "Its rows follow the columns, after a while all of them, and the rest is as it was",
        arguments: 1...3 as ClosedRange<UInt64>)
    func follows(seed: UInt64) throws {
        let plain = ShopWorkload(seed: seed)
        let table = try #require(plain.tables.firstIndex { $0.name == "orders" })
        let workload = AlteredTables(
            ShopWorkload(seed: seed), named: ["orders"], seed: seed)
        #expect(workload.tables.filter(\.isEvolving).map(\.name) == ["orders"])
        let before = plain.tables[table].schema
        let after = altered(before)
        for position in workload.tables.indices {
            workload.learned(workload.tables[position].schema, of: position)
        }
        var elapsed = Duration.zero
        var alteredAt: Duration?
        var counts = (former: 0, present: 0, filled: 0)
        for number in 0..<20_000 {
            if number == 4000 {
                workload.learned(after, of: table)
                alteredAt = elapsed
            }
            let expected = try #require(plain.next(now: Int64(number)))
            let step = try #require(workload.next(now: Int64(number)))
            elapsed += step.delay
            #expect(step.delay == expected.delay && step.changes.count == expected.changes.count)
            for (change, original) in zip(step.changes, expected.changes) {
                #expect(change.table == original.table)
                guard change.table == table, case .upsert(let row) = change.kind,
                    case .upsert(let plainRow) = original.kind
                else {
                    #expect(change.kind == original.kind)
                    continue
                }
                if change.schema == before.identifier {
                    #expect(row == plainRow)
                    if let alteredAt {
                        counts.former += 1
                        #expect(elapsed < alteredAt + AlteredTables.rollout + step.delay)
                    }
                } else {
                    #expect(change.schema == after.identifier && alteredAt != nil)
                    #expect(row.dropLast() == plainRow.dropLast())
                    counts.present += 1
                    if !row.last!.isNull { counts.filled += 1 }
                }
            }
        }
        #expect(counts.former > 0 && counts.present > 100 && counts.filled > 50)
    }
}
