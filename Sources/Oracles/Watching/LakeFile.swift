import Columnar
public import Iceberg
import LakeTiering
import Parquet

/// A file of a lake table as it was when a commit added it: it may be gone once it is judged.
public final class LakeFile {
    public let path: String
    public let content: DataFile.Content
    /// What the first manifest with it says of it.
    let described: DataFile
    private let bytes: [UInt8]
    /// By column id: values that all rows have, as the partition of the file says.
    let values: [Int32: Value]
    /// As the last schema has them that was asked for, by its identifier.
    private var decodedRows: (schema: Int16, rows: [LakeRow])?
    private var decodedDeletes: [PositionDelete]?
    private var decodedEqualities: Set<DeletedRow>?

    var identity: String { described.identity }

    var byteCount: Int { bytes.count }

    init(_ file: DataFile, _ values: [Int32: Value], _ bytes: [UInt8]) {
        self.values = values
        path = file.path
        content = file.content
        described = file
        self.bytes = bytes
    }

    /// The rows of a data file by their positions, as a schema of the table has them, whose
    /// partitions these columns choose.
    func rows(of table: Schema, by partitionFields: [Int32]) throws -> [LakeRow] {
        if let decodedRows, decodedRows.schema == table.identifier { return decodedRows.rows }
        let schema = IcebergSchema(tiering: table)
        let reader = try ParquetReader.open(bytes, expected: ParquetSchema(schema.columns))
        let codec = KeyCodec(primaryKeyOf: table)
        let width = table.fields.count
        let partitionColumns = partitionFields.compactMap(table.position(ofIdentifier:))
        var rows: [LakeRow] = []
        for group in reader.contents.rowGroups {
            let batch = try reader.read(rowGroup: group.index, as: schema.columns)
            for position in 0..<batch.rowCount {
                let row = batch.row(at: position)
                guard case .int(let bucket) = row[width], case .bigint(let offset) = row[width + 1]
                else {
                    throw ColumnarError.corrupt(reason: "no place in the log", position: position)
                }
                let key = table.primaryKey.isEmpty ? [] : try codec.encode(table.key(of: row))
                rows.append(
                    LakeRow(
                        partition: LakeRow.name(partitionColumns.map { row[$0] }),
                        bucket: bucket, offset: offset,
                        hash: CommittedLog.hash(Array(row[..<width])), key: key))
            }
        }
        decodedRows = (table.identifier, rows)
        return rows
    }

    /// What a file of position deletes, or a deletion vector in one, deletes.
    func deletes() throws -> [PositionDelete] {
        if let decodedDeletes { return decodedDeletes }
        let found = try positionDeletes(in: bytes, of: described)
        decodedDeletes = found
        return found
    }
}

extension LakeFile {
    /// What a file of equality deletes says of a row that it deletes.
    enum DeletedRow: Hashable {
        /// Of a table with one, encoded.
        case key([UInt8])
        case place(bucket: Int32, offset: Int64)
    }

    /// The rows that a file of equality deletes names: by the whole primary key, or by bucket and
    /// offset.
    func equalities(of table: Schema) throws -> Set<DeletedRow> {
        if let decodedEqualities { return decodedEqualities }
        let columns = IcebergSchema(tiering: table).columns
        let fields = try described.equalityIdentifiers.map { identifier in
            guard let field = columns.fields.first(where: { $0.identifier == identifier }) else {
                throw ColumnarError.corrupt(
                    reason: "\(path) deletes by column \(identifier)", position: 0)
            }
            return field
        }
        let compared = Schema(fields: fields)
        let key = table.primaryKey.map { table.fields[$0].identifier }
        let isByKey = !key.isEmpty && described.equalityIdentifiers == key
        let reader = try ParquetReader.open(bytes, expected: ParquetSchema(compared))
        let codec = KeyCodec(primaryKeyOf: table)
        var found: Set<DeletedRow> = []
        for group in reader.contents.rowGroups {
            let batch = try reader.read(rowGroup: group.index, as: compared)
            for position in 0..<batch.rowCount {
                let row = batch.row(at: position)
                if isByKey {
                    found.insert(.key(try codec.encode(row)))
                } else if case .int(let bucket) = row[0], case .bigint(let offset) = row[1] {
                    found.insert(.place(bucket: bucket, offset: offset))
                }
            }
        }
        decodedEqualities = found
        return found
    }
}

