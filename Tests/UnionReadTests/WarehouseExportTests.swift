import Foundation
import Iceberg
import Platform
import Simulation
import TestSupport
import Testing
import LakeTiering
import UnionRead

/// Where `ci/strangers` wants a warehouse written; nil in all other runs.
private let exportFolder = ProcessInfo.processInfo.environment["WAVETANK_EXPORT"]

@Suite("WarehouseExport")
struct WarehouseExportTests {
    @Test("Writes a warehouse and the rows that strangers must find in it")
    func export() throws {
        let folder = exportFolder.map { URL(filePath: $0) }
        try inWorld(seed: 11) { machine, world in
            for isKeyed in [true, false] {
                let source = try await LoggedTable(machine, isKeyed: isKeyed)
                try await Self.fill(source, machine)
                let files = try await Self.copy(source, machine)
                #expect(files.contains { $0.key.contains("-deletes") } == isKeyed)
                #expect(files.contains { $0.key.hasSuffix(".jsonl") && !$0.value.isEmpty })
                // No file of the copy may name the place that it was copied from.
                for (path, bytes) in files where !path.hasSuffix(".parquet") {
                    let text = String(decoding: bytes, as: Unicode.ASCII.self)
                    #expect(!text.contains(warehouse.prefix), "\(path)")
                }
                for path in files.keys.sorted() {
                    guard let file = folder?.appending(path: path) else { continue }
                    try FileManager.default.createDirectory(
                        at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
                    try Data(files[path]!).write(to: file)
                }
            }
        }
    }

    /// Many commits, so that manifests are merged, and files of few rows, so that there are many.
    private static func fill(_ source: LoggedTable, _ machine: Machine) async throws {
        let random = RandomStream(seed: 11, label: "changes")
        var configuration = LakeTieringConfiguration()
        configuration.rowsPerFile = 25
        let tiering = TableTiering(
            machine, source.table, epoch: 1, in: warehouse, from: source,
            configuration: configuration)
        for _ in 0..<24 {
            for _ in 0..<random.next(in: 1..<6) { try source.write(random) }
            _ = try await tiering.round()
        }
    }

    /// The copied files and the expected rows of each snapshot, by path below the folder.
    private static func copy(
        _ source: LoggedTable, _ machine: Machine
    ) async throws -> [String: [UInt8]] {
        let table = source.table
        guard let lake = try await LakeTable.open(machine, table.lakeName, in: warehouse) else {
            throw IcebergError.noSuchTable(table.lakeName.description)
        }
        let all = lake.metadata.snapshots.map(\.identifier)
        let chosen = all.enumerated().filter { $0.offset % 6 == 5 || $0.offset == 0 }.map(\.element)
        var files: [String: [UInt8]] = [:]
        let prefix = "file://" + (exportFolder ?? "/nowhere") + "/warehouse/"
        let location = try await LakeExport.copy(
            lake, snapshots: chosen, to: LakeLocation(prefix: prefix)
        ) { files["warehouse/" + $0.path] = $0.bytes }
        #expect(files["warehouse/" + location.dropFirst(prefix.count)] != nil)
        let reader = UnionReader(machine, in: warehouse, log: source)
        for snapshot in chosen {
            let answer = try await reader.read(table, at: .snapshot(snapshot))
            files["expected/\(table.name).\(snapshot).jsonl"] = answer.jsonLines
        }
        return files
    }
}
