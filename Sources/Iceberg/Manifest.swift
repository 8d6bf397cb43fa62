import Avro
import JSON

/// A list of files of one content, data or deletes, and of one partition spec.
public struct Manifest: Hashable, Sendable {
    public var content: DataFile.Content
    public var header: ManifestHeader
    public var entries: [ManifestEntry]

    public init(content: DataFile.Content, header: ManifestHeader, entries: [ManifestEntry]) {
        precondition(content != .equalityDeletes, "a manifest holds data or deletes")
        self.content = content
        self.header = header
        self.entries = entries
    }

    // MARK: Avro (spec, "Manifests"); the numbers are the spec's field ids

    private static func avroSchema(_ partition: AvroSchema, _ version: Int) -> AvroSchema {
        .record(
            name: "manifest_entry",
            fields: [
                AvroField("status", .int, 0), AvroField("snapshot_id", .optional(.long), 1),
                AvroField("sequence_number", .optional(.long), 3),
                AvroField("file_sequence_number", .optional(.long), 4),
                AvroField("data_file", fileSchema(partition, version), 2),
            ])
    }

    private static func fileSchema(_ partition: AvroSchema, _ version: Int) -> AvroSchema {
        let later =
            version < 3
            ? []
            : [
                AvroField("first_row_id", .optional(.long), 142),
                AvroField("content_offset", .optional(.long), 144),
                AvroField("content_size_in_bytes", .optional(.long), 145),
            ]
        return .record(
            name: "r2",
            fields: [
                AvroField("content", .int, 134), AvroField("file_path", .string, 100),
                AvroField("file_format", .string, 101), AvroField("partition", partition, 102),
                AvroField("record_count", .long, 103), AvroField("file_size_in_bytes", .long, 104),
                AvroField("column_sizes", map(117, 118, .long), 108),
                AvroField("value_counts", map(119, 120, .long), 109),
                AvroField("null_value_counts", map(121, 122, .long), 110),
                AvroField("nan_value_counts", map(138, 139, .long), 137),
                AvroField("lower_bounds", map(126, 127, .bytes), 125),
                AvroField("upper_bounds", map(129, 130, .bytes), 128),
                AvroField("key_metadata", .optional(.bytes), 131),
                AvroField("split_offsets", list(133, .long), 132),
                AvroField("equality_ids", list(136, .int), 135),
                AvroField("sort_order_id", .optional(.int), 140),
                AvroField("referenced_data_file", .optional(.string), 143),
            ] + later)
    }

    /// What is read and written here; a manifest with more than that is never written anew.
    private static let knownFields: Set<Int32> = [
        100, 101, 102, 103, 104, 108, 109, 110, 125, 128, 131, 132, 134, 135, 137, 140, 142, 143,
        144, 145,
    ]

    private static func list(_ element: Int32, _ schema: AvroSchema) -> AvroSchema {
        .optional(.array(schema, elementIdentifier: element, isMap: false))
    }

    private static func map(_ key: Int32, _ value: Int32, _ schema: AvroSchema) -> AvroSchema {
        .optional(
            .array(
                .record(
                    name: "k\(key)_v\(value)",
                    fields: [AvroField("key", .int, key), AvroField("value", schema, value)]),
                elementIdentifier: nil, isMap: true))
    }

    /// The manifest file, in format version 2 or 3.
    public func encoded(syncMarker: [UInt8], formatVersion: Int = 2) throws -> [UInt8] {
        precondition(!header.hasUnknownFields, "what is not known would be lost")
        precondition((2...3).contains(formatVersion), "no other version is written")
        let file = AvroFile(
            schema: Self.avroSchema(header.partitionType, formatVersion),
            metadata: [
                ("schema", header.schema), ("schema-id", "\(header.schemaIdentifier)"),
                ("partition-spec", header.partitionSpec),
                ("partition-spec-id", "\(header.specIdentifier)"),
                ("format-version", "\(formatVersion)"),
                ("content", content == .data ? "data" : "deletes"),
            ], records: entries.map { Self.record($0, formatVersion) })
        return try file.encoded(syncMarker: syncMarker)
    }

    private static func record(_ entry: ManifestEntry, _ version: Int) -> AvroValue {
        .record([
            .int(entry.status.rawValue), long(entry.snapshot), long(entry.sequenceNumber),
            long(entry.fileSequenceNumber), record(entry.file, version),
        ])
    }

