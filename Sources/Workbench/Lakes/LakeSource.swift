import Foundation
import Host
import LakeSQL
import Platform

/// Where lake tables are looked for.
public enum LakeSource: Hashable, Sendable {
    /// A folder of tables, or of one: whatever holds a folder `metadata` is a table. One with a
    /// `catalog.db` of an export is read by that.
    case warehouse(String)
    /// A SQLite catalog, as PyIceberg, Java's JdbcCatalog and this program keep them.
    case catalog(String)
    /// A folder that `wavetank serve --data` serves, or did.
    case data(String)
}

/// The tables that were found, and where their files are.
struct FoundTables {
    var metadata: [LakeTableName: String] = [:]
    /// Prefixes of locations, and the folders that they stand for.
    var folders: [(prefix: String, folder: String)] = []
    /// Tables that cannot be read from files, and why.
    var unreadable: [LakeTableName: String] = [:]

    init(_ source: LakeSource) throws {
        switch source {
        case .catalog(let path): try readCatalog(path)
        case .data(let folder):
            let configuration = HostConfiguration(folder: Self.absolute(folder))
            guard Self.isFile(configuration.catalogPath) else {
                throw LakeSQLError.source(
                    path: folder, reason: "no folder of wavetank serve: it has no catalog.sqlite")
            }
            folders = [("s3://warehouse/", configuration.objectsFolder + "/lake/")]
            try readCatalog(configuration.catalogPath)
            // A folder that was moved still names its old place.
            for location in metadata.values.sorted() {
                guard let place = location.firstRange(of: "/store/objects/lake/") else { continue }
                folders.append(
                    (
                        String(location[..<place.upperBound]),
                        configuration.objectsFolder + "/lake/"
                    ))
            }
        case .warehouse(let folder):
            let root = Self.absolute(folder)
            if Self.isFile(root + "/catalog.db") {
                try readCatalog(root + "/catalog.db")
            } else {
                try readFolder(root)
            }
        }
    }

    static func absolute(_ path: String) -> String {
        let full =
            path.hasPrefix("/") ? path : FileManager.default.currentDirectoryPath + "/" + path
        var parts: [Substring] = []
        for part in full.split(separator: "/") where part != "." {
            if part == ".." { _ = parts.popLast() } else { parts.append(part) }
        }
        return "/" + parts.joined(separator: "/")
    }

    static func isFile(_ path: String) -> Bool {
        var isFolder = ObjCBool(false)
        return FileManager.default.fileExists(atPath: path, isDirectory: &isFolder)
            && !isFolder.boolValue
    }

    // MARK: Catalogs

    private mutating func readCatalog(_ path: String) throws {
        guard Self.isFile(path) else {
            throw LakeSQLError.source(path: path, reason: "there is no such file")
        }
        do {
            let database = try SQLiteDatabase(path, isReadOnly: true)
            let columns = try database.run("PRAGMA table_info(iceberg_tables)")
            if columns.isEmpty {
                throw LakeSQLError.source(
                    path: path, reason: "no Iceberg catalog: it has no table iceberg_tables")
            }
            let hasType = columns.contains { $0[1] == .text("iceberg_type") }
            let rows = try database.run(
                "SELECT table_namespace, table_name, metadata_location FROM iceberg_tables"
                    + (hasType ? " WHERE iceberg_type = 'TABLE' OR iceberg_type IS NULL" : ""))
            for row in rows {
                guard let namespace = row[0].text, let name = row[1].text,
                    let location = row[2].text
                else { continue }
                metadata[LakeTableName(namespace: namespace, name: name)] = location
            }
        } catch let error as SQLiteError {
            throw LakeSQLError.source(path: path, reason: "\(error)")
        }
    }

    // MARK: Folders

    private mutating func readFolder(_ root: String) throws {
        guard let names = try? FileManager.default.contentsOfDirectory(atPath: root) else {
            throw LakeSQLError.source(path: root, reason: "there is no such folder")
        }
        if names.contains("metadata"), let current = Self.currentMetadata(in: root) {
            let name = root.split(separator: "/").last.map(String.init) ?? "table"
            metadata[LakeTableName(namespace: "lake", name: name)] = current
            return
        }
        try readFolders(root, [])
        if metadata.isEmpty {
            throw LakeSQLError.source(
                path: root, reason: "no folder in it has a folder metadata with a table's state")
        }
    }

    private mutating func readFolders(_ folder: String, _ levels: [String]) throws {
        if levels.count > 8 { return }
        let names = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
        if !levels.isEmpty, names.contains("metadata"),
            let current = Self.currentMetadata(in: folder)
        {
            let namespace = levels.dropLast().joined(separator: ".")
            let name = LakeTableName(
                namespace: namespace.isEmpty ? "lake" : namespace, name: levels.last!)
            metadata[name] = current
            return
        }
        for name in names.sorted() where !name.hasPrefix(".") {
            var isFolder = ObjCBool(false)
            let path = folder + "/" + name
            guard FileManager.default.fileExists(atPath: path, isDirectory: &isFolder),
                isFolder.boolValue
            else { continue }
            try readFolders(path, levels + [name])
        }
    }

    /// The newest metadata file of a table's folder: what the hint names, or else that with the
    /// highest version, and of those the one that was written last.
    static func currentMetadata(in table: String) -> String? {
        let folder = table + "/metadata"
        let names = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
        let files = names.filter { $0.hasSuffix(".metadata.json") }
        if let data = FileManager.default.contents(atPath: folder + "/version-hint.text") {
            let hint = String(decoding: data, as: UTF8.self).filter { !$0.isWhitespace }
            for name in ["\(hint).metadata.json", "v\(hint).metadata.json", hint]
            where files.contains(name) { return folder + "/" + name }
        }
        func version(_ name: String) -> Int {
            Int((name.hasPrefix("v") ? name.dropFirst() : name[...]).prefix { $0.isNumber }) ?? -1
        }
        func written(_ name: String) -> Date {
            let attributes = try? FileManager.default.attributesOfItem(atPath: folder + "/" + name)
            return attributes?[.modificationDate] as? Date ?? Date(timeIntervalSince1970: 0)
        }
        return files.max {
            let (left, right) = (version($0), version($1))
            return left == right ? written($0) < written($1) : left < right
        }.map { folder + "/" + $0 }
    }
}
