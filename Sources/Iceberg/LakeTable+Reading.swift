public import Columnar
import Parquet

/// The live files of one snapshot.
public struct LakeScan: Hashable, Sendable {
    public struct LiveFile: Hashable, Sendable {
        public var file: DataFile
        /// Deletes of this sequence or a later one apply to the file.
        public var sequenceNumber: Int64
    }

    public var snapshot: Snapshot
    public var dataFiles: [LiveFile] = []
    public var deleteFiles: [LiveFile] = []
}

/// Which rows of a snapshot's files are deleted.
public struct LakeDeletions: Hashable, Sendable {
    var positions: [String: Set<Int64>] = [:]

    public init() {}

    public func contains(_ path: String, _ position: Int64) -> Bool {
        positions[path]?.contains(position) ?? false
    }
}

/// Live rows of one data file.
public struct LakeRows: Sendable {
    public var batch: RecordBatch
    /// Where in the file each row of `batch` stands.
    public var positions: [Int64]
}

extension LakeTable {
    /// Larger files are read piece by piece, only what is wanted of them.
    private static let wholeFileByteCount: Int64 = 512 * 1024

    /// The manifests of a snapshot.
    public func manifestList(of snapshot: Snapshot) async throws -> ManifestList {
        try ManifestList(
            decoding: try await read(snapshot.manifestList), path: snapshot.manifestList)
    }

    /// The files of a snapshot.
    public func scan(_ snapshot: Snapshot) async throws -> LakeScan {
        var scan = LakeScan(snapshot: snapshot)
        partitioned = [:]
        for manifest in try await manifestList(of: snapshot).manifests {
            let decoded = try await self.manifest(manifest)
            let header = decoded.header
            let hasPartitions = header.partitionType != ManifestHeader.unpartitioned
            for entry in decoded.entries where entry.status != .deleted {
                if hasPartitions {
                    partitioned[entry.file.path] = (header, entry.file.partition)
                }
                let live = LakeScan.LiveFile(
                    file: entry.file,
                    sequenceNumber: entry.sequenceNumber ?? manifest.sequenceNumber)
                if entry.file.content == .data {
                    scan.dataFiles.append(live)
                } else {
                    scan.deleteFiles.append(live)
                }
            }
        }
        let paths = Set(scan.dataFiles.map(\.file.path))
        guard paths.count == scan.dataFiles.count else {
            throw IcebergError.damaged(
                path: snapshot.manifestList, reason: "a data file stands in it twice")
        }
        return scan
    }

    func manifest(_ file: ManifestFile) async throws -> Manifest {
        if let known = manifests.manifest(file.path) { return known }
        let decoded = try Manifest(decoding: try await read(file.path), path: file.path)
        guard decoded.content == file.content else {
            throw IcebergError.damaged(path: file.path, reason: "it is of another content")
        }
        manifests.add(decoded, file.path)
        return decoded
    }

    /// What is deleted of some of a snapshot's data files, or of all if nil.
    ///
    /// Only delete files that may name one of them are read, each once.
    public func deletions(
        of scan: LakeScan, from files: [LakeScan.LiveFile]? = nil
    ) async throws -> LakeDeletions {
        var sequences: [String: Int64] = [:]
        for data in files ?? scan.dataFiles { sequences[data.file.path] = data.sequenceNumber }
        var deletions = LakeDeletions()
        for deletes in scan.deleteFiles where mayConcern(deletes, files ?? scan.dataFiles) {
            let path = deletes.file.path
            guard deletes.file.content == .positionDeletes else {
                throw IcebergError.unsupported(reason: "\(path) has equality deletes")
            }
            guard deletes.file.format.uppercased() == "PARQUET" else {
                throw IcebergError.unsupported(reason: "\(path) has deletion vectors")
            }
            for delete in try positionDeletes(in: try await read(path), path) {
                guard let sequence = sequences[delete.path], sequence <= deletes.sequenceNumber
                else { continue }
                deletions.positions[delete.path, default: []].insert(delete.position)
            }
        }
        return deletions
    }

    /// Whether a delete file may name one of some data files.
    public func mayConcern(_ deletes: LakeScan.LiveFile, _ files: [LakeScan.LiveFile]) -> Bool {
        let bounds = deletes.file.bounds(of: positionDeletePathIdentifier)
        return files.contains { data in
            let path = data.file.path
            guard deletes.file.content == .positionDeletes else {
                return data.sequenceNumber < deletes.sequenceNumber
            }
            if data.sequenceNumber > deletes.sequenceNumber { return false }
            if let referenced = deletes.file.referencedDataFile { return path == referenced }
            guard let bounds else { return true }
            return !path.utf8.lexicographicallyPrecedes(bounds.lower)
                && !bounds.upper.lexicographicallyPrecedes(path.utf8)
        }
    }

    /// The live rows of a data file as `schema` sees them: columns by field id, row group by row
    /// group.
    ///
    /// Row groups of which `filter` can tell that no row of theirs matches are left out; rows of
    /// the others come whether they match or not.
    public func rows(
        of file: DataFile, without deletions: LakeDeletions, as schema: Schema,
        filter: RowFilter = RowFilter()
    ) async throws -> [LakeRows] {
        let expected = ParquetSchema(schema)
        do {
            var found: [LakeRows] = []
            if file.byteCount <= Self.wholeFileByteCount {
                let reader = try ParquetReader.open(
                    try await read(file.path), expected: expected)
                for group in reader.contents.rowGroups
                where filter.mayMatch(group, of: reader.contents, as: schema) {
                    let batch = try reader.read(rowGroup: group.index, as: schema)
                    found.append(try live(batch, from: group.firstRow, of: file.path, deletions))
                }
            } else {
                let reader = try await ParquetRangeReader.open(
                    byteCount: file.byteCount, expected: expected
                ) { try await self.read(file.path, range: $0) }
                for group in reader.contents.rowGroups
                where filter.mayMatch(group, of: reader.contents, as: schema) {
                    let batch = try await reader.read(rowGroup: group.index, as: schema)
                    found.append(try live(batch, from: group.firstRow, of: file.path, deletions))
                }
            }
            return found
        } catch let error as ColumnarError {
            throw IcebergError.damaged(path: file.path, reason: "\(error)")
        }
    }

    private func live(
        _ batch: RecordBatch, from first: Int, of path: String, _ deletions: LakeDeletions
    ) throws -> LakeRows {
        guard let deleted = deletions.positions[path] else {
            return LakeRows(batch: batch, positions: (0..<batch.rowCount).map { Int64(first + $0) })
        }
        var builder = RecordBatchBuilder(schema: batch.schema, capacity: batch.rowCount)
        var positions: [Int64] = []
        var start = 0
        // Runs of live rows are copied at once.
        for row in 0...batch.rowCount {
            let isLive = row < batch.rowCount && !deleted.contains(Int64(first + row))
            if isLive {
                positions.append(Int64(first + row))
            } else {
                if start < row { try builder.append(contentsOf: batch, rows: start..<row) }
                start = row + 1
            }
        }
        return LakeRows(batch: builder.finish(), positions: positions)
    }
}
