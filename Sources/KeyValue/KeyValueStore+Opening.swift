import Changelog
import Columnar
public import Platform

extension KeyValueStore {
    /// Opens the store in a folder, or makes an empty one at offset 0.
    ///
    /// Check that the changelog still has all from `appliedOffset` on: an empty store says 0.
    /// `KeyValueError.damaged` names the file that is not what the manifest says. Files that no
    /// manifest names are what a crash left half done: they are removed.
    public static func open(
        _ machine: Machine, directory: String,
        configuration: KeyValueConfiguration = KeyValueConfiguration()
    ) async throws -> KeyValueStore {
        let names: [String]
        do { names = try await machine.disk.list(directory) } catch DiskError.notFound {
            names = []
            try await machine.disk.createDirectory(directory)
        }
        var manifest = Manifest()
        let path = directory + "/" + Manifest.name
        if let bytes = try await machine.readFile(path) {
            do { manifest = try Manifest(decoding: bytes) } catch {
                throw KeyValueError.damaged(path: path, reason: error.reason)
            }
        } else {
            if let table = names.first(where: { $0.hasSuffix(".table") }) {
                throw KeyValueError.damaged(
                    path: path, reason: "it is gone, but \(table) is there")
            }
            try await machine.disk.syncParents(of: directory)
            try await machine.disk.replaceFile(
                path, with: manifest.encoded(), in: directory)
        }
        // The manifest's name may be in the page cache alone: what it replaced is removed only
        // after.
        try await machine.disk.syncDirectory(directory)
        let known = Set(manifest.tables.map(\.name) + [Manifest.name])
        for name in names where !known.contains(name) && !name.hasSuffix("/") {
            // The draft may have become the manifest just now.
            do { try await machine.disk.remove(directory + "/" + name) } catch DiskError.notFound {}
        }
        var levels: [[SortedTable]] = []
        for level in manifest.levels {
            var tables: [SortedTable] = []
            for table in level {
                tables.append(try await SortedTable.open(table, in: directory, machine))
            }
            levels.append(tables)
        }
        return KeyValueStore(
            machine: machine, directory: directory, configuration: configuration,
            manifest: manifest, version: Version(levels: levels))
    }

    /// Removes all files of a store, whether it can be opened or not.
    public static func destroy(_ machine: Machine, directory: String) async throws {
        let names: [String]
        do { names = try await machine.disk.list(directory) } catch DiskError.notFound { return }
        for name in names where name != Manifest.name && !name.hasSuffix("/") {
            try await machine.disk.remove(directory + "/" + name)
        }
        // The manifest goes last: a store that was removed in part must not look like a new one.
        if names.contains(Manifest.name) {
            try await machine.disk.syncDirectory(directory)
            try await machine.disk.remove(directory + "/" + Manifest.name)
        }
        try await machine.disk.syncDirectory(directory)
    }
}
