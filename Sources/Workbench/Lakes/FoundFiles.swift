import Foundation
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

    func put(
        _ bytes: [UInt8], at key: String, _ condition: PutCondition
    ) async throws -> ObjectTag { throw Self.refusal(key) }

    func delete(_ key: String) async throws { throw Self.refusal(key) }

    private static func refusal(_ key: String) -> ObjectStoreError {
        .invalidRequest(key: key, reason: "what is queried is not written")
    }
}

/// Found tables, as a catalog that nobody can write.
final class FoundCatalog: LakeCatalog {
    let metadataWriter = LakeMetadataWriter.committer
    private let metadata: [LakeTableName: String]

    init(_ metadata: [LakeTableName: String]) { self.metadata = metadata }

    func load(_ table: LakeTableName) async throws -> LakeTableState? {
        metadata[table].map { LakeTableState(metadataLocation: $0) }
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
