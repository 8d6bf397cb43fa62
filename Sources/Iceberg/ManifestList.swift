import Avro

/// What a manifest list says of one manifest.
public struct ManifestFile: Hashable, Sendable {
    public var path: String
    public var byteCount: Int64
    public var content: DataFile.Content
    public var sequenceNumber: Int64
    public var minimumSequenceNumber: Int64
    public var addedSnapshot: Int64
    public var addedFileCount: Int32
    public var existingFileCount: Int32
    public var deletedFileCount: Int32
    public var addedRowCount: Int64
    public var existingRowCount: Int64
    public var deletedRowCount: Int64
    public var specIdentifier: Int32
    /// What the partition values of its files lie between, field by field; empty if not said.
    var partitions: [PartitionSummary] = []
    var keyMetadata: [UInt8]?
    /// From format version 3 on: the row id of the first row of its files that say none.
    public var firstRow: Int64?

    struct PartitionSummary: Hashable, Sendable {
        var containsNull: Bool
        var containsNaN: Bool?
        var lower: [UInt8]?
        var upper: [UInt8]?
    }

    /// Describes a manifest that only adds files.
    public init(
        path: String, byteCount: Int, manifest: Manifest, sequenceNumber: Int64, snapshot: Int64
    ) {
        self.path = path
        self.byteCount = Int64(byteCount)
        content = manifest.content
        self.sequenceNumber = sequenceNumber
        minimumSequenceNumber = sequenceNumber
        addedSnapshot = snapshot
        addedFileCount = Int32(manifest.entries.count)
        existingFileCount = 0
        deletedFileCount = 0
        addedRowCount = manifest.entries.reduce(0) { $0 + $1.file.recordCount }
        existingRowCount = 0
        deletedRowCount = 0
        specIdentifier = manifest.header.specIdentifier
        partitions = manifest.header.summaries(of: manifest.entries.map(\.file))
    }

    /// Describes a manifest that is written anew: its entries have their own numbers.
    init(
        path: String, byteCount: Int, rewriting manifest: Manifest, sequenceNumber: Int64,
        snapshot: Int64
    ) {
        precondition(manifest.entries.allSatisfy { $0.status != .added })
        precondition(manifest.entries.allSatisfy { $0.sequenceNumber != nil })
        self.init(
            path: path, byteCount: byteCount, manifest: manifest, sequenceNumber: sequenceNumber,
            snapshot: snapshot)
        let kept = manifest.entries.filter { $0.status == .existing }
        let removed = manifest.entries.filter { $0.status == .deleted }
        (addedFileCount, addedRowCount) = (0, 0)
        existingFileCount = Int32(kept.count)
        existingRowCount = kept.reduce(0) { $0 + $1.file.recordCount }
        deletedFileCount = Int32(removed.count)
        deletedRowCount = removed.reduce(0) { $0 + $1.file.recordCount }
        minimumSequenceNumber = kept.compactMap(\.sequenceNumber).min() ?? sequenceNumber
    }

    /// The same manifest as a commit of these numbers adds it.
    func added(by snapshot: Int64, at sequence: Int64) -> ManifestFile {
        var file = self
        file.addedSnapshot = snapshot
        file.sequenceNumber = sequence
        file.minimumSequenceNumber = sequence
        return file
    }

    init(_ record: AvroRecord, path: String) throws {
        self.path = try record.string(500)
        byteCount = try record.integer(501)
        guard
            let content = DataFile.Content(
                rawValue: Int32(try record.optionalInteger(517) ?? 0))
        else { throw IcebergError.damaged(path: path, reason: "a manifest of unknown content") }
        guard content != .equalityDeletes else {
            throw IcebergError.damaged(path: path, reason: "a manifest of unknown content")
        }
        self.content = content
        sequenceNumber = try record.optionalInteger(515) ?? 0
        minimumSequenceNumber = try record.optionalInteger(516) ?? 0
        addedSnapshot = try record.integer(503)
        addedFileCount = Int32(try record.optionalInteger(504) ?? 0)
        existingFileCount = Int32(try record.optionalInteger(505) ?? 0)
        deletedFileCount = Int32(try record.optionalInteger(506) ?? 0)
        addedRowCount = try record.optionalInteger(512) ?? 0
        existingRowCount = try record.optionalInteger(513) ?? 0
        deletedRowCount = try record.optionalInteger(514) ?? 0
        specIdentifier = Int32(clamping: try record.optionalInteger(502) ?? 0)
        keyMetadata = record.value(519)?.bytes
        firstRow = try record.optionalInteger(520)
        partitions = try record.records(507).map { summary in
            PartitionSummary(
                containsNull: summary.value(509)?.boolean ?? true,
                containsNaN: summary.value(518)?.boolean, lower: summary.value(510)?.bytes,
                upper: summary.value(511)?.bytes)
        }
    }
}

