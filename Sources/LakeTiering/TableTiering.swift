public import Changelog
import Columnar
public import Iceberg
public import Platform

/// Takes one table's log to the lake, a range of offsets of each bucket at a time.
///
/// Exactly once by construction: the offsets that a state of the lake table reflects stand in that
/// very state, and a commit goes through only if it begins where the state that it replaces ends.
/// The same check turns away a tierer of an earlier epoch, and a position delete that was written
/// for another state.
public final class TableTiering {
    public internal(set) var table: TieredTable
    /// Larger than that of every earlier tierer of the table.
    public let epoch: Int64
    let machine: Machine
    private let location: LakeLocation
    let log: any LogSource
    let configuration: LakeTieringConfiguration
    /// The lake's schema of the table's own columns and the system columns.
    var schema: IcebergSchema
    private var lake: LakeTable?
    var index: KeyIndex? { didSet { indexMemory.byteCount = index?.byteCount ?? 0 } }
    private let indexMemory: MemoryUse
    /// The last foreign commit that was told of.
    private var toldSnapshot: Int64?
    /// The metadata files that the table, by its UUID, named when it was last maintained.
    var metadataFiles: (of: String, paths: Set<String>) = ("", [])
    var leases = LeaseWatch()
    var orphansCollectedAt: Instant?
    /// Since when other programs' files have been seen to be orphans, by their keys.
    var orphansSince: [String: Instant] = [:]

    private static let attemptLimit = 3

    public init(
        _ machine: Machine, _ table: TieredTable, epoch: Int64, in location: LakeLocation,
        from log: any LogSource, configuration: LakeTieringConfiguration = .init()
    ) {
        self.machine = machine
        self.table = table
        self.epoch = epoch
        self.location = location
        self.log = log
        self.configuration = configuration
        precondition(SystemColumns.fit(table.schema), "columns that clash with the system columns")
        schema = IcebergSchema(tiering: table.schema)
        indexMemory = MemoryUse(of: machine.memory, byteCount: 0)
    }

    /// Commits what is new of all buckets, or as much of it as one round may take; nil if nothing
    /// is.
    ///
    /// Throws `LakeTieringError` and `IcebergError`. After each of them the next round may simply
    /// be tried, but for `LakeTieringError.fenced`: the table is another tierer's. Files that were
    /// written for a commit that failed are left where they are.
    public func round() async throws -> LakeCommit? {
        for attempt in 1... {
            do {
                return try await attemptRound()
            } catch let error as LakeTieringError {
                guard case .overtaken = error, attempt < Self.attemptLimit else { throw error }
                machine.observer.reached("lake round overtaken")
            } catch let error as ColumnarError {
                throw LakeTieringError.damaged(reason: "table \(table.name): \(error)")
            } catch let error as ChangelogError {
                throw LakeTieringError.damaged(reason: "table \(table.name): \(error)")
            }
        }
        preconditionFailure("the attempts have no end")
    }

    private func attemptRound() async throws -> LakeCommit? {
        let lake = try await openLake()
        try await followSchema(lake)
        try checkColumns(of: lake)
        try await ensurePartitionSpec(lake)
        try await followPartitions(lake)
        let base = try table.progress(in: lake.metadata)
        try checkEpoch(base)
        var range = try await takeRange(table.buckets(of: admitted(base)), from: base.offsets)
        let partitions = try await settle(&range, base)
        if range.to == base.offsets { return nil }
        let held = MemoryUse(of: machine.memory, byteCount: range.byteCount)
        defer { held.byteCount = 0 }
        var commit = LakeCommit(
            table: table.name, snapshot: 0, epoch: epoch, from: base.offsets, to: range.to,
            addedRowCount: 0, deletedRowCount: 0, fileCount: 0, isBehind: range.isBehind,
            committedAt: machine.clock.timestamp)
        var moves: [KeyIndex.Move] = []
        var change = LakeChange()
        if table.isPrimaryKeyTable {
            moves = try await writeChanges(range.parts, lake, into: &change)
        } else {
            change.dataFiles = try await writeAppends(range.parts, lake)
        }
        let progress = LakeProgress(
            tableIdentifier: table.identifier, epoch: epoch, offsets: range.to,
            partitions: partitions, foreignSnapshot: base.foreignSnapshot, schema: table.lakeSchema)
        change.summary = progress.summary(from: base.offsets)
        change.properties = progress.properties
        let made = try await lake.commit(change, on: machine) { metadata in
            try validate(metadata, base)
        }
        guard let snapshot = made else { preconditionFailure("a round without a snapshot") }
        index?.follow(moves, to: snapshot.identifier)
        commit.snapshot = snapshot.identifier
        commit.addedRowCount = Int(change.dataFiles.reduce(0) { $0 + $1.recordCount })
        commit.deletedRowCount = Int(change.deleteFiles.reduce(0) { $0 + $1.recordCount })
        commit.fileCount = change.dataFiles.count + change.deleteFiles.count
        commit.committedAt = machine.clock.timestamp
        return commit
    }

    // MARK: The lake table

