import Columnar
import Parquet
import Platform
import Simulation
import TestSupport
import Testing

@testable import Iceberg

@Suite("Commits to the lake")
struct LakeCommitTests {
    @Test("What was committed is read back by another object")
    func readBack() throws {
        try inWorld { machine, world in
            let table = try await openShelf(machine)
            #expect(try await table.numbers() == [])
            _ = try await table.add(0..<10, label: "a", on: machine)
            let second = try await table.add(10..<15, label: "b", on: machine)
            let other = try await openShelf(machine)
            #expect(other.metadata == table.metadata)
            #expect(try await other.numbers() == Array(0..<15))
            #expect(other.metadata.property("purpose") == "tests")
            #expect(other.metadata.property("label") == "b")
            #expect(second.summary("total-records") == "15")
            #expect(second.summary("added-records") == "5")
            #expect(second.sequenceNumber == 2)
        }
    }

    @Test(
        "Of two who commit at once both succeed, one after the other",
        arguments: 1...6 as ClosedRange<UInt64>)
    func race(seed: UInt64) throws {
        try inWorld(seed: seed) { machine, world in
            let tables = (try await openShelf(machine), try await openShelf(machine))
            var done = 0
            for (index, table) in [tables.0, tables.1].enumerated() {
                machine.spawn("committer") {
                    for round in 0..<8 {
                        let start = Int64(round * 20 + index * 10)
                        _ = try await table.add(
                            start..<start + 10, label: "\(index) \(round)", on: machine)
                    }
                    done += 1
                }
            }
            while done < 2 { try await machine.sleep(.seconds(1)) }
            let table = try await openShelf(machine)
            #expect(try await table.numbers() == Array(0..<160))
            #expect(Set(table.labels).count == 16 && table.labels.count == 16)
            #expect(table.metadata.snapshots.map(\.sequenceNumber) == Array(1...16))
            #expect(world.journal.probes.contains { $0.name == "lake commit conflict" })
        }
    }

