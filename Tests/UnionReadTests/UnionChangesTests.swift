import Changelog
import Columnar
import Iceberg
import LakeTiering
import Platform
import Simulation
import TestSupport
import Testing

@testable import UnionRead

@Suite("The changes between two states of a table")
struct UnionChangesTests {
    /// Does changes to rows; each must fit what is there.
    private static func applying(_ changes: [RowChange], to rows: [Row]) -> [Row]? {
        var counts: [Row: Int] = [:]
        for row in rows { counts[row, default: 0] += 1 }
        for change in changes {
            switch change.type {
            case .insert, .append, .updateAfter: counts[change.row, default: 0] += 1
            case .delete, .updateBefore:
                guard let count = counts[change.row], count > 0 else { return nil }
                counts[change.row] = count - 1
            }
        }
        return counts.flatMap { Array(repeating: $0.key, count: $0.value) }.sorted {
            Value.compare($0, $1) == .ascending
        }
    }

    private static func sorted(_ rows: [Row]) -> [Row] {
        rows.sorted { Value.compare($0, $1) == .ascending }
    }

    @Test(
        "They make the one of the other: snapshots, compacted or not, and the log",
        arguments: 1...8 as ClosedRange<UInt64>)
    func apply(seed: UInt64) throws {
        let compared = try inWorld(seed: seed) { machine, world in
            let table = try await LoggedTable(machine, isKeyed: seed % 2 == 0, bucketCount: 2)
            let random = RandomStream(seed: seed, label: "changes")
            var configuration = LakeTieringConfiguration()
            configuration.minimumInputFileCount = 3
            configuration.maximumSnapshotAge = .seconds(100_000)
            let tiering = TableTiering(
                machine, table.table, epoch: 1, in: warehouse, from: table,
                configuration: configuration)
            let reader = UnionReader(machine, in: warehouse, log: table)
            for _ in 0..<14 {
                for _ in 0..<random.next(in: 0..<5) { try table.write(random) }
                if try await tiering.round() != nil { _ = try await tiering.maintain() }
                try await machine.sleep(.seconds(10))
            }
            for _ in 0..<3 { try table.write(random) }
            let lake = try #require(
                try await LakeTable.open(machine, table.table.lakeName, in: warehouse))
            let snapshots = lake.metadata.snapshots.map(\.identifier)
            var compared = 0
            for _ in 0..<12 {
                let (first, second) = (
                    snapshots[random.next(in: 0..<snapshots.count)],
                    snapshots[random.next(in: 0..<snapshots.count)]
                )
                let before = try await reader.read(table.table, at: .snapshot(first))
                // The log tells of what comes after, not of what is undone.
                let ends: [ReadMoment] = [.snapshot(second), .head]
                for end in ends {
                    let after = try await reader.read(table.table, at: end)
                    let answer = try await reader.changes(
                        table.table, from: .snapshot(first), to: end)
                    #expect(answer.from == before.offsets && answer.to == after.offsets)
                    #expect(
                        Self.applying(answer.changes, to: before.rows) == Self.sorted(after.rows))
                    compared += answer.changes.count
                }
            }
            return compared
        }
        #expect(compared > 50)
    }

    @Test("A deletion by another program is one between snapshots, a compaction is none")
    func foreign() throws {
        try inWorld { machine, world in
            let table = try await LoggedTable(machine, isKeyed: true)
            let random = RandomStream(seed: 3, label: "changes")
            let tiering = TableTiering(machine, table.table, epoch: 1, in: warehouse, from: table)
            let reader = UnionReader(machine, in: warehouse, log: table)
            for _ in 0..<3 {
                for _ in 0..<6 { try table.write(random) }
                _ = try await tiering.round()
            }
            let lake = try #require(
                try await LakeTable.open(machine, table.table.lakeName, in: warehouse))
            let start = try #require(lake.metadata.currentSnapshot)
            let scan = try await lake.scan(try #require(lake.metadata.current))
            let compaction = try #require(try await lake.compaction(of: scan.dataFiles, in: scan))
            let compacted = try #require(try await lake.commit(compaction, on: machine) { _ in })
            let none = try await reader.changes(
                table.table, from: .snapshot(start), to: .snapshot(compacted.identifier))
            #expect(none.changes.isEmpty)
            var deletion = LakeChange()
            _ = try await lake.scan(compacted)
            deletion.deleteFiles = try await lake.writeDeletes([
                PositionDelete(path: compaction.dataFiles[0].path, position: 2)
            ])
            let deleted = try #require(try await lake.commit(deletion, on: machine) { _ in })
            let one = try await reader.changes(
                table.table, from: .snapshot(start), to: .snapshot(deleted.identifier))
            #expect(one.changes.map(\.type) == [.delete])
            // A file that both have shows one row less in the later one.
            let same = try await reader.changes(
                table.table, from: .snapshot(compacted.identifier),
                to: .snapshot(deleted.identifier))
            #expect(same.changes == one.changes)
        }
    }
}
