import Columnar
import Platform
import Simulation
import TestSupport
import Testing

@testable import Changelog

@Suite("The log under rot and on lost sectors")
struct ChangeLogDamageTests {
    private func fill(
        _ machine: Machine, _ count: Int = 60, closing: Bool = true
    ) async throws -> ([LogBatch], ChangeLog) {
        let log = try await ChangeLog.open(
            machine, directory: "log", configuration: smallConfiguration)
        for number in 0..<count {
            try log.append(
                asLeader: batch(2, writer: 1, sequence: Int32(number)), leaderEpoch: 0,
                commitTimestamp: time(Int64(number)))
            if number % 3 == 2 { try await log.sync() }
        }
        try await log.sync()
        let batches = try await log.allBatches()
        if closing { try await log.close() }
        return (batches, log)
    }

    private func reopen(
        _ machine: Machine, _ policy: DamagePolicy = .refuse
    ) async throws -> ChangeLog {
        try await ChangeLog.open(
            machine, directory: "log", configuration: smallConfiguration, policy: policy)
    }

    @Test(
        "Damage anywhere in a segment is noticed, and never silently cut", arguments: 1...60,
        RestDamage.allCases)
    func damageInSegments(_ seed: Int, _ kind: RestDamage) throws {
        try inWorld(seed: UInt64(seed)) { machine, world in
            let (batches, _) = try await fill(machine)
            #expect(kind.strike(world, machine.name, inPathContaining: ".log"))
            var damage: LogDamage?
            do {
                let log = try await reopen(machine)
                try await log.verify()
            } catch ChangelogError.damaged(let found) {
                damage = found
            }
            let found = try #require(damage, "it went unnoticed")
            #expect(found.offsets.count > 0 && found.path.hasSuffix(".log"))
            #expect(found.offsets.upperBound <= 120)

            // Cutting there leaves all that is before the damage.
            let log = try await reopen(machine, .cut)
            if log.recovery.damage == nil { try await log.truncate(to: found.offsets.lowerBound) }
            #expect(log.endOffset == found.offsets.lowerBound)
            #expect(try await log.allBatches() == batches.filter { $0.endOffset <= log.endOffset })
            for batch in batches where batch.baseOffset >= log.endOffset {
                try log.append(asFollower: batch.bytes)
            }
            try await log.sync()
            #expect(try await log.allBatches() == batches)
            try await log.close()
            let again = try await reopen(machine)
            #expect(try await again.allBatches() == batches)
        }
    }

