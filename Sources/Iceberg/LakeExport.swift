import JSON
import Parquet
import Platform

/// Copies snapshots of a table to another place, such as a folder in which other programs read
/// them.
///
/// Iceberg's files name each other by absolute locations, position deletes their data files too, so
/// all but the data files are written anew. What is copied is the table as it was committed:
/// sequence numbers, snapshot ids and summaries stay.
public struct LakeExport {
    /// A file of the copy.
    public struct File: Hashable, Sendable {
        /// Where it belongs, below the new location's prefix.
        public var path: String
        public var bytes: [UInt8]
    }

    private let table: LakeTable
    private let target: LakeLocation
    private let emit: (File) throws -> Void
    /// Files that have been handed out, by their old paths.
    private var copied: [String: DataFile] = [:]
    private var manifests: [String: ManifestFile] = [:]

    private init(
        _ table: LakeTable, _ target: LakeLocation, _ emit: @escaping (File) throws -> Void
    ) {
        self.table = table
        self.target = target
        self.emit = emit
    }

    /// Hands out each file of the copy once, the metadata file and a hint of it last; answers where
    /// the metadata file will be.
    ///
    /// The newest of `snapshots`, or of all if nil, is the copy's current one. Throws
    /// `IcebergError`, and what `emit` throws.
    public static func copy(
        _ table: LakeTable, snapshots: [Int64]? = nil, to target: LakeLocation,
        _ emit: @escaping (File) throws -> Void
    ) async throws -> String {
        var export = LakeExport(table, target, emit)
        return try await export.run(snapshots)
    }

    private mutating func run(_ wanted: [Int64]?) async throws -> String {
        var metadata = table.metadata
        for identifier in wanted ?? [] where metadata.snapshot(identifier) == nil {
            throw IcebergError.noSuchSnapshot(
                table: table.name.description, snapshot: identifier)
        }
        if let wanted {
            metadata.snapshots.removeAll { !wanted.contains($0.identifier) }
            metadata.references.removeAll { !wanted.contains($0.snapshot) }
        }
        for position in metadata.snapshots.indices {
            metadata.snapshots[position].manifestList = try await copyList(
                of: metadata.snapshots[position])
        }
        metadata.currentSnapshot = metadata.snapshots.last?.identifier
        let kept = Set(metadata.snapshots.map(\.identifier))
        metadata.snapshotLog.removeAll { !kept.contains($0.snapshot) }
        // The states before are not copied.
        metadata.metadataLog = []
        metadata.location = try relocate(metadata.location)
        let location = try write(Array(metadata.json.compact.utf8), at: table.metadataLocation)
        try writeVersionHint(table.metadataLocation)
        return location
    }

    /// Readers that are given a folder alone look there for the newest metadata file.
    private func writeVersionHint(_ metadataLocation: String) throws {
        let parts = metadataLocation.split(separator: "/", omittingEmptySubsequences: false)
        guard let name = parts.last, name.hasSuffix(".metadata.json") else { return }
        let folder = parts.dropLast().joined(separator: "/")
        _ = try write(
            Array(name.dropLast(".metadata.json".count).utf8), at: "\(folder)/version-hint.text")
    }

    private mutating func copyList(of snapshot: Snapshot) async throws -> String {
        var list = try await table.manifestList(of: snapshot)
        for position in list.manifests.indices {
            list.manifests[position] = try await copyManifest(list.manifests[position])
        }
        let bytes = try list.encoded(
            snapshot: snapshot.identifier, parent: snapshot.parent,
            sequenceNumber: snapshot.sequenceNumber,
            syncMarker: table.syncMarker(snapshot.manifestList),
            formatVersion: max(2, table.metadata.formatVersion))
        return try write(bytes, at: snapshot.manifestList)
    }

    private mutating func copyManifest(_ file: ManifestFile) async throws -> ManifestFile {
        if let known = manifests[file.path] { return known }
        var manifest = try Manifest(
            decoding: try await table.read(file.path), path: file.path)
        guard !manifest.header.hasUnknownFields else {
            throw IcebergError.unsupported(
                reason: "a copy of \(file.path), which says what is not known here")
        }
        for position in manifest.entries.indices
        where manifest.entries[position].status != .deleted {
            manifest.entries[position].file = try await copyFile(manifest.entries[position].file)
        }
        let bytes = try manifest.encoded(
            syncMarker: table.syncMarker(file.path),
            formatVersion: max(2, table.metadata.formatVersion))
        var result = file
        result.path = try write(bytes, at: file.path)
        result.byteCount = Int64(bytes.count)
        manifests[file.path] = result
        return result
    }

    private mutating func copyFile(_ file: DataFile) async throws -> DataFile {
        if let known = copied[file.identity] { return known }
        let bytes = try await table.read(file.path)
        var result = file
        switch file.content {
        case .data: result.path = try write(bytes, at: file.path)
        case .equalityDeletes: result.path = try write(bytes, at: file.path)
        case .positionDeletes where file.isDeletionVector:
            result = try copyVector(file, bytes)
        case .positionDeletes:
            var deletes = try positionDeletes(in: bytes, file.path)
            for position in deletes.indices {
                deletes[position].path = try relocate(deletes[position].path)
            }
            let rewritten = try positionDeleteFile(deletes)
            result = DataFile(
                rewritten, deleting: deletes, path: try write(rewritten.bytes, at: file.path))
            result.partitionKey = file.partitionKey
        }
        copied[file.identity] = result
        return result
    }

    /// A deletion vector in a file of its own, which names the copy of its data file.
    private func copyVector(_ file: DataFile, _ bytes: [UInt8]) throws -> DataFile {
        let deletes = try positionDeletes(in: bytes, of: file)
        guard let dataFile = file.referencedDataFile else {
            preconditionFailure("a deletion vector of no file was read")
        }
        let vector = DeletionVector(deletes.map(\.position))
        var result = file
        let place = try relocate(dataFile)
        var puffin = PuffinFile()
        let blob = puffin.append(vector, of: place)
        let copy = puffin.finish()
        result.path = try write(copy, at: "\(file.path)-\(file.contentOffset ?? 0).puffin")
        result.byteCount = Int64(copy.count)
        result.referencedDataFile = place
        result.contentOffset = blob.offset
        result.contentByteCount = blob.byteCount
        return result
    }

    private func write(_ bytes: [UInt8], at location: String) throws -> String {
        let path = try below(location)
        try emit(File(path: path, bytes: bytes))
        return target.prefix + path
    }

    private func relocate(_ location: String) throws(IcebergError) -> String {
        target.prefix + (try below(location))
    }

    private func below(_ location: String) throws(IcebergError) -> String {
        guard location.hasPrefix(table.location.prefix) else {
            throw .damaged(
                path: location, reason: "it is outside the warehouse \(table.location.prefix)")
        }
        return String(location.dropFirst(table.location.prefix.count))
    }
}
