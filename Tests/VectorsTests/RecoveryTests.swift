import Platform
import Simulation
import TestSupport
import Testing

@testable import Vectors

private let prefix = "vectors/7/0/embedding"

/// The error that `body` ends with.
private func failure(_ body: () async throws -> Void) async -> VectorsError? {
    do { try await body() } catch { return error as? VectorsError }
    return nil
}

private func open(
    _ machine: Machine, epoch: Int64, rebuilding: Bool = false
) async throws -> VectorIndex {
    try await VectorIndex.open(
        machine, prefix: prefix, epoch: epoch, configuration: .small, rebuilding: rebuilding)
}

/// Reads the newest manifest straight from the store and checks that all it names is there.
private func missingObjects(_ world: SimulationWorld) throws -> [String] {
    guard let bytes = world.objects.bytes("\(prefix)/manifest.json") else { return [] }
    let manifest = try VectorManifest(bytes: bytes, object: "manifest")
    return manifest.segments.map(\.object).filter { world.objects.bytes($0) == nil }
}

@Suite("Recovery of the index")
struct RecoveryTests {
    private static func work(
        _ machine: Machine, _ story: Story, epoch: Int64,
        _ opened: @escaping (VectorIndex) throws -> Void
    ) async throws {
        let index = try await open(machine, epoch: epoch)
        try opened(index)
        while index.consumedOffset < story.changes.count {
            try story.apply(
                to: index, upTo: min(story.changes.count, Int(index.consumedOffset) + 45))
            do { try await index.checkpoint() } catch VectorsError.unavailable {
                // Goes on with more changes, as an indexer does.
            }
            try await machine.sleep(.milliseconds(10))
        }
    }

    @Test("A crash at any moment loses nothing and brings nothing back", arguments: 1...3)
    func crashes(seed: UInt64) throws {
        let story = Story(seed: seed, count: 240)
        for step in 1...15 {
            let world = SimulationWorld(seed: seed)
            world.objects.faults.refusalsPerMillion = 20_000
            world.objects.faults.lostAfterPerMillion = 20_000
            world.addMachine("server")
            var durable: Int64 = 0
            var finished: VectorIndex?
            var complaints: [String] = []
            world.objects.onDelete = { object in
                if let missing = try? missingObjects(world), !missing.isEmpty {
                    complaints.append("\(missing) are gone")
                }
                _ = object
            }
            for epoch in 1...3 as ClosedRange<Int64> {
                world.start("server") { machine in
                    try await Self.work(machine, story, epoch: epoch) { index in
                        if index.consumedOffset < durable { complaints.append("went back") }
                        finished = index
                        complaints += try story.complaints(about: index)
                    }
                }
                if epoch < 3 {
                    // Moments spread over the first checkpoints, to fall between their requests.
                    world.run(for: .milliseconds(step * 29))
                    durable = max(durable, finished?.durableOffset ?? 0)
                    world.crash("server")
                }
            }
            world.run(for: .seconds(600))
            let index = try #require(finished)
            #expect(index.consumedOffset == 240)
            complaints += try story.complaints(about: index)
            #expect(complaints == [], "seed \(seed), step \(step)")
            #expect(try missingObjects(world) == [])
            world.shutDown()
            #expect(world.journal.errorCount == 0)
        }
    }

    @Test("An indexer whose bucket was taken over can write nothing more")
    func zombie() throws {
        let story = Story(seed: 5, count: 300)
        try inWorld { machine, world in
            let zombie = try await open(machine, epoch: 1)
            try story.apply(to: zombie, upTo: 100)
            try await zombie.checkpoint()
            try story.apply(to: zombie, upTo: 200)
            let heir = try await open(machine, epoch: 2)
            #expect(heir.consumedOffset == 100)
            let taken = VectorsError.fenced(object: "\(prefix)/manifest.json", epoch: 2)
            #expect(await failure { _ = try await zombie.checkpoint() } == taken)
            #expect(zombie.durableOffset == 100)
            try story.apply(to: heir, upTo: 300)
            try await heir.checkpoint()
            #expect(await failure { _ = try await zombie.checkpoint() } != nil)
            #expect(try missingObjects(world) == [])
            #expect(await failure { _ = try await open(machine, epoch: 1) } == taken)
            let last = try await open(machine, epoch: 3)
            #expect(try story.complaints(about: last) == [])
            #expect(last.consumedOffset == 300)
        }
    }

    @Test("Lost answers, refusals and conflicts change nothing but time", arguments: 1...8)
    func faults(seed: UInt64) throws {
        let story = Story(seed: seed, count: 300)
        let world = SimulationWorld(seed: seed)
        world.objects.faults.refusalsPerMillion = 100_000
        world.objects.faults.lostBeforePerMillion = 100_000
        world.objects.faults.lostAfterPerMillion = 100_000
        world.objects.faults.conflictsPerMillion = 100_000
        world.addMachine("server")
        var finished: VectorIndex?
        world.start("server") { machine in
            var epoch: Int64 = 1
            while true {
                do {
                    try await Self.work(machine, story, epoch: epoch) { finished = $0 }
                    return
                } catch VectorsError.unavailable {
                    epoch += 1
                }
            }
        }
        world.run(for: .seconds(3600))
        let index = try #require(finished)
        #expect(index.consumedOffset == 300)
        #expect(try story.complaints(about: index) == [])
        #expect(try missingObjects(world) == [])
        world.shutDown()
        #expect(world.journal.errorCount == 0, "\(world.journal.notes.map(\.message))")
    }