    @Test("A commit whose answer was lost is found done, and done once")
    func adopted() throws {
        try inWorld { machine, world in
            let table = try await openShelf(machine)
            world.catalog.faults.lostAfterPerMillion = 1_000_000
            world.catalog.onChange = { _, _ in world.catalog.faults = ServiceFaults() }
            let snapshot = try await table.add(0..<10, label: "a", on: machine)
            #expect(table.metadata.currentSnapshot == snapshot.identifier)
            #expect(table.metadata.snapshots.count == 1)
            #expect(
                world.journal.probes.contains {
                    $0.name == "lake commit of unknown outcome adopted"
                })
        }
    }

    @Test(
        "Whatever stores and catalog do, a change is committed once and its files are there",
        arguments: 1...30 as ClosedRange<UInt64>)
    func faults(seed: UInt64) throws {
        try inWorld(seed: seed) { machine, world in
            let table = try await openShelf(machine)
            var faults = ServiceFaults()
            faults.refusalsPerMillion = 100_000
            faults.conflictsPerMillion = 200_000
            world.objects.faults = faults
            faults.lostBeforePerMillion = 300_000
            faults.lostAfterPerMillion = 200_000
            world.catalog.faults = faults
            var committed: [String] = []
            for round in 0..<5 {
                let start = Int64(round * 10)
                do {
                    _ = try await table.add(start..<start + 10, label: "\(round)", on: machine)
                    committed.append("\(round)")
                } catch let error as IcebergError {
                    guard case .unavailable = error else { throw error }
                }
            }
            world.catalog.faults = ServiceFaults()
            world.objects.faults = ServiceFaults()
            // What may still be under way has landed by then.
            try await machine.sleep(.seconds(30))
            let reread = try await openShelf(machine)
            #expect(reread.labels.reversed() == committed)
            #expect(try await reread.numbers().count == committed.count * 10)
            #expect(!committed.isEmpty)
        }
    }

    @Test("A commit that its state does not allow is not made, whoever was first")
    func validated() throws {
        struct Refused: Error {}
        try inWorld { machine, world in
            let (one, other) = (try await openShelf(machine), try await openShelf(machine))
            _ = try await other.add(0..<5, label: "first", on: machine)
            var looks = 0
            await #expect(throws: Refused.self) {
                try await one.add(0..<5, label: "second", on: machine) {
                    looks += 1
                    if $0.property("label") == "first" { throw Refused() }
                }
            }
            #expect(looks == 2)
            try await one.refresh()
            #expect(one.labels == ["first"])
        }
    }

    @Test("After an answer that never came and a catalog that is gone, the outcome is unknown")
    func unknown() throws {
        try inWorld { machine, world in
            let table = try await openShelf(machine)
            world.catalog.faults.lostBeforePerMillion = 1_000_000
            machine.spawn("end of the outage") {
                try await machine.sleep(.seconds(3))
                // The catalog can be read again, but nothing more can be written.
                world.catalog.faults = ServiceFaults()
                world.objects.faults.refusalsPerMillion = 1_000_000
                try await machine.sleep(.seconds(120))
                world.objects.faults = ServiceFaults()
            }
            do {
                _ = try await table.add(0..<5, label: "a", on: machine)
            } catch IcebergError.outcomeUnknown {
            }
            try await machine.sleep(.seconds(60))
            try await table.refresh()
            #expect(table.labels.count <= 1)
        }
    }

    @Test("Many small manifests become one, and nothing else changes")
    func mergedManifests() throws {
        try inWorld { machine, world in
            let table = try await openShelf(machine)
            var sequences: [String: Int64] = [:]
            for round in 0..<40 {
                let start = Int64(round * 3)
                _ = try await table.add(start..<start + 3, label: "\(round)", on: machine)
                let current = try #require(table.metadata.current)
                let scan = try await table.scan(current)
                for data in scan.dataFiles {
                    let known = sequences.updateValue(data.sequenceNumber, forKey: data.file.path)
                    #expect(known == nil || known == data.sequenceNumber)
                }
                #expect(scan.dataFiles.count == round + 1)
                let list = try await table.manifestList(of: current)
                #expect(list.manifests.count <= 17)
                #expect(
                    list.manifests.reduce(0) { $0 + $1.addedRowCount + $1.existingRowCount }
                        == Int64(round * 3 + 3))
            }
            #expect(try await table.numbers() == Array(0..<120))
            #expect(Set(sequences.values) == Set(1...40))
        }
    }

    @Test("Deletes of several files in one are applied, each where it belongs")
    func deletes() throws {
        try inWorld { machine, world in
            let table = try await openShelf(machine)
            var change = LakeChange()
            for start in [0, 10, 20] as [Int64] {
                change.dataFiles.append(try await table.file(start..<start + 10))
            }
            _ = try await table.commit(change, on: machine) { _ in }
            let paths = change.dataFiles.map(\.path)
            let deletes = [(2, 9), (0, 3), (2, 0), (0, 1)].map {
                PositionDelete(path: paths[$0.0], position: Int64($0.1))
            }
            let file = try positionDeleteFile(deletes)
            let path = table.newPath("data", "-deletes.parquet")
            try await table.write(file.bytes, at: path)
            let described = DataFile(file, deleting: deletes, path: path)
            #expect(described.referencedDataFile == nil)
            let found = try positionDeletes(in: file.bytes, path)
            #expect(
                found
                    == deletes.sorted {
                        ($0.path, $0.position) < ($1.path, $1.position)
                    })
            // Bounds of paths must never hide a file that is named.
            let bounds = try #require(described.columns.first { $0.identifier == 2_147_483_546 })
            let named = [paths[0], paths[2]].sorted()
            #expect(bounds.lower == Array(named[0].utf8) && bounds.upper == Array(named[1].utf8))
            var removal = LakeChange()
            removal.deleteFiles = [described]
            let snapshot = try #require(
                try await table.commit(removal, on: machine) { _ in })
            #expect(snapshot.summary("operation") == "delete")
            #expect(snapshot.summary("total-position-deletes") == "4")
            let left = Set(0..<30 as Range<Int64>).subtracting([29, 3, 20, 1])
            #expect(try await table.numbers() == left.sorted())
        }
    }

    @Test("Of a large file only the wanted columns are fetched")
    func largeFile() throws {
        try inWorld { machine, world in
            let table = try await openShelf(machine)
            var configuration = ParquetWriter.Configuration()
            configuration.compression = .none
            configuration.isDictionaryEnabled = false
            var writer = try ParquetWriter(
                schema: ParquetSchema(shelfSchema), configuration: configuration)
            let rows = (0..<20_000 as Range<Int64>).map { number in
                [Value.bigint(number), .string("a rather long text of the number \(number)")]
            }
            try writer.append(try RecordBatch(schema: shelfSchema, rows: rows))
            let file = writer.finish()
            #expect(file.bytes.count > 900_000)
            let path = table.newPath("data", ".parquet")
            try await table.write(file.bytes, at: path)
            var change = LakeChange()
            change.dataFiles = [DataFile(file, content: .data, path: path)]
            _ = try await table.commit(change, on: machine) { _ in }
            let before = world.objects.counters.getBytes
            let found = try await table.rows(
                of: change.dataFiles[0], without: LakeDeletions(), as: shelfSchema.project([0]))
            #expect(found.flatMap(\.batch.rows) == rows.map { [$0[0]] })
            #expect(world.objects.counters.getBytes - before < 350_000)
        }
    }

    @Test("Rewriting leaves the rows in one file, and a snapshot that says so")
    func rewritten() throws {
        try inWorld { machine, world in
            let table = try await openShelf(machine)
            for start in [0, 10, 20] as [Int64] {
                _ = try await table.add(start..<start + 10, label: "a", on: machine)
            }
            let before = table.metadata
            let scan = try await table.scan(try #require(table.metadata.current))
            let change = try #require(
                try await table.compaction(of: scan.dataFiles, in: scan))
            let commit = try await table.prepared(change, on: machine)
            #expect(try await openShelf(machine).metadata == before, "nothing is committed yet")
            _ = try await machine.lakeCatalog.commit(shelfName, commit)
            try await table.refresh()
            let current = try #require(table.metadata.current)
            #expect(current.summary("operation") == "replace")
            #expect(current.summary("total-records") == "30")
            #expect(try await table.scan(current).dataFiles.count == 1)
            #expect(try await table.numbers() == Array(0..<30))
            _ = try await table.add(30..<40, label: "b", on: machine)
            #expect(try await table.numbers() == Array(0..<40))
            #expect(table.metadata.current?.summary("total-records") == "40")
        }
    }

    @Test("A property alone makes other metadata of the same snapshot")
    func property() throws {
        try inWorld { machine, world in
            let table = try await openShelf(machine)
            _ = try await table.add(0..<10, label: "a", on: machine)
            let snapshot = table.metadata.currentSnapshot
            var change = LakeChange()
            change.properties = [("owner", "somebody")]
            let commit = try await table.prepared(change, on: machine)
            let isDone = try await machine.lakeCatalog.commit(shelfName, commit)
            #expect(isDone)
            // Whoever commits on what it knew meets a conflict, and keeps the property.
            _ = try await table.add(10..<20, label: "b", on: machine)
            #expect(world.journal.probes.contains { $0.name == "lake commit conflict" })
            #expect(table.metadata.property("owner") == "somebody")
            #expect(table.metadata.current?.parent == snapshot)
        }
    }

    @Test("A copy in another place has the same rows, and needs nothing of the first")
    func copied() throws {
        let target = LakeLocation(prefix: "file:///elsewhere/")
        var files: [LakeExport.File] = []
        var metadata = ""
        try inWorld { machine, world in
            let table = try await openShelf(machine)
            for round in 0..<20 {
                var change = LakeChange()
                let start = Int64(round * 10)
                change.dataFiles = [try await table.file(start..<start + 10)]
                let deletes = change.dataFiles.map { PositionDelete(path: $0.path, position: 4) }
                let file = try positionDeleteFile(deletes)
                let path = table.newPath("data", "-deletes.parquet")
                try await table.write(file.bytes, at: path)
                change.deleteFiles = [DataFile(file, deleting: deletes, path: path)]
                _ = try await table.commit(change, on: machine) { _ in }
            }
            metadata = try await LakeExport.copy(table, to: target) { files.append($0) }
        }
        try inWorld { machine, world in
            #expect(Set(files.map(\.path)).count == files.count)
            for file in files {
                _ = try await machine.objectStore.put(
                    file.bytes, at: "lake/" + file.path, .ifAbsent)
            }
            _ = try await machine.lakeCatalog.create(
                shelfName, LakeTableCreation(metadataLocation: metadata))
            let table = try #require(try await LakeTable.open(machine, shelfName, in: target))
            let expected = (0..<200 as Range<Int64>).filter { $0 % 10 != 4 }
            #expect(try await table.numbers() == expected)
            #expect(table.metadata.snapshots.count == 20)
        }
    }
}
