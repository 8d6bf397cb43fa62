import Platform
import Simulation
import TestSupport
import Testing

@testable import Vectors

private let prefix = "vectors/7/0/embedding"

private func open(
    _ machine: Machine, epoch: Int64 = 1, rebuilding: Bool = false
) async throws -> VectorIndex {
    try await VectorIndex.open(
        machine, prefix: prefix, epoch: epoch, configuration: .small, rebuilding: rebuilding)
}

@Suite("The index")
struct IndexTests {
    @Test("It is a function of the table, over hot and sealed segments", arguments: 1...4)
    func functionOfTheTable(seed: Int) throws {
        let story = Story(seed: UInt64(seed), count: 400)
        try inWorld(seed: UInt64(seed)) { machine, _ in
            let index = try await open(machine)
            for end in stride(from: 25, through: 400, by: 25) {
                try story.apply(to: index, upTo: end)
                #expect(try story.complaints(about: index) == [])
                if end % 100 == 0 { try await index.checkpoint() }
                #expect(try story.complaints(about: index) == [])
            }
            #expect(index.segmentCounts.count < 12)
        }
    }

    @Test("What was applied before is passed over")
    func replay() throws {
        let story = Story(seed: 1, count: 200)
        try inWorld { machine, _ in
            let index = try await open(machine)
            try story.apply(to: index, upTo: 200)
            let keys = index.liveKeys()
            for (offset, change) in story.changes.prefix(150).enumerated() {
                try index.apply(offset: Int64(offset), key: change.key, vector: change.vector)
            }
            #expect(index.liveKeys() == keys)
            #expect(index.consumedOffset == 200)
            index.advance(to: 150)
            #expect(index.consumedOffset == 200)
            index.advance(to: 230)
            #expect(try index.search([0, 0, 0, 0, 0, 0], limit: 1).freshUpTo == 230)
        }
    }

    @Test("Wrong vectors are refused, ones that are not finite taken out")
    func wrongVectors() throws {
        try inWorld { machine, _ in
            let index = try await open(machine)
            try index.apply(offset: 0, key: [1], vector: [1, 2, 3, 4, 5, 6])
            #expect(throws: VectorsError.self) {
                try index.apply(offset: 1, key: [1], vector: [1])
            }
            #expect(index.consumedOffset == 1)
            try index.apply(offset: 1, key: [1], vector: [1, 2, 3, 4, 5, .nan])
            #expect(index.liveKeys() == [])
            #expect(index.refusedCount == 1)
            #expect(throws: VectorsError.self) { try index.search([1], limit: 1) }
            #expect(throws: VectorsError.self) {
                try index.search([1, 2, 3, 4, 5, .infinity], limit: 1)
            }
        }
    }

    @Test("A table snapshot replaces all there is, and lasts")
    func replaceAll() throws {
        let story = Story(seed: 2, count: 300)
        try inWorld { machine, _ in
            let index = try await open(machine)
            try story.apply(to: index, upTo: 100)
            try await index.checkpoint()
            let table = story.table(at: 200)
            let rows = table.keys.sorted { $0.lexicographicallyPrecedes($1) }
                .map { (key: $0, vector: table[$0]!) }
            try index.replaceAll(with: rows, upTo: 200)
            #expect(try story.complaints(about: index) == [])
            try await index.checkpoint()
            let again = try await open(machine, epoch: 2)
            #expect(again.consumedOffset == 200)
            try story.apply(to: again, upTo: 300)
            #expect(try story.complaints(about: again) == [])
        }
    }

    @Test("A checkpoint without changes writes nothing, one with only deletes does")
    func checkpoints() throws {
        let story = Story(seed: 3, count: 100)
        try inWorld { machine, world in
            let index = try await open(machine)
            try story.apply(to: index, upTo: 100)
            #expect(try await index.checkpoint() == 100)
            let puts = world.objects.counters.puts
            #expect(try await index.checkpoint() == 100)
            #expect(world.objects.counters.puts == puts)
            let victim = index.liveKeys()[0]
            try index.apply(offset: 100, key: victim, vector: nil)
            #expect(index.durableOffset == 100)
            #expect(try await index.checkpoint() == 101)
            let again = try await open(machine, epoch: 2)
            #expect(again.consumedOffset == 101)
            #expect(!again.liveKeys().contains(victim))
        }
    }

    @Test("Objects that no manifest names are deleted, and no other")
    func collection() throws {
        let story = Story(seed: 4, count: 300)
        try inWorld { machine, world in
            let orphan = "\(prefix)/segments/orphan"
            _ = try await machine.objectStore.put([1], at: orphan, .always)
            let index = try await open(machine)
            #expect(world.objects.bytes(orphan) == nil)
            for end in stride(from: 30, through: 300, by: 30) {
                try story.apply(to: index, upTo: end)
                try await index.checkpoint()
                let objects = world.objects.keys(prefix: "\(prefix)/segments/")
                #expect(objects == index.segments.map(\.object).sorted())
            }
        }
    }
}