    private static func record(_ file: DataFile, _ version: Int) -> AvroValue {
        func map(_ value: (DataFile.ColumnBounds) -> AvroValue?) -> AvroValue {
            let entries = file.columns.compactMap { column in
                value(column).map { AvroValue.record([.int(column.identifier), $0]) }
            }
            return entries.isEmpty ? .null : .array(entries)
        }
        let later =
            version < 3
            ? []
            : [long(file.firstRow), long(file.contentOffset), long(file.contentByteCount)]
        return .record(
            [
                .int(file.content.rawValue), .string(file.path), .string(file.format),
                file.partition,
                .long(file.recordCount), .long(file.byteCount),
                map { $0.byteCount.map { .long($0) } },
                map { $0.valueCount.map { .long($0) } }, map { $0.nullCount.map { .long($0) } },
                map { $0.nanCount.map { .long($0) } }, map { $0.lower.map { .bytes($0) } },
                map { $0.upper.map { .bytes($0) } }, file.keyMetadata.map { .bytes($0) } ?? .null,
                file.splitOffsets.isEmpty ? .null : .array(file.splitOffsets.map { .long($0) }),
                file.equalityIdentifiers.isEmpty
                    ? .null : .array(file.equalityIdentifiers.map { .int($0) }),
                file.sortOrder.map { .int($0) } ?? .null,
                file.referencedDataFile.map { .string($0) } ?? .null,
            ] + later)
    }

    private static func long(_ value: Int64?) -> AvroValue { value.map { .long($0) } ?? .null }

    /// Reads a manifest of any writer, fields by their ids.
    public init(decoding bytes: [UInt8], path: String) throws(IcebergError) {
        do {
            let file = try AvroFile(decoding: bytes)
            content = file.text(of: "content") == "deletes" ? .positionDeletes : .data
            header = try ManifestHeader(file, knownFields: Self.knownFields)
            entries = []
            for record in file.records {
                var entry = try Self.entry(AvroRecord(record, file.schema), path)
                if header.partitionType != ManifestHeader.unpartitioned {
                    entry.file.specIdentifier = header.specIdentifier
                }
                entries.append(entry)
            }
        } catch let error as IcebergError {
            throw error
        } catch {
            throw .damaged(path: path, reason: "\(error)")
        }
    }

    /// Gives data files the row ids that they have by their places, from the manifest's first on
    /// (spec, "First Row ID Inheritance").
    mutating func inheritRows(from first: Int64?) {
        guard content == .data, var next = first else { return }
        for position in entries.indices where entries[position].file.firstRow == nil {
            entries[position].file.firstRow = next
            next += entries[position].file.recordCount
        }
    }

    private static func entry(_ record: AvroRecord, _ path: String) throws -> ManifestEntry {
        let file = try record.record(2)
        guard let status = ManifestEntry.Status(rawValue: Int32(try record.integer(0))),
            let content = DataFile.Content(rawValue: Int32(try file.optionalInteger(134) ?? 0))
        else { throw IcebergError.unsupported(reason: "an entry of unknown content in \(path)") }
        let equality = (file.value(135)?.array ?? []).compactMap(\.integer)
        var described = DataFile(
            content: content, path: try file.string(100), format: try file.string(101),
            partition: file.value(102) ?? .record([]), recordCount: try file.integer(103),
            byteCount: try file.integer(104), columns: columns(of: file),
            keyMetadata: file.value(131)?.bytes,
            splitOffsets: file.value(132)?.array?.compactMap(\.integer) ?? [],
            equalityIdentifiers: equality.compactMap { Int32(exactly: $0) },
            sortOrder: file.value(140)?.integer.flatMap { Int32(exactly: $0) },
            referencedDataFile: file.value(143)?.string)
        described.firstRow = try file.optionalInteger(142)
        described.contentOffset = try file.optionalInteger(144)
        described.contentByteCount = try file.optionalInteger(145)
        return ManifestEntry(
            status: status, snapshot: try record.optionalInteger(1),
            sequenceNumber: try record.optionalInteger(3),
            fileSequenceNumber: try record.optionalInteger(4), file: described)
    }

    /// The maps by field id, in the order of their first mention.
    private static func columns(of file: AvroRecord) -> [DataFile.ColumnBounds] {
        var columns: [DataFile.ColumnBounds] = []
        var positions: [Int32: Int] = [:]
        func each(_ field: Int32, _ set: (inout DataFile.ColumnBounds, AvroValue) -> Void) {
            for entry in file.value(field)?.array ?? [] {
                guard let pair = entry.record, pair.count == 2, let number = pair[0].integer,
                    let key = Int32(exactly: number)
                else { continue }
                let position = positions[key] ?? columns.count
                if position == columns.count {
                    columns.append(DataFile.ColumnBounds(identifier: key))
                    positions[key] = position
                }
                set(&columns[position], pair[1])
            }
        }
        each(108) { $0.byteCount = $1.integer }
        each(109) { $0.valueCount = $1.integer }
        each(110) { $0.nullCount = $1.integer }
        each(137) { $0.nanCount = $1.integer }
        each(125) { $0.lower = $1.bytes }
        each(128) { $0.upper = $1.bytes }
        return columns
    }
}
