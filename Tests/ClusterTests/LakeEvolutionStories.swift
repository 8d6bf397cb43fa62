import Changelog
@testable import Cluster
import Columnar
import Iceberg
import LakeTiering
import Platform
import Simulation
import Testing
import UnionRead

@Suite("Tables in the lake that are altered while they are written")
struct LakeEvolutionStories {
    private static func table(isKeyed: Bool) -> TableDescription {
        TableDescription(
            name: isKeyed ? "stock" : "events",
            schema: Schema(
                fields: [
                    Field(identifier: 1, name: "item", type: .bigint, isNullable: !isKeyed),
                    Field(identifier: 2, name: "count", type: .int),
                    Field(identifier: 3, name: "size", type: .tinyint),
                    Field(identifier: 4, name: "note", type: .string),
                ], primaryKey: isKeyed ? [0] : []),
            bucketCount: 1, replicationFactor: 3, bucketKey: [0])
    }

    private static let changes: [TableChange] = [
        .addColumn(name: "weight", type: .double), .dropColumn(name: "note"),
        .renameColumn(name: "count", to: "number"), .widenColumn(name: "number", type: .bigint),
        .widenColumn(name: "size", type: .int), .moveColumn(name: "size", after: nil),
    ]

    /// Runs a story with a tierer, in which servers die and answers of stores are lost.
    private func inCluster(
        seed: UInt64, _ story: @escaping (ClusterClient) async throws -> Void
    ) throws -> SimulationWorld {
        let cluster = ClusterWorld(seed: seed)
        cluster.world.after(.seconds(9)) { cluster.world.crash("server-1") }
        cluster.world.after(.seconds(12)) { cluster.startServer("server-1") }
        cluster.runLakeStory(crashAt: .seconds(8), story)
        return cluster.world
    }

    @Test(
        "Rows of before and after read by union read and from the lake at both schemas",
        arguments: [true, false], 1...3 as ClosedRange<UInt64>)
    func bothSchemas(isKeyed: Bool, seed: UInt64) throws {
        let world = try inCluster(seed: seed) { client in
            let before = try await client.createTable(Self.table(isKeyed: isKeyed))
            try await client.write(before, (0..<40).map { Self.early($0) })
            let early = try await client.snapshot(of: before, with: 40)
            let after = try await client.alterTable(before.path, Self.changes)
            #expect(after.schema.fields.map(\.name) == ["size", "item", "number", "weight"])
            // Half of them once more, and new ones; some writers have not heard of the change.
            try await client.write(after, (20..<60).map { Self.late($0) })
            try await client.write(before, (60..<70).map { Self.early($0) })
            // What is read from here on has to be answered.
            try await client.machine.sleep(.seconds(40))
            let rows =
                isKeyed
                ? (0..<20).map { Self.evolved($0) } + (20..<60).map { Self.late($0) }
                    + (60..<70).map { Self.evolved($0) }
                : (0..<40).map { Self.evolved($0) } + (20..<60).map { Self.late($0) }
                    + (60..<70).map { Self.evolved($0) }
            try await client.expect(rows, of: after, at: .head)
            let late = try await client.snapshot(of: after, with: isKeyed ? 110 : 90)
            try await client.expect(rows, of: after, at: .snapshot(late))
            // The state of before, by the schema of then and by that of now.
            try await client.expect(
                (0..<40).map { Self.early($0) }, of: before, at: .snapshot(early))
            try await client.expect(
                (0..<40).map { Self.evolved($0) }, of: after, at: .snapshot(early))
            #expect(try await client.table(after, asOf: early).schema == before.schema)
            #expect(try await client.table(after, asOf: late).schema == after.schema)
            await #expect(throws: UnionReadError.self) {
                try await client.read(before, at: .snapshot(late))
            }
            try await client.checkLake(of: after, early: early, late: late)
        }
        #expect(world.journal.probes.contains { $0.name == "lake schema followed" })
    }

    private static func early(_ number: Int) -> Row {
        [
            .bigint(Int64(number)), .int(Int32(number * 3)), .tinyint(Int8(number % 100)),
            .string("note \(number)"),
        ]
    }

    /// A row of before as it is after.
    private static func evolved(_ number: Int) -> Row {
        [
            .int(Int32(number % 100)), .bigint(Int64(number)), .bigint(Int64(number * 3)), .null,
        ]
    }

    private static func late(_ number: Int) -> Row {
        [
            .int(100_000 + Int32(number)), .bigint(Int64(number)), .bigint(1 << 40),
            .double(Double(number) / 8),
        ]
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

    /// The first snapshot that has all of a log of at least some records.
    fileprivate func snapshot(of table: TableDescription, with count: Int64) async throws -> Int64 {
        while true {
            try await machine.sleep(.milliseconds(300))
            let lake = try? await LakeTable.open(
                machine, table.tiered.lakeName, in: configuration.lakeLocation)
            guard let current = lake?.metadata.current,
                let progress = try? table.tiered.progress(at: current, in: lake!.metadata)
            else { continue }
            if progress.offsets.entries.map(\.offset).reduce(0, +) >= count {
                return current.identifier
            }
        }
    }

    fileprivate func expect(
        _ rows: [Row], of table: TableDescription, at moment: ReadMoment
    ) async throws {
        func sorted(_ rows: [Row]) -> [Row] {
            rows.sorted { Value.compare($0, $1) == .ascending }
        }
        while true {
            do {
                let answer = try await read(table, at: moment)
                #expect(sorted(answer.rows) == sorted(rows), "at \(moment)")
                // The same batch by batch, of the rows of a range.
                let column = table.schema.fields.first { $0.identifier == 2 }!
                let limit: Value = column.type == .int ? .int(60) : .bigint(60)
                let request = ReadRequest(
                    filter: RowFilter([RowFilter.Comparison(column: 2, .greater, limit)]))
                var streamed: [Row] = []
                _ = try await stream(table, at: moment, request) { streamed += $0.rows }
                let position = table.schema.position(ofIdentifier: 2)!
                let wanted = rows.filter { Value.compare($0[position], limit) == .descending }
                #expect(sorted(streamed) == sorted(wanted), "streamed at \(moment)")
                return
            } catch let error as LogSourceError {
                if case .damaged = error { throw error }
            } catch let error as IcebergError {
                guard case .unavailable = error else { throw error }
            }
            try await machine.sleep(.milliseconds(200))
        }
    }

    /// What programs see that know nothing of the log: the columns of the lake table.
    fileprivate func checkLake(
        of table: TableDescription, early: Int64, late: Int64
    ) async throws {
        let lake = try await LakeTable.open(
            machine, table.tiered.lakeName, in: configuration.lakeLocation)
        let metadata = try #require(lake).metadata
        let columns = metadata.schema.columns.fields.map { "\($0.identifier) \($0.name)" }
        #expect(
            columns == [
                "3 size", "1 item", "2 number", "5 weight", "1000000001 __bucket",
                "1000000002 __offset", "1000000003 __timestamp",
            ])
        #expect(metadata.schemas.count == 2)
        let first = try #require(metadata.snapshot(early)?.schemaIdentifier)
        #expect(first != metadata.currentSchemaIdentifier)
        #expect(metadata.snapshot(late)?.schemaIdentifier == metadata.currentSchemaIdentifier)
    }
}
