import Changelog
import KeyValue
import Platform

/// What a server does about tables and partitions that were dropped: it ends their service at once
/// and removes their files.
///
/// Their identifiers stand in every path and never come again, and an entry that is not there any
/// more never comes back. So a folder is removed once the coordination service itself says that
/// its owner has no entry; what it says nothing of stays where it is.
extension TabletServer {
    /// Ends the service of buckets that were dropped, and has their files removed.
    func retireDropped() {
        for bucket in heldBuckets where mirror.isGone(bucket) {
            guard let replica = retire(bucket) else { continue }
            machine.observer.reached("replica of a dropped table retired")
            machine.spawn("removal of \(bucket)") { try await self.remove(replica) }
        }
    }

    private func remove(_ replica: Replica) async throws {
        try await end(replica)
        if try await removeFiles(of: replica.bucket.path) {
            machine.observer.reached("files of a dropped table removed")
        }
    }

    /// Waits until nothing is done any more in the folders of a retired replica.
    func end(_ replica: Replica) async throws {
        // What is under way in the folder ends first: a file that is gone under a write would look
        // like a disk that failed.
        try await replica.logGate.run { try await replica.log.abandon() }
        while !replica.rowFolders.isEmpty {
            try await machine.sleep(configuration.retryWait)
        }
    }

    /// Removes what a former life left of tables that were dropped: nobody opens their folders any
    /// more.
    ///
    /// A folder that no replica has yet may be dropped before one does: so this looks again until
    /// each is a replica's, or gone.
    func removeDropped() async throws {
        while true {
            var isDone = true
            for (path, owner) in try await ownedFolders() where !hasReplica(path) {
                // One that is being opened when its owner goes is not opened after all.
                guard !isOpening(path), try await isDropped(owner) else {
                    isDone = false
                    continue
                }
                if hasReplica(path) || isOpening(path) { continue }
                machine.observer.reached("files of a dropped table found at the start")
                if try await removeFiles(of: path) {
                    machine.observer.reached("files of a dropped table removed")
                }
            }
            if isDone { return }
            _ = try await mirror.changed(.held(by: machine.name)).wait(
                until: machine.clock.now + .seconds(30))
        }
    }

    /// The bucket whose folder it is; nil for that of a table or partition.
    func bucket(at path: String) -> BucketIdentifier? {
        BucketIdentifier(path: path.split(separator: "/").map(String.init)[...])
    }

    private func hasReplica(_ path: String) -> Bool {
        bucket(at: path).map { replicas[$0] != nil } ?? false
    }

    private func isOpening(_ path: String) -> Bool {
        bucket(at: path).map(opening.contains) ?? false
    }

    /// The folders of buckets on the disk, each with the table or partition that owns it.
    func ownedFolders() async throws -> [(path: String, owner: DroppedOwner)] {
        var found: [(String, DroppedOwner)] = []
        var seen: Set<String> = []
        for root in ["logs", "rows"] {
            for table in try await folders(in: root) {
                guard let number = Int64(table) else { continue }
                for child in try await folders(in: "\(root)/\(table)") {
                    let path = "\(table)/\(child)"
                    if child.hasPrefix("p"), let partition = Int64(child.dropFirst()) {
                        for bucket in try await folders(in: "\(root)/\(path)")
                        where seen.insert("\(path)/\(bucket)").inserted {
                            found.append(
                                (
                                    "\(path)/\(bucket)",
                                    DroppedOwner(table: number, partition: partition)
                                ))
                        }
                    } else if seen.insert(path).inserted {
                        found.append((path, DroppedOwner(table: number, partition: nil)))
                    }
                }
            }
        }
        return found
    }

    private func folders(in folder: String) async throws -> [String] {
        do {
            return try await machine.disk.list(folder).filter { $0.hasSuffix("/") }
                .map { String($0.dropLast()) }
        } catch is DiskError {
            // What cannot be listed now is looked at at the next start.
            return []
        }
    }

    /// Whether the owner has no entry, by the word of the coordination service.
    private func isDropped(_ owner: DroppedOwner) async throws -> Bool {
        if mirror.tables[owner.table] != nil
            && (owner.partition == nil
                || mirror.partitions[owner.table]?[owner.partition!] != nil)
        {
            return false
        }
        let table = DroppedOwner(table: owner.table, partition: nil)
        var retry = Backoff(configuration)
        while true {
            do {
                if try await machine.coordination.get(table.key) == nil { return true }
                return try await machine.coordination.get(owner.key) == nil
            } catch is CoordinationError {
                try await machine.sleep(retry.next(machine.entropy))
            }
        }
    }

    /// Removes the files of a bucket that nobody opens meanwhile, and tries again where the disk
    /// fails; false if there were none.
    func removeFiles(of path: String) async throws -> Bool {
        var retry = Backoff(configuration)
        while true {
            do {
                for folder in try await folders(in: "rows/\(path)") {
                    do {
                        try await KeyValueStore.destroy(
                            machine, directory: "rows/\(path)/\(folder)")
                    } catch DiskError.notFound {
                        // The term that had them removes them too.
                    }
                }
                return try await ChangeLog.remove(machine, directory: "logs/\(path)")
            } catch let error as DiskError {
                machine.observer.note(.debug, "files of \(path): \(error)")
            }
            try await machine.sleep(retry.next(machine.entropy))
        }
    }
}
