import Changelog
@testable import Cluster
import Columnar
import Iceberg
import LakeTiering
import Platform
import Simulation
import Testing
import UnionRead

@Suite("Partitioned tables in the lake")
struct PartitionedLakeStories {
    private static func table(isKeyed: Bool, version: Int) throws -> TableDescription {
        TableDescription(
            name: isKeyed ? "stock" : "events",
            schema: Schema(
                fields: [
                    Field(identifier: 1, name: "item", type: .bigint, isNullable: !isKeyed),
                    Field(identifier: 2, name: "place", type: .string, isNullable: !isKeyed),
                    Field(identifier: 3, name: "shelf", type: .smallint, isNullable: !isKeyed),
                    Field(identifier: 4, name: "count", type: .int),
                ], primaryKey: isKeyed ? [0, 1, 2] : []),
            bucketCount: 2, replicationFactor: 3, bucketKey: [0],
            properties: try TableProperties([("iceberg.format-version", "\(version)")]),
            partitionKey: [1, 2])
    }

    private static func row(_ number: Int, _ place: String, count: Int = 0) -> Row {
        [
            .bigint(Int64(number)), .string(place), .smallint(Int16(number % 2)),
            .int(Int32(count)),
        ]
    }

    /// Runs a story with two tierers, of which one dies, while answers of stores are lost.
    private func inCluster(
        seed: UInt64, _ story: @escaping (ClusterClient) async throws -> Void
    ) throws -> SimulationWorld {
        let cluster = ClusterWorld(seed: seed)
        cluster.configuration.lakeTiering.minimumInputFileCount = 3
        cluster.runLakeStory(crashAt: .seconds(14), story)
        return cluster.world
    }

    @Test(
        "Rows are in the files of their partitions; a partition that is dropped goes with its rows",
        arguments: [true, false], [2, 3])
    func dropped(isKeyed: Bool, version: Int) throws {
        let world = try inCluster(seed: UInt64(version)) { client in
            let table = try await client.createTable(
                try Self.table(isKeyed: isKeyed, version: version))
            let places = ["kiel", "rome", "oslo"]
            func rows(_ numbers: Range<Int>, _ count: Int) -> [Row] {
                numbers.map { Self.row($0, places[$0 % 3], count: count) }
            }
            for round in 0..<4 {
                try await client.write(table, rows(round * 30..<round * 30 + 30, 1))
                try await client.machine.sleep(.seconds(2))
            }
            // Of a primary-key table some are replaced.
            try await client.write(table, rows(0..<30, 2))
            let all = rows(0..<30, 2) + rows((isKeyed ? 30 : 0)..<120, 1)
            try await client.expect(all, of: table, at: .head)
            let before = try await client.settledSnapshot(of: table)
            try await client.expect(all, of: table, at: .snapshot(before))
            try await client.checkFiles(of: table, partitionCount: 6)
            // Another partition of the values comes at once, and is written to.
            try await client.dropPartition("rome$0", of: table)
            let again = (200..<206).filter { $0 % 2 == 0 }.map { Self.row($0, "rome", count: 3) }
            try await client.write(table, again)
            let left = all.filter { $0[1] != .string("rome") || $0[2] != .smallint(0) } + again
            try await client.expect(left, of: table, at: .head)
            let after = try await client.settledSnapshot(of: table)
            try await client.expect(left, of: table, at: .snapshot(after))
            try await client.checkFiles(of: table, partitionCount: 6)
            // The past is what it was, as long as the snapshot is there.
            try await client.expect(all, of: table, at: .snapshot(before))
            try await client.dropPartition("oslo$1", of: table)
            let rest = left.filter { $0[1] != .string("oslo") || $0[2] != .smallint(1) }
            try await client.expect(rest, of: table, at: .head)
            let last = try await client.settledSnapshot(of: table)
            try await client.expect(rest, of: table, at: .snapshot(last))
            try await client.checkFiles(of: table, partitionCount: 5)
            // A question about one partition opens the files of that one alone.
            let filter = RowFilter([RowFilter.Comparison(column: 2, .equal, .string("kiel"))])
            let kiel = try await client.persistently {
                try await client.read(table, at: .snapshot(last), ReadRequest(filter: filter))
            }
            let expected = rest.filter { $0[1] == .string("kiel") }
            #expect(kiel.lakeRowCount == expected.count)
            #expect(Set(kiel.rows) == Set(expected))
            let streamed = try await client.persistently {
                var found: [Row] = []
                _ = try await client.stream(table, at: .head, ReadRequest(filter: filter)) {
                    found += $0.rows
                }
                return found
            }
            #expect(streamed.count == expected.count && Set(streamed) == Set(expected))
        }
        let probe = "dropped partition removed from the lake"
        #expect(world.journal.probes.contains { $0.name == probe })
    }
}

