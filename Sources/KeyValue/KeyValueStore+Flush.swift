import Changelog
import Columnar
import Platform

extension KeyValueStore {
    /// Puts all that is applied into a table file; `durableOffset` is then at least what
    /// `appliedOffset` was when this was called.
    ///
    /// Throws `.storageFull` if there is no room: nothing is lost, a later call may succeed. Any
    /// other failure of the disk closes the store for good.
    public func flush() async throws {
        let target = appliedOffset
        try await gate.run {
            try checkUsable()
            while durableOffset < target || flushing != nil { try await flushOnce() }
            try await removeGarbage()
        }
    }

    private func flushOnce() async throws {
        if flushing == nil {
            flushing = (memory, appliedOffset, rowCount)
            memory = MemoryTable()
        }
        guard var work = flushing else { preconditionFailure("nothing to flush") }
        var next = manifest
        next.appliedOffset = work.appliedOffset
        next.rowCount = work.rowCount
        var levels = version.levels
        if !work.table.isEmpty {
            var writer = SortedTableWriter()
            for entry in work.table.entries(from: nil, to: nil) {
                writer.append(entry.key, entry.value?[...])
            }
            let table = try await write(&writer, &next)
            levels[0].insert(table, at: 0)
        }
        try await install(next, levels)
        flushing = nil
    }

    /// Writes a table file durably, except for its name.
    func write(_ writer: inout SortedTableWriter, _ next: inout Manifest) async throws
        -> SortedTable
    {
        let number = next.nextNumber
        next.nextNumber += 1
        // Also a try that fails has used up the number: its file may be there.
        manifest.nextNumber = next.nextNumber
        let entryCount = Int64(writer.entryCount)
        let bytes = writer.finish()
        let description = Manifest.Table(
            number: number, byteCount: Int64(bytes.count), entryCount: entryCount,
            contentHash: contentHash(bytes), firstKey: writer.firstKey, lastKey: writer.lastKey)
        let path = directory + "/" + description.name
        do {
            try await machine.disk.writeFile(bytes, to: path)
            return try await SortedTable.open(description, in: directory, machine)
        } catch {
            throw try await failed(error, path)
        }
    }

    /// Makes a manifest and its tables the store's: the point of no return of flush and compaction.
    func install(_ next: Manifest, _ levels: [[SortedTable]]) async throws {
        var next = next
        next.levels = levels.map { $0.map(\.description) }
        do { try next.check() } catch {
            preconditionFailure("store \(directory) would be broken: \(error.reason)")
        }
        let path = directory + "/" + Manifest.name
        let draft = path + ".new"
        do {
            try await machine.disk.syncDirectory(directory)
            try await machine.disk.writeFile(next.encoded(), to: draft)
        } catch {
            let thrown = try await failed(error, draft)
            garbage += levels.joined().filter { $0.versionCount == 0 }
            throw thrown
        }
        do {
            try await machine.disk.rename(draft, to: path)
            try await machine.disk.syncDirectory(directory)
        } catch {
            // Which manifest stands there is in doubt: only opening anew can tell.
            throw try close(after: error, path)
        }
        manifest = next
        let old = version
        version = Version(levels: levels)
        unpin(old)
    }

    /// Removes the files of tables that nobody reads any more.
    func removeGarbage() async throws {
        while let table = garbage.popLast() {
            await table.close()
            do { try await machine.disk.remove(table.path) } catch DiskError.notFound {} catch {
                throw try await failed(error, table.path)
            }
        }
    }

    /// Notes an error of the disk and answers what the caller is to throw; lets `Terminated` pass.
    private func failed(_ error: any Error, _ path: String) async throws -> any Error {
        if error is Terminated { throw error }
        if case DiskError.full = error {
            // What was written in part only takes room; opening the store would remove it as well.
            do { try await machine.disk.remove(path) } catch is DiskError {}
            return KeyValueError.storageFull(path: path)
        }
        return try close(after: error, path)
    }

    private func close(after error: any Error, _ path: String) throws -> any Error {
        if error is Terminated { throw error }
        let failure = KeyValueError.storageFailed(path: path, reason: "\(error)")
        self.failure = failure
        return failure
    }

    /// Ends the use of this store; what was not flushed is left to the changelog.
    public func close() async throws {
        try await gate.run {
            if failure != nil { return }
            try await removeGarbage()
            failure = .closed(path: directory)
            for table in version.levels.joined() { await table.close() }
        }
    }
}
