import Foundation
import Iceberg
import Platform

/// The files of found tables by the locations that tables tell, to read only.
///
/// A table that was copied or moved still tells where it was: its locations are read as they would
/// be beside its metadata file.
final class FoundFiles: ObjectStore {
    private var folders: [(prefix: String, folder: String)]
    private(set) var readByteCount = 0

    init(_ folders: [(prefix: String, folder: String)]) { self.folders = folders }

    /// Takes all below a location from a folder.
    func map(_ prefix: String, to folder: String) { folders.insert((prefix, folder), at: 0) }

    /// The path of a file; nil of a location that is none.
    func path(of location: String) -> String? {
        for (prefix, folder) in folders where location.hasPrefix(prefix) {
            return folder + location.dropFirst(prefix.count)
        }
        if location.hasPrefix("file://") {
            let rest = location.dropFirst("file://".count)
            return String(rest.drop { $0 != "/" })
        }
        if location.hasPrefix("file:/") { return String(location.dropFirst("file:".count)) }
        return location.hasPrefix("/") ? location : nil
    }

    func get(_ key: String) async throws -> [UInt8] { try read(key, 0..<Int64.max) }

    func get(_ key: String, range: Range<Int64>) async throws -> [UInt8] { try read(key, range) }

    private func read(_ key: String, _ range: Range<Int64>) throws -> [UInt8] {
        guard let path = path(of: key) else {
            throw ObjectStoreError.invalidRequest(
                key: key, reason: "only tables of files are read here")
        }
        guard let file = FileHandle(forReadingAtPath: path) else {
            throw ObjectStoreError.notFound(key: path)
        }
        defer { try? file.close() }
        do {
            if range.lowerBound > 0 { try file.seek(toOffset: UInt64(range.lowerBound)) }
            let count = range.upperBound - range.lowerBound
            let data =
                range.upperBound == .max
                ? try file.readToEnd() : try file.read(upToCount: Int(count))
            readByteCount += data?.count ?? 0
            return data.map { [UInt8]($0) } ?? []
        } catch {
            throw ObjectStoreError.invalidRequest(key: path, reason: "it cannot be read: \(error)")
        }
    }

    func head(_ key: String) async throws -> ObjectDescription? { nil }

    func list(
        prefix: String, after start: String?, limit: Int
    ) async throws -> [ObjectDescription] { [] }

    /// Only leases are written, beside the tables that they are of.
    func put(
        _ bytes: [UInt8], at key: String, _ condition: PutCondition
    ) async throws -> ObjectTag {
        guard let path = leasePath(key) else { throw Self.refusal(key) }
        let folder = path[..<(path.lastIndex(of: "/") ?? path.startIndex)]
        do {
            try FileManager.default.createDirectory(
                atPath: String(folder), withIntermediateDirectories: true)
            try Data(bytes).write(to: URL(fileURLWithPath: path), options: .atomic)
        } catch {
            throw ObjectStoreError.invalidRequest(
                key: path, reason: "it cannot be written: \(error)")
        }
        return ObjectTag(text: "\(bytes.count)")
    }

    func delete(_ key: String) async throws {
        guard let path = leasePath(key) else { throw Self.refusal(key) }
        try? FileManager.default.removeItem(atPath: path)
    }

    private func leasePath(_ key: String) -> String? {
        key.contains("/\(LakeTable.leaseFolder)/") ? path(of: key) : nil
    }

    private static func refusal(_ key: String) -> ObjectStoreError {
        .invalidRequest(key: key, reason: "what is queried is not written")
    }
}

/// Found tables, as a catalog that nobody can write.
final class FoundCatalog: LakeCatalog {
    let metadataWriter = LakeMetadataWriter.committer
    private let source: LakeSource
    private let metadata: [LakeTableName: String]

    init(_ source: LakeSource, _ metadata: [LakeTableName: String]) {
        self.source = source
        self.metadata = metadata
    }

    /// Where a table stands now: one that is served moves on while it is read.
    func load(_ table: LakeTableName) async throws -> LakeTableState? {
        var present = metadata[table]
        if case .data = source, let found = try? FoundTables(source) {
            present = found.metadata[table]
        }
        return present.map { LakeTableState(metadataLocation: $0) }
    }

    func list() async throws -> [LakeTableName] { metadata.keys.sorted() }

    func create(_ table: LakeTableName, _ creation: LakeTableCreation) async throws -> Bool {
        throw Self.refusal
    }

    func commit(_ table: LakeTableName, _ commit: LakeTableCommit) async throws -> Bool {
        throw Self.refusal
    }

    func rename(_ table: LakeTableName, to name: LakeTableName) async throws -> Bool {
        throw Self.refusal
    }

    func drop(_ table: LakeTableName) async throws -> Bool { throw Self.refusal }

    private static let refusal = LakeCatalogError.invalidRequest(
        reason: "what is queried is not written")
}
