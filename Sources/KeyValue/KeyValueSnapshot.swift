import Changelog
import Columnar
public import Platform

/// A store at one offset, as files that never change.
///
/// While it is held, its store keeps the files; give it back with `KeyValueStore.release`.
public struct KeyValueSnapshot {
    public struct File: Hashable, Sendable {
        /// Unique in its store and those restored from it, but not between rival stores: two
        /// leaders may give one name to two contents, so a shared folder has to name the content as
        /// well.
        public var name: String
        public var byteCount: Int64
        /// `contentHash` of the whole file.
        public var contentHash: UInt64

        /// A name that also says what is in the file.
        public var contentName: String {
            name.replacingSuffix(
                ".table", by: "-" + hexadecimal(contentHash, digits: 16) + ".table")
        }
    }

    /// All changes of the changelog below are in it.
    public let appliedOffset: Int64
    public let rowCount: Int64
    public let files: [File]
    /// What `KeyValueStore.restore` takes.
    public let manifest: [UInt8]
    let version: Version

    /// The files that a manifest names, so that a reader of snapshots knows what to fetch.
    public static func describe(
        manifest bytes: [UInt8]
    ) throws(KeyValueError) -> (appliedOffset: Int64, rowCount: Int64, files: [File]) {
        do {
            let manifest = try Manifest(decoding: bytes)
            return (manifest.appliedOffset, manifest.rowCount, files(of: manifest))
        } catch {
            throw .damaged(path: Manifest.name, reason: error.reason)
        }
    }

    static func files(of manifest: Manifest) -> [File] {
        manifest.tables.map {
            File(name: $0.name, byteCount: $0.byteCount, contentHash: $0.contentHash)
        }
    }
}

extension KeyValueStore {
    /// Flushes, and pins what is then durable.
    public func snapshot() async throws -> KeyValueSnapshot {
        try await flush()
        try checkUsable()
        version.pin()
        return KeyValueSnapshot(
            appliedOffset: manifest.appliedOffset, rowCount: manifest.rowCount,
            files: KeyValueSnapshot.files(of: manifest), manifest: manifest.encoded(),
            version: version)
    }

    /// The bytes of one of a snapshot's files, checked.
    public func read(
        _ file: KeyValueSnapshot.File, of snapshot: KeyValueSnapshot
    ) async throws -> [UInt8] {
        try checkUsable()
        guard
            let table = snapshot.version.levels.joined().first(where: {
                $0.description.name == file.name
            })
        else { throw KeyValueError.invalidRequest(reason: "\(file.name) is not in the snapshot") }
        return try await table.readAll()
    }

    /// Lets the snapshot's files go once nothing else needs them.
    public func release(_ snapshot: KeyValueSnapshot) { unpin(snapshot.version) }

    /// Makes a store of a snapshot's files, in place of what the folder held, and opens it.
    ///
    /// `fetch` gets each file in turn; its bytes are checked before anything is believed.
    public static func restore(
        _ machine: Machine, directory: String,
        configuration: KeyValueConfiguration = KeyValueConfiguration(), manifest bytes: [UInt8],
        fetch: (KeyValueSnapshot.File) async throws -> [UInt8]
    ) async throws -> KeyValueStore {
        let files = try KeyValueSnapshot.describe(manifest: bytes).files
        try await destroy(machine, directory: directory)
        try await machine.disk.createDirectory(directory)
        for file in files {
            let content = try await fetch(file)
            guard content.count == Int(file.byteCount),
                Columnar.contentHash(content) == file.contentHash
            else {
                throw KeyValueError.damaged(
                    path: file.name, reason: "the snapshot's file is not what its manifest says")
            }
            try await machine.disk.writeFile(content, to: directory + "/" + file.name)
        }
        try await machine.disk.syncDirectory(directory)
        try await machine.disk.replaceFile(
            directory + "/" + Manifest.name, with: bytes, in: directory)
        return try await open(machine, directory: directory, configuration: configuration)
    }
}

extension String {
    fileprivate func replacingSuffix(_ suffix: String, by other: String) -> String {
        hasSuffix(suffix) ? String(dropLast(suffix.count)) + other : self
    }
}
