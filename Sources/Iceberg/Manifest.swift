import Avro
import JSON

/// An entry of a manifest: a file and since when it belongs to the table.
public struct ManifestEntry: Hashable, Sendable {
    public enum Status: Int32, Hashable, Sendable {
        case existing = 0
        case added = 1
        case deleted = 2
    }

    public var status: Status
    /// Nil is inherited from the manifest list.
    public var snapshot: Int64?
    public var sequenceNumber: Int64?
    public var fileSequenceNumber: Int64?
    public var file: DataFile

    /// A file that a commit adds: its numbers are inherited.
    public init(adding file: DataFile) {
        status = .added
        self.file = file
    }

    init(
        status: Status, snapshot: Int64?, sequenceNumber: Int64?, fileSequenceNumber: Int64?,
        file: DataFile
    ) {
        self.status = status
        self.snapshot = snapshot
        self.sequenceNumber = sequenceNumber
        self.fileSequenceNumber = fileSequenceNumber
        self.file = file
    }
}

/// A list of files of one content, data or deletes.
public struct Manifest: Hashable, Sendable {
    public var content: DataFile.Content
    public var schema: IcebergSchema
    public var entries: [ManifestEntry]

    public init(content: DataFile.Content, schema: IcebergSchema, entries: [ManifestEntry]) {
        self.content = content
        self.schema = schema
        self.entries = entries
    }

    // MARK: Avro (spec, "Manifests"); the numbers are the spec's field ids

    static let avroSchema = AvroSchema.record(
        name: "manifest_entry",
        fields: [
            AvroField("status", .int, 0), AvroField("snapshot_id", .optional(.long), 1),
            AvroField("sequence_number", .optional(.long), 3),
            AvroField("file_sequence_number", .optional(.long), 4),
            AvroField("data_file", fileSchema, 2),
        ])

    private static let fileSchema = AvroSchema.record(
        name: "r2",
        fields: [
            AvroField("content", .int, 134), AvroField("file_path", .string, 100),
            AvroField("file_format", .string, 101),
            AvroField("partition", .record(name: "r102", fields: []), 102),
            AvroField("record_count", .long, 103), AvroField("file_size_in_bytes", .long, 104),
            AvroField("column_sizes", map(117, 118, .long), 108),
            AvroField("value_counts", map(119, 120, .long), 109),
            AvroField("null_value_counts", map(121, 122, .long), 110),
            AvroField("nan_value_counts", map(138, 139, .long), 137),
            AvroField("lower_bounds", map(126, 127, .bytes), 125),
            AvroField("upper_bounds", map(129, 130, .bytes), 128),
            AvroField("key_metadata", .optional(.bytes), 131),
            AvroField(
                "split_offsets",
                .optional(.array(.long, elementIdentifier: 133, isMap: false)), 132),
            AvroField(
                "equality_ids", .optional(.array(.int, elementIdentifier: 136, isMap: false)), 135),
            AvroField("sort_order_id", .optional(.int), 140),
            AvroField("referenced_data_file", .optional(.string), 143),
        ])

    private static func map(_ key: Int32, _ value: Int32, _ schema: AvroSchema) -> AvroSchema {
        .optional(
            .array(
                .record(
                    name: "k\(key)_v\(value)",
                    fields: [AvroField("key", .int, key), AvroField("value", schema, value)]),
                elementIdentifier: nil, isMap: true))
    }

    /// The manifest file.
    public func encoded(syncMarker: [UInt8]) throws -> [UInt8] {
        let file = AvroFile(
            schema: Self.avroSchema,
            metadata: [
                ("schema", schema.json.compact), ("schema-id", "\(schema.identifier)"),
                ("partition-spec", "[]"), ("partition-spec-id", "0"), ("format-version", "2"),
                ("content", content == .data ? "data" : "deletes"),
            ], records: entries.map(Self.record))
        return try file.encoded(syncMarker: syncMarker)
    }

    private static func record(_ entry: ManifestEntry) -> AvroValue {
        .record([
            .int(entry.status.rawValue), long(entry.snapshot), long(entry.sequenceNumber),
            long(entry.fileSequenceNumber), record(entry.file),
        ])
    }

    private static func record(_ file: DataFile) -> AvroValue {
        func counts(_ value: (DataFile.ColumnBounds) -> Int64) -> AvroValue {
            .array(file.columns.map { .record([.int($0.identifier), .long(value($0))]) })
        }
        func bounds(_ value: (DataFile.ColumnBounds) -> [UInt8]?) -> AvroValue {
            .array(
                file.columns.compactMap { column in
                    value(column).map { .record([.int(column.identifier), .bytes($0)]) }
                })
        }
        return .record([
            .int(file.content.rawValue), .string(file.path), .string("PARQUET"), .record([]),
            .long(file.recordCount), .long(file.byteCount), counts(\.byteCount),
            counts(\.valueCount), counts(\.nullCount), nanCounts(file), bounds(\.lower),
            bounds(\.upper),
            .null,
            file.splitOffsets.isEmpty ? .null : .array(file.splitOffsets.map { .long($0) }), .null,
            .null, file.referencedDataFile.map { .string($0) } ?? .null,
        ])
    }

