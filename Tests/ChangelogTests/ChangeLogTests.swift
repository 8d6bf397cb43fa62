import Columnar
import Platform
import Simulation
import TestSupport
import Testing

@testable import Changelog

@Suite("The log of a replica")
struct ChangeLogTests {
    @Test("Batches get contiguous offsets and come back after a reopening")
    func appendAndReopen() throws {
        try inWorld { machine, _ in
            let log = try await ChangeLog.open(machine, directory: "data/t-1/0")
            let first = try log.append(
                asLeader: batch(3), leaderEpoch: 1, commitTimestamp: time(50))
            let second = try log.append(
                asLeader: .empty(schemaIdentifier: 3), leaderEpoch: 1, commitTimestamp: time(40))
            let third = try log.append(
                asLeader: batch(2), leaderEpoch: 2, commitTimestamp: time(60))
            #expect(first.baseOffset == 0 && first.lastOffset == 2)
            #expect(second.baseOffset == 3 && second.lastOffset == 3)
            #expect(second.commitTimestamp == time(50))
            #expect(third.baseOffset == 4 && log.endOffset == 6)
            #expect(log.syncedEndOffset == 0)
            try await log.sync()
            #expect(log.syncedEndOffset == 6)
            let before = try await log.allBatches()
            try await log.close()
            let again = try await ChangeLog.open(machine, directory: "data/t-1/0")
            #expect(try await again.allBatches() == before)
            #expect(again.endOffset == 6 && again.syncedEndOffset == 6)
            #expect(again.leaderEpochs.entries.map(\.epoch) == [1, 2])
            #expect(again.end(ofEpoch: 1)?.endOffset == 4)
            #expect(again.recovery.tornByteCount == 0)
        }
    }

    @Test("Callers of sync who come together share one fsync")
    func groupCommit() throws {
        try inWorld { machine, world in
            let log = try await ChangeLog.open(machine, directory: "log")
            try log.append(asLeader: batch(), leaderEpoch: 0, commitTimestamp: time(0))
            try await log.sync()
            let before = world.diskCounters(of: machine.name).syncs
            let done = Channel<Int64>(machine)
            for number in 0..<50 {
                machine.spawn("writer \(number)") {
                    let appended = try log.append(
                        asLeader: batch(), leaderEpoch: 0, commitTimestamp: time(1))
                    try await log.sync()
                    #expect(log.syncedEndOffset > appended.lastOffset)
                    done.send(appended.baseOffset)
                }
            }
            var offsets: [Int64] = []
            while offsets.count < 50 { offsets.append(try await done.receive()!) }
            #expect(Set(offsets) == Set(1...50))
            #expect(world.diskCounters(of: machine.name).syncs - before <= 2)
        }
    }

