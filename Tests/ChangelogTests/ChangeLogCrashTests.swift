import Columnar
import Platform
import Simulation
import Testing

@testable import Changelog

/// What the log must be, kept outside the machine that crashes.
private final class LogModel {
    /// All batches ever appended and not truncated, also those whose segments were deleted.
    var batches: [LogBatch] = []
    /// What a finished sync has promised.
    var synced: Int64 = 0
    var start: Int64 = 0
    /// Ends and starts that a crash may have hit on the way.
    var truncating: Int64?
    var deletedBelow: Int64 = 0
    var lives = 0
    var compared = 0
    var nextSequence: [Int64: Int32] = [:]

    var end: Int64 { batches.last?.endOffset ?? 0 }

    /// Takes the model back to what survived, after checking that it was allowed to.
    func check(_ log: ChangeLog) async throws {
        #expect(log.recovery.damage == nil)
        let floor = min(synced, truncating ?? .max)
        let wholeFloor = batches.last { $0.endOffset <= floor }?.endOffset ?? 0
        #expect(log.endOffset >= wholeFloor, "lost what was synced: life \(lives)")
        #expect(log.endOffset <= end)
        #expect(log.startOffset >= start && log.startOffset <= max(start, deletedBelow))
        batches.removeAll { $0.baseOffset >= log.endOffset }
        let survivors = try await log.allBatches()
        let expected = batches.filter { $0.baseOffset >= log.startOffset }
        #expect(survivors == expected)
        if log.endOffset > end || survivors != expected { throw WrongLog() }
        compared += survivors.count
        var state = LogState(endOffset: 0, writerExpiration: log.configuration.writerExpiration)
        for batch in batches { state.append(batch) }
        #expect(state.encoded() == log.stateSnapshot)
        try await log.verify()
        synced = log.endOffset
        start = log.startOffset
        truncating = nil
        deletedBelow = 0
        for writer in nextSequence.keys {
            let newest = log.writers.newestBatch(of: writer, at: log.maximumTimestamp)
            nextSequence[writer] = newest.map { $0.sequence + 1 } ?? 0
        }
    }
}

private struct WrongLog: Error {}

@Suite("The log under crashes")
struct ChangeLogCrashTests {
    private var configuration: ChangeLogConfiguration {
        var configuration = smallConfiguration
        configuration.segmentByteCount = 1500
        configuration.writerExpiration = .seconds(2)
        return configuration
    }

    private func live(_ machine: Machine, _ model: LogModel, _ random: RandomStream) async throws {
        let log = try await ChangeLog.open(
            machine, directory: "data/bucket", configuration: configuration)
        try await model.check(log)
        let base = log.maximumTimestamp.millisecondsSinceEpoch
        let epoch = (log.leaderEpochs.latest ?? 0) + Int32(random.next(in: 0..<2))
        for step in 0..<400 {
            switch random.next(in: 0..<100) {
            case 0..<60: try append(log, model, random, epoch, time(base + Int64(step) * 9))
            case 60..<80:
                let target = log.endOffset
                let count = log.truncationCount
                machine.spawn("sync") {
                    do { try await log.sync() } catch ChangelogError.truncated { return }
                    if count == log.truncationCount { model.synced = max(model.synced, target) }
                }
            case 80..<88: try await machine.sleep(.microseconds(random.next(in: 1..<900)))
            case 88..<90: log.roll()
            case 90..<92: try await truncate(log, model, random)
            case 92..<94:
                let offset = Int64(random.next(in: 0..<Int(log.endOffset) + 1))
                model.deletedBelow = max(model.deletedBelow, offset)
                model.start = max(model.start, try await log.deleteSegments(below: offset))
            case 94: try await log.writeCheckpoint()
            default:
                if log.endOffset > log.startOffset {
                    let offset =
                        log.startOffset
                        + Int64(random.next(in: 0..<Int(log.endOffset - log.startOffset)))
                    let read = try await log.readBatches(from: offset, maximumByteCount: 300)
                    for batch in read { #expect(model.batches.contains(batch)) }
                    model.compared += read.count
                }
            }
        }
        try await log.sync()
        model.synced = log.endOffset
    }

    private func append(
        _ log: ChangeLog, _ model: LogModel, _ random: RandomStream, _ epoch: Int32,
        _ timestamp: Timestamp
    ) throws {
        let writer = Int64(random.next(in: 0..<3))
        let sequence = writer == 0 ? -1 : model.nextSequence[writer, default: 0]
        let new =
            random.chance(1, in: 8)
            ? LogBatch.empty(
                schemaIdentifier: 3, writer: writer == 0 ? -1 : writer, sequence: sequence)
            : try batch(
                random.next(in: 1..<5), from: log.endOffset, width: random.next(in: 0..<60),
                writer: writer == 0 ? -1 : writer, sequence: sequence)
        do {
            let appended = try log.append(
                asLeader: new, leaderEpoch: epoch, commitTimestamp: timestamp)
            #expect(!appended.isDuplicate && appended.baseOffset == model.end)
            model.batches.append(
                new.assigned(
                    baseOffset: appended.baseOffset, commitTimestamp: appended.commitTimestamp,
                    leaderEpoch: epoch))
            if writer > 0 { model.nextSequence[writer] = sequence + 1 }
        } catch ChangelogError.unknownWriter {
            // The writer has expired by the time in the log: it begins anew.
            model.nextSequence[writer] = 0
        }
    }

    private func truncate(
        _ log: ChangeLog, _ model: LogModel, _ random: RandomStream
    ) async throws {
        let span = Int(log.endOffset - log.startOffset)
        let back = random.next(in: 0..<min(span, 30) + 1)
        let target = log.endOffset - Int64(back)
        model.truncating = min(model.truncating ?? .max, target)
        try await log.truncate(to: target)
        model.batches.removeAll { $0.endOffset > target }
        #expect(log.endOffset == model.end)
        model.synced = min(model.synced, model.end)
        model.truncating = nil
        for writer in model.nextSequence.keys {
            let newest = log.writers.newestBatch(of: writer, at: log.maximumTimestamp)
            model.nextSequence[writer] = newest.map { $0.sequence + 1 } ?? 0
        }
    }

    @Test("What was synced survives crashes and power loss, in order and whole", arguments: 1...30)
    func crashes(_ seed: Int) throws {
        let world = SimulationWorld(seed: UInt64(seed))
        world.addMachine("a")
        let model = LogModel()
        let random = RandomStream(seed: UInt64(seed), label: "crashes")
        var failures: [any Error] = []
        for _ in 0..<12 {
            model.lives += 1
            world.start("a") { machine in
                do { try await live(machine, model, random) } catch {
                    if error is Terminated { throw error }
                    failures.append(error)
                }
            }
            world.run(for: .microseconds(random.next(in: 500..<60_000)))
            if random.chance(2, in: 3) { world.losePower("a") } else { world.crash("a") }
            world.run(for: .milliseconds(1))
        }
        world.start("a") { machine in
            let log = try await ChangeLog.open(
                machine, directory: "data/bucket", configuration: configuration)
            try await model.check(log)
            model.lives += 1
        }
        world.run(for: .seconds(10))
        world.shutDown()
        #expect(failures.isEmpty, "\(failures.first.map { "\($0)" } ?? "")")
        #expect(world.journal.notes.filter { $0.severity == .error }.map(\.message) == [])
        #expect(model.lives == 13 && model.compared > 0)
    }
}
