import Changelog
import Columnar
import KeyValue
import Platform

extension Replica {
    // MARK: Serving

    /// Changes rows and waits until the change is acknowledged; lookups see it then.
    func upsert(_ request: UpsertRequest) async throws -> Acknowledgement {
        if !table.isPrimaryKeyTable {
            throw ClusterError.invalidRequest(reason: "\(bucket) is of a log table: append to it")
        }
        let leadership = try requireLeadership()
        let operations = request.operations.map { operation -> RowOperation in
            operation.isDelete ? .delete(key: operation.bytes) : .upsert(row: operation.bytes)
        }
        let appended = try await logGate.run {
            try requireInSync(leadership)
            guard let tablet = leadership.tablet else { throw ClusterError.recovering(bucket) }
            if let known = try duplicate(of: request) { return known }
            try adoptSchemas(tablet)
            let prepared: KeyValueTablet.Prepared
            do {
                prepared = try await tablet.prepare(
                    operations, columns: try request.columns(in: tablet.schema),
                    writer: request.writer, sequence: request.sequence,
                    compression: table.properties.compression)
            } catch let error as KeyValueError {
                throw try translate(error)
            } catch let error as DiskError {
                throw translate(error)
            }
            try requireInSync(leadership)
            let appended = try append(prepared.batch, in: leadership)
            tablet.buffer(
                prepared, baseOffset: appended.baseOffset, endOffset: appended.endOffset)
            return appended
        }
        let acknowledgement = try await acknowledge(appended, in: leadership)
        leadership.tablet?.commit(upTo: highWatermark)
        return acknowledgement
    }

    /// Has the rows take over the schemas that the table was given meanwhile; the caller holds
    /// `logGate`.
    private func adoptSchemas(_ tablet: KeyValueTablet) throws {
        let table = self.table
        if table.schema.identifier == tablet.schema.identifier { return }
        do {
            for schema in table.schemas.schemas where schema.identifier > tablet.schema.identifier {
                try tablet.adopt(schema, engine: table.properties.mergeEngine(table.schema))
            }
            machine.observer.reached("rows adopted a later schema")
        } catch let error as KeyValueError {
            throw try translate(error)
        }
    }

    private func duplicate(of request: UpsertRequest) throws -> AppendedRange? {
        do {
            let known = try log.duplicate(
                writer: request.writer, sequence: request.sequence,
                commitTimestamp: machine.clock.timestamp)
            guard let known else { return nil }
            machine.observer.reached("duplicate batch recognized")
            return AppendedRange(
                baseOffset: known.baseOffset, endOffset: known.endOffset, isDuplicate: true)
        } catch {
            throw try translate(error)
        }
    }

    /// The committed rows of some keys and the offset that they reflect.
    func lookup(_ keys: [[UInt8]]) async throws -> ([[UInt8]?], Int64) {
        let (leadership, tablet) = try requireRows()
        let rows: [[UInt8]?]
        let offset = tablet.committedOffset
        do {
            rows = try await tablet.lookup(keys)
        } catch let error as KeyValueError {
            throw try translate(error)
        } catch let error as DiskError {
            throw translate(error)
        }
        if leadership.isEnded { throw ClusterError.notLeader(bucket) }
        return (rows, offset)
    }

    /// Some committed rows after a key, all as of one offset.
    func scan(
        prefix: [UInt8]? = nil, after key: [UInt8]?, limit: Int
    ) async throws -> ScanPage {
        let (leadership, tablet) = try requireRows()
        let limit = min(max(1, limit), 10_000_000)
        let offset = tablet.committedOffset
        let rows: [(key: [UInt8], value: [UInt8])]
        do {
            if let prefix {
                rows = try await tablet.lookup(prefix: prefix, after: key, limit: limit)
            } else {
                rows = try await tablet.store.scan(from: key.map { $0 + [0] }, limit: limit)
            }
        } catch let error as KeyValueError {
            throw try translate(error)
        } catch let error as DiskError {
            throw translate(error)
        }
        if leadership.isEnded { throw ClusterError.notLeader(bucket) }
        return ScanPage(
            keys: rows.map(\.key), rows: rows.map(\.value), offset: offset,
            isLast: rows.count < limit)
    }

    private func requireRows() throws -> (Leadership, KeyValueTablet) {
        let leadership = try requireLeadership()
        guard let tablet = leadership.tablet else { throw ClusterError.recovering(bucket) }
        return (leadership, tablet)
    }

    private func translate(_ error: KeyValueError) throws -> ClusterError {
        switch error {
        case .invalidRequest(let reason): return .invalidRequest(reason: reason)
        case .storageFull(let path): return .busy(reason: "no space is left for \(path)")
        case .damaged, .inconsistentChangelog, .storageFailed, .closed:
            // The rows are made of the changelog: another term makes them anew.
            machine.halt("rows of \(bucket): \(error)")
            throw Terminated()
        }
    }

