public import Platform

extension TableMetadata {
    /// Snapshots that a branch or tag names.
    public var namedSnapshots: Set<Int64> {
        Set(references.map(\.snapshot) + [currentSnapshot].compactMap { $0 })
    }

    /// The metadata files before this one that are known still.
    public var previousFiles: Set<String> { Set(metadataLog.map(\.file)) }
}

extension LakeTable {
    /// Whether a file of the last scan has no partition values.
    public func isUnpartitioned(_ path: String) -> Bool { partitioned[path] == nil }

    /// Deletes what only these snapshots needed, none of which the table has any more: their
    /// manifest lists, and the manifests and files that no snapshot that is left reaches. Answers
    /// how many objects that were.
    ///
    /// What is left is read anew first. If any of it cannot be read, nothing is deleted.
    public func deleteUnreachable(
        from expired: [Snapshot], on machine: Machine
    ) async throws -> Int {
        try await refresh()
        precondition(
            expired.allSatisfy { metadata.snapshot($0.identifier) == nil },
            "files of a snapshot that the table has")
        var kept: Set<String> = []
        var keptFiles: Set<String> = []
        for snapshot in metadata.snapshots {
            kept.insert(snapshot.manifestList)
            for file in try await manifestList(of: snapshot).manifests
            where kept.insert(file.path).inserted {
                let manifest = try await manifest(file)
                keptFiles.formUnion(
                    manifest.entries.filter { $0.status != .deleted }.map(\.file.path))
            }
        }
        var unreachable: Set<String> = []
        for snapshot in expired where !kept.contains(snapshot.manifestList) {
            unreachable.insert(snapshot.manifestList)
            guard let list = try? await manifestList(of: snapshot) else { continue }
            for file in list.manifests where !kept.contains(file.path) {
                unreachable.insert(file.path)
                guard let manifest = try? await manifest(file) else { continue }
                for entry in manifest.entries where !keptFiles.contains(entry.file.path) {
                    unreachable.insert(entry.file.path)
                }
            }
        }
        return try await delete(unreachable.sorted(), on: machine)
    }

    /// Deletes files that nothing names any more; those that the store refuses to delete stay.
    public func delete(_ paths: [String], on machine: Machine) async throws -> Int {
        var count = 0
        for path in paths {
            // A file of another place is not ours to delete.
            guard let key = try? location.key(of: path) else { continue }
            do {
                try await machine.objectStore.delete(key)
                count += 1
            } catch let error as ObjectStoreError {
                machine.observer.note(.debug, "lake file \(path) stays: \(error)")
            }
        }
        return count
    }
}
