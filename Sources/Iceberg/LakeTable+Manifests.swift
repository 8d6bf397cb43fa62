import Avro
import Columnar
import JSON
import Platform

extension LakeTable {
    /// `commit.manifest.min-count-to-merge` of a table that does not set it.
    private static let mergedManifestCount = 16
    /// `commit.manifest.target-size-bytes` of a table that does not set it.
    private static let smallManifestByteCount = 1024 * 1024

    /// Writes a change's manifests. They name no sequence number, so that every attempt can use
    /// them.
    func writeManifests(_ change: LakeChange) async throws -> [ManifestFile] {
        var written: [ManifestFile] = []
        let plain = ManifestHeader(of: metadata)
        for (content, files) in [
            (DataFile.Content.data, change.dataFiles), (.positionDeletes, change.deleteFiles),
        ] {
            for group in try grouped(files, plain) {
                let manifest = Manifest(
                    content: content, header: group.header,
                    entries: group.files.map(ManifestEntry.init(adding:)))
                let path = newPath("metadata", content == .data ? "-m0.avro" : "-m1.avro")
                // Whoever commits it fills in its own numbers.
                written.append(
                    ManifestFile(
                        path: path, byteCount: try await write(manifest, at: path),
                        manifest: manifest, sequenceNumber: 0, snapshot: 0))
            }
        }
        return written
    }

    /// Files by their partition specs: a manifest is of one.
    private func grouped(
        _ files: [DataFile], _ plain: ManifestHeader
    ) throws(IcebergError) -> [(header: ManifestHeader, files: [DataFile])] {
        var groups: [(header: ManifestHeader, files: [DataFile])] = []
        for file in files {
            let wanted = try file.specIdentifier.map(header) ?? plain
            if wanted.partitionType == ManifestHeader.unpartitioned,
                metadata.partitionFields(wanted.specIdentifier)?.array?.isEmpty == false
            {
                throw .unsupported(
                    reason: "\(file.path) of no partition in \(name), all of whose specs have "
                        + "fields")
            }
            if let position = groups.firstIndex(where: {
                $0.header.specIdentifier == wanted.specIdentifier
            }) {
                groups[position].files.append(file)
            } else {
                groups.append((wanted, [file]))
            }
        }
        return groups
    }

    /// The header of a spec, as the manifests of the last scan have it or as the table says it.
    private func header(ofSpec identifier: Int32) throws(IcebergError) -> ManifestHeader {
        if let made = ManifestHeader(of: metadata, spec: identifier) { return made }
        let known = partitioned.filter { $0.value.header.specIdentifier == identifier }
        if let first = known.min(by: { $0.key < $1.key }) { return first.value.header }
        throw .unsupported(
            reason: "a manifest of partition spec \(identifier) of \(name), whose fields are not "
                + "known here")
    }

    private func write(_ manifest: Manifest, at path: String) async throws -> Int {
        let bytes = try manifest.encoded(
            syncMarker: syncMarker(path), formatVersion: metadata.formatVersion)
        try await write(bytes, at: path)
        return bytes.count
    }

    /// The same files in fewer manifests, where many small ones have gathered.
    ///
    /// Only manifests of one partition spec are merged, and none that says what is not known here.
    func merged(
        _ manifests: [ManifestFile], _ sequence: Int64, _ snapshot: Int64
    ) async throws -> [ManifestFile] {
        var result = manifests
        let specs = Set(manifests.map(\.specIdentifier)).sorted()
        for content in [DataFile.Content.data, .positionDeletes] {
            // Gathered in any order, then sorted.
            for spec in specs {
                let small = result.filter {
                    $0.content == content && $0.specIdentifier == spec
                        && $0.byteCount < Self.smallManifestByteCount && $0.keyMetadata == nil
                }
                if small.count < Self.mergedManifestCount { continue }
                result = try await merged(small, in: result, sequence, snapshot)
            }
        }
        return result
    }

    private func merged(
        _ small: [ManifestFile], in manifests: [ManifestFile], _ sequence: Int64,
        _ snapshot: Int64
    ) async throws -> [ManifestFile] {
        var entries: [ManifestEntry] = []
        var replaced: Set<String> = []
        var header: ManifestHeader?
        for file in small {
            let manifest = try await manifest(file)
            if manifest.header.hasUnknownFields { continue }
            if let header, header.partitionType != manifest.header.partitionType { continue }
            // The newest schema comes last.
            header = manifest.header
            replaced.insert(file.path)
            entries += manifest.entries.filter { $0.status != .deleted }
                .map { $0.existing(in: file) }
        }
        guard let header, replaced.count >= Self.mergedManifestCount else { return manifests }
        var result = manifests.filter { !replaced.contains($0.path) }
        if entries.isEmpty { return result }
        let content = small[0].content
        let manifest = Manifest(content: content, header: header, entries: entries)
        let path = newPath("metadata", content == .data ? "-m2.avro" : "-m3.avro")
        result.insert(
            ManifestFile(
                path: path, byteCount: try await write(manifest, at: path), rewriting: manifest,
                sequenceNumber: sequence, snapshot: snapshot),
            at: 0)
        return result
    }

    /// Manifests without some of their files; the others stay as they are.
    ///
    /// `IcebergError.tooManyConflicts` if a file is not there any more.
    func without(
        _ removed: Set<String>, _ manifests: [ManifestFile], _ sequence: Int64, _ snapshot: Int64
    ) async throws -> ([ManifestFile], RemovedFiles) {
        var result: [ManifestFile] = []
        var found = RemovedFiles()
        for file in manifests {
            var manifest = try await manifest(file)
            let live = manifest.entries.filter { $0.status != .deleted }
            guard live.contains(where: { removed.contains($0.file.identity) }) else {
                result.append(file)
                continue
            }
            guard !manifest.header.hasUnknownFields else {
                throw IcebergError.unsupported(
                    reason: "taking files out of \(file.path), which says what is not known here")
            }
            manifest.entries = live.map { entry in
                var kept = entry.existing(in: file)
                if removed.contains(entry.file.identity) {
                    kept.status = .deleted
                    kept.snapshot = snapshot
                    if file.content == .data {
                        found.data.append(entry.file)
                    } else {
                        found.deletes.append(entry.file)
                    }
                }
                return kept
            }
            let path = newPath("metadata", file.content == .data ? "-m4.avro" : "-m5.avro")
            result.append(
                ManifestFile(
                    path: path, byteCount: try await write(manifest, at: path),
                    rewriting: manifest, sequenceNumber: sequence, snapshot: snapshot))
        }
        guard found.data.count + found.deletes.count == removed.count else {
            throw IcebergError.tooManyConflicts(table: name.description, attempts: 1)
        }
        return (result, found)
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
