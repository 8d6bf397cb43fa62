import Changelog
import Columnar
import KeyValue
import Platform

/// How a leader makes the rows of a primary-key table for its term, and keeps them.
extension Replica {
    private var rowsFolder: String { "rows/\(bucket.path)" }

    /// Recovers the rows for a term, then moves what is committed into the store as long as it
    /// lasts.
    func serveRows(_ leadership: Leadership) async throws {
        // A former term of this very process may still be at work: each has a folder of its own,
        // and numbers come again, so that there are never more folders than terms at once.
        let number = (0...rowFolders.count).first { !rowFolders.contains($0) }!
        rowFolders.insert(number)
        var isHeld = true
        // Once given back it may be another term's.
        defer { if isHeld { rowFolders.remove(number) } }
        let folder = "\(rowsFolder)/\(number)"
        var retry = Backoff(configuration)
        while !leadership.isEnded {
            do {
                let tablet = try await recoverRows(leadership, in: folder)
                if leadership.isEnded { break }
                leadership.tablet = tablet
                moved()
                try await keepRows(tablet, leadership)
            } catch let error as KeyValueError {
                machine.observer.note(.warning, "rows of \(bucket): \(error)")
            } catch let error as ClusterError {
                let isLoss = if case .damaged = error { true } else { false }
                machine.observer.note(isLoss ? .warning : .debug, "rows of \(bucket): \(error)")
            } catch let error as CoordinationError {
                machine.observer.note(.debug, "rows of \(bucket): \(error)")
            } catch let error as ObjectStoreError {
                machine.observer.note(.debug, "rows of \(bucket): \(error)")
            } catch DiskError.full(let path) {
                spaceNeeded.notify()
                machine.observer.note(.debug, "rows of \(bucket): no space for \(path)")
            } catch let error as DiskError {
                machine.halt("rows of \(bucket): \(error)")
                throw Terminated()
            }
            leadership.tablet = nil
            try await machine.sleep(retry.next(machine.entropy))
        }
        rowFolders.remove(number)
        isHeld = false
        try await forgetRows()
    }

    /// Removes the rows of former terms; what a term of ours uses stays.
    func forgetRows() async throws {
        do {
            for name in try await machine.disk.list(rowsFolder) where name.hasSuffix("/") {
                let folder = String(name.dropLast())
                guard let number = Int(folder) else { continue }
                // No term that begins meanwhile makes its rows in a folder that is being removed.
                guard rowFolders.insert(number).inserted else { continue }
                defer { rowFolders.remove(number) }
                try await KeyValueStore.destroy(machine, directory: "\(rowsFolder)/\(folder)")
            }
        } catch DiskError.notFound {
        } catch let error as DiskError {
            machine.observer.note(.debug, "old rows of \(bucket): \(error)")
        } catch let error as KeyValueError {
            machine.observer.note(.debug, "old rows of \(bucket): \(error)")
        }
    }

    /// Makes the rows as of the end of the log: a snapshot, and the changelog from there.
    private func recoverRows(
        _ leadership: Leadership, in folder: String
    ) async throws -> KeyValueTablet {
        try await KeyValueStore.destroy(machine, directory: folder)
        let store = try await restoreRows(leadership, in: folder)
        if store.appliedOffset > log.endOffset {
            throw ClusterError.damaged(
                bucket,
                detail: "its rows are known up to \(store.appliedOffset), "
                    + "its log ends at \(log.endOffset): restore the log")
        }
        let table = self.table
        let tablet = try KeyValueTablet(
            store: store, schemas: table.schemas.schemas,
            engine: table.properties.mergeEngine(table.schema),
            deleteBehavior: table.properties.deleteBehavior,
            logsOldRows: table.properties.logsOldRows,
            numberedColumn: table.autoIncrementField)
        while tablet.endOffset < log.endOffset {
            if leadership.isEnded { throw ClusterError.notLeader(bucket) }
            let bytes = try await read(
                from: tablet.endOffset, below: log.endOffset, byteCount: 1024 * 1024)
            let batches = try LogBatch.split(bytes)
            if batches.isEmpty { throw ClusterError.busy(reason: "the log of \(bucket) moved") }
            for batch in batches where batch.endOffset > tablet.endOffset {
                if batch.endOffset <= highWatermark && tablet.endOffset == tablet.committedOffset {
                    try tablet.replay(batch)
                } else {
                    try tablet.replayUncommitted(batch)
                }
            }
            if store.needsFlush { try await store.flush() }
        }
        tablet.commit(upTo: highWatermark)
        machine.observer.reached("rows recovered")
        return tablet
    }

    /// Commits, flushes, compacts and snapshots while the term lasts.
    private func keepRows(_ tablet: KeyValueTablet, _ leadership: Leadership) async throws {
        var snapshotAt = machine.clock.now + configuration.snapshotInterval
        while !leadership.isEnded {
            tablet.commit(upTo: highWatermark)
            if tablet.store.needsFlush { try await tablet.store.flush() }
            if tablet.store.needsCompaction { _ = try await tablet.store.compact() }
            if machine.clock.now >= snapshotAt {
                do {
                    try await keepSnapshots(of: tablet, leadership)
                } catch let error as ObjectStoreError {
                    machine.observer.note(.debug, "snapshot of \(bucket): \(error)")
                } catch let error as CoordinationError {
                    machine.observer.note(.debug, "snapshot of \(bucket): \(error)")
                } catch let error as ClusterError {
                    machine.observer.note(.warning, "snapshot of \(bucket): \(error)")
                }
                snapshotAt = machine.clock.now + configuration.snapshotInterval
            }
            _ = try await waitForMove(until: snapshotAt)
        }
    }
}
