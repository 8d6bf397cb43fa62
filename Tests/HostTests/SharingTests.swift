import Foundation
import Platform
import Synchronization
import Testing

@testable import Host

/// Runs `body` in `count` worlds over one folder at once, each on a thread of its own.
private func sideBySide<Value: Sendable>(
    _ count: Int, in folder: RealFolder = RealFolder(),
    _ body: @escaping @Sendable (Machine, Int) async throws -> Value
) throws -> [Value] {
    defer { withExtendedLifetime(folder) {} }
    let worlds = try (0..<count).map { _ in try folder.world() }
    let results = Mutex<[Result<Value, any Error>]>([])
    let threads = WorkerThreads(count: count)
    for (number, world) in worlds.enumerated() {
        threads.submit {
            let result = Result { try world.finish { try await body($0, number) } }
            results.withLock { $0.append(result) }
        }
    }
    threads.close()
    for world in worlds { world.shutDown() }
    return try results.withLock { try $0.map { try $0.get() } }
}

@Suite("Worlds that share a folder, as processes do")
struct SharingTests {
    @Test("Of several that write one object if absent, one wins, each time")
    func absent() throws {
        let wins = try sideBySide(4) { machine, number in
            var wins: [Int] = []
            for round in 0..<25 {
                do {
                    _ = try await machine.objectStore.put(
                        [UInt8(number)], at: "race/\(round)", .ifAbsent)
                    wins.append(round)
                } catch ObjectStoreError.preconditionFailed {}
            }
            return wins
        }
        #expect(wins.flatMap { $0 }.sorted() == Array(0..<25))
    }

    @Test("Compare and replace loses no increment, whatever moves aside")
    func counter() throws {
        let folder = RealFolder()
        let wins = try sideBySide(3, in: folder) { machine, number in
            var wins = 0
            let store = machine.objectStore
            for round in 0..<12 {
                while true {
                    do {
                        if let head = try await store.head("count") {
                            let value = try await store.get("count")
                            _ = try await store.put(
                                [value[0] + 1], at: "count", .ifMatches(head.tag))
                        } else {
                            _ = try await store.put([1], at: "count", .ifAbsent)
                        }
                        wins += 1
                        break
                    } catch ObjectStoreError.preconditionFailed {}
                }
                // Makes the counter a folder's namesake, and no longer.
                _ = try await store.put([], at: "count/\(number)", .always)
                if round % 2 == 1 { try await store.delete("count/\(number)") }
            }
            return wins
        }
        #expect(wins == [12, 12, 12])
        #expect(try folder.run { machine, _ in try await machine.objectStore.get("count") } == [36])
    }

    @Test("The end of a race on a counter is the sum")
    func sum() throws {
        let counts = try sideBySide(3) { machine, number in
            var mine = 0
            while true {
                let entry = try await machine.coordination.get("count")
                let value = entry?.value.first ?? 0
                if value == 60 { return mine }
                let condition: CoordinationTransaction.Condition =
                    entry.map { .revision(key: "count", $0.revision) } ?? .absent(key: "count")
                let result = try await machine.coordination.commit(
                    CoordinationTransaction(
                        conditions: [condition],
                        operations: [.put(key: "count", value: [value + 1], lease: nil)]))
                if result != .conflict { mine += 1 }
            }
        }
        #expect(counts.reduce(0, +) == 60)
    }

    @Test("A watch sees what other processes change, in order and once each")
    func watches() throws {
        let seen = try sideBySide(2) { machine, number in
            let service = machine.coordination
            if number == 0 {
                for value in 0..<30 as Range<UInt8> {
                    _ = try await service.commit(
                        CoordinationTransaction(
                            conditions: [],
                            operations: [.put(key: "key", value: [value], lease: nil)]))
                    if value % 7 == 0 { try await machine.sleep(.milliseconds(15)) }
                }
                return [UInt8]()
            }
            let watch = try await service.watch(prefix: "k", after: .zero)
            var values: [UInt8] = []
            while values.count < 30 {
                values += try await watch.next().compactMap { $0.entry?.value.first }
            }
            return values
        }
        #expect(seen.contains(Array(0..<30)))
    }

    @Test("A watch that begins before what is remembered must range anew")
    func compaction() throws {
        let folder = RealFolder()
        defer { withExtendedLifetime(folder) {} }
        try FileManager.default.createDirectory(
            atPath: folder.path, withIntermediateDirectories: true)
        let service = try CoordinationService(
            path: folder.path + "/coordination.sqlite", historyLimit: 20)
        for number in 1...30 {
            _ = try service.commit(
                CoordinationTransaction(
                    conditions: [],
                    operations: [
                        .put(key: "a", value: [UInt8(number)], lease: nil),
                        .put(key: "b", value: [UInt8(number)], lease: nil),
                    ]))
        }
        let heard = Mutex<[WatchEvent]>([])
        func stream(after position: Int64) -> CoordinationService.Stream {
            CoordinationService.Stream(
                identifier: 1, prefix: [], position: position,
                deliver: { events in heard.withLock { $0 += events ?? [] } })
        }
        #expect(throws: CoordinationError.unavailable) { try service.watch(stream(after: 3)) }
        try service.watch(stream(after: 28))
        #expect(heard.withLock { $0 }.map(\.revision.number) == [29, 29, 30, 30])
    }
}
