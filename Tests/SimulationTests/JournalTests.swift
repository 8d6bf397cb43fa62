import Foundation
import Platform
import Simulation
import Testing

@MainActor private func onTheMainActor() {}

@Suite("What a world notes")
struct JournalTests {
    enum Escape: String, CaseIterable {
        case task = "a bare Task"
        case detached = "Task.detached"
        case sleep = "Task.sleep"
    }

    @Test("A job that leaves the world is a defect that names how", arguments: Escape.allCases)
    func escapes(escape: Escape) async {
        let world = world()
        world.start("a") { machine in
            try await machine.sleep(.milliseconds(1))
            switch escape {
            case .task: Task {}
            case .detached: Task.detached {}
            case .sleep: try await Task.sleep(for: .seconds(100_000))
            }
            try await machine.sleep(.seconds(1))
        }
        world.run(for: .seconds(2))
        world.shutDown()
        #expect(world.journal.errorCount >= 1)
        let note = world.journal.notes.first
        #expect(note?.message.contains(escape.rawValue) == true, "\(String(describing: note))")
        #expect(note?.node == "a")
        #expect(note?.nanoseconds == 1_000_000)
    }

    @Test("A first task that belongs to another actor never runs, and is a defect")
    @MainActor
    func neverRan() {
        let world = world()
        world.start("a") { machine in
            MainActor.assertIsolated()
            try await machine.sleep(.seconds(1))
        }
        world.run(for: .seconds(2))
        world.shutDown()
        #expect(world.journal.errorCount == 1)
        let note = world.journal.notes.first { $0.severity == .error }
        #expect(
            note?.message.hasPrefix("the first task of a never ran") == true,
            "\(String(describing: note))")
    }

    @Test("A job that comes back from the main actor is taken in, and a defect")
    func strays() async {
        let world = world()
        var isBack = false
        world.start("a") { _ in
            await onTheMainActor()
            isBack = true
        }
        // Real time has to pass for what happens on other threads.
        for _ in 0..<1000 where !isBack {
            world.after(.milliseconds(1)) { Thread.sleep(forTimeInterval: 0.01) }
            world.run(for: .milliseconds(2))
        }
        world.shutDown()
        #expect(isBack)
        #expect(world.journal.errorCount >= 1)
        #expect(world.journal.notes.contains { $0.message.contains("the main actor") })
    }

    @Test("Notes are kept up to a limit, defects for longer, and all defects are counted")
    func limits() throws {
        let world = world()
        defer { world.shutDown() }
        world.journal.noteLimit = 10
        var shown = 0
        world.journal.onNote = { _ in shown += 1 }
        try on(world) { machine in
            for number in 0..<5000 {
                machine.observer.note(
                    .debug,
                    {
                        Issue.record("asked for nothing"); return ""
                    }())
                machine.observer.note(.warning, "warning \(number)")
                machine.observer.note(.error, "defect \(number)")
            }
        }
        #expect(world.journal.errorCount == 5000)
        #expect(world.journal.notes.count == 10 + Journal.errorReserve)
        #expect(world.journal.notes.filter { $0.severity == .warning }.count == 5)
        #expect(shown == world.journal.notes.count)
    }

    @Test("An error that leaves a task is a defect that names the task")
    func failedTask() {
        let world = world()
        world.start("a") { machine in
            machine.spawn("flush") { throw DiskError.full(path: "f") }
        }
        world.run(for: .seconds(1))
        world.shutDown()
        #expect(
            world.journal.notes.map(\.message) == [
                "task flush failed: no space left on the disk while writing f"
            ])
    }

    @Test("A quarter of the sites disturb, each a quarter of the time, and none unless asked to")
    func disturbance() throws {
        var (activeCount, fired, asked) = (0, 0, 0)
        for seed in 1...200 as ClosedRange<UInt64> {
            let world = world(seed)
            defer { world.shutDown() }
            try on(world) { machine in
                #expect(!machine.observer.shouldDisturb("site"))
                world.journal.disturbs = true
                let count = (0..<100).filter { _ in machine.observer.shouldDisturb("site") }.count
                if count > 0 {
                    activeCount += 1
                    fired += count
                    asked += 100
                }
            }
        }
        #expect(activeCount > 30 && activeCount < 70)
        #expect(abs(Double(fired) / Double(asked) - 0.25) < 0.03)
    }

    @Test("Probes are counted by name")
    func probes() throws {
        let world = world()
        defer { world.shutDown() }
        try on(world) { machine in
            for _ in 0..<3 { machine.observer.reached("b") }
            machine.observer.reached("a")
        }
        #expect(world.journal.probes.map { "\($0.name) \($0.count)" } == ["a 1", "b 3"])
    }
}