/// A row of a lake table, and where in the log it says that it stands.
public struct LakeRow: Hashable {
    /// The name of the partition of its values; empty in a table without.
    public var partition = ""
    public var bucket: Int32
    public var offset: Int64
    /// Of the table's own columns.
    public var hash: UInt64
    /// Encoded; empty in a log table.
    public var key: [UInt8]

    func isAmong(_ deleted: Set<LakeFile.DeletedRow>) -> Bool {
        deleted.contains(.key(key)) || deleted.contains(.place(bucket: bucket, offset: offset))
    }

    /// The name of the partition of some values.
    static func name(_ values: [Value]) -> String {
        values.map { Partitions.text(of: $0) ?? "" }.joined(separator: "$")
    }
}

/// The files of one snapshot, as far as they matter to its rows.
public struct LakeState {
    struct LiveFile {
        var file: LakeFile
        /// Deletes of this sequence number or a later one apply to the file.
        var sequence: Int64
    }

    var files: [LiveFile] = []
    /// Those that the lake has.
    var partitions: [LakePartition] = []

    /// The partition of a name; nil if the lake has none such.
    func partition(_ name: String) -> Int64? {
        partitions.first { $0.name == name }?.identifier
    }

    /// The live rows. Complexity: O(all rows of its files).
    func rows(of table: Schema, by partitionFields: [Int32]) throws -> [LakeRow] {
        var found: [LakeRow] = []
        try forEachRow(of: table, by: partitionFields) { found.append($0) }
        return found
    }

    /// Calls `body` with each live row; nothing is copied. Complexity: as `rows`.
    func forEachRow(
        of table: Schema, by partitionFields: [Int32], _ body: (LakeRow) -> Void
    ) throws {
        var deleted: [String: [(position: Int64, sequence: Int64)]] = [:]
        for live in files where live.file.content == .positionDeletes {
            for delete in try live.file.deletes() {
                deleted[delete.path, default: []].append((delete.position, live.sequence))
            }
        }
        let equalities = files.filter { $0.file.content == .equalityDeletes }
        for live in files where live.file.content == .data {
            let rows = try live.file.rows(of: table, by: partitionFields)
            let gone = Set(
                (deleted[live.file.path] ?? []).filter { $0.sequence >= live.sequence }
                    .map(\.position))
            // Only what was there before (spec, "Scan Planning").
            let named = try equalities.filter { deletes in
                let partition = deletes.file.described.partitionKey
                return deletes.sequence > live.sequence
                    && (partition == nil || partition == live.file.described.partitionKey)
            }.map { try $0.file.equalities(of: table) }
            for (position, row) in rows.enumerated()
            where gone.isEmpty || !gone.contains(Int64(position)) {
                if named.contains(where: row.isAmong) { continue }
                body(row)
            }
        }
    }

    /// Position deletes that delete what no live data file has, of files that the state has.
    func misplacedDeletes(
        of table: Schema, by partitionFields: [Int32], in added: Set<String>
    ) throws -> [String] {
        var counts: [String: Int] = [:]
        for live in files where live.file.content == .data {
            counts[live.file.path] = try live.file.rows(
                of: table, by: partitionFields
            ).count
        }
        var found: [String] = []
        for live in files
        where live.file.content == .positionDeletes && added.contains(live.file.path) {
            for delete in try live.file.deletes() {
                if let count = counts[delete.path], delete.position < Int64(count) { continue }
                found.append(
                    "\(live.file.path) deletes position \(delete.position) of \(delete.path), "
                        + "where no row is")
            }
        }
        return found
    }
}
