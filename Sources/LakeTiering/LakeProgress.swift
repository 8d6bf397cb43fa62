public import Iceberg

/// How far a lake table reflects the log of its table, and under which tierer.
///
/// It stands in the summary of every snapshot that tiering makes and, by the same commit, in the
/// table's properties, so that it outlives the expiry of that snapshot:
///
///     wavetank.table-id   the table's identifier, in decimal
///     wavetank.epoch      the epoch of the tierer that committed
///     wavetank.offsets    for each bucket the first offset that is not in the lake: `0:123,1:456`,
///                         buckets from 0 in order; of a partitioned table `7/0:123,7/1:456`
///     wavetank.partitions of a partitioned table: the partitions that the lake has, each with its
///                         values, `7=2026$eu,9=2027$eu`
///     wavetank.from       only in summaries: the offsets of the state before
///     wavetank.foreign-snapshot
///                         the last snapshot by which another program changed rows, if one did
///     wavetank.schema     of a table that was altered: which of its schemas the lake table
///                         follows, and the latest that rows of a snapshot were written under
///
/// A snapshot that another program made reflects what its parent does: its rows may be others, but
/// no more of the log is in it. So the offsets of a state are those of the nearest snapshot of
/// ours among its ancestors, which is right after a rollback and on any branch; the properties
/// count only where that snapshot has expired.
public struct LakeProgress: Hashable, Sendable {
    public static let tableProperty = "wavetank.table-id"
    public static let epochProperty = "wavetank.epoch"
    public static let offsetsProperty = "wavetank.offsets"
    public static let fromProperty = "wavetank.from"
    public static let foreignProperty = "wavetank.foreign-snapshot"
    public static let schemaProperty = "wavetank.schema"
    public static let partitionsProperty = "wavetank.partitions"

    public var tableIdentifier: Int64
    public var epoch: Int64
    /// By bucket; all rows below are in the lake and none from there on.
    public var offsets: LakeOffsets
    /// Of a partitioned table: the partitions that have buckets among `offsets`, in the order of
    /// their identifiers.
    public var partitions: [LakePartition]?
    /// The last snapshot by which another program changed rows: from there on the lake's rows are
    /// not the log's alone, and none of them is taken for damage.
    public var foreignSnapshot: Int64?
    /// The table's schema that the lake table follows; nil is the first.
    public var schema: Int16?

    public init(
        tableIdentifier: Int64, epoch: Int64, offsets: LakeOffsets,
        partitions: [LakePartition]? = nil, foreignSnapshot: Int64? = nil, schema: Int16? = nil
    ) {
        precondition(partitions != nil || !offsets.entries.isEmpty, "offsets of no table")
        precondition(offsets.entries.allSatisfy { $0.offset >= 0 }, "offsets of no log")
        self.partitions = partitions
        self.tableIdentifier = tableIdentifier
        self.epoch = epoch
        self.offsets = offsets
        self.foreignSnapshot = foreignSnapshot
        self.schema = schema
    }

    // MARK: Writing

    /// The table properties.
    public var properties: [(String, String)] {
        [
            (Self.tableProperty, "\(tableIdentifier)"), (Self.epochProperty, "\(epoch)"),
            (Self.offsetsProperty, offsets.description),
        ] + (partitions.map { [(Self.partitionsProperty, LakePartition.format($0))] } ?? [])
            + (foreignSnapshot.map { [(Self.foreignProperty, "\($0)")] } ?? [])
            + (schema.map { [(Self.schemaProperty, "\($0)")] } ?? [])
    }

    /// The entries of a snapshot's summary.
    public func summary(from offsets: LakeOffsets) -> [Snapshot.SummaryEntry] {
        properties.map { Snapshot.SummaryEntry($0.0, $0.1) }
            + [Snapshot.SummaryEntry(Self.fromProperty, offsets.description)]
    }

    // MARK: Reading

    /// The offsets at which a snapshot of ours says that it begins; nil if it says none.
    public static func start(of snapshot: Snapshot) -> LakeOffsets? {
        guard let text = snapshot.summary(fromProperty) else { return nil }
        // Before the first partition there are none.
        return text.isEmpty ? LakeOffsets() : LakeOffsets(text: text)
    }