    func openLake() async throws -> LakeTable {
        if let lake {
            do {
                try await lake.refresh()
                tell(lake)
                return lake
            } catch IcebergError.noSuchTable {
                // Others dropped or renamed it: the log fills another one.
                machine.observer.reached("lake table made anew")
                machine.observer.note(
                    .warning, "lake table \(table.lakeName) is gone: it is made anew from the log")
                self.lake = nil
                index = nil
            }
        }
        let start = LakeProgress(
            tableIdentifier: table.identifier, epoch: epoch,
            offsets: table.startOffsets, partitions: table.isPartitioned ? [] : nil,
            schema: table.lakeSchema)
        let opened = try await LakeTable.openOrCreate(
            machine, table.lakeName, in: location, schema: schema,
            properties: start.properties + table.lakeProperties,
            formatVersion: table.lakeFormatVersion ?? configuration.formatVersion,
            partitionColumns: table.partitionFields, epoch: epoch
        ) { metadata throws(IcebergError) in
            guard try table.succeeds(metadata) else { return false }
            machine.observer.reached("lake table of a dropped table replaced")
            return true
        }
        tell(opened)
        lake = opened
        return opened
    }

    /// Tells of a commit of another program.
    private func tell(_ lake: LakeTable) {
        guard let snapshot = lake.metadata.current, snapshot.identifier != toldSnapshot,
            snapshot.summary(LakeProgress.offsetsProperty) == nil
        else { return }
        toldSnapshot = snapshot.identifier
        let act = snapshot.summary("operation") ?? "an unknown operation"
        machine.observer.reached("foreign lake commit found")
        machine.observer.note(
            act == "replace" ? .information : .warning,
            "lake table \(table.lakeName): another program committed snapshot "
                + "\(snapshot.identifier) (\(act))")
    }

    /// Turns a commit away that was made for another state than the one that it would replace.
    func validate(
        _ metadata: TableMetadata, _ base: LakeProgress, isIndexed: Bool = true
    ) throws {
        let found = try table.progress(in: metadata)
        try checkEpoch(found)
        if found.offsets != base.offsets || found.partitions != base.partitions
            || found.foreignSnapshot != base.foreignSnapshot
        {
            throw LakeTieringError.overtaken(
                table: table.name,
                reason: "it reflects \(found.offsets), not \(base.offsets)")
        }
        if isIndexed && table.isPrimaryKeyTable && index?.snapshot != metadata.currentSnapshot {
            throw LakeTieringError.overtaken(
                table: table.name, reason: "its keys are known of another snapshot")
        }
    }

    func checkEpoch(_ progress: LakeProgress) throws {
        if progress.epoch > epoch {
            machine.observer.reached("lake commit of a past epoch turned away")
            throw LakeTieringError.fenced(
                table: table.name, reason: "epoch \(progress.epoch) committed, ours is \(epoch)")
        }
    }

    /// The index of the lake table's current snapshot.
    func currentIndex(_ lake: LakeTable, isShared: Bool) async throws -> KeyIndex {
        if let index, index.snapshot == lake.metadata.currentSnapshot { return index }
        if index != nil { machine.observer.reached("lake key index rebuilt") }
        let built = try await KeyIndex.build(lake, table.schema, isShared: isShared)
        index = built
        return built
    }

    // MARK: The log

    /// The next batches of each of some buckets; a bucket that cannot be read now has none.
    private func takeRange(
        _ buckets: [LakeBucket], from offsets: LakeOffsets
    ) async throws -> LogRange {
        var range = LogRange(to: offsets)
        let limit = min(configuration.byteCountPerRound, machine.memory.freeByteCount / 2)
        var failure: LogSourceError?
        var ends = offsets
        for bucket in buckets {
            do {
                ends[bucket] = try await log.highWatermark(
                    of: table.identifier, partition: bucket.partition, bucket: bucket.bucket)
            } catch let error as LogSourceError {
                failure = error
            }
        }
        // What idle buckets do not need is the busy ones'.
        let busyCount = buckets.count { offsets[$0] < ends[$0] }
        let share = max(1, limit / max(1, busyCount))
        for bucket in buckets {
            let from = offsets[bucket]
            var batches: [LogBatch] = []
            do {
                let end = ends[bucket]
                if end > from {
                    batches = try await log.batches(
                        of: table.identifier, partition: bucket.partition, bucket: bucket.bucket,
                        in: from..<end, byteCount: share)
                    try cut(&batches, bucket)
                    if let last = batches.last, last.endOffset < end { range.isBehind = true }
                }
            } catch let error as LogSourceError {
                let isDamage = if case .damaged = error { true } else { false }
                machine.observer.note(
                    isDamage ? .warning : .debug,
                    "table \(table.name) \(bucket) is not tiered now: \(error)")
                failure = error
            }
            if let last = batches.last { range.to[bucket] = last.endOffset }
            range.parts.append(BucketPart(bucket: bucket, batches: batches))
        }
        if let failure, range.to == offsets {
            throw LakeTieringError.unavailable(reason: "\(failure)")
        }
        return range
    }
}

/// A part of a bucket's log.
struct BucketPart {
    var bucket: LakeBucket
    var batches: [LogBatch]
}

/// A part of a table's log, and up to where the lake has it with that.
struct LogRange {
    var parts: [BucketPart] = []
    var to: LakeOffsets
    var isBehind = false

    init(to offsets: LakeOffsets) { to = offsets }

    var byteCount: Int { parts.reduce(0) { $1.batches.reduce($0) { $0 + $1.byteCount } } }
}
