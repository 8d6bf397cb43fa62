import Columnar
import Platform
import Simulation
import TestSupport
import Testing

@testable import Changelog

@Suite("Group commit")
struct GroupCommitTests {
    private func logs(_ count: Int, _ machine: Machine) async throws -> [ChangeLog] {
        let groupCommit = GroupCommit(machine)
        var logs: [ChangeLog] = []
        for number in 0..<count {
            let log = try await ChangeLog.open(
                machine, directory: "logs/\(number)", groupCommit: groupCommit)
            // The first batch makes the file, which takes syncs of its own.
            try log.append(asLeader: batch(), leaderEpoch: 0, commitTimestamp: time(1))
            try await log.sync()
            logs.append(log)
        }
        return logs
    }

    /// Appends to all logs, syncs all at once and waits for all.
    private func appendToAll(_ logs: [ChangeLog], _ machine: Machine) async throws {
        var remaining = logs.count
        let done = Signal(machine)
        for log in logs {
            try log.append(asLeader: batch(), leaderEpoch: 0, commitTimestamp: time(2))
            machine.spawn("sync") {
                try await log.sync()
                remaining -= 1
                done.notify()
            }
        }
        while remaining > 0 { _ = try await done.wait() }
    }

    @Test("However many logs have something to sync, they share a sync of the disk")
    func shared() throws {
        try inWorld { machine, world in
            let logs = try await self.logs(64, machine)
            let before = world.diskCounters(of: "machine-1").syncs
            let start = machine.clock.now
            try await self.appendToAll(logs, machine)
            #expect(world.diskCounters(of: "machine-1").syncs - before <= 2)
            #expect(machine.clock.now - start < .milliseconds(5))
            #expect(logs.allSatisfy { $0.syncedEndOffset == $0.endOffset })
        }
    }

    @Test("Who comes while a sync is under way waits for the next")
    func laterRequest() throws {
        try inWorld { machine, world in
            let logs = try await self.logs(2, machine)
            let before = world.diskCounters(of: "machine-1").syncs
            var isFirstDone = false
            try logs[0].append(asLeader: batch(), leaderEpoch: 0, commitTimestamp: time(2))
            machine.spawn("first") {
                try await logs[0].sync()
                isFirstDone = true
            }
            try await machine.sleep(.microseconds(30))
            #expect(!isFirstDone)
            try logs[1].append(asLeader: batch(), leaderEpoch: 0, commitTimestamp: time(2))
            try await logs[1].sync()
            #expect(isFirstDone)
            #expect(world.diskCounters(of: "machine-1").syncs - before == 2)
        }
    }

    @Test(
        "Whatever sync returned before the power went is there after it",
        arguments: 1...40 as ClosedRange<UInt64>)
    func powerLoss(seed: UInt64) throws {
        let world = SimulationWorld(seed: seed)
        let random = RandomStream(seed: seed, label: "test")
        var promised: [Int: Int64] = [:]
        world.addMachine("machine-1")
        world.start("machine-1") { machine in
            let logs = try await self.logs(5, machine)
            for (number, log) in logs.enumerated() {
                promised[number] = log.endOffset
                machine.spawn("writer \(number)") {
                    while true {
                        try log.append(
                            asLeader: batch(random.next(in: 1..<4)), leaderEpoch: 0,
                            commitTimestamp: time(3))
                        let end = log.endOffset
                        try await log.sync()
                        promised[number] = end
                        try await machine.sleep(.microseconds(random.next(in: 1..<900)))
                    }
                }
            }
        }
        world.run(for: .milliseconds(Int64(20 + random.next(in: 0..<200))))
        let told = promised
        world.losePower("machine-1")
        var found: [Int: Int64] = [:]
        world.start("machine-1") { machine in
            for number in 0..<5 {
                found[number] = try await ChangeLog.open(
                    machine, directory: "logs/\(number)"
                ).endOffset
            }
        }
        #expect(world.run(atMost: .seconds(60)) { found.count == 5 })
        world.shutDown()
        for number in 0..<5 { #expect(found[number]! >= told[number] ?? 0) }
        #expect(told.count == 5)
    }

    @Test("A sync that fails fails for all that took part in it")
    func failedSync() throws {
        try inWorld { machine, world in
            let logs = try await self.logs(3, machine)
            var faults = DiskFaults()
            faults.failingSyncsPerMillion = 1_000_000
            world.setDiskFaults("machine-1", faults)
            var failures = 0
            for log in logs {
                try log.append(asLeader: batch(), leaderEpoch: 0, commitTimestamp: time(2))
                machine.spawn("sync") {
                    do { try await log.sync() } catch ChangelogError.storageFailed {
                        failures += 1
                    }
                }
            }
            try await machine.sleep(.seconds(1))
            #expect(failures == 3)
            #expect(logs.allSatisfy { $0.syncedEndOffset < $0.endOffset })
        }
    }
}
