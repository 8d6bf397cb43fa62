@testable import Cluster
import Columnar
import KeyValue
import Platform
import Simulation
import Testing

@Suite("Stories of row snapshots")
struct RowSnapshotStories {
    private func script(
        seed: UInt64 = 1, format: FormatVersion = .newest
    ) throws -> ClusterScript {
        var table = keyedTable
        table.properties = try TableProperties([
            ("table.datalake.enabled", "false"), ("table.log.ttl", "5 s"),
        ])
        return try ClusterScript(seed: seed, table: table, format: format) {
            $0.remoteLogTaskInterval = .seconds(1)
            $0.localSegmentCount = 1
            $0.snapshotInterval = .seconds(3)
            $0.rowMemoryByteCount = 8 * 1024
        }
    }

    private func writeSlowly(_ t: ClusterScript, seconds: Int) throws {
        for _ in 0..<seconds {
            try t.write(10, textLength: 300)
            t.run(.seconds(1))
        }
    }

    private func objects(_ t: ClusterScript) -> [String] {
        t.world.objects.keys(prefix: "snapshots/\(t.bucket.path)/")
    }

    /// The objects of the current snapshot and of those that it keeps.
    private func needed(_ t: ClusterScript) throws -> Set<String> {
        var needed: Set<String> = []
        guard let pointer = t.leaderReplica?.mirror.snapshots[t.bucket]?.value else { return [] }
        var keys = [pointer.key]
        while let key = keys.popLast() {
            guard let bytes = t.world.objects.bytes(key) else { continue }
            let manifest = try RowSnapshotManifest(decoding: bytes, at: key)
            if key == pointer.key { keys += manifest.earlier.map(\.key) }
            needed.formUnion([key] + manifest.fileKeys)
        }
        return needed
    }

    private func rowCount(_ t: ClusterScript) throws -> Int {
        let bucket = t.bucket
        return try t.ask { client in
            try await client.scan(bucket, after: nil, limit: 100_000).rows.count
        }
    }

    @Test("Two snapshots are kept, and of the objects just those that they name")
    func twoAreKept() throws {
        let t = try script()
        try writeSlowly(t, seconds: 30)
        try t.wait("several were published") { t.count("snapshot published") > 4 }
        try t.wait("what is left is what is needed") {
            (try? needed(t)).map { $0 == Set(objects(t)) && !$0.isEmpty } ?? false
        }
        #expect(objects(t).filter { $0.hasSuffix(".manifest") }.count == 2)
        #expect(t.defects.isEmpty, "\(t.defects)")
    }