    @Test("Segments roll by size and age, and reads cross them")
    func rollAndRead() throws {
        try inWorld { machine, _ in
            var configuration = smallConfiguration
            configuration.segmentDuration = .seconds(100)
            let log = try await ChangeLog.open(
                machine, directory: "log", configuration: configuration)
            for number in 0..<40 {
                try log.append(
                    asLeader: batch(4, from: Int64(number)), leaderEpoch: 0,
                    commitTimestamp: time(Int64(number) * 1000))
            }
            try await log.sync()
            let sizes = log.sealedSegments.map(\.byteCount)
            #expect(sizes.count >= 4 && sizes.allSatisfy { $0 <= 2000 })
            try log.append(asLeader: batch(), leaderEpoch: 0, commitTimestamp: time(500_000))
            #expect(log.sealedSegments.last?.endOffset == 160)
            try await log.sync()
            let all = try await log.allBatches()
            #expect(all.map(\.baseOffset) == (0...40).map { Int64($0) * 4 })
            for offset in Int64(0)...160 {
                let bytes = try await log.read(from: offset, maximumByteCount: 1)
                let read = try LogBatch.split(bytes)
                #expect(read.count == 1 && read[0].baseOffset == offset / 4 * 4)
            }
            #expect(try await log.read(from: 8, below: 11, maximumByteCount: 1000).isEmpty)
            #expect(
                try await log.readBatches(from: 8, below: 12, maximumByteCount: 1000).count == 1)
            await #expect(throws: ChangelogError.self) {
                try await log.read(from: 162, maximumByteCount: 1)
            }
            for segment in log.sealedSegments {
                let batches = try LogBatch.split(
                    try await log.readSegment(at: segment.baseOffset))
                #expect(batches.first?.baseOffset == segment.baseOffset)
                #expect(batches.last?.endOffset == segment.endOffset)
            }
        }
    }

    @Test("The first offset of a time is found, in each segment and in none")
    func timestamps() throws {
        try inWorld { machine, _ in
            let log = try await ChangeLog.open(
                machine, directory: "log", configuration: smallConfiguration)
            for number in 0..<40 {
                try log.append(
                    asLeader: batch(4), leaderEpoch: 0,
                    commitTimestamp: time(Int64(number / 2) * 10))
            }
            try await log.sync()
            for wanted in stride(from: Int64(-5), through: 190, by: 5) {
                let number = max(0, (wanted + 9) / 10) * 2
                #expect(try await log.offset(forTimestamp: time(wanted)) == number * 4)
            }
            #expect(try await log.offset(forTimestamp: time(191)) == nil)
        }
    }

    @Test("A batch that comes twice is answered with its old offsets, also after recovery")
    func duplicates() throws {
        try inWorld { machine, _ in
            var log = try await ChangeLog.open(
                machine, directory: "log", configuration: smallConfiguration)
            for sequence in Int32(0)..<30 {
                try log.append(
                    asLeader: batch(3, writer: 5, sequence: sequence), leaderEpoch: 0,
                    commitTimestamp: time(0))
            }
            try await log.close()
            log = try await ChangeLog.open(
                machine, directory: "log", configuration: smallConfiguration)
            let again = try log.append(
                asLeader: batch(3, writer: 5, sequence: 28), leaderEpoch: 1,
                commitTimestamp: time(0))
            #expect(again.isDuplicate && again.baseOffset == 84 && log.endOffset == 90)
            #expect(throws: ChangelogError.self) {
                try log.append(
                    asLeader: batch(3, writer: 5, sequence: 31), leaderEpoch: 1,
                    commitTimestamp: time(0))
            }
        }
    }

    @Test("A follower takes the leader's bytes and nothing that does not continue its log")
    func follower() throws {
        try inWorld { machine, _ in
            let leader = try await ChangeLog.open(machine, directory: "a")
            let follower = try await ChangeLog.open(machine, directory: "b")
            for number in 0..<5 {
                try leader.append(
                    asLeader: batch(2, writer: 1, sequence: Int32(number)), leaderEpoch: 4,
                    commitTimestamp: time(9))
            }
            let bytes = try await leader.read(from: 0, maximumByteCount: .max)
            try follower.append(asFollower: bytes)
            try await follower.sync()
            #expect(follower.endOffset == 10)
            #expect(follower.writers == leader.writers)
            #expect(follower.leaderEpochs == leader.leaderEpochs)
            #expect(try await follower.allBatches() == leader.allBatches())
            #expect(throws: ChangelogError.self) { try follower.append(asFollower: bytes) }
            var rotten = bytes
            rotten[60] ^= 4
            #expect(throws: ChangelogError.self) { try follower.append(asFollower: rotten) }
            let stale = try batch(1).assigned(
                baseOffset: 10, commitTimestamp: time(10), leaderEpoch: 3)
            #expect(throws: ChangelogError.self) { try follower.append(asFollower: stale.bytes) }
        }
    }

    @Test("Truncation takes batches, epochs and writer states back, whether synced or not")
    func truncation() throws {
        try inWorld { machine, _ in
            var log = try await ChangeLog.open(
                machine, directory: "log", configuration: smallConfiguration)
            for number in 0..<60 {
                try log.append(
                    asLeader: batch(2, writer: 1, sequence: Int32(number)),
                    leaderEpoch: Int32(number / 10), commitTimestamp: time(Int64(number)))
                if number == 45 { try await log.sync() }
            }
            for end in [Int64(110), 93, 92, 60, 41, 40, 0] {
                try await log.truncate(to: end)
                let whole = end / 2 * 2
                #expect(log.endOffset == whole)
                #expect(log.leaderEpochs.latest == (whole == 0 ? nil : Int32((whole - 1) / 20)))
                let next = Int32(whole / 2)
                #expect(
                    try log.duplicate(writer: 1, sequence: next, commitTimestamp: time(0)) == nil)
                let batches = try await log.allBatches()
                #expect(batches.count == Int(next))
                if end == 60 {
                    try await log.close()
                    log = try await ChangeLog.open(
                        machine, directory: "log", configuration: smallConfiguration)
                    #expect(log.endOffset == 60)
                }
            }
            try log.append(asLeader: batch(), leaderEpoch: 9, commitTimestamp: time(0))
            try await log.sync()
            #expect(try await log.allBatches().count == 1)
        }
    }

    @Test("Old segments go, and the start stays where it was moved to")
    func deletion() throws {
        try inWorld { machine, _ in
            var log = try await ChangeLog.open(
                machine, directory: "log", configuration: smallConfiguration)
            for number in 0..<60 {
                try log.append(
                    asLeader: batch(2, writer: 1, sequence: Int32(number)), leaderEpoch: 0,
                    commitTimestamp: time(Int64(number)))
            }
            try await log.sync()
            let third = log.sealedSegments[2]
            let start = try await log.deleteSegments(below: third.endOffset - 1)
            #expect(start == third.baseOffset && log.startOffset == start)
            await #expect(throws: ChangelogError.self) {
                try await log.read(from: 0, maximumByteCount: 100)
            }
            try await log.close()
            log = try await ChangeLog.open(
                machine, directory: "log", configuration: smallConfiguration)
            #expect(log.startOffset == start && log.endOffset == 120)
            #expect(try log.duplicate(writer: 1, sequence: 59, commitTimestamp: time(60)) != nil)
            #expect(try await log.deleteSegments(below: .max) > start)
            #expect(log.endOffset == 120)
        }
    }

    @Test("A replica can start from elsewhere, with the writers of what came before")
    func startElsewhere() throws {
        try inWorld { machine, _ in
            let source = try await ChangeLog.open(machine, directory: "a")
            for number in 0..<9 {
                try source.append(
                    asLeader: batch(2, writer: 1, sequence: Int32(number)), leaderEpoch: 3,
                    commitTimestamp: time(5))
            }
            var log = try await ChangeLog.open(machine, directory: "b")
            try log.append(asLeader: batch(), leaderEpoch: 0, commitTimestamp: time(0))
            try await log.sync()
            try await log.truncateFullyAndStart(at: 18, snapshot: source.stateSnapshot)
            for _ in 0..<2 {
                #expect(log.startOffset == 18 && log.endOffset == 18)
                #expect(log.leaderEpochs.latest == 3)
                #expect(
                    try log.duplicate(writer: 1, sequence: 8, commitTimestamp: time(5))?.baseOffset
                        == 16)
                try await log.close()
                log = try await ChangeLog.open(machine, directory: "b")
            }
            try log.append(asLeader: batch(), leaderEpoch: 4, commitTimestamp: time(6))
            try await log.sync()
            #expect(try await log.allBatches().map(\.baseOffset) == [18])
        }
    }

    @Test("A replica that was opened empty and starts from elsewhere leaves no first start behind")
    func startElsewhereTwice() throws {
        try inWorld { machine, _ in
            let source = try await ChangeLog.open(machine, directory: "a")
            try source.append(asLeader: batch(9), leaderEpoch: 0, commitTimestamp: time(0))
            var log = try await ChangeLog.open(machine, directory: "b")
            try await log.truncateFullyAndStart(at: 9, snapshot: source.stateSnapshot)
            try await log.close()
            log = try await ChangeLog.open(machine, directory: "b")
            try source.append(asLeader: batch(3), leaderEpoch: 0, commitTimestamp: time(0))
            try await log.truncateFullyAndStart(at: 12, snapshot: source.stateSnapshot)
            #expect(
                try await machine.disk.list("b").sorted()
                    == ["00000000000000000012.snapshot", "checkpoint"])
        }
    }

    @Test("A failed fsync closes the log, and a later one is never asked for")
    func failedSync() throws {
        try inWorld { machine, world in
            let log = try await ChangeLog.open(machine, directory: "log")
            try log.append(asLeader: batch(), leaderEpoch: 0, commitTimestamp: time(0))
            try await log.sync()
            var faults = DiskFaults()
            faults.failingSyncsPerMillion = 1_000_000
            world.setDiskFaults(machine.name, faults)
            try log.append(asLeader: batch(), leaderEpoch: 0, commitTimestamp: time(0))
            await #expect(throws: ChangelogError.self) { try await log.sync() }
            #expect(log.syncedEndOffset == 1)
            world.setDiskFaults(machine.name, DiskFaults())
            await #expect(throws: ChangelogError.self) { try await log.sync() }
            #expect(throws: ChangelogError.self) {
                try log.append(asLeader: batch(), leaderEpoch: 0, commitTimestamp: time(0))
            }
        }
    }

    @Test("A full disk keeps what was appended until there is room")
    func fullDisk() throws {
        try inWorld { machine, world in
            let log = try await ChangeLog.open(
                machine, directory: "log", configuration: smallConfiguration)
            try log.append(asLeader: batch(), leaderEpoch: 0, commitTimestamp: time(0))
            try await log.sync()
            var faults = DiskFaults()
            faults.isFull = true
            world.setDiskFaults(machine.name, faults)
            for _ in 0..<30 {
                try log.append(asLeader: batch(5), leaderEpoch: 0, commitTimestamp: time(0))
                do { try await log.sync() } catch ChangelogError.storageFull {}
            }
            #expect(log.syncedEndOffset == 1 && log.endOffset == 151)
            world.setDiskFaults(machine.name, DiskFaults())
            try await log.sync()
            #expect(log.syncedEndOffset == 151)
            let again = try await ChangeLog.open(
                machine, directory: "log", configuration: smallConfiguration)
            #expect(again.endOffset == 151)
            #expect(try await again.allBatches() == log.allBatches())
        }
    }

    @Test("A read or a truncation that the disk fails changes nothing and succeeds later")
    func failedReads() throws {
        try inWorld { machine, world in
            let log = try await ChangeLog.open(
                machine, directory: "log", configuration: smallConfiguration)
            for number in 0..<30 as Range<Int64> {
                try log.append(
                    asLeader: batch(5, from: number * 5), leaderEpoch: 0, commitTimestamp: time(0))
                try await log.sync()
            }
            let before = try await log.allBatches()
            var faults = DiskFaults()
            faults.failingReadsPerMillion = 1_000_000
            world.setDiskFaults(machine.name, faults)
            await #expect(throws: DiskError.self) { try await log.truncate(to: 100) }
            await #expect(throws: DiskError.self) {
                _ = try await log.read(from: 0, maximumByteCount: 100)
            }
            #expect(log.endOffset == 150 && log.syncedEndOffset == 150)
            world.setDiskFaults(machine.name, DiskFaults())
            #expect(try await log.allBatches() == before)
            try await log.truncate(to: 100)
            #expect(log.endOffset == 100)
            #expect(try await log.allBatches() == Array(before.prefix(20)))
            try log.append(asLeader: batch(5), leaderEpoch: 1, commitTimestamp: time(0))
            try await log.sync()
            #expect(log.syncedEndOffset == 105)
        }
    }
}
