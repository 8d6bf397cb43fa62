import Columnar
import Foundation
import Iceberg
import JSON
import Platform
import Simulation
import TestSupport
import Testing
import UnionRead

@testable import LakeTiering

/// How many commits a table is to stay in shape for.
private let lakeCommitCount =
    ProcessInfo.processInfo.environment["WAVETANK_LAKE_COMMITS"].flatMap { Int($0) } ?? 40

@Suite("A lake table that stays in shape")
struct LakeMaintenanceTests {
    private static func configuration() -> LakeTieringConfiguration {
        var configuration = LakeTieringConfiguration()
        configuration.maximumSnapshotAge = .seconds(60)
        configuration.minimumInputFileCount = 4
        return configuration
    }

    /// What a table takes after some commits.
    private struct Size {
        var fileCount = 0
        var snapshotCount = 0
        var objectCount = 0
        var metadataByteCount = 0
        var commitDuration = Duration.zero
    }

    @Test(
        "After many commits, files, snapshots, objects and metadata are as many as after few",
        arguments: [true, false], [2, 3])
    func steady(isKeyed: Bool, formatVersion: Int) throws {
        try inWorld(limit: .seconds(100_000)) { machine, world in
            let table = try await LoggedTable(machine, isKeyed: isKeyed)
            let random = RandomStream(seed: 5, label: "changes")
            var configuration = Self.configuration()
            configuration.formatVersion = formatVersion
            let tiering = table.tiering(machine, configuration)
            var sizes: [Size] = []
            _ = try await tiering.round()
            var setting = LakeChange()
            setting.properties = [("write.metadata.previous-versions-max", "10")]
            try await table.lake(machine).commit(setting, on: machine) { _ in }
            // A thousand take a minute and a half: set WAVETANK_LAKE_COMMITS for them.
            let count = lakeCommitCount
            for round in 1...count {
                for _ in 0..<2 { try table.write(random) }
                let start = machine.clock.now
                guard try await tiering.round() != nil else { continue }
                var size = Size()
                size.commitDuration = machine.clock.now - start
                _ = try await tiering.maintain()
                try await machine.sleep(.seconds(20))
                if round % (count / 4) != 0 && round != 10 && round != 100 { continue }
                let lake = try await table.lake(machine)
                let scan = try await lake.scan(try #require(lake.metadata.current))
                size.fileCount = scan.dataFiles.count + scan.deleteFiles.count
                size.snapshotCount = lake.metadata.snapshots.count
                size.objectCount = try await machine.objectStore.list(
                    prefix: "lake/", after: nil, limit: 1000
                ).count
                size.metadataByteCount = lake.metadata.json.compact.utf8.count
                print("v\(formatVersion) keyed \(isKeyed) commit \(round): \(size)")
                sizes.append(size)
                let answer = try await UnionReader(machine, in: warehouse, log: table)
                    .read(table.table)
                #expect(answer.rows == (try await table.rows(upTo: answer.offsets)))
            }
            let (first, last) = (try #require(sizes.first), try #require(sizes.last))
            #expect(last.fileCount <= first.fileCount + 16)
            #expect(last.snapshotCount <= first.snapshotCount + 4)
            #expect(last.metadataByteCount < first.metadataByteCount * 5 / 4)
            #expect(last.objectCount <= first.objectCount + 30)
            #expect(last.commitDuration < first.commitDuration * 2)
            let probes = Set(world.journal.probes.map(\.name))
            #expect(probes.contains("lake files compacted"))
            #expect(probes.contains("lake snapshots expired"))
            #expect(!probes.contains("lake key index rebuilt"))
        }
    }

    @Test("What a branch or tag names neither expires nor loses a file")
    func named() throws {
        try inWorld { machine, world in
            let table = try await LoggedTable(machine, isKeyed: true)
            let random = RandomStream(seed: 6, label: "changes")
            let tiering = table.tiering(machine, Self.configuration())
            for _ in 0..<5 { try table.write(random) }
            let kept = try #require(try await tiering.round())
            let lake = try await table.lake(machine)
            var tag = LakeChange()
            tag.updates = [
                .setSnapshotReference(SnapshotReference("kept", kept.snapshot, .tag))
            ]
            try await lake.commit(tag, on: machine) { _ in }
            for _ in 0..<40 {
                for _ in 0..<3 { try table.write(random) }
                _ = try await tiering.round()
                _ = try await tiering.maintain()
                try await machine.sleep(.seconds(10))
            }
            try await lake.refresh()
            #expect(lake.metadata.reference("kept")?.snapshot == kept.snapshot)
            #expect(lake.metadata.snapshots.count < 20)
            let reader = UnionReader(machine, in: warehouse, log: table)
            let answer = try await reader.read(table.table, at: .snapshot(kept.snapshot))
            #expect(answer.rows == (try await table.rows(upTo: kept.to)))
            #expect(world.objects.counters.deletes > 50)
        }
    }

    @Test("A foreign compaction and then an expiry of all before it lose no progress")
    func compactedAndExpired() throws {
        try inWorld { machine, world in
            let table = try await LoggedTable(machine, isKeyed: true)
            let random = RandomStream(seed: 7, label: "changes")
            let tiering = table.tiering(machine)
            for _ in 0..<3 {
                for _ in 0..<5 { try table.write(random) }
                _ = try await tiering.round()
            }
            let lake = try await table.lake(machine)
            let scan = try await lake.scan(try #require(lake.metadata.current))
            let compaction = try #require(
                try await lake.compaction(of: scan.dataFiles, in: scan))
            try await lake.commit(compaction, on: machine) { _ in }
            let old = lake.metadata.snapshots.dropLast()
            var expiry = LakeChange()
            expiry.updates = [.removeSnapshots(old.map(\.identifier))]
            try await lake.commit(expiry, on: machine) { _ in }
            _ = try await lake.deleteUnreachable(from: Array(old), on: machine)
            let reader = UnionReader(machine, in: warehouse, log: table)
            for _ in 0..<5 { try table.write(random) }
            let before = try await reader.read(table.table)
            #expect(before.rows == (try await table.rows(upTo: before.offsets)))
            _ = try #require(try await tiering.round())
            let after = try await reader.read(table.table)
            #expect(after.lakeOffsets == table.highWatermarks)
            #expect(after.rows == (try await table.rows(upTo: after.offsets)))
        }
    }

    @Test("Rows that others delete or add are theirs, until the log changes their keys")
    func foreignRows() throws {
        try inWorld { machine, world in
            let table = try await LoggedTable(machine, isKeyed: true)
            let random = RandomStream(seed: 8, label: "changes")
            let tiering = table.tiering(machine)
            for _ in 0..<6 { try table.write(random) }
            _ = try await tiering.round()
            let reader = UnionReader(machine, in: warehouse, log: table)
            let whole = try await reader.read(table.table)
            let lake = try await table.lake(machine)
            let scan = try await lake.scan(try #require(lake.metadata.current))
            // A row is deleted, and one file's rows are appended a second time.
            var foreign = LakeChange()
            let path = scan.dataFiles[0].file.path
            foreign.deleteFiles = try await lake.writeDeletes([
                PositionDelete(path: path, position: 0)
            ])
            var again = scan.dataFiles[0].file
            let bytes = try await machine.objectStore.get(
                try warehouse.key(of: again.path))
            again.path = lake.newPath("data", ".parquet")
            try await lake.write(bytes, at: again.path)
            foreign.dataFiles = [again]
            try await lake.commit(foreign, on: machine) { _ in }
            let shared = try await reader.read(table.table)
            #expect(shared.foreignRowCount > 0)
            #expect(shared.rowCount == whole.rowCount)
            // The tierer goes on, and says whose the rows are.
            for _ in 0..<40 { try table.write(random) }
            _ = try #require(try await tiering.round())
            let progress = try table.table.progress(in: try await table.lake(machine).metadata)
            #expect(progress.foreignSnapshot != nil)
            #expect(progress.offsets == table.highWatermarks)
            _ = try await reader.read(table.table)
            #expect(world.journal.probes.contains { $0.name == "foreign lake commit found" })
        }
    }

    @Test("A dropped lake table is made anew from the log")
    func dropped() throws {
        try inWorld { machine, world in
            let table = try await LoggedTable(machine, isKeyed: false)
            let random = RandomStream(seed: 9, label: "changes")
            let tiering = table.tiering(machine)
            for _ in 0..<6 { try table.write(random) }
            _ = try await tiering.round()
            _ = try await machine.lakeCatalog.drop(table.table.lakeName)
            for _ in 0..<6 { try table.write(random) }
            _ = try #require(try await tiering.round())
            #expect(try await table.checkLake(machine) > 0)
        }
    }
}