    private static func nanCounts(_ file: DataFile) -> AvroValue {
        .array(
            file.columns.compactMap { column in
                column.nanCount.map { .record([.int(column.identifier), .long($0)]) }
            })
    }

    private static func long(_ value: Int64?) -> AvroValue { value.map { .long($0) } ?? .null }

    /// Reads a manifest of any writer, fields by their ids.
    public init(decoding bytes: [UInt8], schema: IcebergSchema, path: String) throws(IcebergError) {
        self.schema = schema
        do {
            let file = try AvroFile(decoding: bytes)
            content = file.text(of: "content") == "deletes" ? .positionDeletes : .data
            entries = []
            for record in file.records {
                entries.append(try Self.entry(AvroRecord(record, file.schema), path))
            }
        } catch let error as IcebergError {
            throw error
        } catch {
            throw .damaged(path: path, reason: "\(error)")
        }
    }

    private static func entry(_ record: AvroRecord, _ path: String) throws -> ManifestEntry {
        let file = try record.record(2)
        guard let status = ManifestEntry.Status(rawValue: Int32(try record.integer(0))),
            let content = DataFile.Content(rawValue: Int32(try file.optionalInteger(134) ?? 0))
        else { throw IcebergError.unsupported(reason: "an entry of equality deletes in \(path)") }
        guard try file.string(101).uppercased() == "PARQUET" else {
            throw IcebergError.unsupported(reason: "a file that is not Parquet in \(path)")
        }
        return ManifestEntry(
            status: status, snapshot: try record.optionalInteger(1),
            sequenceNumber: try record.optionalInteger(3),
            fileSequenceNumber: try record.optionalInteger(4),
            file: DataFile(
                content: content, path: try file.string(100),
                recordCount: try file.integer(103), byteCount: try file.integer(104),
                columns: try columns(of: file),
                splitOffsets: file.value(132)?.array?.compactMap(\.integer) ?? [],
                referencedDataFile: file.value(143)?.string))
    }

    private static func columns(of file: AvroRecord) throws -> [DataFile.ColumnBounds] {
        func entries(_ identifier: Int32) -> [(Int32, AvroValue)] {
            (file.value(identifier)?.array ?? []).compactMap { entry in
                guard let pair = entry.record, pair.count == 2, let key = pair[0].integer else {
                    return nil
                }
                return (Int32(truncatingIfNeeded: key), pair[1])
            }
        }
        func find(_ list: [(Int32, AvroValue)], _ key: Int32) -> AvroValue? {
            list.first { $0.0 == key }?.1
        }
        let (sizes, values, nulls) = (entries(108), entries(109), entries(110))
        let (nans, lower, upper) = (entries(137), entries(125), entries(128))
        return sizes.map { key, size in
            DataFile.ColumnBounds(
                identifier: key, byteCount: size.integer ?? 0,
                valueCount: find(values, key)?.integer ?? 0,
                nullCount: find(nulls, key)?.integer ?? 0, nanCount: find(nans, key)?.integer,
                lower: find(lower, key)?.bytes, upper: find(upper, key)?.bytes)
        }
    }
}

/// A decoded record whose fields are found by Iceberg's ids, as names differ between writers.
struct AvroRecord {
    private let values: [AvroValue]
    private let fields: [AvroField]

    init(_ value: AvroValue, _ schema: AvroSchema) throws {
        guard case .record(_, let fields) = schema, let values = value.record,
            values.count == fields.count
        else { throw AvroError.mismatch(path: "record", expected: "a record") }
        self.values = values
        self.fields = fields
    }

    func value(_ identifier: Int32) -> AvroValue? {
        fields.firstIndex { $0.identifier == identifier }.map { values[$0] }
    }

    func integer(_ identifier: Int32) throws -> Int64 {
        guard let number = value(identifier)?.integer else { throw missing(identifier) }
        return number
    }

    func optionalInteger(_ identifier: Int32) throws -> Int64? { value(identifier)?.integer }

    func string(_ identifier: Int32) throws -> String {
        guard let string = value(identifier)?.string else { throw missing(identifier) }
        return string
    }

    func record(_ identifier: Int32) throws -> AvroRecord {
        guard let position = fields.firstIndex(where: { $0.identifier == identifier }) else {
            throw missing(identifier)
        }
        return try AvroRecord(values[position], fields[position].schema)
    }

    private func missing(_ identifier: Int32) -> AvroError {
        .mismatch(path: "field \(identifier)", expected: "there")
    }
}
