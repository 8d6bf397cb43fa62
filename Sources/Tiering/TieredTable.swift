public import Columnar
public import Iceberg
public import Platform

/// A table as lake tiering sees it.
public struct TieredTable: Hashable, Sendable {
    /// The namespace of all lake tables.
    public static let namespace = "wavetank"

    /// Never used again, also not for a table of the same name.
    public var identifier: Int64
    public var name: String
    public var schema: Schema
    public var bucketCount: Int

    public init(identifier: Int64, name: String, schema: Schema, bucketCount: Int) {
        precondition(bucketCount > 0, "a table has buckets")
        self.identifier = identifier
        self.name = name
        self.schema = schema
        self.bucketCount = bucketCount
    }

    public var lakeName: LakeTableName { LakeTableName(namespace: Self.namespace, name: name) }

    public var isPrimaryKeyTable: Bool { !schema.primaryKey.isEmpty }

    /// What a lake table says of itself, if it is this table's.
    ///
    /// `TieringError.refused` if it is another's, `IcebergError.damaged` if it contradicts itself.
    public func progress(in metadata: TableMetadata) throws -> LakeProgress {
        guard let progress = try LakeProgress.current(of: metadata),
            progress.tableIdentifier == identifier, progress.offsets.count == bucketCount
        else {
            throw TieringError.refused(
                table: name,
                reason: "the lake table \(lakeName) is not of table \(identifier) with its "
                    + "\(bucketCount) buckets")
        }
        return progress
    }
}

/// Bounds of one round of lake tiering.
public struct LakeTieringConfiguration: Hashable, Sendable {
    /// A data file has at most so many rows.
    public var rowsPerFile = 250_000
    /// A round takes about so many bytes of log of all buckets together, and at least a batch of each.
    public var byteCountPerRound = 16 * 1024 * 1024

    public init() {}
}

/// What a round of lake tiering committed.
public struct LakeCommit: Hashable, Sendable {
    public var table: String
    public var snapshot: Int64
    public var epoch: Int64
    /// By bucket: what is new in the lake are offsets from the first to below the second.
    public var from: [Int64]
    public var to: [Int64]
    public var addedRowCount: Int
    public var deletedRowCount: Int
    public var fileCount: Int
    /// Whether there was more to take than one round may.
    public var isBehind: Bool
    /// When it was known to be committed, by the tierer's wall clock.
    public var committedAt: Timestamp
}
