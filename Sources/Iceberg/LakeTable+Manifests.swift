import Columnar

extension LakeTable {
    /// As many small manifests of one content are merged into one, as Iceberg's merging append
    /// does.
    private static let mergedManifestCount = 16
    private static let smallManifestByteCount = 1024 * 1024

    /// Writes a change's manifests. They name no sequence number, so that every attempt can use
    /// them.
    func writeManifests(_ change: LakeChange) async throws -> [ManifestFile] {
        var written: [ManifestFile] = []
        for (content, files) in [
            (DataFile.Content.data, change.dataFiles), (.positionDeletes, change.deleteFiles),
        ] where !files.isEmpty {
            let manifest = Manifest(
                content: content, schema: metadata.schema,
                entries: files.map(ManifestEntry.init(adding:)))
            let path = newPath("metadata", content == .data ? "-m0.avro" : "-m1.avro")
            let bytes = try manifest.encoded(syncMarker: syncMarker(path))
            try await write(bytes, at: path)
            // Whoever commits it fills in its own numbers.
            written.append(
                ManifestFile(
                    path: path, byteCount: bytes.count, manifest: manifest, sequenceNumber: 0,
                    snapshot: 0))
        }
        return written
    }

    /// The same files in fewer manifests, where many small ones have gathered.
    func merged(
        _ manifests: [ManifestFile], _ sequence: Int64, _ snapshot: Int64
    ) async throws -> [ManifestFile] {
        var result = manifests
        for content in [DataFile.Content.data, .positionDeletes] {
            let small = result.filter {
                $0.content == content && $0.byteCount < Self.smallManifestByteCount
            }
            if small.count < Self.mergedManifestCount { continue }
            var entries: [ManifestEntry] = []
            for manifest in small {
                entries += try await liveEntries(of: manifest).map { $0.existing(in: manifest) }
            }
            let replaced = Set(small.map(\.path))
            result.removeAll { replaced.contains($0.path) }
            if entries.isEmpty { continue }
            let manifest = Manifest(content: content, schema: metadata.schema, entries: entries)
            let path = newPath("metadata", content == .data ? "-m2.avro" : "-m3.avro")
            let bytes = try manifest.encoded(syncMarker: syncMarker(path))
            try await write(bytes, at: path)
            result.insert(
                ManifestFile(
                    path: path, byteCount: bytes.count, merging: manifest,
                    sequenceNumber: sequence, snapshot: snapshot),
                at: 0)
        }
        return result
    }

    /// Sixteen bytes that no data contains by accident, the same for the same file name.
    func syncMarker(_ path: String) -> [UInt8] {
        var writer = ByteWriter()
        for seed in 0..<4 {
            writer.append(littleEndian: crc32c(Array(path.utf8), seed: UInt32(seed)))
        }
        return writer.bytes
    }
}

extension ManifestEntry {
    /// The entry as it stands in a manifest that a later commit writes: nothing is inherited.
    fileprivate func existing(in manifest: ManifestFile) -> ManifestEntry {
        let sequence = sequenceNumber ?? manifest.sequenceNumber
        return ManifestEntry(
            status: .existing, snapshot: snapshot ?? manifest.addedSnapshot,
            sequenceNumber: sequence, fileSequenceNumber: fileSequenceNumber ?? sequence,
            file: file)
    }
}