    @Test(
        "Damage to what can be made anew costs nothing", arguments: [".index", ".snapshot"],
        RestDamage.allCases)
    func damageBeside(_ file: String, _ kind: RestDamage) throws {
        for seed in UInt64(1)...15 {
            try inWorld(seed: seed) { machine, world in
                let (batches, old) = try await fill(machine)
                #expect(kind.strike(world, machine.name, inPathContaining: file))
                let log = try await reopen(machine)
                #expect(try await log.allBatches() == batches)
                #expect(log.writers == old.writers)
                try await log.truncate(to: 30)
                #expect(log.endOffset == 30)
                #expect(
                    try log.duplicate(writer: 1, sequence: 14, commitTimestamp: time(0)) != nil)
            }
        }
    }

    @Test("A torn tail is cut")
    func tornTail() throws {
        try inWorld { machine, _ in
            let (batches, log) = try await fill(machine, closing: false)
            let path = log.segments[log.segments.count - 1].path
            let file = try await machine.disk.open(path, .existing)
            let size = try await file.size()
            var frame = ByteWriter()
            let next = try batch(9).assigned(
                baseOffset: 120, commitTimestamp: time(99), leaderEpoch: 0)
            SegmentFrame.append(next, syncedEndOffset: 120, to: &frame)
            for cut in stride(from: 1, to: frame.count, by: 7) {
                try await file.truncate(to: size)
                try await file.write(Array(frame.bytes[..<cut]), at: size)
                let again = try await reopen(machine)
                #expect(again.recovery.tornByteCount == cut)
                #expect(try await again.allBatches() == batches)
            }
            // Garbage and zeros, as a power loss leaves them, are torn too.
            try await file.write([UInt8](repeating: 0, count: 3000), at: size)
            let last = try await reopen(machine)
            #expect(last.recovery.tornByteCount == 3000)
        }
    }

    @Test("A batch that a later frame calls durable is damaged, not torn")
    func provenByLaterFrame() throws {
        try inWorld { machine, _ in
            let log = try await ChangeLog.open(machine, directory: "log")
            for number in 0..<3 {
                try log.append(
                    asLeader: batch(2), leaderEpoch: 0, commitTimestamp: time(Int64(number)))
                try await log.sync()
            }
            let file = try await machine.disk.open(log.segments[0].path, .existing)
            let bytes = try await file.read(at: 100, count: 1)
            try await file.write([bytes[0] ^ 1], at: 100)
            do {
                _ = try await ChangeLog.open(machine, directory: "log")
                Issue.record("damage was taken for a torn tail")
            } catch ChangelogError.damaged(let damage) {
                #expect(damage.offsets == 0..<2 && damage.position == 0)
            }
        }
    }

    @Test("A lost sector is damage even if it held nothing but zeros", arguments: 1...20)
    func lostZeros(_ seed: Int) throws {
        try inWorld(seed: UInt64(seed)) { machine, world in
            let zeros = try RecordBatch(
                schema: eventSchema,
                rows: [[.bigint(0), .string(String(repeating: "\0", count: 4000))]])
            let log = try await ChangeLog.open(machine, directory: "log")
            for number in 0..<2 {
                try log.append(
                    asLeader: .appendOnly(zeros, compression: .none), leaderEpoch: 0,
                    commitTimestamp: time(Int64(number)))
                try await log.sync()
            }
            try await log.close()
            // What was read as zeros has a sound checksum, but could not be written over in part.
            #expect(world.loseSector(machine.name, inPathContaining: ".log"))
            var found: LogDamage?
            do {
                _ = try await ChangeLog.open(machine, directory: "log")
            } catch ChangelogError.damaged(let damage) {
                found = damage
            }
            let damage = try #require(found)
            #expect(damage.position == 0 || damage.offsets.lowerBound == 1)
        }
    }

    @Test("Batches that were never durable are cut together when the first of them is torn")
    func unprovenGroup() throws {
        try inWorld { machine, _ in
            let log = try await ChangeLog.open(machine, directory: "log")
            try log.append(asLeader: batch(2), leaderEpoch: 0, commitTimestamp: time(0))
            try await log.sync()
            let size = log.segments[0].syncedByteCount
            for _ in 0..<3 {
                try log.append(asLeader: batch(2), leaderEpoch: 0, commitTimestamp: time(0))
            }
            try await log.sync()
            let file = try await machine.disk.open(log.segments[0].path, .existing)
            try await file.write([0xEE], at: size + 30)
            let again = try await ChangeLog.open(machine, directory: "log")
            #expect(again.endOffset == 2 && again.recovery.tornByteCount > 0)
        }
    }

    @Test("A file that is gone is damage", arguments: 0...2)
    func missingSegment(_ which: Int) throws {
        try inWorld { machine, _ in
            let (batches, log) = try await fill(machine)
            let segments = log.segments
            let position = [0, 1, segments.count - 1][which]
            try await machine.disk.remove(segments[position].path)
            await #expect(throws: ChangelogError.self) { _ = try await reopen(machine) }
            let again = try await reopen(machine, .cut)
            #expect(again.recovery.damage != nil)
            #expect(again.endOffset == segments[position].baseOffset)
            let left = batches.filter { $0.endOffset <= again.endOffset }
            #expect(try await again.allBatches() == left)
        }
    }

    @Test("A damaged checkpoint is not needed to read a sound log")
    func checkpoint() throws {
        try inWorld { machine, world in
            let (batches, log) = try await fill(machine, closing: false)
            let start = try await log.deleteSegments(below: 40)
            try await log.close()
            #expect(world.rotBit(machine.name, inPathContaining: "checkpoint"))
            let again = try await reopen(machine)
            #expect(again.startOffset == start && start > 0)
            #expect(try await again.allBatches() == batches.filter { $0.baseOffset >= start })
        }
    }

    @Test("What a failed fsync dropped is missed after the power went")
    func failedSync() throws {
        let world = SimulationWorld(seed: 4)
        world.addMachine("a")
        var synced: Int64 = -1
        var checked = false
        world.start("a") { machine in
            let log = try await ChangeLog.open(machine, directory: "log")
            try log.append(asLeader: batch(2), leaderEpoch: 0, commitTimestamp: time(0))
            try await log.sync()
            var faults = DiskFaults()
            faults.failingSyncsPerMillion = 1_000_000
            world.setDiskFaults("a", faults)
            try log.append(asLeader: batch(2), leaderEpoch: 0, commitTimestamp: time(0))
            await #expect(throws: ChangelogError.self) { try await log.sync() }
            synced = log.syncedEndOffset
        }
        world.run(for: .seconds(1))
        world.losePower("a")
        world.setDiskFaults("a", DiskFaults())
        world.start("a") { machine in
            let log = try await ChangeLog.open(machine, directory: "log")
            #expect(log.endOffset == synced && synced == 2)
            checked = true
        }
        world.run(for: .seconds(1))
        world.shutDown()
        #expect(checked)
    }
}
