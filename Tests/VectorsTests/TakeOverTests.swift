import Platform
import Simulation
import TestSupport
import Testing

@testable import Vectors

@Suite("Copies of an index that take over")
struct TakeOverTests {
    private static let prefix = "vectors/7/0"

    private static func open(_ machine: Machine, epoch: Int64) async throws -> VectorIndex {
        try await VectorIndex.open(
            machine, prefix: prefix, epoch: epoch, configuration: .small)
    }

    private static func copy(_ machine: Machine) async throws -> VectorIndex {
        try await VectorIndex.openCopy(machine, prefix: prefix, configuration: .small)
    }

    private static func missingObjects(_ world: SimulationWorld) throws -> [String] {
        guard let bytes = world.objects.bytes("\(prefix)/manifest.json") else { return [] }
        let manifest = try VectorManifest(bytes: bytes, object: "manifest")
        return manifest.segments.map(\.object).filter { world.objects.bytes($0) == nil }
    }

    @Test("A copy goes on with all that it holds, and the one before as a copy", arguments: 1...4)
    func takeOver(seed: UInt64) throws {
        let story = Story(seed: seed, count: 420)
        try inWorld(seed: seed) { machine, world in
            let first = try await Self.open(machine, epoch: 1)
            try story.apply(to: first, upTo: 100)
            try await first.checkpoint()
            let second = try await Self.copy(machine)
            #expect(second.consumedOffset == 100 && !second.isOwner)
            // Both follow; the owner's merges make away with objects that the copy was read from.
            for end in stride(from: 130, through: 250, by: 30) {
                try story.apply(to: first, upTo: end)
                try await first.checkpoint()
                try story.apply(to: second, upTo: end)
                try await second.tidy()
                #expect(try story.complaints(about: second) == [])
            }
            try await second.takeOver(epoch: 2)
            #expect(second.isOwner && second.consumedOffset == 250)
            #expect(try story.complaints(about: second) == [])
            #expect(try Self.missingObjects(world) == [])
            try story.apply(to: first, upTo: 300)
            await #expect(throws: VectorsError.self) { try await first.checkpoint() }
            #expect(!first.isOwner)
            try story.apply(to: second, upTo: 330)
            #expect(try await second.checkpoint() == 330)
            #expect(try Self.missingObjects(world) == [])
            // And back again.
            try story.apply(to: first, upTo: 380)
            try await first.takeOver(epoch: 3)
            #expect(try await first.checkpoint() == 380)
            #expect(try Self.missingObjects(world) == [])
            let last = try await Self.open(machine, epoch: 4)
            #expect(last.consumedOffset == 380)
            #expect(try story.complaints(about: last) == [])
        }
    }

    @Test("One that is behind what is durable writes nothing before it has come as far")
    func behind() throws {
        let story = Story(seed: 3, count: 300)
        try inWorld { machine, world in
            let first = try await Self.open(machine, epoch: 1)
            let second = try await Self.copy(machine)
            try story.apply(to: second, upTo: 60)
            try story.apply(to: first, upTo: 200)
            try await first.checkpoint()
            try await second.takeOver(epoch: 2)
            #expect(second.durableOffset == 200)
            #expect(try await second.checkpoint() == 200)
            #expect(try await Self.copy(machine).consumedOffset == 200)
            try story.apply(to: second, upTo: 220)
            #expect(try await second.checkpoint() == 220)
            let third = try await Self.copy(machine)
            #expect(third.consumedOffset == 220)
            #expect(try story.complaints(about: third) == [])
            #expect(try Self.missingObjects(world) == [])
        }
    }

    @Test("A copy is read though its owner makes away with segments meanwhile", arguments: 1...6)
    func readWhileMerged(seed: UInt64) throws {
        let story = Story(seed: seed, count: 400)
        try inWorld(seed: seed) { machine, _ in
            let first = try await Self.open(machine, epoch: 1)
            var isDone = false
            machine.spawn("owner") {
                for end in stride(from: 20, through: 400, by: 20) {
                    try story.apply(to: first, upTo: end)
                    try await first.checkpoint()
                }
                isDone = true
            }
            while !isDone {
                let copy = try await Self.copy(machine)
                #expect(try story.complaints(about: copy) == [])
            }
        }
    }
}
