import Foundation
import ScenarioFiles
import Testing

@testable import Workbench

@Suite("A folder of a served cluster")
struct ServeFolderTests {
    private static let text = """
        title: A little shop
        length: 3s
        cluster:
          servers: 1
          replication: 1
          minimumInSync: 1
          coordinators: 1
          tierers: 0
          indexers: 0
          buckets: 1
        workloads:
          - clickstream: { rate: 20/s }
        checks: [logMatching]

        """

    private func folder() throws -> String {
        let path = FileManager.default.temporaryDirectory
            .appendingPathComponent(UUID().uuidString).path
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
        return path
    }

    private func enter(
        _ path: String, text: String = text, seed: UInt64 = 1
    ) throws -> ServeFolder {
        let scenario = try Scenario.load(text: text, path: "shop.yaml")
        return try ServeFolder(path, scenario: scenario, text: text, seed: seed, build: "b")
    }

    private func expect(_ words: String, _ body: () throws -> Void) {
        #expect {
            try body()
        } throws: { error in
            "\(error)".contains(words)
        }
    }

    @Test("Is entered again by its own scenario and seed, and refuses others with the reason")
    func identity() throws {
        let path = try folder()
        defer { try? FileManager.default.removeItem(atPath: path) }
        _ = try enter(path)
        _ = try enter(path)
        expect("give --seed 1") { _ = try enter(path, seed: 2) }
        expect("another text") {
            _ = try enter(path, text: Self.text.replacingOccurrences(of: "20/s", with: "30/s"))
        }
    }

    @Test("Lets one process in")
    func lock() throws {
        let path = try folder()
        defer { try? FileManager.default.removeItem(atPath: path) }
        let inside = try enter(path)
        expect("another wavetank is running") { _ = try enter(path) }
        withExtendedLifetime(inside) {}
    }

    @Test("Is none of ours where files of others lie")
    func foreign() throws {
        let path = try folder()
        defer { try? FileManager.default.removeItem(atPath: path) }
        try Data("x".utf8).write(to: URL(fileURLWithPath: path + "/ledger.txt"))
        expect("ledger.txt") { _ = try enter(path) }
    }

    @Test("Says at the start that its metadata is gone, once something was written")
    func damagedDatabase() throws {
        let path = try folder()
        defer { try? FileManager.default.removeItem(atPath: path) }
        _ = try enter(path)
        let (coordination, catalog) = (path + "/coordination.sqlite", path + "/catalog.sqlite")
        try Data(count: 4096).write(to: URL(fileURLWithPath: coordination))
        let again = try enter(path)
        expect("coordination.sqlite") {
            try again.checkDatabases(
                coordination: coordination, catalog: catalog, hasHistory: true)
        }
        try Data("SQLite format 3\0".utf8).write(to: URL(fileURLWithPath: coordination))
        try again.checkDatabases(coordination: coordination, catalog: catalog, hasHistory: true)
        #expect(again.notes.contains { $0.contains("catalog.sqlite is gone") })
    }
}
