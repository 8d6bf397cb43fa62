import Columnar
import Testing

@testable import Workloads

@Suite("Visits to the shop")
struct ClickstreamTests {
    private static func stream(
        _ seed: UInt64, steps: Int = 8000,
        _ adjust: (inout ClickstreamWorkload.Options) -> Void = { _ in }
    ) -> WorkloadStream {
        var options = ClickstreamWorkload.Options()
        options.sessions = 50
        adjust(&options)
        return WorkloadStream(ClickstreamWorkload(seed: seed, options), steps: steps)
    }

    @Test("Are the same for the same seed and others for another", arguments: [1, 99] as [UInt64])
    func seeds(seed: UInt64) {
        let first = Self.stream(seed).changes.map(\.change)
        #expect(first == Self.stream(seed).changes.map(\.change))
        #expect(first != Self.stream(seed + 1).changes.map(\.change))
    }

    @Test("Fit their tables, delete only what is there", arguments: 1...5 as ClosedRange<UInt64>)
    func faultless(seed: UInt64) {
        let stream = Self.stream(seed)
        #expect(stream.faults == [])
        for name in ["page_views", "purchases", "carts", "sessions"] {
            #expect(!stream.written(name).isEmpty)
        }
    }

    @Test("A session opens, is seen, ends once, and no more of them are open than asked")
    func sessions() {
        let stream = Self.stream(2)
        var ended: Set<Value> = []
        var open: Set<Value> = []
        let table = stream.table("sessions")
        let views = stream.table("page_views")
        for timed in stream.changes {
            switch timed.change.kind {
            case .upsert(let row) where timed.change.table == table:
                #expect(!ended.contains(row[0]), "a session comes back")
                #expect(row[3].integer! <= row[4].integer!)
                if row[6] == .boolean(true) {
                    ended.insert(row[0])
                    open.remove(row[0])
                } else {
                    open.insert(row[0])
                }
                #expect(open.count <= 50)
            case .append(let row) where timed.change.table == views:
                #expect(!ended.contains(row[1]), "a view after the end")
            case .delete(let key) where timed.change.table == table:
                #expect(ended.contains(key[0]), "an open session is deleted")
            default: break
            }
        }
        #expect(ended.count > 100)
        // Rows do not pile up.
        #expect(stream.rows("sessions").count <= 2 * 50 + 1)
    }

    @Test("A purchase is the sum of the cart, which goes")
    func purchases() {
        let stream = Self.stream(3)
        var carts: [Value: Row] = [:]
        for timed in stream.changes {
            switch timed.change.kind {
            case .upsert(let row) where timed.change.table == stream.table("carts"):
                carts[row[0]] = row
            case .append(let row) where timed.change.table == stream.table("purchases"):
                #expect(carts[row[1]]?[2] == row[2])
            default: break
            }
        }
        #expect(!carts.isEmpty)
    }

    @Test("Events come late about as often as asked")
    func late() {
        let stream = Self.stream(4, steps: 20_000) {
            $0.latePartsPerMillion = 200_000
            $0.lateMicroseconds = 30_000_000
        }
        let times = stream.written("page_views").map { $0[5].integer! }
        var latest: Int64 = 0
        var late = 0
        for time in times {
            if time < latest { late += 1 }
            latest = max(latest, time)
        }
        let share = Double(late) / Double(times.count)
        #expect(share > 0.17 && share < 0.23, "\(share)")
    }
}
