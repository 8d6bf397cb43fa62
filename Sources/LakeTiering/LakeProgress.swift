public import Iceberg

/// How far a lake table reflects the log of its table, and under which tierer.
///
/// It stands in the summary of every snapshot that tiering makes and, by the same swap, in the
/// table's properties, so that neither an expired snapshot nor one of a stranger's compaction loses
/// it:
///
///     wavetank.table-id   the table's identifier, in decimal
///     wavetank.epoch      the epoch of the tierer that committed
///     wavetank.offsets    for each bucket the first offset that is not in the lake: `0:123,1:456`,
///                         buckets from 0 in order
///     wavetank.from       only in summaries: the offsets of the state before
public struct LakeProgress: Hashable, Sendable {
    public static let tableProperty = "wavetank.table-id"
    public static let epochProperty = "wavetank.epoch"
    public static let offsetsProperty = "wavetank.offsets"
    public static let fromProperty = "wavetank.from"

    public var tableIdentifier: Int64
    public var epoch: Int64
    /// By bucket; all rows below are in the lake and none from there on.
    public var offsets: [Int64]

    public init(tableIdentifier: Int64, epoch: Int64, offsets: [Int64]) {
        precondition(!offsets.isEmpty && offsets.allSatisfy { $0 >= 0 }, "offsets of no table")
        self.tableIdentifier = tableIdentifier
        self.epoch = epoch
        self.offsets = offsets
    }

    // MARK: Writing

    /// The table properties.
    public var properties: [(String, String)] {
        [
            (Self.tableProperty, "\(tableIdentifier)"), (Self.epochProperty, "\(epoch)"),
            (Self.offsetsProperty, Self.format(offsets)),
        ]
    }

    /// The entries of a snapshot's summary.
    public func summary(from offsets: [Int64]) -> [Snapshot.SummaryEntry] {
        properties.map { Snapshot.SummaryEntry($0.0, $0.1) }
            + [Snapshot.SummaryEntry(Self.fromProperty, Self.format(offsets))]
    }

    public static func format(_ offsets: [Int64]) -> String {
        offsets.enumerated().map { "\($0.offset):\($0.element)" }.joined(separator: ",")
    }

    // MARK: Reading

    /// Reads `0:123,1:456`; nil if it is anything else.
    public static func parse(_ text: String) -> [Int64]? {
        var offsets: [Int64] = []
        for entry in text.split(separator: ",", omittingEmptySubsequences: false) {
            let parts = entry.split(separator: ":", omittingEmptySubsequences: false)
            guard parts.count == 2, parts[0] == "\(offsets.count)", let offset = Int64(parts[1]),
                offset >= 0, parts[1] == "\(offset)"
            else { return nil }
            offsets.append(offset)
        }
        return offsets.isEmpty ? nil : offsets
    }

    /// What a table's state says; nil if it was never tiered into.
    ///
    /// `IcebergError.damaged` if its properties and its newest snapshot contradict each other.
    public static func current(of metadata: TableMetadata) throws(IcebergError) -> LakeProgress? {
        let place = metadata.location
        let stated = try read(place) { metadata.property($0) }
        guard let snapshot = metadata.current else {
            if let stated, stated.offsets.contains(where: { $0 != 0 }) {
                throw .damaged(path: place, reason: "it has offsets and no snapshot")
            }
            return stated
        }
        let reached = try at(snapshot, of: metadata)
        guard let stated, stated == reached else {
            throw .damaged(
                path: place,
                reason: "its properties and snapshot \(snapshot.identifier) disagree on progress")
        }
        return stated
    }

    /// What a snapshot reflects.
    ///
    /// A snapshot that another program made by rewriting files reflects what its parent does;
    /// `IcebergError.damaged` if it did anything else.
    public static func at(
        _ snapshot: Snapshot, of metadata: TableMetadata
    ) throws(IcebergError) -> LakeProgress {
        var snapshot = snapshot
        for _ in metadata.snapshots {
            let place = "\(metadata.location) snapshot \(snapshot.identifier)"
            if let progress = try read(place, { snapshot.summary($0) }) { return progress }
            guard snapshot.summary("operation") == "replace",
                let parent = snapshot.parent.flatMap(metadata.snapshot)
            else {
                throw .damaged(path: place, reason: "it does not say which offsets it reflects")
            }
            snapshot = parent
        }
        throw .damaged(path: metadata.location, reason: "its snapshots are their own parents")
    }

    private static func read(
        _ place: String, _ value: (String) -> String?
    ) throws(IcebergError) -> LakeProgress? {
        let texts = [tableProperty, epochProperty, offsetsProperty].map(value)
        if texts.allSatisfy({ $0 == nil }) { return nil }
        guard let table = texts[0].flatMap({ Int64($0) }),
            let epoch = texts[1].flatMap({ Int64($0) }), let offsets = texts[2].flatMap(parse)
        else { throw .damaged(path: place, reason: "its progress cannot be read: \(texts)") }
        return LakeProgress(tableIdentifier: table, epoch: epoch, offsets: offsets)
    }
}
