public import Columnar

/// The live files of one snapshot.
public struct LakeScan: Hashable, Sendable {
    public struct LiveFile: Hashable, Sendable {
        public var file: DataFile
        /// Deletes of this sequence or a later one apply to the file.
        public var sequenceNumber: Int64
        /// By column id: values that all of its rows have, as its partition says.
        public var identityValues: [Int32: Value] = [:]
    }

    public var snapshot: Snapshot
    public var dataFiles: [LiveFile] = []
    public var deleteFiles: [LiveFile] = []
}

/// Live rows of one data file.
public struct LakeRows: Sendable {
    public var batch: RecordBatch
    /// Where in the file each row of `batch` stands.
    public var positions: [Int64]
}

extension LakeTable {
    /// Larger files are read piece by piece, only what is wanted of them.
    static let wholeFileByteCount: Int64 = 512 * 1024

    /// The manifests of a snapshot.
    public func manifestList(of snapshot: Snapshot) async throws -> ManifestList {
        try await manifestList(at: snapshot.manifestList)
    }

    func manifestList(at path: String) async throws -> ManifestList {
        try ManifestList(decoding: try await read(path), path: path)
    }

    /// The files of a snapshot.
    public func scan(_ snapshot: Snapshot) async throws -> LakeScan {
        var scan = LakeScan(snapshot: snapshot)
        partitioned = [:]
        for manifest in try await manifestList(of: snapshot).manifests {
            let decoded = try await self.manifest(manifest)
            let header = decoded.header
            let hasPartitions = header.partitionType != ManifestHeader.unpartitioned
            let fields = header.identityFields(in: metadata.schema.columns)
            for entry in decoded.entries where entry.status != .deleted {
                if hasPartitions {
                    partitioned[entry.file.path] = (header, entry.file.partition)
                }
                var live = LakeScan.LiveFile(
                    file: entry.file,
                    sequenceNumber: entry.sequenceNumber ?? manifest.sequenceNumber)
                if !fields.isEmpty { live.identityValues = entry.file.values(of: fields) }
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
        if var known = manifests.manifest(file.path) {
            // It may have been read before its rows got their ids, of a table that was upgraded.
            if metadata.formatVersion >= 3 { known.inheritRows(from: file.firstRow) }
            return known
        }
        var decoded = try Manifest(decoding: try await read(file.path), path: file.path)
        guard decoded.content == file.content else {
            throw IcebergError.damaged(path: file.path, reason: "it is of another content")
        }
        decoded.inheritRows(from: file.firstRow)
        manifests.add(decoded, file.path)
        return decoded
    }

    /// Whether a delete file may name one of some data files.
    public func mayConcern(_ deletes: LakeScan.LiveFile, _ files: [LakeScan.LiveFile]) -> Bool {
        let bounds = deletes.file.bounds(of: positionDeletePathIdentifier)
        let partition = deletes.file.partitionKey
        return files.contains { data in
            let path = data.file.path
            // Spec, "Scan Planning": deletes are of the partition that their files are in.
            if let partition, let key = data.file.partitionKey, key != partition { return false }
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

    /// A reader of the live rows of a data file that pass, as `schema` sees them: columns by field
    /// id. `deletions` must have been read for the file.
    public func reader(
        of file: DataFile, without deletions: LakeDeletions, as schema: Schema,
        filter: RowFilter = RowFilter()
    ) async throws -> LakeFileReader {
        try await LakeFileReader(self, file, without: deletions, as: schema, filter: filter)
    }

    /// The live rows of a data file that pass, all in memory, row group by row group.
    public func rows(
        of file: DataFile, without deletions: LakeDeletions, as schema: Schema,
        filter: RowFilter = RowFilter()
    ) async throws -> [LakeRows] {
        var reader = try await reader(of: file, without: deletions, as: schema, filter: filter)
        var found: [LakeRows] = []
        while let rows = try await reader.next() { found.append(rows) }
        return found
    }
}