/// The manifests of one snapshot.
public struct ManifestList: Hashable, Sendable {
    public var manifests: [ManifestFile]

    public init(manifests: [ManifestFile]) { self.manifests = manifests }

    static let avroSchema = avroSchema([])
    private static let avroSchemaOfVersion3 = avroSchema([
        AvroField("first_row_id", .optional(.long), 520)
    ])

    private static func avroSchema(_ later: [AvroField]) -> AvroSchema {
        .record(
            name: "manifest_file",
            fields: fields + later)
    }

    private static let fields: [AvroField] = [
        AvroField("manifest_path", .string, 500), AvroField("manifest_length", .long, 501),
        AvroField("partition_spec_id", .int, 502), AvroField("content", .int, 517),
        AvroField("sequence_number", .long, 515),
        AvroField("min_sequence_number", .long, 516),
        AvroField("added_snapshot_id", .long, 503),
        AvroField("added_files_count", .int, 504),
        AvroField("existing_files_count", .int, 505),
        AvroField("deleted_files_count", .int, 506),
        AvroField("added_rows_count", .long, 512),
        AvroField("existing_rows_count", .long, 513),
        AvroField("deleted_rows_count", .long, 514),
        AvroField(
            "partitions",
            .optional(
                .array(
                    .record(
                        name: "r508",
                        fields: [
                            AvroField("contains_null", .boolean, 509),
                            AvroField("contains_nan", .optional(.boolean), 518),
                            AvroField("lower_bound", .optional(.bytes), 510),
                            AvroField("upper_bound", .optional(.bytes), 511),
                        ]), elementIdentifier: 508, isMap: false)), 507),
        AvroField("key_metadata", .optional(.bytes), 519),
    ]

    /// Gives the data manifests that have none the row ids of their first rows, from `next` on;
    /// answers the first that is left (spec, "First Row ID Assignment").
    mutating func assignRows(from next: Int64) -> Int64 {
        var next = next
        for position in manifests.indices
        where manifests[position].content == .data && manifests[position].firstRow == nil {
            manifests[position].firstRow = next
            next += manifests[position].addedRowCount + manifests[position].existingRowCount
        }
        return next
    }

    public func encoded(
        snapshot: Int64, parent: Int64?, sequenceNumber: Int64, syncMarker: [UInt8],
        formatVersion: Int = 2
    ) throws -> [UInt8] {
        precondition((2...3).contains(formatVersion), "no other version is written")
        let records = manifests.map { manifest -> AvroValue in
            .record(
                [
                    .string(manifest.path), .long(manifest.byteCount),
                    .int(manifest.specIdentifier),
                    .int(manifest.content.rawValue), .long(manifest.sequenceNumber),
                    .long(manifest.minimumSequenceNumber), .long(manifest.addedSnapshot),
                    .int(manifest.addedFileCount), .int(manifest.existingFileCount),
                    .int(manifest.deletedFileCount), .long(manifest.addedRowCount),
                    .long(manifest.existingRowCount), .long(manifest.deletedRowCount),
                    Self.record(manifest.partitions),
                    manifest.keyMetadata.map { .bytes($0) } ?? .null,
                ] + (formatVersion < 3 ? [] : [manifest.firstRow.map { .long($0) } ?? .null]))
        }
        let file = AvroFile(
            schema: formatVersion < 3 ? Self.avroSchema : Self.avroSchemaOfVersion3,
            metadata: [
                ("snapshot-id", "\(snapshot)"),
                ("parent-snapshot-id", parent.map { "\($0)" } ?? "null"),
                ("sequence-number", "\(sequenceNumber)"),
                ("format-version", "\(formatVersion)"),
            ], records: records)
        return try file.encoded(syncMarker: syncMarker)
    }

    private static func record(_ partitions: [ManifestFile.PartitionSummary]) -> AvroValue {
        if partitions.isEmpty { return .null }
        return .array(
            partitions.map { summary in
                .record([
                    .boolean(summary.containsNull),
                    summary.containsNaN.map { .boolean($0) } ?? .null,
                    summary.lower.map { .bytes($0) } ?? .null,
                    summary.upper.map { .bytes($0) } ?? .null,
                ])
            })
    }

    public init(decoding bytes: [UInt8], path: String) throws(IcebergError) {
        do {
            let file = try AvroFile(decoding: bytes)
            manifests = try file.records.map {
                try ManifestFile(AvroRecord($0, file.schema), path: path)
            }
        } catch let error as IcebergError {
            throw error
        } catch {
            throw .damaged(path: path, reason: "\(error)")
        }
    }
}
