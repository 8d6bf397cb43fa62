import Glibc
import Platform
import Synchronization
import Testing

@testable import Host

@Suite("The real world's one thread")
struct WorldTests {
    @Test("Results of many threads arrive each once, on the world's thread, under load")
    func handOver() throws {
        try RealFolder().run { machine, world in
            let thread = WorkerThreads(count: 6)
            let own = pthread_self()
            var sum = 0
            let done = Channel<Int>(machine)
            for task in 0..<40 {
                machine.spawn("asker") {
                    for number in 0..<50 {
                        let answer = try await world.offload(to: thread, in: machine.lifetime) {
                            task * 50 + number
                        }
                        #expect(pthread_equal(pthread_self(), own) != 0)
                        sum += answer
                    }
                    done.send(task)
                }
            }
            for _ in 0..<40 { _ = try await done.receive() }
            #expect(sum == 2000 * 1999 / 2)
            thread.close()
        }
    }

    @Test("One thread's work is done in order")
    func order() {
        let seen = Mutex<[Int]>([])
        let thread = WorkerThreads(count: 1)
        for number in 0..<1000 { thread.submit { seen.withLock { $0.append(number) } } }
        thread.close()
        #expect(seen.withLock { $0 } == Array(0..<1000))
    }

    @Test("Another thread can stop the world")
    func stopping() throws {
        let folder = RealFolder()
        defer { withExtendedLifetime(folder) {} }
        let world = try folder.world()
        let thread = WorkerThreads(count: 1)
        thread.submit { world.stop() }
        world.run()
        thread.close()
        world.shutDown()
        world.shutDown()
    }

    @Test("Running for a while takes that while")
    func running() throws {
        let folder = RealFolder()
        defer { withExtendedLifetime(folder) {} }
        let world = try folder.world()
        let before = HostClock.monotonicNanoseconds
        world.run(for: .milliseconds(20))
        #expect(HostClock.monotonicNanoseconds - before >= 20_000_000)
        #expect(!world.run(atMost: .milliseconds(5)) { false })
        world.shutDown()
    }

    @Test("Ending a world in the midst of everything leaves nothing behind")
    func unwinding() throws {
        let folder = RealFolder()
        defer { withExtendedLifetime(folder) {} }
        let world = try folder.world()
        var ended = 0
        var begun = 0
        for number in 0..<4 {
            world.start("machine-\(number)") { machine in
                let listener = try await machine.network.listen(port: 9123)
                func loop(_ label: String, _ body: @escaping () async throws -> Void) {
                    begun += 1
                    machine.spawn(label) {
                        defer { ended += 1 }
                        while true { try await body() }
                    }
                }
                loop("accept") {
                    let connection = try await listener.accept()
                    loop("echo") { try await connection.send(try await connection.receive()) }
                }
                let file = try await machine.disk.open("log", .any)
                loop("disk") {
                    try await file.write([1], at: 0)
                    try await file.sync()
                }
                loop("store") { _ = try await machine.objectStore.put([1], at: "a", .always) }
                loop("service") { _ = try await machine.coordination.get("a") }
                let target = Address(host: "machine-\((number + 1) % 4)", port: 9123)
                var opened: (any Connection)?
                while opened == nil {
                    do { opened = try await machine.network.connect(to: target) } catch NetworkError
                        .refused
                    { try await machine.sleep(.milliseconds(2)) }
                }
                let connection = opened!
                loop("call") {
                    try await connection.send([1, 2, 3])
                    _ = try await connection.receive()
                }
            }
        }
        #expect(world.run(atMost: .seconds(20)) { begun == 24 })
        world.run(for: .milliseconds(50))
        let before = begun
        world.shutDown()
        #expect(ended == begun && begun == before)
    }

    @Test("Notes are handed on and defects counted")
    func journal() throws {
        let folder = RealFolder()
        defer { withExtendedLifetime(folder) {} }
        let world = try folder.world()
        var notes: [HostJournal.Note] = []
        world.journal.onNote = { notes.append($0) }
        world.start("machine-1") { machine in
            machine.observer.note(.debug, "not told")
            machine.observer.note(.information, "told")
            for _ in 0..<3 { machine.observer.reached("corner") }
            #expect(!machine.observer.shouldDisturb("site"))
            throw CoordinationError.unavailable
        }
        #expect(world.run(atMost: .seconds(5)) { notes.count == 2 })
        world.shutDown()
        #expect(notes.map(\.severity) == [.information, .error])
        #expect(notes.allSatisfy { $0.machine == "machine-1" })
        #expect(world.journal.errorCount == 1)
        #expect(world.journal.probes.map(\.name) == ["corner"])
        #expect(world.journal.probes.map(\.count) == [3])
    }

    @Test("Timers ring in order, whatever is cancelled", arguments: 1...5 as ClosedRange<UInt64>)
    func timers(seed: UInt64) {
        var state = seed
        func next(_ limit: Int) -> Int {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return Int(state >> 33) % limit
        }
        var queue = TimerQueue()
        var rung: [(Int64, UInt64)] = []
        var expected: [UInt64: Int64] = [:]
        for _ in 0..<2000 {
            let deadline = Int64(next(300))
            var identifier: UInt64 = 0
            identifier = queue.add(at: deadline) { rung.append((deadline, identifier)) }
            expected[identifier] = deadline
            if next(3) > 0 {
                let cancelled = UInt64(1 + next(Int(identifier)))
                queue.cancel(cancelled)
                expected[cancelled] = nil
            }
        }
        #expect(queue.earliest() == expected.values.min())
        #expect(queue.next(dueAt: -1) == nil)
        while let action = queue.next(dueAt: 300) { action() }
        #expect(queue.earliest() == nil)
        #expect(rung.count == expected.count)
        #expect(
            rung.map(\.1) == expected.sorted { ($0.value, $0.key) < ($1.value, $1.key) }.map(\.key))
    }
}