    // MARK: Recovering and keeping

    private var rowsFolder: String { "rows/\(bucket.path)" }

    /// Recovers the rows for a term, then moves what is committed into the store as long as it
    /// lasts.
    func serveRows(_ leadership: Leadership) async throws {
        let folder = "\(rowsFolder)/\(leadership.epoch)"
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
                machine.observer.note(.debug, "rows of \(bucket): \(error)")
            } catch let error as CoordinationError {
                machine.observer.note(.debug, "rows of \(bucket): \(error)")
            } catch let error as ObjectStoreError {
                machine.observer.note(.debug, "rows of \(bucket): \(error)")
            } catch let error as DiskError {
                machine.halt("rows of \(bucket): \(error)")
                throw Terminated()
            }
            leadership.tablet = nil
            try await machine.sleep(retry.next(machine.entropy))
        }
        try await forgetRows(except: nil)
    }

    /// Removes the rows of former terms; what another of our terms uses by now stays.
    func forgetRows(except epoch: Int32?) async throws {
        do {
            for name in try await machine.disk.list(rowsFolder) where name.hasSuffix("/") {
                let term = String(name.dropLast())
                if term == epoch.map(String.init) || term == leadership.map({ "\($0.epoch)" }) {
                    continue
                }
                try await KeyValueStore.destroy(machine, directory: "\(rowsFolder)/\(term)")
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
        let store = try await restoreSnapshot(in: folder)
        let table = self.table
        let tablet = try KeyValueTablet(
            store: store, schemas: table.schemas.schemas,
            engine: table.properties.mergeEngine(table.schema),
            deleteBehavior: table.properties.deleteBehavior,
            logsOldRows: table.properties.logsOldRows)
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

    /// An empty store, or that of the newest snapshot; an answer that does not come is waited for.
    private func restoreSnapshot(in folder: String) async throws -> KeyValueStore {
        var settings = KeyValueConfiguration()
        settings.memoryByteCount = configuration.rowMemoryByteCount
        settings.cacheByteCount = configuration.rowMemoryByteCount
        settings.tableByteCount = 4 * configuration.rowMemoryByteCount
        settings.levelByteCount = 32 * Int64(configuration.rowMemoryByteCount)
        // No error may be taken for "no snapshot": the log below it may be gone.
        let entry = try await machine.coordination.get(MetadataKey.snapshot(bucket).text)
        guard let entry else {
            return try await KeyValueStore.open(machine, directory: folder, configuration: settings)
        }
        let pointer = try mirror.read(ManifestPointer.self, from: entry.value)
        let manifest = try await machine.objectStore.get(pointer.key)
        let store = try await KeyValueStore.restore(
            machine, directory: folder, configuration: settings, manifest: manifest
        ) { file in
            try await machine.objectStore.get(snapshotKey(of: file))
        }
        machine.observer.reached("snapshot restored")
        return store
    }

    private func snapshotKey(of file: KeyValueSnapshot.File) -> String {
        "snapshots/\(bucket.path)/\(file.contentName)"
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
                    try await snapshot(tablet, leadership)
                } catch let error as ObjectStoreError {
                    machine.observer.note(.debug, "snapshot of \(bucket): \(error)")
                } catch let error as CoordinationError {
                    machine.observer.note(.debug, "snapshot of \(bucket): \(error)")
                }
                snapshotAt = machine.clock.now + configuration.snapshotInterval
            }
            _ = try await waitForMove(until: snapshotAt)
        }
    }

    /// Uploads what the store has gained and makes it the bucket's snapshot, fenced by the term.
    private func snapshot(_ tablet: KeyValueTablet, _ leadership: Leadership) async throws {
        let known = mirror.snapshots[bucket]
        if let known, known.value.endOffset >= tablet.committedOffset { return }
        let snapshot = try await tablet.store.snapshot()
        defer { tablet.store.release(snapshot) }
        for file in snapshot.files {
            if leadership.isEnded { return }
            let key = snapshotKey(of: file)
            if try await machine.objectStore.head(key)?.byteCount == file.byteCount { continue }
            do {
                _ = try await machine.objectStore.put(
                    try await tablet.store.read(file, of: snapshot), at: key, .ifAbsent)
            } catch ObjectStoreError.preconditionFailed {
                // The name says what is in it: the same file was uploaded before.
            }
        }
        let manifestKey =
            "snapshots/\(bucket.path)/\(snapshot.appliedOffset)-\(leadership.epoch)-"
            + "\(machine.entropy.uuid()).manifest"
        _ = try await machine.objectStore.put(snapshot.manifest, at: manifestKey, .ifAbsent)
        let pointer = ManifestPointer(
            key: manifestKey, endOffset: snapshot.appliedOffset, leaderEpoch: leadership.epoch)
        let path = MetadataKey.snapshot(bucket).text
        if try await publish(pointer, at: path, known, in: leadership) {
            machine.observer.reached("snapshot published")
        }
    }
}