    @Test("A snapshot whose file is gone is replaced by the one before, and the log from there")
    func earlierSnapshot() throws {
        let t = try script()
        try writeSlowly(t, seconds: 20)
        t.run(.seconds(4))
        let pointer = t.leaderReplica!.mirror.snapshots[t.bucket]!.value
        let newest = try RowSnapshotManifest(
            decoding: t.world.objects.bytes(pointer.key)!, at: pointer.key)
        let earlier = try RowSnapshotManifest(
            decoding: t.world.objects.bytes(newest.earlier[0].key)!, at: newest.earlier[0].key)
        let own = newest.fileKeys.filter { !earlier.fileKeys.contains($0) }
        t.world.objects.lose(try #require(own.first))
        let former = t.leader!
        t.server(former).crash()
        try t.waitForLeader(otherThan: former)
        #expect(try rowCount(t) == t.acknowledged.count)
        #expect(t.count("earlier row snapshot restored") == 1)
        t.run(.seconds(5))
        // The next one is whole again.
        t.server(former).start()
        try t.settle()
        t.server(t.leader!).crash()
        try t.waitForLeader()
        #expect(try rowCount(t) == t.acknowledged.count)
        #expect(t.count("earlier row snapshot restored") == 1)
    }

    @Test("A reader's lease keeps a snapshot and the log behind it; at its end both go")
    func lease() throws {
        let t = try script()
        try writeSlowly(t, seconds: 8)
        let bucket = t.bucket
        let reader = try t.ask { try await $0.openSnapshot(of: bucket, for: .seconds(10)) }
        // The current one by now may be another.
        let key = reader.key
        var isHeld = true
        t.inBackground { client in
            while isHeld {
                _ = try await reader.renew()
                try await client.machine.sleep(.seconds(2))
            }
        }
        try writeSlowly(t, seconds: 20)
        #expect(t.world.objects.bytes(key) != nil)
        #expect(t.count("row snapshot held by a lease") > 0)
        #expect(t.leaderReplica!.startOffset <= reader.endOffset)
        let rows = try t.ask { _ in try await reader.rows(after: nil, limit: 100_000) }
        #expect(rows.count == Int(reader.endOffset))
        isHeld = false
        t.run(.seconds(3))
        _ = try t.ask { _ in try await reader.close() }
        try writeSlowly(t, seconds: 12)
        try t.wait("the snapshot goes") { t.world.objects.bytes(key) == nil }
        try t.wait("the log goes") { t.leaderReplica!.startOffset > reader.endOffset }
    }

    /// Has the object store and the coordination service lose calls and answers.
    private func failServices(_ t: ClusterScript) {
        var store = ServiceFaults()
        store.refusalsPerMillion = 50_000
        store.lostBeforePerMillion = 100_000
        store.lostAfterPerMillion = 100_000
        t.world.objects.faults = store
        var coordination = ServiceFaults()
        coordination.lostBeforePerMillion = 60_000
        coordination.lostAfterPerMillion = 60_000
        t.world.coordinator.faults = coordination
    }

    @Test(
        "Snapshots are read whole while leaders, services and expiry do what they may",
        arguments: 1...8 as ClosedRange<UInt64>)
    func leasesUnderFaults(seed: UInt64) throws {
        let t = try script(seed: seed)
        try writeSlowly(t, seconds: 5)
        let (bucket, codec) = (t.bucket, RowCodec(schema: t.table.schema))
        var wrong: [String] = []
        var readCount = 0
        var isDone = false
        t.inBackground { client in
            while !isDone {
                do {
                    let reader = try await client.openSnapshot(of: bucket, for: .seconds(20))
                    var found: [Int64] = []
                    var last: [UInt8]?
                    while true {
                        let rows = try await reader.rows(after: last, limit: 7)
                        for row in rows {
                            if case .bigint(let number) = try codec.decode(row.row)[0] {
                                found.append(number)
                            }
                        }
                        guard let key = rows.last?.key else { break }
                        last = key
                    }
                    // Each change is a row of its own: the rows are the offsets below the end.
                    if found.count != Int(reader.endOffset) {
                        wrong.append("\(found.count) rows at \(reader.endOffset)")
                    }
                    readCount += 1
                    try await reader.close()
                } catch let error as ClusterError {
                    if case .damaged = error { wrong.append("\(error)") }
                }
                try await client.machine.sleep(.milliseconds(400))
            }
        }
        for round in 0..<6 {
            failServices(t)
            t.begin(40, textLength: 300)
            t.run(.seconds(5))
            if round % 2 == 1, let leader = t.leader {
                t.server(leader).crash()
                t.run(.milliseconds(Int64(300 * seed)))
                t.server(leader).start()
            }
        }
        t.world.coordinator.faults = ServiceFaults()
        try t.settle()
        try t.waitForOutcomes()
        try t.wait("some were read whole") { readCount > 2 }
        isDone = true
        #expect(wrong.isEmpty, "\(wrong)")
        let former = t.leader!
        t.server(former).crash()
        try t.waitForLeader(otherThan: former)
        t.server(former).start()
        try t.settle()
        try t.write(5)
        let rowCount = try rowCount(t)
        #expect(t.acknowledged.count <= rowCount)
        #expect(rowCount <= t.acknowledged.count + t.unknownCount)
        try t.wait("only what is needed is left") {
            (try? needed(t)).map { $0 == Set(objects(t)) && !$0.isEmpty } ?? false
        }
        #expect(t.defects.isEmpty, "\(t.defects)")
    }

    @Test("A snapshot of the format before is read, and its objects go once it is replaced")
    func upgrade() throws {
        let t = try script(format: .checksummed)
        try writeSlowly(t, seconds: 10)
        let old = Set(objects(t))
        #expect(old.contains { $0.hasSuffix(".table") })
        for number in 1...3 { t.cluster.formats["server-\(number)"] = .newest }
        for number in 1...3 {
            t.server(number).crash()
            t.server(number).start()
            try t.settle()
        }
        try t.wait("the format is raised") { t.leaderReplica?.mirror.format == .newest }
        try writeSlowly(t, seconds: 15)
        #expect(try rowCount(t) == t.acknowledged.count)
        try t.wait("only what is needed is left") {
            (try? needed(t)).map { $0 == Set(objects(t)) && !$0.isEmpty } ?? false
        }
        #expect(old.isDisjoint(with: objects(t)))
    }
}

@Suite("The manifest of a row snapshot")
struct RowSnapshotManifestTests {
    @Test("It is read as it was written, and damaged it is refused, never a trap")
    func damage() throws {
        var stores: [UInt8] = []
        let t = try ClusterScript(table: keyedTable) { $0.snapshotInterval = .seconds(1) }
        try t.write(20, textLength: 100)
        t.run(.seconds(5))
        let pointer = try #require(t.leaderReplica!.mirror.snapshots[t.bucket]?.value)
        stores = t.world.objects.bytes(pointer.key)!
        let manifest = try RowSnapshotManifest(decoding: stores, at: pointer.key)
        #expect(manifest.encoded() == stores)
        #expect(manifest.endOffset == 20)
        for position in stores.indices {
            var damaged = stores
            damaged[position] ^= 1
            #expect(throws: KeyValueError.self) {
                try RowSnapshotManifest(decoding: damaged, at: pointer.key)
            }
        }
        for count in stores.indices {
            #expect(throws: KeyValueError.self) {
                try RowSnapshotManifest(decoding: Array(stores[..<count]), at: pointer.key)
            }
        }
    }
}
