import Columnar
import Foundation
import Host
import Platform
import Workbench
import Workloads

/// A folder with an exported lake: its files, the rows to expect, and an SQLite catalog.
///
/// Beside them lies a list of what was written. Only files on it are replaced by a later export.
struct LakeFolder {
    var path: String

    private static let listName = "wavetank-export.txt"
    private static let listHead = "Written by wavetank run --export: what the next one replaces."

    private var listPath: String { "\(path)/\(Self.listName)" }

    /// Refuses a folder in which files of others would be in the way, and says which paths other
    /// programs cannot read.
    func prepare() throws {
        for (sign, reader) in [("#", "PyIceberg"), ("?", "PyIceberg"), ("\"", "DuckDB")]
        where URL(fileURLWithPath: path).standardizedFileURL.path.contains(sign) {
            say("note: \(reader) cannot read tables in a path with \(sign): \(path)")
        }
        let known = try formerFiles()
        for name in try presentFiles() where !known.contains(name) {
            throw refusal(
                "\(path)/\(name) was not written by wavetank run --export, which would replace it; "
                    + "name another folder")
        }
        try makeFolder(path)
    }

    /// Says which tables have columns that some programs take for one.
    static func warn(ofColumnsIn tables: [TableDefinition]) {
        for table in tables {
            var seen: [String: String] = [:]
            for field in table.schema.fields {
                if let other = seen.updateValue(field.name, forKey: field.name.lowercased()) {
                    say(
                        "note: columns '\(other)' and '\(field.name)' of \(table.name) differ only "
                            + "in case: DuckDB takes them for one")
                }
            }
        }
    }

    /// What a former export wrote, as its list has it.
    private func formerFiles() throws -> Set<String> {
        guard FileManager.default.fileExists(atPath: listPath) else { return [] }
        let lines = try readInputText(listPath).split(whereSeparator: \.isNewline)
        if lines.first.map(String.init) != Self.listHead {
            throw refusal("\(listPath) was not written by wavetank; name another folder")
        }
        return Set(lines.dropFirst().map(String.init))
    }

    /// The files, links and the like that stand where an export writes.
    private func presentFiles() throws -> [String] {
        let manager = FileManager.default
        var names: [String] = []
        var isFolder: ObjCBool = false
        for name in ["warehouse", "expected"]
        where (try? manager.attributesOfItem(atPath: "\(path)/\(name)")) != nil {
            let isThere = manager.fileExists(atPath: "\(path)/\(name)", isDirectory: &isFolder)
            let isLink = (try? manager.destinationOfSymbolicLink(atPath: "\(path)/\(name)")) != nil
            if isLink || !isThere || !isFolder.boolValue {
                names.append(name)
                continue
            }
            guard let below = manager.enumerator(atPath: "\(path)/\(name)") else {
                throw refusal("\(path)/\(name): cannot be read")
            }
            while let file = below.nextObject() as? String {
                if below.fileAttributes?[.type] as? FileAttributeType != .typeDirectory {
                    names.append("\(name)/\(file)")
                }
            }
        }
        if (try? manager.attributesOfItem(atPath: "\(path)/catalog.db")) != nil {
            names.append("catalog.db")
        }
        return names.sorted()
    }

    func write(_ lake: ExportedLake) throws {
        let manager = FileManager.default
        for name in try formerFiles().sorted() {
            try? manager.removeItem(atPath: "\(path)/\(name)")
        }
        let names = lake.files.keys.sorted()
        // First of all, so that an export that is cut short can be replaced too.
        let list = [Self.listHead] + names + ["catalog.db"]
        try OutputFile(listPath, nil).replace(list.joined(separator: "\n") + "\n")
        for name in names {
            let file = "\(path)/\(name)"
            try makeFolder(URL(fileURLWithPath: file).deletingLastPathComponent().relativePath)
            do { try Data(lake.files[name]!).write(to: URL(fileURLWithPath: file)) } catch {
                throw OutputError(path: file)
            }
        }
        try writeCatalog(lake)
        say("\(lake.tables.count) tables are exported to \(path)")
    }

    /// Writes the catalog with the code that a real cluster writes it with.
    private func writeCatalog(_ lake: ExportedLake) throws {
        let folder = FileManager.default.temporaryDirectory
            .appendingPathComponent("wavetank-\(ProcessInfo.processInfo.processIdentifier)").path
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let configuration = HostConfiguration(folder: folder)
        try fill(configuration, lake)
        // The database is one file once the world that wrote it is gone.
        do {
            try FileManager.default.copyItem(
                atPath: configuration.catalogPath, toPath: "\(path)/catalog.db")
        } catch {
            throw OutputError(path: "\(path)/catalog.db", reason: "no room, or no right to")
        }
    }

    private func fill(_ configuration: HostConfiguration, _ lake: ExportedLake) throws {
        let world = try HostWorld(configuration)
        var isDone = false
        var failure: (any Error)?
        world.start("export") { machine in
            do {
                for (name, location) in lake.tables {
                    _ = try await machine.lakeCatalog.create(
                        name, LakeTableCreation(metadataLocation: location))
                }
            } catch {
                failure = error
            }
            isDone = true
        }
        _ = world.run(atMost: .seconds(30)) { isDone }
        world.shutDown()
        if let failure { throw failure }
    }
}
