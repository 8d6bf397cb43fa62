import Columnar
import Testing

@testable import Workloads

@Suite("A fleet of devices, and the logs of services")
struct OtherWorldsTests {
    @Test("A fleet's readings are what the truth says", arguments: 1...3 as ClosedRange<UInt64>)
    func fleet(seed: UInt64) {
        let workload = FleetWorkload(seed: seed)
        let stream = WorkloadStream(workload, steps: 12_000)
        let again = WorkloadStream(FleetWorkload(seed: seed), steps: 3000)
        #expect(
            again.changes.map(\.change) == stream.changes.prefix(again.changes.count).map(\.change))
        #expect(stream.faults == [])
        let readings = stream.written("readings")
        var seen: [[Value]: Int] = [:]
        var late = 0
        var missing = 0
        for row in readings {
            seen[[row[0], row[1]], default: 0] += 1
            if row[6].integer! - row[5].integer! > 60_000_000 { late += 1 }
            if row[2] == .null { missing += 1 }
        }
        let truth = workload.truth
        let repeated = seen.values.count { $0 > 1 }
        #expect(truth.repeatedReadings - repeated < 10 && repeated > 10)
        #expect(seen.count == truth.readings)
        #expect(abs(missing * 50 - readings.count) < readings.count / 2)
        #expect(truth.gaps > 30 && truth.bufferedReadings > 100 && truth.wrongTimes > 20)
        #expect(late > 0 && !stream.rows("devices").isEmpty)
        let largest = Dictionary(grouping: stream.changes) { $0.at }.values.map(\.count).max()!
        #expect(largest > 20, "no burst: at most \(largest) changes at once")
        let rate = Double(stream.changes.count) / Double(stream.changes.last!.at / .seconds(1))
        #expect(rate > 150 && rate < 260, "\(rate) changes a second, 200 were asked for")
    }

    @Test("Levels, traces and incidents are what the truth says", arguments: [1, 2] as [UInt64])
    func logs(seed: UInt64) {
        let workload = LogWorkload(seed: seed)
        let stream = WorkloadStream(workload, steps: 16_000)
        let again = WorkloadStream(LogWorkload(seed: seed), steps: 3000)
        #expect(
            again.changes.map(\.change) == stream.changes.prefix(again.changes.count).map(\.change))
        #expect(stream.faults == [])
        let lines = stream.written("log_lines")
        let errors = lines.count { $0[2] == .string("ERROR") }
        let traced = lines.count { $0[5] != .null }
        #expect(errors == traced && errors > 100)
        #expect(errors < lines.count / 5 && workload.truth.incidents > 0)
        var counts: Int64 = 0
        for row in stream.rows("errors").values { counts += row[1].integer! }
        #expect(counts == workload.truth.stackTraces)
        let rate = Double(stream.changes.count) / Double(stream.changes.last!.at / .seconds(1))
        #expect(rate > 130 && rate < 280, "\(rate) changes a second, 200 were asked for")
        #expect(lines.contains { $0[4] == .null } && workload.truth.lateLines > 20)
    }
}
