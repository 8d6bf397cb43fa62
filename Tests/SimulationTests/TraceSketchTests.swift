import Platform
import Simulation
import Testing

@Suite("A sketch of a trace")
struct TraceSketchTests {
    /// Two machines that write and send; what differs is up to the caller.
    static func world(
        isSketched: Bool = true, _ change: @escaping (Machine, Int) async throws -> Void
    ) -> SimulationWorld {
        let world = SimulationWorld(seed: 3, isSketched: isSketched)
        for name in ["near", "far"] { world.addMachine(name) }
        world.start("near") { machine in
            let file = try await machine.disk.open("log", .new)
            for number in 0..<100 {
                try await file.write([UInt8(number)], at: Int64(number))
                try await change(machine, number)
            }
        }
        world.run(for: .seconds(10))
        world.shutDown()
        return world
    }

    @Test("Leaves the hash as it is, and finds no deviation where there is none")
    func same() throws {
        let plain = Self.world(isSketched: false) { _, _ in }
        let first = Self.world { _, _ in }
        let second = Self.world { _, _ in }
        #expect(plain.trace.sketch == nil)
        #expect(first.trace.hash == plain.trace.hash)
        let sketch = try #require(first.trace.sketch)
        #expect(sketch.kinds.count == first.trace.eventCount)
        let other = try #require(second.trace.sketch)
        #expect(sketch.deviation(from: other) == nil)
    }

    @Test("Names the event from which another run does another thing", arguments: [0, 7, 50, 99])
    func otherThing(at turn: Int) throws {
        let first = Self.world { _, _ in }
        let second = Self.world { machine, number in
            if number == turn { try await machine.disk.syncDirectory("") }
        }
        let sketch = try #require(first.trace.sketch)
        let other = try #require(second.trace.sketch)
        let deviation = try #require(sketch.deviation(from: other))
        // The event itself may be the timer that the other thing waited for.
        let window = deviation.events.lowerBound..<(deviation.events.upperBound + 4)
        func kept(_ body: @escaping (Machine, Int) async throws -> Void) -> [Trace.Event] {
            let world = SimulationWorld(seed: 3, keeping: window)
            for name in ["near", "far"] { world.addMachine(name) }
            world.start("near") { machine in
                let file = try await machine.disk.open("log", .new)
                for number in 0..<100 {
                    try await file.write([UInt8(number)], at: Int64(number))
                    try await body(machine, number)
                }
            }
            world.run(for: .seconds(10))
            world.shutDown()
            return world.keptEvents
        }
        let now = kept { machine, number in
            if number == turn { try await machine.disk.syncDirectory("") }
        }
        #expect(now.contains { $0.kind == .diskSync })
        #expect(deviation.events.count <= TraceSketch.digestInterval)
    }

    @Test("Sees other content within a few events")
    func otherContent() throws {
        let first = Self.world { machine, _ in
            let file = try await machine.disk.open("data", .any)
            try await file.write([1], at: 0)
        }
        let second = Self.world { machine, number in
            let file = try await machine.disk.open("data", .any)
            try await file.write([number == 60 ? 2 : 1], at: 0)
        }
        let sketch = try #require(first.trace.sketch)
        let other = try #require(second.trace.sketch)
        let deviation = try #require(sketch.deviation(from: other))
        #expect(deviation.kind == nil && deviation.events.lowerBound > 100)
    }

    @Test("Parts that are not of one run are refused")
    func refused() {
        #expect(TraceSketch(kinds: [0], nodes: [], digests: []) == nil)
        #expect(TraceSketch(kinds: [250], nodes: [0], digests: []) == nil)
        #expect(TraceSketch(kinds: [0], nodes: [0], digests: [1]) == nil)
        #expect(TraceSketch(kinds: [0, 1], nodes: [0, 255], digests: []) != nil)
    }
}
