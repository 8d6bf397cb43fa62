import Columnar
import Testing

@testable import Workloads

@Suite("The shop's change stream")
struct EcommerceTests {
    private static func stream(
        _ seed: UInt64, steps: Int = 8000,
        _ adjust: (inout EcommerceWorkload.Options) -> Void = { _ in }
    ) -> WorkloadStream {
        var options = EcommerceWorkload.Options()
        options.customers = 200
        options.products = 100
        adjust(&options)
        return WorkloadStream(EcommerceWorkload(seed: seed, options), steps: steps)
    }

    @Test("Is the same for the same seed and another for another", arguments: [1, 99] as [UInt64])
    func seeds(seed: UInt64) {
        let first = Self.stream(seed)
        let second = Self.stream(seed)
        let other = Self.stream(seed + 1)
        #expect(first.changes.map(\.change) == second.changes.map(\.change))
        #expect(first.changes.map(\.at) == second.changes.map(\.at))
        #expect(first.changes.map(\.change) != other.changes.map(\.change))
    }

    @Test("Fits its tables and deletes only what is there", arguments: 1...5 as ClosedRange<UInt64>)
    func faultless(seed: UInt64) {
        let stream = Self.stream(seed)
        #expect(stream.faults == [])
        #expect(stream.changes.count == 8000)
        for name in ["customers", "products", "inventory", "orders", "order_lines"] {
            #expect(!stream.rows(name).isEmpty)
        }
        #expect(!stream.written("payments").isEmpty)
    }

    @Test("Order lines follow their order, and go with it", arguments: 1...3 as ClosedRange<UInt64>)
    func lines(seed: UInt64) {
        let stream = Self.stream(seed) { $0.deletesPartsPerMillion = 100_000 }
        let orders = stream.table("orders")
        let lines = stream.table("order_lines")
        var placed: Set<Int64> = []
        for timed in stream.changes {
            guard case .upsert(let row) = timed.change.kind else { continue }
            if timed.change.table == orders { placed.insert(row[0].integer!) }
            if timed.change.table == lines { #expect(placed.contains(row[0].integer!)) }
        }
        // The last order may be under way.
        let standing = stream.rows("orders")
        let orphans = stream.rows("order_lines").keys.filter { standing[[$0[0]]] == nil }
        #expect(Set(orphans.map { $0[0] }).count <= 1)
        let customers = stream.rows("customers")
        #expect(standing.values.allSatisfy { customers[[$0[1]]] != nil })
    }

    @Test("The sum of an order is that of its lines")
    func sums() {
        let stream = Self.stream(7, steps: 3000)
        var sums: [Value: Int128] = [:]
        for (key, row) in stream.rows("order_lines") {
            guard case .decimal(let price) = row[4] else { continue }
            sums[key[0], default: 0] += price * Int128(row[3].integer ?? 0)
        }
        let wrong = stream.rows("orders").values.filter { row in
            guard case .decimal(let total) = row[3] else { return true }
            return sums[row[0]] != total
        }
        #expect(wrong.count <= 1)
    }

    @Test(
        "Busy customers are changed as much more often as asked", arguments: [(80, 20), (50, 10)])
    func skew(event: Int, key: Int) {
        let stream = Self.stream(3, steps: 30_000) {
            $0.eventPercent = event
            $0.keyPercent = key
            $0.deletesPartsPerMillion = 0
            $0.customers = 100
        }
        // Once all are there.
        let customers = stream.written("orders").filter { $0[2] == .string("placed") }
            .dropFirst(1000).map { $0[1].integer! }
        let hot = customers.count { $0 <= key }
        let percent = Double(hot) / Double(customers.count) * 100
        #expect(abs(percent - Double(event)) < 4, "\(percent) percent of \(customers.count)")
    }

    @Test("Deletes have the share that was asked for", arguments: [0, 10_000, 60_000])
    func deletes(partsPerMillion: Int) {
        let stream = Self.stream(5, steps: 20_000) { $0.deletesPartsPerMillion = partsPerMillion }
        let share = stream.deleteCount * 1_000_000 / stream.changes.count
        #expect(abs(share - partsPerMillion) <= partsPerMillion / 5)
    }

    @Test("A clean-up deletes the oldest orders together, and the share of deletions stays")
    func cleanUps() {
        let stream = Self.stream(5, steps: 20_000) {
            $0.deletesPartsPerMillion = 100_000
            $0.cleanUpCount = 40
        }
        let orders = stream.table("orders")
        let lines = stream.table("order_lines")
        var runs: [[Int64]] = [[]]
        for timed in stream.changes {
            if case .delete(let key) = timed.change.kind, timed.change.table == orders {
                runs[runs.count - 1].append(key[0].integer!)
            } else if timed.change.table != lines, runs.last != [] {
                runs.append([])
            }
        }
        let whole = runs.filter { !$0.isEmpty }.dropLast()
        #expect(whole.count > 5)
        #expect(whole.allSatisfy { $0.count % 40 == 0 && $0 == $0.sorted() })
        let share = stream.deleteCount * 1_000_000 / stream.changes.count
        #expect(abs(share - 100_000) <= 20_000)
    }

    @Test("A burst raises the rate by its factor")
    func bursts() {
        let stream = Self.stream(4, steps: 30_000) {
            $0.pace = Pace(
                interval: .milliseconds(5), burstEvery: .seconds(20), burstDuration: .seconds(5),
                burstFactor: 4)
        }
        var within = 0
        var outside = 0
        for timed in stream.changes where timed.at < .seconds(60) {
            timed.at.components.seconds % 20 < 5 ? (within += 1) : (outside += 1)
        }
        let ratio = (Double(within) / 15) / (Double(outside) / 45)
        #expect(ratio > 3.8 && ratio < 4.2, "\(ratio)")
        #expect(abs(outside - 45 * 200) < 300)
    }

    @Test("Events come late and out of order about as often as asked", arguments: [0, 100_000])
    func late(partsPerMillion: Int) {
        let stream = Self.stream(6, steps: 20_000) {
            $0.latePartsPerMillion = partsPerMillion
            $0.lateMicroseconds = 10_000_000
        }
        let times = stream.written("inventory").map { $0[2].integer! }
        var latest: Int64 = 0
        var late = 0
        for time in times {
            if time < latest { late += 1 }
            #expect(time >= latest - 10_000_000)
            latest = max(latest, time)
        }
        let share = Double(late) / Double(times.count) * 1e6
        #expect(abs(share - Double(partsPerMillion)) < 25_000 || partsPerMillion == 0)
        #expect(partsPerMillion > 0 || late == 0)
    }

    @Test("A product's vector is that of its text")
    func embeddings() {
        let embedder = TextEmbedder(dimension: 16)
        let products = Self.stream(8).written("products")
        #expect(!products.isEmpty)
        for row in products {
            guard case .string(let text) = row[1], case .vector(let vector) = row[3] else {
                Issue.record("a product without text or vector")
                continue
            }
            #expect(vector == embedder.embed(text))
        }
    }
}
