import Columnar
import Iceberg
import LakeTiering
import Platform
import Simulation
import TestSupport
import Testing

@testable import UnionRead

@Suite("Union reads as a stream")
struct UnionStreamTests {
    private static func sorted(_ rows: [Row]) -> [Row] {
        rows.sorted { Value.compare($0, $1) == .ascending }
    }

    @Test(
        "It hands out the rows that a read answers, and those of former offsets",
        arguments: 1...8 as ClosedRange<UInt64>)
    func sameRows(seed: UInt64) throws {
        let compared = try inWorld(seed: seed) { machine, world in
            let table = try await LoggedTable(machine, isKeyed: seed % 2 == 0, bucketCount: 3)
            let schema = table.table.schema
            let random = RandomStream(seed: seed, label: "changes")
            let tiering = TableTiering(machine, table.table, epoch: 1, in: warehouse, from: table)
            let reader = UnionReader(machine, in: warehouse, log: table)
            var former: [LakeOffsets] = []
            var compared = 0
            for _ in 0..<16 {
                for _ in 0..<random.next(in: 0..<6) { try table.write(random) }
                if random.chance(1, in: 3) { _ = try await tiering.round() }
                former.append(table.highWatermarks)
                let moments: [ReadMoment] = [
                    .head, .offsets(former[random.next(in: 0..<former.count)]),
                ]
                for moment in moments {
                    let request = ReadRequest.drawn(random, schema)
                    var streamed: [Row] = []
                    let extent = try await reader.stream(table.table, at: moment, request) {
                        streamed += $0.rows
                    }
                    if case .offsets(let ends) = moment { #expect(extent.offsets == ends) }
                    let all = try await table.rows(upTo: extent.offsets)
                    let expected = request.select(all, schema)
                    #expect(Self.sorted(streamed) == Self.sorted(expected))
                    #expect(extent.rowCount == expected.count)
                    let answer = try await reader.read(table.table, at: moment, request)
                    #expect(answer.rows == expected)
                    compared += all.count
                }
            }
            return compared
        }
        #expect(compared > 500)
    }

    @Test(
        "A tag and a time are snapshots, and what is not there is refused",
        arguments: [true, false])
    func moments(isKeyed: Bool) throws {
        try inWorld { machine, world in
            let table = try await LoggedTable(machine, isKeyed: isKeyed)
            let random = RandomStream(seed: 9, label: "changes")
            let tiering = TableTiering(machine, table.table, epoch: 1, in: warehouse, from: table)
            let reader = UnionReader(machine, in: warehouse, log: table)
            var times: [Timestamp] = []
            var commits: [LakeCommit] = []
            for _ in 0..<4 {
                for _ in 0..<5 { try table.write(random) }
                commits.append(try #require(try await tiering.round()))
                times.append(machine.clock.timestamp)
                try await machine.sleep(.seconds(10))
            }
            let lake = try #require(
                try await LakeTable.open(machine, table.table.lakeName, in: warehouse))
            var change = LakeChange()
            change.updates = [
                .setSnapshotReference(SnapshotReference("audit", commits[1].snapshot, .tag))
            ]
            try await lake.commit(change, on: machine) { _ in }
            for (number, commit) in commits.enumerated() {
                var wanted: [ReadMoment] = [.snapshot(commit.snapshot), .time(times[number])]
                if number == 1 { wanted.append(.reference("audit")) }
                for moment in wanted {
                    var rows: [Row] = []
                    let extent = try await reader.stream(table.table, at: moment) {
                        rows += $0.rows
                    }
                    #expect(extent.snapshot == commit.snapshot && extent.offsets == commit.to)
                    let expected = try await table.rows(upTo: commit.to)
                    #expect(Self.sorted(rows) == Self.sorted(expected))
                }
            }
            let beyond = LakeOffsets(table.highWatermarks.entries.map { $0.offset + 1 })
            for moment in [.reference("nobody"), .offsets([1, 2, 3, 4, 5]), .offsets(beyond)]
                as [ReadMoment]
            {
                await #expect(throws: UnionReadError.self) {
                    _ = try await reader.stream(table.table, at: moment) { _ in }
                }
            }
            let before = Timestamp(millisecondsSinceEpoch: 0)
            await #expect(throws: IcebergError.self) {
                _ = try await reader.stream(table.table, at: .time(before)) { _ in }
            }
        }
    }

    @Test("Only what is asked for is fetched")
    func projection() throws {
        try inWorld { machine, world in
            let table = try await LoggedTable(machine, isKeyed: false)
            let random = RandomStream(seed: 6, label: "changes")
            let tiering = TableTiering(machine, table.table, epoch: 1, in: warehouse, from: table)
            let reader = UnionReader(machine, in: warehouse, log: table)
            for _ in 0..<10 {
                for _ in 0..<4 { try table.write(random) }
                _ = try await tiering.round()
            }
            let before = world.objects.counters.gets
            let filter = RowFilter([.init(column: 1, .lessOrEqual, .bigint(20))])
            var rowCount = 0
            _ = try await reader.stream(
                table.table, ReadRequest(columns: [1, 0], filter: filter)
            ) {
                rowCount += $0.rowCount
                #expect($0.schema.fields.map(\.identifier) == [2, 1])
            }
            let between = world.objects.counters.gets
            _ = try await reader.stream(table.table) { _ in }
            #expect(rowCount == 20)
            #expect(between - before < world.objects.counters.gets - between)
        }
    }
}
