import JSON
public import Platform

extension TableMetadata {
    /// Snapshots that a branch or tag names.
    public var namedSnapshots: Set<Int64> {
        Set(references.map(\.snapshot) + [currentSnapshot].compactMap { $0 })
    }

    /// The metadata files before this one that are known still.
    public var previousFiles: Set<String> { Set(metadataLog.map(\.file)) }

    /// Files of statistics that it names.
    public var statisticsFiles: [String] {
        (list("statistics") + list("partition-statistics")).compactMap {
            $0["statistics-path"]?.string
        }
    }
}

extension LakeTable {
    /// Deletes what only these snapshots needed, none of which the table has any more: their
    /// manifest lists, and the manifests and files that no snapshot that is left reaches, nor the
    /// manifest lists of `held`. Answers how many objects that were.
    ///
    /// What is left is read anew first. If any of it cannot be read, nothing is deleted.
    public func deleteUnreachable(
        from expired: [Snapshot], holding held: [String] = [], on machine: Machine
    ) async throws -> Int {
        try await refresh()
        precondition(
            expired.allSatisfy { metadata.snapshot($0.identifier) == nil },
            "files of a snapshot that the table has")
        let kept = try await reachable(from: metadata.snapshots, holding: held)
        var unreachable: Set<String> = []
        for snapshot in expired where !kept.contains(snapshot.manifestList) {
            unreachable.insert(snapshot.manifestList)
            guard let list = try? await manifestList(of: snapshot) else { continue }
            for file in list.manifests where !kept.contains(file.path) {
                unreachable.insert(file.path)
                guard let manifest = try? await manifest(file) else { continue }
                for entry in manifest.entries where !kept.contains(entry.file.path) {
                    unreachable.insert(entry.file.path)
                }
            }
        }
        return try await delete(unreachable.sorted(), on: machine)
    }

    /// The manifest lists of snapshots, and of readers that hold them, and all that they name:
    /// manifests and live files.
    ///
    /// Whatever of a held list is gone went before its reader came, who was told so.
    func reachable(
        from snapshots: [Snapshot], holding held: [String]
    ) async throws -> Set<String> {
        var found: Set<String> = []
        for snapshot in snapshots { try await reach(snapshot.manifestList, &found) }
        for path in held { try await reach(path, &found, isHeld: true) }
        return found
    }

    private func reach(
        _ list: String, _ found: inout Set<String>, isHeld: Bool = false
    ) async throws {
        guard found.insert(list).inserted else { return }
        do {
            for file in try await manifestList(at: list).manifests
            where found.insert(file.path).inserted {
                do {
                    let manifest = try await manifest(file)
                    found.formUnion(
                        manifest.entries.filter { $0.status != .deleted }.map(\.file.path))
                } catch let error as IcebergError where isHeld && error.isOfMissingFile {}
            }
        } catch let error as IcebergError where isHeld && error.isOfMissingFile {}
    }

    /// Deletes files that nothing names any more; those that the store refuses to delete stay.
    public func delete(_ paths: [String], on machine: Machine) async throws -> Int {
        var count = 0
        for path in paths {
            // A file of another place is not ours to delete.
            guard let key = try? location.key(of: path) else { continue }
            if try await deleteObject(key, on: machine) { count += 1 }
        }
        return count
    }

    func deleteObject(_ key: String, on machine: Machine) async throws -> Bool {
        do {
            try await machine.objectStore.delete(key)
            return true
        } catch let error as ObjectStoreError {
            machine.observer.note(.debug, "lake object \(key) stays: \(error)")
            return false
        }
    }
}
