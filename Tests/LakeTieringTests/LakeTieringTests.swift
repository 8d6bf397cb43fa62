import Changelog
import Columnar
import Iceberg
import Platform
import Simulation
import TestSupport
import Testing
import UnionRead

@testable import LakeTiering

@Suite("Lake tiering")
struct LakeTieringTests {
    @Test("Each snapshot has the rows of its offsets", arguments: [true, false])
    func snapshotsHaveTheirRows(isKeyed: Bool) throws {
        let compared = try inWorld(seed: 5) { machine, world in
            let table = try await LoggedTable(machine, isKeyed: isKeyed)
            let random = RandomStream(seed: 5, label: "changes")
            let tiering = table.tiering(machine)
            for round in 0..<30 {
                for _ in 0..<random.next(in: 0..<5) { try table.write(random) }
                let commit = try await tiering.round()
                if let commit { #expect(commit.to == table.highWatermarks, "round \(round)") }
                // What is there already is not committed again.
                #expect(try await tiering.round() == nil)
            }
            let lake = try await table.lake(machine)
            let list = try await lake.manifestList(of: try #require(lake.metadata.current))
            #expect(list.manifests.count <= 36, "small manifests are merged")
            return try await table.checkLake(machine)
        }
        #expect(compared > 1000)
    }

    @Test("Changes that cancel each other move the offsets on, without a file")
    func cancelledRange() throws {
        try inWorld { machine, world in
            let table = try await LoggedTable(machine, isKeyed: true)
            let row = table.row(1, RandomStream(seed: 1, label: "row"))
            let records = try RecordBatch(schema: table.table.schema, rows: [row, row])
            try table.append(.changes(records, [.insert, .delete]), to: 0)
            try table.append(.empty(schemaIdentifier: 3), to: 1)
            let commit = try #require(try await table.tiering(machine).round())
            #expect(commit.to == [2, 1])
            #expect(commit.fileCount == 0 && commit.addedRowCount == 0)
            #expect(world.objects.keys(prefix: "lake/").allSatisfy { !$0.contains("/data/") })
            #expect(try await table.checkLake(machine) == 0)
        }
    }

    @Test("A backlog is taken in rounds of bounded size, in files of bounded size")
    func backlog() throws {
        try inWorld { machine, world in
            let table = try await LoggedTable(machine, isKeyed: false)
            let random = RandomStream(seed: 2, label: "changes")
            for _ in 0..<200 { try table.write(random) }
            var configuration = LakeTieringConfiguration()
            configuration.byteCountPerRound = 64 * 1024
            configuration.rowsPerFile = 50
            let tiering = table.tiering(machine, epoch: 1, configuration)
            var rounds = 0
            while let commit = try await tiering.round() {
                rounds += 1
                #expect(commit.isBehind == (commit.to != table.highWatermarks))
            }
            #expect(rounds > 3)
            let lake = try await table.lake(machine)
            let scan = try await lake.scan(try #require(lake.metadata.current))
            #expect(scan.dataFiles.allSatisfy { $0.file.recordCount <= 50 })
            #expect(scan.dataFiles.contains { $0.file.recordCount == 50 })
            #expect(try await table.checkLake(machine) > 1000)
        }
    }

    @Test("A bucket that cannot be read does not hold up the others")
    func unreadableBucket() throws {
        try inWorld { machine, world in
            let table = try await LoggedTable(machine, isKeyed: true)
            let random = RandomStream(seed: 3, label: "changes")
            for _ in 0..<20 { try table.write(random) }
            let tiering = table.tiering(machine)
            table.unreadable = [0]
            let commit = try #require(try await tiering.round())
            #expect(commit.to == [0, table.highWatermarks[1]])
            table.unreadable = [0, 1]
            await #expect(throws: LakeTieringError.self) { try await tiering.round() }
            table.unreadable = []
            #expect(try await tiering.round()?.to == table.highWatermarks)
            _ = try await table.checkLake(machine)
        }
    }

    @Test("A tierer of a past epoch is turned away, also in the middle of a round")
    func zombieIsFenced() throws {
        try inWorld { machine, world in
            let table = try await LoggedTable(machine, isKeyed: true)
            let random = RandomStream(seed: 4, label: "changes")
            for _ in 0..<10 { try table.write(random) }
            world.addMachine("zombie")
            var zombie: TableTiering?
            var outcome: Result<LakeCommit?, any Error>?
            world.start("zombie") { other in
                zombie = table.tiering(other, epoch: 1)
                do { outcome = .success(try await zombie!.round()) } catch {
                    outcome = .failure(error)
                }
                try await other.sleep(.seconds(3600))
            }
            // It stops while its data files are written, and wakes when its successor has
            // committed.
            world.objects.onPut = { if $0.contains("/data/") { world.pause("zombie") } }
            while !world.isPaused("zombie") { try await machine.sleep(.milliseconds(1)) }
            world.objects.onPut = nil
            let successor = table.tiering(machine, epoch: 2)
            _ = try #require(try await successor.round())
            world.resume("zombie")
            while outcome == nil { try await machine.sleep(.milliseconds(100)) }
            let late = #expect(throws: LakeTieringError.self) { try outcome!.get() }
            guard case .fenced = late else {
                Issue.record("\(String(describing: late))")
                return
            }
            for _ in 0..<10 { try table.write(random) }
            let error = await #expect(throws: LakeTieringError.self) { try await zombie!.round() }
            guard case .fenced = error else {
                Issue.record("\(String(describing: error))")
                return
            }
            _ = try await successor.round()
            #expect(try await table.checkLake(machine) > 0)
        }
    }

    @Test("A round in whose middle a stranger rewrites files is made again on their state")
    func compactedMeanwhile() throws {
        try inWorld { machine, world in
            let table = try await LoggedTable(machine, isKeyed: true)
            let random = RandomStream(seed: 4, label: "changes")
            for _ in 0..<10 { try table.write(random) }
            let tiering = table.tiering(machine)
            _ = try await tiering.round()
            for _ in 0..<10 { try table.write(random) }
            let lake = try await table.lake(machine)
            let scan = try await lake.scan(try #require(lake.metadata.current))
            let compaction = try #require(
                try await lake.compaction(of: scan.dataFiles, in: scan))
            let rewritten = try await lake.prepared(compaction, on: machine)
            // As the first file of the round is written, the pointer moves under it.
            var isFirst = true
            world.objects.onPut = { key in
                guard isFirst, key.contains("/data/") else { return }
                isFirst = false
                machine.spawn("stranger") {
                    let isDone = try await machine.lakeCatalog.commit(
                        lake.name, rewritten)
                    #expect(isDone)
                }
            }
            let commit = try #require(try await tiering.round())
            #expect(world.journal.probes.contains { $0.name == "lake round overtaken" })
            #expect(world.journal.probes.contains { $0.name == "lake key index rebuilt" })
            let reader = UnionReader(machine, in: warehouse, log: table)
            let answer = try await reader.read(table.table, at: .snapshot(commit.snapshot))
            #expect(answer.rows == (try await table.rows(upTo: commit.to)))
        }
    }

    @Test("A changelog that contradicts itself or the lake is refused")
    func contradiction() throws {
        try inWorld { machine, world in
            let table = try await LoggedTable(machine, isKeyed: true)
            let row = table.row(1, RandomStream(seed: 1, label: "row"))
            let record = try RecordBatch(schema: table.table.schema, rows: [row])
            try table.append(.changes(record, [.insert]), to: 0)
            let tiering = table.tiering(machine)
            _ = try await tiering.round()
            try table.append(.changes(record, [.insert]), to: 0)
            let error = await #expect(throws: LakeTieringError.self) { try await tiering.round() }
            guard case .damaged = error else {
                Issue.record("\(String(describing: error))")
                return
            }
        }
    }

    @Test("A lake table of a later table of the same name is left alone")
    func otherTable() throws {
        try inWorld { machine, world in
            let table = try await LoggedTable(machine, isKeyed: false)
            try table.write(RandomStream(seed: 1, label: "changes"))
            _ = try await table.tiering(machine).round()
            var second = table.table
            second.identifier -= 1
            let tiering = TableTiering(machine, second, epoch: 9, in: warehouse, from: table)
            await #expect(throws: IcebergError.self) { try await tiering.round() }
        }
    }
}
