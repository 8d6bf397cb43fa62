public import Changelog
import Columnar
public import Platform

/// Reads and writes one bucket's remote log: the segments in the object store.
///
/// It also keeps account of what it put there and of what no manifest needs any more, so that
/// objects are deleted once the manifest that gave them up is the current one, and never before:
/// see `RemoteLog+Collection`.
public final class RemoteLog {
    /// The newest manifest this node knows.
    public private(set) var manifest = RemoteLogManifest()
    /// Where that manifest stands in the object store.
    public private(set) var manifestKey: String?
    /// The change of the coordination service that made it the current one.
    public private(set) var revision = Revision.zero
    private let machine: Machine
    let objects: EpochObjects
    private let folder: String
    /// What was uploaded to become the current manifest and is not known to have, by its key, with
    /// what the manifest that it was to replace needed.
    var drafts: [String: [String]] = [:]
    private var cached: (key: String, batches: [LogBatch])?

    /// `folder` is the part of object keys that is this bucket's own, such as `remote-log/3/0`.
    public init(_ machine: Machine, folder: String) {
        self.machine = machine
        self.folder = folder
        objects = EpochObjects(machine, folder: folder)
    }

    /// Takes in the manifest that a change of the coordination service named, unless a later one is
    /// known.
    public func load(_ key: String, at revision: Revision) async throws {
        if revision <= self.revision { return }
        if key != manifestKey {
            let loaded = try RemoteLogManifest(decoding: try await get(key))
            if revision <= self.revision { return }
            manifest = loaded
            manifestKey = key
            settleDraft(key)
        }
        self.revision = revision
    }

    /// Gives up what a manifest of this node replaced that has become the current one though nobody
    /// could say so at the time.
    private func settleDraft(_ key: String) {
        guard let former = drafts[key] else { return }
        drafts = [:]
        objects.settle(named: Set(currentKeys), former: former)
    }

    /// A manifest that was uploaded and is not the current one yet.
    public struct Draft {
        public var key: String
        public var manifest: RemoteLogManifest
        /// What the manifest that it is to replace needed.
        let former: [String]
    }

    /// Uploads whole batches that begin at the end of the remote log, and a manifest that names
    /// them.
    ///
    /// `state` is what a log has to know of everything below `endOffset` to begin there: see
    /// `ChangeLog.stateSnapshot(at:)`. Nothing is part of the remote log until the caller has made
    /// the returned manifest the current one.
    public func upload(
        _ batches: [LogBatch], state: [UInt8], leaderEpoch: Int32,
        version: UInt8 = RemoteLogManifest.newestVersion
    ) async throws -> Draft {
        guard let first = batches.first, let last = batches.last else {
            preconditionFailure("nothing to upload")
        }
        // Before the first wait: a reader may load a later manifest meanwhile.
        var next = manifest
        let former = currentKeys
        var bytes: [UInt8] = []
        bytes.reserveCapacity(batches.reduce(0) { $0 + $1.byteCount })
        for batch in batches { bytes += batch.slice }
        let segment = RemoteLogManifest.Segment(
            key: objects.newKey(at: first.baseOffset, leaderEpoch: leaderEpoch, "log"),
            baseOffset: first.baseOffset,
            endOffset: last.endOffset, byteCount: Int64(bytes.count), checksum: crc32c(bytes),
            maximumTimestamp: last.commitTimestamp)
        try await put(bytes, at: segment.key)
        let stateKey = objects.newKey(
            at: last.endOffset, leaderEpoch: leaderEpoch, "state")
        try await put(state, at: stateKey)
        next.append(
            segment, state: RemoteLogManifest.State(key: stateKey, checksum: crc32c(state)))
        return try await upload(next, replacing: former, leaderEpoch, version)
    }

    /// Uploads a manifest without the oldest segments; they are there until it is the current one.
    public func removeFirst(_ count: Int, leaderEpoch: Int32) async throws -> Draft {
        var next = manifest
        let former = currentKeys
        next.removeFirst(count)
        return try await upload(
            next, replacing: former, leaderEpoch, RemoteLogManifest.newestVersion)
    }

    /// Everything that the newest known manifest needs.
    private var currentKeys: [String] { manifest.keys + (manifestKey.map { [$0] } ?? []) }

    private func upload(
        _ next: RemoteLogManifest, replacing former: [String], _ leaderEpoch: Int32,
        _ version: UInt8
    ) async throws -> Draft {
        let key = objects.newKey(at: next.endOffset, leaderEpoch: leaderEpoch, "manifest")
        drafts[key] = former
        try await put(next.encoded(version: version), at: key)
        return Draft(key: key, manifest: next, former: former)
    }

    /// Notes that an uploaded manifest has become the current one, by a change of the coordination
    /// service that would have been refused if another manifest had.
    ///
    /// A later one may be known by then: another leader has taken over, and what this one gave up
    /// is found by it.
    public func adopt(_ draft: Draft, at revision: Revision) {
        if revision < self.revision { return }
        precondition(draft.manifest.endOffset >= manifest.endOffset, "a remote log went back")
        precondition(draft.manifest.startOffset >= manifest.startOffset, "its start went back")
        drafts = [:]
        objects.settle(named: Set(draft.manifest.keys + [draft.key]), former: draft.former)
        // A reader may have loaded it already.
        manifest = draft.manifest
        manifestKey = draft.key
        self.revision = revision
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
            throw RemoteLogError.gone(key: key)
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
