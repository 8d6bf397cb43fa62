import Columnar
import Testing

@testable import Workloads

@Suite("A shop that is one world")
struct ShopTests {
    private static func workload(
        _ seed: UInt64, _ adjust: (inout ShopWorkload.Options) -> Void = { _ in }
    ) -> ShopWorkload {
        var options = ShopWorkload.Options()
        options.customers = 500
        options.products = 200
        adjust(&options)
        return ShopWorkload(seed: seed, options)
    }

    @Test("Is the same for the same seed and another for another", arguments: [1, 99] as [UInt64])
    func seeds(seed: UInt64) {
        let first = WorkloadStream(Self.workload(seed), steps: 2000)
        let second = WorkloadStream(Self.workload(seed), steps: 2000)
        let other = WorkloadStream(Self.workload(seed + 1), steps: 2000)
        #expect(first.changes.map(\.change) == second.changes.map(\.change))
        #expect(first.changes.map(\.at) == second.changes.map(\.at))
        #expect(first.changes.map(\.change) != other.changes.map(\.change))
    }

    @Test("Fits its tables and deletes only what is there", arguments: 1...3 as ClosedRange<UInt64>)
    func faultless(seed: UInt64) {
        let stream = WorkloadStream(Self.workload(seed) { $0.retained = 50 }, steps: 8_000)
        #expect(stream.faults == [])
        for table in stream.tables {
            #expect(!stream.written(table.name).isEmpty, "nothing in \(table.name)")
        }
        #expect(stream.deleteCount > 500)
    }

    @Test("A line has its product's price of the moment", arguments: 1...3 as ClosedRange<UInt64>)
    func prices(seed: UInt64) {
        let stream = WorkloadStream(Self.workload(seed), steps: 8_000)
        var prices: [Value: Value] = [:]
        var lines: Set<[Value]> = []
        let products = stream.table("products")
        let orderLines = stream.table("order_lines")
        var changed: Set<Value> = []
        var compared = 0
        for timed in stream.changes {
            guard case .upsert(let row) = timed.change.kind else { continue }
            if timed.change.table == products {
                if let before = prices.updateValue(row[5], forKey: row[0]), before != row[5] {
                    changed.insert(row[0])
                }
            }
            guard timed.change.table == orderLines, lines.insert([row[0], row[1]]).inserted else {
                continue
            }
            compared += 1
            #expect(prices[row[2]] == row[4], "line \(row[1]) of order \(row[0])")
        }
        #expect(compared > 300 && changed.count > 20)
    }

    @Test("What an order costs follows from its lines, its coupon and its currency")
    func sums() {
        let stream = WorkloadStream(Self.workload(4), steps: 8_000)
        var goods: [Value: Int128] = [:]
        for (key, row) in stream.rows("order_lines") {
            guard case .decimal(let price) = row[4] else { continue }
            goods[key[0], default: 0] += price * Int128(row[3].integer ?? 0)
        }
        var currencies: Set<Value> = []
        var couponCount = 0
        for (key, row) in stream.rows("orders") {
            guard case .decimal(let sum) = row[5], case .decimal(let discount) = row[6],
                case .decimal(let total) = row[7], case .string(let currency) = row[4]
            else { continue }
            #expect(goods[key[0]] == sum)
            if row[8] != .null { couponCount += 1 }
            #expect((discount > 0) == (row[8] != .null))
            currencies.insert(row[4])
            #expect(
                Int128(ShopCurrency(rawValue: currency)!.amount(Int64(sum - discount))) == total)
        }
        #expect(currencies.count == 4 && couponCount > 3)
    }

    @Test("Stock is never sold twice, and everything leads somewhere")
    func consistent() {
        let stream = WorkloadStream(Self.workload(5) { $0.products = 12 }, steps: 9_000)
        for row in stream.written("inventory") {
            let onHand = row[2].integer ?? -1
            let reserved = row[3].integer ?? -1
            #expect(reserved >= 0 && onHand >= reserved)
        }
        #expect(stream.written("events").contains { $0[4] == .string("sold_out") })
        let products = stream.rows("products")
        let customers = stream.rows("customers")
        let orders = stream.rows("orders")
        for row in stream.rows("order_lines").values {
            #expect(products[[row[2]]] != nil && orders[[row[0]]] != nil)
        }
        for row in stream.written("events") {
            #expect(row[5] == .null || products[[row[5]]] != nil)
            #expect(row[3] == .null || customers[[row[3]]] != nil)
        }
        for row in orders.values where row[1] != .null { #expect(customers[[row[1]]] != nil) }
        for row in stream.rows("payments").values { #expect(orders[[row[1]]] != nil) }
        for row in stream.rows("shipments").values { #expect(orders[[row[0]]] != nil) }
        for row in stream.rows("baskets").values {
            #expect(stream.rows("sessions")[[row[0]]] != nil)
        }
    }

    @Test("Late and repeated events are as many as the truth says")
    func late() {
        let workload = Self.workload(6) { $0.twicePartsPerMillion = 20_000 }
        let stream = WorkloadStream(workload, steps: 12_000)
        let events = stream.written("events")
        var seen: [Value: Int] = [:]
        var latest: Int64 = 0
        var outOfOrder = 0
        for row in events {
            seen[row[0], default: 0] += 1
            let time = row[11].integer!
            if time < latest, seen[row[0]] == 1 { outOfOrder += 1 }
            latest = max(latest, time)
        }
        let repeated = seen.values.count { $0 == 2 }
        // The last ones are still under way.
        #expect(workload.truth.repeatedEvents - repeated < 30 && repeated > 100)
        #expect(workload.truth.lateEvents - outOfOrder < 60 && outOfOrder > 100)
        #expect(seen.values.allSatisfy { $0 <= 2 })
    }

    @Test("A million customers cost four bytes each, and come when they are needed")
    func size() {
        #expect(MemoryLayout<ShopCustomers.History>.stride == 4)
        #expect(MemoryLayout<ShopCatalogue.Product>.stride <= 20)
        let workload = Self.workload(7) {
            $0.customers = 1_000_000
            $0.products = 100_000
        }
        let stream = WorkloadStream(workload, steps: 4000)
        let customers = Set(stream.written("customers").map { $0[0].integer! })
        #expect(customers.count > 100)
        #expect(customers.max()! > 500_000)
        #expect(stream.faults == [])
    }
}
