import Changelog
import Columnar
public import Platform

/// Reads and writes one bucket's remote log: the segments in the object store.
public final class RemoteLog {
    /// The newest manifest this node knows.
    public private(set) var manifest = RemoteLogManifest()
    /// Where that manifest stands in the object store.
    public private(set) var manifestKey: String?
    private let machine: Machine
    private let folder: String
    private var cached: (key: String, batches: [LogBatch])?

    /// `folder` is the part of object keys that is this bucket's own, such as `remote-log/3/0`.
    public init(_ machine: Machine, folder: String) {
        self.machine = machine
        self.folder = folder
    }

    /// Takes in the manifest at a key, unless it is known already.
    public func load(_ key: String) async throws {
        if key == manifestKey { return }
        let loaded = try RemoteLogManifest(decoding: try await get(key))
        manifest = loaded
        manifestKey = key
    }

    /// Uploads whole batches that begin at the end of the remote log, and a manifest that names
    /// them.
    ///
    /// `state` is what a log has to know of everything below `endOffset` to begin there: see
    /// `ChangeLog.stateSnapshot(at:)`. Nothing is part of the remote log until the caller has made
    /// the returned manifest the current one.
    public func upload(
        _ bytes: [UInt8], from baseOffset: Int64, to endOffset: Int64, state: [UInt8],
        leaderEpoch: Int32
    ) async throws -> (key: String, manifest: RemoteLogManifest) {
        precondition(!bytes.isEmpty, "nothing to upload")
        var next = manifest
        let name = "\(zeroPadded(baseOffset, digits: 20))-\(leaderEpoch)-\(machine.entropy.uuid())"
        let segment = RemoteLogManifest.Segment(
            key: "\(folder)/\(name).log", baseOffset: baseOffset, endOffset: endOffset,
            byteCount: Int64(bytes.count), checksum: crc32c(bytes))
        try await put(bytes, at: segment.key)
        let stateKey =
            "\(folder)/\(zeroPadded(endOffset, digits: 20))-\(leaderEpoch)-"
            + "\(machine.entropy.uuid()).state"
        try await put(state, at: stateKey)
        next.append(
            segment, state: RemoteLogManifest.State(key: stateKey, checksum: crc32c(state)))
        let end = zeroPadded(endOffset, digits: 20)
        let key = "\(folder)/\(end)-\(leaderEpoch)-\(machine.entropy.uuid()).manifest"
        try await put(next.encoded, at: key)
        return (key, next)
    }

    /// Notes that an uploaded manifest has become the current one.
    public func adopt(_ key: String, _ manifest: RemoteLogManifest) {
        precondition(manifest.endOffset >= self.manifest.endOffset, "a remote log went back")
        self.manifest = manifest
        manifestKey = key
    }

    /// Whole batches from the one that holds `offset`, at least one of them.
    public func read(from offset: Int64, byteCount: Int) async throws -> [UInt8] {
        guard let segment = manifest.segment(holding: offset) else {
            throw RemoteLogError.offsetOutOfRange(
                offset: offset, range: manifest.startOffset..<manifest.endOffset)
        }
        let batches = try await batches(of: segment)
        var result: [UInt8] = []
        for batch in batches where batch.lastOffset >= offset {
            if !result.isEmpty && result.count + batch.byteCount > byteCount { break }
            result.append(contentsOf: batch.slice)
        }
        return result
    }

    /// What a log has to know to begin at the end of this one.
    public func readState() async throws -> [UInt8] {
        guard let state = manifest.state else {
            throw RemoteLogError.unavailable(reason: "\(folder) has no state of its writers yet")
        }
        let bytes = try await get(state.key)
        if crc32c(bytes) != state.checksum {
            throw RemoteLogError.damaged(reason: "object \(state.key) is not what was uploaded")
        }
        return bytes
    }

    private func batches(of segment: RemoteLogManifest.Segment) async throws -> [LogBatch] {
        if let cached, cached.key == segment.key { return cached.batches }
        let bytes = try await get(segment.key)
        if bytes.count != segment.byteCount || crc32c(bytes) != segment.checksum {
            throw RemoteLogError.damaged(reason: "object \(segment.key) is not what was uploaded")
        }
        let batches: [LogBatch]
        do { batches = try LogBatch.split(bytes) } catch {
            throw RemoteLogError.damaged(reason: "object \(segment.key): \(error)")
        }
        cached = (segment.key, batches)
        return batches
    }

    private func get(_ key: String) async throws -> [UInt8] {
        do {
            return try await machine.objectStore.get(key)
        } catch ObjectStoreError.notFound {
            throw RemoteLogError.damaged(reason: "object \(key) is gone")
        } catch let error as ObjectStoreError {
            throw RemoteLogError.unavailable(reason: "\(error)")
        }
    }

    /// Puts an object of a name that nobody else uses; an unknown outcome is looked at, not
    /// guessed.
    private func put(_ bytes: [UInt8], at key: String) async throws {
        do {
            _ = try await machine.objectStore.put(bytes, at: key, .ifAbsent)
        } catch ObjectStoreError.preconditionFailed {
            // Perhaps only because two writes met, as S3 does: the object itself tells.
            let found: ObjectDescription?
            do { found = try await machine.objectStore.head(key) } catch let error
                as ObjectStoreError
            { throw RemoteLogError.unavailable(reason: "\(error)") }
            if found?.byteCount != Int64(bytes.count) {
                throw RemoteLogError.unavailable(reason: "object \(key) was refused")
            }
            machine.observer.reached("upload found done already")
        } catch let error as ObjectStoreError {
            // What may be there is left: the next try has another name.
            throw RemoteLogError.unavailable(reason: "\(error)")
        }
    }
}
