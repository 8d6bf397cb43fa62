import Columnar
import Platform
@testable import RemoteLog
import Simulation
import TestSupport
import Testing

@testable import Changelog

@Suite("The remote log")
struct RemoteLogTests {
    @Test("Uploaded segments are read back, whole batches from any offset")
    func uploadAndRead() throws {
        let read = try inWorld { machine, _ in
            let remote = RemoteLog(machine, folder: "remote-log/1/0")
            try await remote.upload(20, batchesOf: 5)
            try await remote.upload(30, batchesOf: 3)
            var offsets: [Int64] = []
            for offset in 0..<remote.manifest.endOffset {
                let bytes = try await remote.read(from: offset, byteCount: 1)
                let batch = try LogBatch.split(bytes)[0]
                #expect(batch.baseOffset <= offset && offset < batch.endOffset)
                offsets.append(offset)
            }
            return offsets.count
        }
        #expect(read == 190)
    }

    @Test("A node that loads the manifest by its key reads the same log")
    func loadElsewhere() throws {
        try inWorld { machine, _ in
            let writer = RemoteLog(machine, folder: "remote-log/1/0")
            try await writer.upload(4, batchesOf: 5)
            let reader = RemoteLog(machine, folder: "remote-log/1/0")
            try await reader.load(writer.manifestKey!, at: Revision(number: 1))
            #expect(reader.manifest == writer.manifest)
            #expect(
                try await reader.read(from: 7, byteCount: 1 << 20)
                    == writer.read(from: 7, byteCount: 1 << 20))
        }
    }

    @Test("An offset outside of the remote log is refused by name")
    func outOfRange() throws {
        try inWorld { machine, _ in
            let remote = RemoteLog(machine, folder: "remote-log/1/0")
            try await remote.upload(4, batchesOf: 5)
            await #expect(throws: RemoteLogError.offsetOutOfRange(offset: 20, range: 0..<20)) {
                try await remote.read(from: 20, byteCount: 1)
            }
        }
    }

    @Test("An object that is gone is damage, not an empty log")
    func missingObject() throws {
        try inWorld { machine, _ in
            let remote = RemoteLog(machine, folder: "remote-log/1/0")
            try await remote.upload(4, batchesOf: 5)
            try await machine.objectStore.delete(remote.manifest.segments[0].key)
            do {
                _ = try await remote.read(from: 3, byteCount: 1)
                Issue.record("a read of a removed object succeeded")
            } catch let error as RemoteLogError {
                guard case .gone = error else {
                    Issue.record("\(error)")
                    return
                }
            }
        }
    }

    @Test(
        "A mutated manifest is refused, never a trap", arguments: 1...20 as ClosedRange<UInt64>)
    func mutatedManifest(seed: UInt64) {
        var manifest = RemoteLogManifest()
        for number in 0..<Int64(5) {
            manifest.append(
                RemoteLogManifest.Segment(
                    key: "remote-log/1/0/\(number).log", baseOffset: number * 10,
                    endOffset: number * 10 + 10, byteCount: 100, checksum: UInt32(number)),
                state: RemoteLogManifest.State(key: "remote-log/1/0/\(number).state", checksum: 7))
        }
        let sound = manifest.encoded()
        let random = RandomStream(seed: seed, label: "manifest")
        for _ in 0..<200 {
            var bytes = sound
            let position = random.next(in: 0..<bytes.count)
            if random.chance(1, in: 3) {
                bytes.removeLast(random.next(in: 1..<bytes.count))
            } else {
                bytes[position] ^= UInt8(random.next(in: 1..<256))
            }
            #expect(throws: RemoteLogError.self) { try RemoteLogManifest(decoding: bytes) }
        }
    }
}

extension RemoteLog {
    /// Uploads `batchCount` batches of `recordCount` records behind what is there, and adopts them.
    func upload(
        _ batchCount: Int, batchesOf recordCount: Int, epoch: Int32 = 0, at milliseconds: Int64 = 1
    ) async throws {
        let schema = Schema(fields: [
            Field(identifier: 1, name: "number", type: .bigint, isNullable: false)
        ])
        let from = manifest.endOffset
        var offset = from
        var batches: [LogBatch] = []
        for _ in 0..<batchCount {
            let rows = (0..<recordCount).map { [Value.bigint(offset + Int64($0))] }
            let batch = try LogBatch.appendOnly(RecordBatch(schema: schema, rows: rows))
                .assigned(
                    baseOffset: offset,
                    commitTimestamp: Timestamp(millisecondsSinceEpoch: milliseconds),
                    leaderEpoch: epoch)
            batches.append(batch)
            offset = batch.endOffset
        }
        let draft = try await upload(batches, state: [1, 2, 3], leaderEpoch: epoch)
        adopt(draft, at: Revision(number: revision.number + 1))
    }
}

@Suite("What a remote log gives up")
struct RemoteLogCollectionTests {
    @Test("Age and size say how many of the oldest segments expired, never beyond the limit")
    func expiredCount() throws {
        try inWorld { machine, _ in
            let remote = RemoteLog(machine, folder: "remote-log/1/0")
            for second in 1...5 {
                try await remote.upload(4, batchesOf: 5, at: Int64(second * 1000))
            }
            let now = Timestamp(millisecondsSinceEpoch: 13_500)
            func count(_ seconds: Int?, _ bytes: Int64? = nil, below limit: Int64 = 100) -> Int {
                remote.expiredCount(
                    at: now, timeToLive: seconds.map { .seconds($0) }, byteCount: bytes,
                    below: limit)
            }
            #expect(count(nil) == 0)
            #expect(count(10) == 3)
            #expect(count(1) == 5)
            #expect(count(100) == 0)
            #expect(count(10, below: 40) == 2)
            #expect(count(10, below: 39) == 1)
            let segment = remote.manifest.segments[0].byteCount
            #expect(count(nil, 2 * segment) == 3)
            #expect(count(nil, 2 * segment + 1) == 2)
        }
    }

