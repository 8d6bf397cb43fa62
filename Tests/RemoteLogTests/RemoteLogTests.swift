import Columnar
import Platform
import RemoteLog
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
            try await reader.load(writer.manifestKey!)
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
                guard case .damaged = error else {
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
        let sound = manifest.encoded
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
    func upload(_ batchCount: Int, batchesOf recordCount: Int) async throws {
        let schema = Schema(fields: [
            Field(identifier: 1, name: "number", type: .bigint, isNullable: false)
        ])
        let from = manifest.endOffset
        var offset = from
        var bytes: [UInt8] = []
        for _ in 0..<batchCount {
            let rows = (0..<recordCount).map { [Value.bigint(offset + Int64($0))] }
            let batch = try LogBatch.appendOnly(RecordBatch(schema: schema, rows: rows))
                .assigned(
                    baseOffset: offset, commitTimestamp: Timestamp(millisecondsSinceEpoch: 1),
                    leaderEpoch: 0)
            bytes += batch.slice
            offset = batch.endOffset
        }
        let (key, next) = try await upload(
            bytes, from: from, to: offset, state: [1, 2, 3], leaderEpoch: 0)
        adopt(key, next)
    }
}
