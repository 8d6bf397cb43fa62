public import Platform

/// An object in a table's folder that nothing in the table names.
public struct LakeOrphan: Hashable, Sendable {
    public var key: String
    public var byteCount: Int64
    /// The epoch of its writer, if its name tells one.
    public var epoch: Int64?
}

extension LakeTable {
    /// The folder's name is not in the specification; no reader looks there.
    public static let leaseFolder = "leases"

    private static let pageCount = 1000

    /// Under which epoch an object of a lake table was written, if one of our writers did it; see
    /// `WriterMark`.
    public static func writerEpoch(in key: String) -> Int64? { WriterMark.epoch(in: key) }

    /// The objects of one of the table's folders, or of all of them if nil, in order.
    ///
    /// Throws `IcebergError.unavailable` if the store does not tell.
    public func objects(in folder: String? = nil) async throws -> [ObjectDescription] {
        let place = metadata.location + "/" + (folder.map { $0 + "/" } ?? "")
        let prefix = try location.key(of: place)
        var found: [ObjectDescription] = []
        do {
            while true {
                let page = try await machine.objectStore.list(
                    prefix: prefix, after: found.last?.key, limit: Self.pageCount)
                found += page
                if page.count < Self.pageCount { return found }
            }
        } catch let error as ObjectStoreError {
            throw IcebergError.unavailable(table: name.description, reason: "\(error)")
        }
    }

    /// What is in the table's folder, but is not reached from its metadata, the snapshots that are
    /// in it, or the manifest lists of `held`; leases and hints aside.
    ///
    /// The folder is listed first and the table read after that, so that a file that a commit adds
    /// meanwhile is not taken for one. Files of a commit that is under way are among them: whoever
    /// deletes must know that none of that epoch is. Throws if anything cannot be read.
    public func orphans(holding held: [String]) async throws -> [LakeOrphan] {
        let place = metadata.location
        let listed = try await objects()
        try await refresh()
        // Another table has the name by now, and this one's files are not ours to judge.
        guard metadata.location == place else { return [] }
        var named = try await reachable(from: metadata.snapshots, holding: held)
        named.insert(metadataLocation)
        named.formUnion(metadata.previousFiles)
        named.formUnion(metadata.statisticsFiles)
        named.insert("\(place)/metadata/version-hint.text")
        var keys: Set<String> = []
        for path in named {
            if let key = try? location.key(of: path) { keys.insert(key) }
        }
        let leases = try location.key(of: "\(place)/\(Self.leaseFolder)/")
        return listed.filter { !keys.contains($0.key) && !$0.key.hasPrefix(leases) }.map {
            LakeOrphan(
                key: $0.key, byteCount: $0.byteCount, epoch: WriterMark.epoch(in: $0.key))
        }
    }

    /// Deletes orphans; answers how many are gone.
    public func delete(_ orphans: [LakeOrphan], on machine: Machine) async throws -> Int {
        var count = 0
        for orphan in orphans where try await deleteObject(orphan.key, on: machine) { count += 1 }
        return count
    }
}