    @Test("Nothing stays of uploads that land after they were given up", arguments: 1...4)
    func lateUploads(seed: UInt64) throws {
        let story = Story(seed: seed, count: 300)
        try inWorld(seed: seed) { machine, world in
            let index = try await open(machine, epoch: 1)
            try story.apply(to: index, upTo: 60)
            try await index.checkpoint()
            let own = index.segments.map(\.object)
            index.doubtfulObjects = Set(own)
            for end in stride(from: 100, through: 300, by: 40) {
                try story.apply(to: index, upTo: end)
                try await index.checkpoint()
            }
            let given = own.filter { !index.segments.map(\.object).contains($0) }
            #expect(!given.isEmpty)
            // What an earlier opening sent, and this one sent twice, lands only now.
            for object in given + ["\(prefix)/segments/earlier-1"] {
                _ = try await machine.objectStore.put([1], at: object, .always)
            }
            for _ in 0..<30 {
                try await machine.sleep(.seconds(5))
                try await index.checkpoint()
            }
            let left = try await machine.objectStore.list(
                prefix: "\(prefix)/segments/", after: nil, limit: 1000
            ).map(\.key)
            #expect(Set(left) == Set(index.segments.map(\.object)))
            #expect(try missingObjects(world) == [])
        }
    }

    @Test("Changes applied while a checkpoint waits belong to the next one", arguments: 1...4)
    func concurrentChanges(seed: UInt64) throws {
        let story = Story(seed: seed, count: 600)
        for step in 1...8 {
            let world = SimulationWorld(seed: seed)
            world.addMachine("server")
            world.start("server") { machine in
                let index = try await open(machine, epoch: 1)
                machine.spawn("checkpoints") {
                    while true {
                        try await index.checkpoint()
                        try await machine.sleep(.milliseconds(1))
                    }
                }
                while index.consumedOffset < 600 {
                    try story.apply(to: index, upTo: Int(index.consumedOffset) + 3)
                    try await machine.sleep(.milliseconds(3))
                }
            }
            // Dies somewhere between the requests of some checkpoint.
            world.run(for: .milliseconds(100 + step * 67))
            world.crash("server")
            var complaints = ["did not open"]
            world.start("server") { machine in
                let index = try await open(machine, epoch: 2)
                complaints = try story.complaints(about: index)
            }
            world.run(for: .seconds(60))
            #expect(complaints == [], "seed \(seed), step \(step)")
            world.shutDown()
            #expect(world.journal.errorCount == 0)
        }
    }

    @Test("What is deleted while segments are merged stays deleted", arguments: 1...4)
    func mergeRace(seed: UInt64) throws {
        let story = Story(seed: seed, count: 900)
        let probe = "vector deleted while its segments were merged"
        let hits = try inWorld(seed: seed) { machine, world in
            let index = try await open(machine, epoch: 1)
            for end in stride(from: 60, through: 900, by: 60) {
                machine.spawn("checkpoint") { try await index.checkpoint() }
                // Merging begins before any request, and takes turns with this.
                while index.consumedOffset < end {
                    try story.apply(to: index, upTo: Int(index.consumedOffset) + 1)
                    try await machine.sleep(.zero)
                }
                try await machine.sleep(.seconds(5))
                #expect(try story.complaints(about: index) == [])
            }
            return world.journal.probes.first { $0.name == probe }?.count ?? 0
        }
        #expect(hits > 0)
    }

    @Test("A damaged index says so, and is built again from its table")
    func rebuilding() throws {
        let story = Story(seed: 6, count: 200)
        try inWorld { machine, world in
            let index = try await open(machine, epoch: 1)
            try story.apply(to: index, upTo: 200)
            try await index.checkpoint()
            for victim in [index.segments[0].object, "\(prefix)/manifest.json"] {
                let whole = world.objects.bytes(victim)!
                _ = try await machine.objectStore.put(
                    Array(whole.dropLast(3)), at: victim, .always)
                #expect(await failure { _ = try await open(machine, epoch: 2) } != nil)
                let rebuilt = try await open(machine, epoch: 2, rebuilding: true)
                #expect(rebuilt.consumedOffset == 0 && rebuilt.count == 0)
                try story.apply(to: rebuilt, upTo: 200)
                try await rebuilt.checkpoint()
                #expect(try story.complaints(about: rebuilt) == [])
            }
            var other = VectorIndexConfiguration.small
            other.dimension = 7
            #expect(
                await failure {
                    _ = try await VectorIndex.open(
                        machine, prefix: prefix, epoch: 3, configuration: other)
                } != nil)
        }
    }
}
