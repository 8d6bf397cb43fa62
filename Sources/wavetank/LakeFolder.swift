import Foundation
import Host
import Platform
import Workbench

/// A folder with an exported lake: its files, the rows to expect, and an SQLite catalog.
struct LakeFolder {
    var path: String

    func write(_ lake: ExportedLake) throws {
        let manager = FileManager.default
        for name in ["warehouse", "expected", "catalog.db"]
        where manager.fileExists(atPath: "\(path)/\(name)") {
            try manager.removeItem(atPath: "\(path)/\(name)")
        }
        for name in lake.files.keys.sorted() {
            let file = URL(fileURLWithPath: "\(path)/\(name)")
            try manager.createDirectory(
                at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
            try Data(lake.files[name]!).write(to: file)
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
        try FileManager.default.copyItem(
            atPath: configuration.catalogPath, toPath: "\(path)/catalog.db")
    }

    private func fill(_ configuration: HostConfiguration, _ lake: ExportedLake) throws {
        let world = try HostWorld(configuration)
        var isDone = false
        var failure: (any Error)?
        world.start("export") { machine in
            do {
                for (name, location) in lake.tables {
                    _ = try await machine.lakeCatalog.create(name, metadataLocation: location)
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