    @Test("Nothing is given up before the next manifest is the current one")
    func order() throws {
        try inWorld { machine, _ in
            let remote = RemoteLog(machine, folder: "remote-log/1/0")
            for _ in 0..<3 { try await remote.upload(4, batchesOf: 5) }
            try await remote.collect { true }
            let before = Set(remote.manifest.keys + [remote.manifestKey!])
            let draft = try await remote.removeFirst(2, leaderEpoch: 0)
            #expect(try await remote.collect { true } == 0)
            #expect(remote.manifest.startOffset == 0)
            remote.adopt(draft, at: Revision(number: 100))
            // Two segments and the manifest that named them.
            #expect(try await remote.collect { true } == 3)
            #expect(remote.manifest.startOffset == 40)
            #expect(remote.manifest.endOffset == 60)
            let left = try await machine.objectStore.list(
                prefix: "remote-log/", after: nil, limit: 100)
            #expect(Set(left.map(\.key)).isSubset(of: before.union([draft.key])))
            #expect(left.count == 3)
            _ = try await remote.read(from: 40, byteCount: 1)
        }
    }

    @Test("What a manifest gave up is collected though nobody could say that it became current")
    func unheardCommit() throws {
        try inWorld { machine, _ in
            let remote = RemoteLog(machine, folder: "remote-log/1/0")
            for _ in 0..<3 { try await remote.upload(4, batchesOf: 5) }
            try await remote.collect { true }
            let draft = try await remote.removeFirst(2, leaderEpoch: 0)
            // The answer to the commit was lost, and so was that to the question what stands.
            try await remote.load(draft.key, at: Revision(number: 100))
            #expect(try await remote.collect { true } == 3)
            let left = try await machine.objectStore.list(
                prefix: "remote-log/", after: nil, limit: 100)
            #expect(Set(left.map(\.key)) == Set(remote.named))
        }
    }

    @Test("A leader deletes what earlier ones left, and nothing of its own or later epochs")
    func orphans() throws {
        try inWorld { machine, _ in
            let first = RemoteLog(machine, folder: "remote-log/1/0")
            try await first.upload(4, batchesOf: 5, epoch: 0)
            // Never became the current one.
            _ = try await first.removeFirst(1, leaderEpoch: 0)
            let second = RemoteLog(machine, folder: "remote-log/1/0")
            try await second.load(first.manifestKey!, at: Revision(number: 1))
            try await second.upload(4, batchesOf: 5, epoch: 2)
            let later = RemoteLog(machine, folder: "remote-log/1/0")
            try await later.load(second.manifestKey!, at: Revision(number: 2))
            let draft = try await later.removeFirst(1, leaderEpoch: 3)
            let none = try await second.collectOrphans(before: 2) { false }
            #expect(none == nil)
            let count = try await second.collectOrphans(before: 2) { true }
            // The first manifest, its draft, and the state that was superseded.
            #expect(count == 3)
            #expect(try await machine.objectStore.head(draft.key) != nil)
            _ = try await second.read(from: 0, byteCount: 1)
            _ = try await second.readState()
            #expect(EpochObjects.epoch(of: "remote-log/1/0/readme") == nil)
        }
    }

    @Test("An upload that lands after it was given up and deleted goes with the orphans")
    func lateUpload() throws {
        try inWorld { machine, _ in
            let objects = EpochObjects(machine, folder: "remote-log/1/0")
            let key = objects.newKey(at: 0, leaderEpoch: 4, "segment")
            // Nobody was told what became of the upload; another manifest has become the current
            // one.
            objects.settle(named: [], former: [])
            #expect(try await objects.collect { true } == 1)
            _ = try await machine.objectStore.put([1], at: key, .always)
            _ = try await objects.collect { true }
            _ = try await objects.collectOrphans(before: 4) { [] }
            #expect(try await machine.objectStore.head(key) != nil, "it may land later yet")
            try await machine.sleep(EpochObjects.landingTime)
            _ = try await objects.collectOrphans(before: 4) { [] }
            #expect(try await machine.objectStore.head(key) == nil)
        }
    }

    @Test("A manifest of the version before says nothing of time, and starts at its first segment")
    func untimedVersion() throws {
        var manifest = RemoteLogManifest()
        for number in 0..<Int64(3) {
            manifest.append(
                RemoteLogManifest.Segment(
                    key: "a/\(number)", baseOffset: number * 10, endOffset: number * 10 + 10,
                    byteCount: 1, checksum: 1,
                    maximumTimestamp: Timestamp(millisecondsSinceEpoch: 5)),
                state: nil)
        }
        manifest.removeFirst(1)
        let old = try RemoteLogManifest(
            decoding: manifest.encoded(version: RemoteLogManifest.untimedVersion))
        #expect(old.startOffset == 10 && old.endOffset == 30)
        #expect(old.segments.allSatisfy { $0.maximumTimestamp == nil })
        manifest.removeFirst(2)
        let empty = try RemoteLogManifest(decoding: manifest.encoded())
        #expect(empty == manifest)
        #expect(empty.startOffset == 30 && empty.endOffset == 30)
    }
}