extension ClusterClient {
    fileprivate func write(_ table: TableDescription, _ rows: [Row]) async throws {
        let writer = TableWriter(self, table)
        var settled = 0
        for row in rows {
            writer.write(table.isPrimaryKeyTable ? .upsert(row) : .append(row)) { outcome in
                if case .acknowledged = outcome {} else { Issue.record("\(outcome)") }
                settled += 1
            }
        }
        while settled < rows.count { try await machine.sleep(.milliseconds(50)) }
    }

    fileprivate func expect(
        _ rows: [Row], of table: TableDescription, at moment: ReadMoment
    ) async throws {
        let answer = try await persistently { try await read(table, at: moment) }
        func counts(_ rows: [Row]) -> [Row: Int] {
            rows.reduce(into: [:]) { $0[$1, default: 0] += 1 }
        }
        #expect(counts(answer.rows) == counts(rows), "\(moment)")
    }

    /// Asks again while services, or a leader that is new, have no answer.
    fileprivate func persistently<Answer>(_ ask: () async throws -> Answer) async throws -> Answer {
        for _ in 0..<600 {
            do { return try await ask() } catch is LogSourceError {
            } catch is UnionReadError {
            } catch let error as ClusterError where error.isRetriable {
            } catch IcebergError.unavailable {
            }
            try await machine.sleep(.milliseconds(200))
        }
        return try await ask()
    }

    private func lake(of table: TableDescription) async throws -> LakeTable? {
        try await LakeTable.open(machine, table.tiered.lakeName, in: configuration.lakeLocation)
    }

    /// The first snapshot that has just the partitions that are there, and all of their logs.
    fileprivate func settledSnapshot(of table: TableDescription) async throws -> Int64 {
        while true {
            try await machine.sleep(.milliseconds(500))
            guard let lake = try? await lake(of: table), let current = lake.metadata.current,
                let progress = try? table.tiered.progress(at: current, in: lake.metadata),
                progress.partitions == mirror.partitions(of: table.identifier).map(\.tiered)
            else { continue }
            var isDone = true
            for bucket in mirror.buckets(of: table) {
                let end = try await persistently { try await offsets(of: bucket) }
                if progress.offsets[bucket.inLake] != end.highWatermark { isDone = false }
            }
            if isDone { return current.identifier }
        }
    }

    /// Each data file has rows of one partition, and its manifest says which.
    fileprivate func checkFiles(of table: TableDescription, partitionCount: Int) async throws {
        let found = try await persistently { try await self.lake(of: table) }
        let lake = try #require(found)
        #expect(lake.metadata.partitionSpec(by: table.partitionFields) == 0)
        let current = try #require(lake.metadata.current)
        let scan = try await persistently { try await lake.scan(current) }
        var names: Set<[Value]> = []
        for file in scan.dataFiles {
            let said = table.partitionFields.map { file.identityValues[$0] ?? .null }
            names.insert(said)
            let rows = try await persistently {
                try await lake.rows(of: file.file, without: LakeDeletions(), as: table.schema)
            }
            #expect(rows.flatMap(\.batch.rows).allSatisfy { [$0[1], $0[2]] == said })
        }
        #expect(names.count == partitionCount)
        let list = try await persistently { try await lake.manifestList(of: current) }
        #expect(list.manifests.allSatisfy { $0.specIdentifier == 0 })
    }
}