    /// What a table's state says; nil if it was never tiered into.
    ///
    /// `IcebergError.damaged` if it contradicts itself.
    public static func current(of metadata: TableMetadata) throws(IcebergError) -> LakeProgress? {
        let stated = try read(metadata.location) { metadata.property($0) }
        guard let snapshot = metadata.current else {
            // Without a snapshot there are no rows: all of the log is to be taken.
            return stated.map {
                LakeProgress(
                    tableIdentifier: $0.tableIdentifier, epoch: $0.epoch,
                    offsets: $0.partitions == nil ? $0.offsets.atStart : LakeOffsets(),
                    partitions: $0.partitions.map { _ in [] },
                    foreignSnapshot: $0.foreignSnapshot, schema: $0.schema)
            }
        }
        let (found, foreign) = try nearest(snapshot, of: metadata)
        guard var progress = found ?? stated else { return nil }
        if let stated {
            guard stated.tableIdentifier == progress.tableIdentifier else {
                throw .damaged(
                    path: metadata.location,
                    reason: "its properties and snapshot \(snapshot.identifier) are of two tables")
            }
            // A rollback gives no tierer of the past its table back.
            progress.epoch = max(progress.epoch, stated.epoch)
            progress.foreignSnapshot = progress.foreignSnapshot ?? stated.foreignSnapshot
            // Nor does it take a schema back.
            progress.schema = later(progress.schema, stated.schema)
        }
        progress.foreignSnapshot = foreign ?? progress.foreignSnapshot
        return progress
    }

    /// What a snapshot reflects.
    ///
    /// `IcebergError.unsupported` if it is another program's and those before it have expired.
    public static func at(
        _ snapshot: Snapshot, of metadata: TableMetadata
    ) throws(IcebergError) -> LakeProgress {
        if snapshot.identifier == metadata.currentSnapshot,
            let progress = try current(of: metadata)
        {
            return progress
        }
        let (found, foreign) = try nearest(snapshot, of: metadata)
        guard var progress = found else {
            throw .unsupported(
                reason: "\(metadata.location) snapshot \(snapshot.identifier) is another "
                    + "program's, and those before it have expired: which offsets it reflects is "
                    + "not known")
        }
        progress.foreignSnapshot = foreign ?? progress.foreignSnapshot
        if snapshot.summary(offsetsProperty) == nil {
            // What others rewrote is of the columns that the lake table had then.
            let stated = try read(metadata.location) { metadata.property($0) }
            progress.schema = later(progress.schema, stated?.schema)
        }
        return progress
    }

    private static func later(_ one: Int16?, _ other: Int16?) -> Int16? {
        guard let one, let other else { return one ?? other }
        return max(one, other)
    }

    /// What the nearest snapshot of ours says, from this one back, and the first snapshot on the
    /// way by which another program changed rows, or may have, since those before it have expired.
    private static func nearest(
        _ snapshot: Snapshot, of metadata: TableMetadata
    ) throws(IcebergError) -> (LakeProgress?, foreign: Int64?) {
        var next: Snapshot? = snapshot
        var foreign: Int64?
        for _ in metadata.snapshots {
            guard let candidate = next else { break }
            let place = "\(metadata.location) snapshot \(candidate.identifier)"
            if let progress = try read(place, { candidate.summary($0) }) {
                return (progress, foreign)
            }
            if candidate.summary("operation") != "replace" {
                foreign = foreign ?? candidate.identifier
            }
            next = candidate.parent.flatMap(metadata.snapshot)
            if next == nil, candidate.parent != nil { foreign = foreign ?? candidate.identifier }
        }
        return (nil, foreign)
    }

    private static func read(
        _ place: String, _ value: (String) -> String?
    ) throws(IcebergError) -> LakeProgress? {
        let texts = [tableProperty, epochProperty, offsetsProperty].map(value)
        if texts.allSatisfy({ $0 == nil }) { return nil }
        guard let table = texts[0].flatMap({ Int64($0) }),
            let epoch = texts[1].flatMap({ Int64($0) }),
            let (offsets, partitions) = state(texts[2] ?? "", value(partitionsProperty))
        else { throw .damaged(path: place, reason: "its progress cannot be read: \(texts)") }
        let schema = value(schemaProperty)
        if let schema, Int16(schema) == nil {
            throw .damaged(path: place, reason: "it is of schema \(schema), which is no number")
        }
        return LakeProgress(
            tableIdentifier: table, epoch: epoch, offsets: offsets, partitions: partitions,
            foreignSnapshot: value(foreignProperty).flatMap { Int64($0) },
            schema: schema.flatMap { Int16($0) })
    }

    /// The offsets and partitions of their texts, which have to be of the same partitions.
    private static func state(
        _ offsets: String, _ partitions: String?
    ) -> (LakeOffsets, [LakePartition]?)? {
        guard let partitions else {
            guard let found = LakeOffsets(text: offsets), found.buckets[0].partition == nil else {
                return nil
            }
            return (found, nil)
        }
        guard let known = LakePartition.parse(partitions) else { return nil }
        if known.isEmpty { return offsets.isEmpty ? (LakeOffsets(), []) : nil }
        guard let found = LakeOffsets(text: offsets),
            Set(found.buckets.map(\.partition)) == Set(known.map(\.identifier)),
            Set(known.map(\.values)).count == known.count
        else { return nil }
        return (found, known)
    }
}
