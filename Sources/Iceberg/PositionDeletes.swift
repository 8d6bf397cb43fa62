import Avro
import Columnar
public import Parquet

/// A row that is no longer there: which file holds it, and where in it.
public struct PositionDelete: Hashable, Sendable {
    public var path: String
    /// From 0.
    public var position: Int64

    public init(path: String, position: Int64) {
        self.path = path
        self.position = position
    }
}

/// The id of the column that names the data file.
let positionDeletePathIdentifier: Int32 = 2_147_483_546

/// The columns of a position delete file (spec, "Position Delete Files").
private let positionDeleteSchema = ParquetSchema(columns: [
    ParquetColumn(
        identifier: positionDeletePathIdentifier, name: "file_path", type: .string, isRequired: true
    ),
    ParquetColumn(identifier: 2_147_483_545, name: "pos", type: .bigint, isRequired: true),
])

/// Makes a file of deletes, of one data file or many; they are sorted here, as the spec demands.
public func positionDeleteFile(_ deletes: [PositionDelete]) throws -> ParquetFile {
    precondition(!deletes.isEmpty, "a delete file without deletes")
    var positionsByPath: [String: [Int64]] = [:]
    for delete in deletes { positionsByPath[delete.path, default: []].append(delete.position) }
    var paths = ColumnVectorBuilder(type: .string, capacity: deletes.count)
    var positions = ColumnVectorBuilder(type: .bigint, capacity: deletes.count)
    for path in positionsByPath.keys.sorted(by: { $0.utf8.lexicographicallyPrecedes($1.utf8) }) {
        let sorted = positionsByPath[path]!.sorted()
        precondition(
            zip(sorted, sorted.dropFirst()).allSatisfy { $0 != $1 }, "a row is deleted twice")
        for _ in sorted { try paths.append(.string(path)) }
        positions.append(numbers: sorted)
    }
    var writer = try ParquetWriter(schema: positionDeleteSchema)
    try writer.append(
        RecordBatch(
            schema: positionDeleteSchema.batchSchema, rowCount: deletes.count,
            columns: [paths.finish(), positions.finish()]))
    return writer.finish()
}

extension DataFile {
    /// Describes a file of deletes that has just been written.
    public init(_ file: ParquetFile, deleting deletes: [PositionDelete], path: String) {
        let first = deletes.first?.path
        let isOfOneFile = deletes.allSatisfy { $0.path == first }
        self.init(
            file, content: .positionDeletes, path: path,
            referencedDataFile: isOfOneFile ? first : nil)
    }
}

extension LakeTable {
    /// The partition of a file of the last scan.
    func partitionKey(of path: String) -> PartitionKey? {
        partitioned[path].map {
            PartitionKey(specIdentifier: $0.header.specIdentifier, values: $0.partition)
        }
    }

    /// Writes deletes of a snapshot's files into a change that is to be committed on that very
    /// snapshot, the last that was scanned, in the form of format version 3.
    ///
    /// Each data file gets one deletion vector, which has what was deleted of it before, too; what
    /// deleted that before is removed.
    public func writeDeletes(
        _ deletes: [PositionDelete], of scan: LakeScan, into change: inout LakeChange
    ) async throws {
        precondition(metadata.formatVersion >= 3, "a deletion vector before format version 3")
        let touched = Set(deletes.map(\.path))
        let files = scan.dataFiles.filter { touched.contains($0.file.path) }
        precondition(files.count == touched.count, "a delete of no file of the snapshot")
        let known = try await deletions(of: scan, from: files)
        var gone: [String: Set<Int64>] = [:]
        // Each for itself, in any order.
        for file in touched { gone[file] = known.positions[file] ?? [] }
        for delete in deletes { gone[delete.path]!.insert(delete.position) }
        let path = newPath("data", "-deletes.puffin")
        var puffin = PuffinFile()
        var written: [DataFile] = []
        for file in touched.sorted() {
            let vector = DeletionVector(gone[file]!)
            let blob = puffin.append(vector, of: file)
            var described = DataFile(
                content: .positionDeletes, path: path, format: "PUFFIN",
                recordCount: Int64(vector.positions.count), byteCount: 0, columns: [],
                splitOffsets: [], referencedDataFile: file)
            described.partitionKey = partitionKey(of: file)
            described.contentOffset = blob.offset
            described.contentByteCount = blob.byteCount
            written.append(described)
        }
        let bytes = puffin.finish()
        for position in written.indices { written[position].byteCount = Int64(bytes.count) }
        try await write(bytes, at: path)
        change.deleteFiles += written
        for old in scan.deleteFiles where old.file.content == .positionDeletes {
            guard let file = old.file.referencedDataFile, touched.contains(file) else { continue }
            change.removedFiles.insert(old.file.identity)
        }
    }

    /// Writes deletes of the last scan's files in the form of format version 2: those of each
    /// partition in a file of their own, which is of it, all others together.
    public func writeDeletes(_ deletes: [PositionDelete]) async throws -> [DataFile] {
        var groups: [PartitionKey?: [PositionDelete]] = [:]
        var order: [PartitionKey?] = []
        if partitioned.isEmpty && !deletes.isEmpty {
            order = [nil]
            groups[nil] = deletes
        } else {
            for delete in deletes {
                let key = partitionKey(of: delete.path)
                if groups[key] == nil { order.append(key) }
                groups[key, default: []].append(delete)
            }
        }
        var files: [DataFile] = []
        for key in order {
            let group = groups[key]!
            let file = try positionDeleteFile(group)
            let path = newPath("data", "-deletes.parquet")
            try await write(file.bytes, at: path)
            var described = DataFile(file, deleting: group, path: path)
            described.partitionKey = key
            files.append(described)
        }
        return files
    }
}

/// The deletes of a live file of position deletes, whose bytes these are: of the one deletion
/// vector that it describes, or of a Parquet file of them.
public func positionDeletes(
    in bytes: [UInt8], of file: DataFile
) throws(IcebergError) -> [PositionDelete] {
    guard file.isDeletionVector else { return try positionDeletes(in: bytes, file.path) }
    guard let place = file.vectorRange, let dataFile = file.referencedDataFile,
        place.upperBound <= bytes.count
    else {
        throw .damaged(
            path: file.path, reason: "it ends before the deletion vector at its place")
    }
    let blob = Array(bytes[Int(place.lowerBound)..<Int(place.upperBound)])
    return try DeletionVector(decoding: blob, of: file).positions.map {
        PositionDelete(path: dataFile, position: $0)
    }
}

/// The deletes that a Parquet file holds.
public func positionDeletes(
    in bytes: [UInt8], _ path: String
) throws(IcebergError) -> [PositionDelete] {
    do {
        let reader = try ParquetReader.open(bytes)
        var found: [PositionDelete] = []
        for group in reader.contents.rowGroups {
            let batch = try reader.read(rowGroup: group.index, as: positionDeleteSchema.batchSchema)
            for row in 0..<batch.rowCount {
                guard case .string(let file) = batch.value(row: row, column: 0),
                    case .bigint(let position) = batch.value(row: row, column: 1)
                else { throw ColumnarError.corrupt(reason: "a null in a delete", position: row) }
                found.append(PositionDelete(path: file, position: position))
            }
        }
        return found
    } catch {
        throw .damaged(path: path, reason: "\(error)")
    }
}
