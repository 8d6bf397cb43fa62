import Columnar
import LakeTiering
import TestSupport
import Testing

@testable import Iceberg

@Suite("Progress in a lake table")
struct LakeProgressTests {
    @Test("Offsets are written and read in one way only")
    func progress() throws {
        #expect(LakeProgress.format([123, 0, 7]) == "0:123,1:0,2:7")
        #expect(LakeProgress.parse("0:123,1:0,2:7") == [123, 0, 7])
        for text in ["", "0:", "1:5", "0:-1", "0:1,", "0:1,0:2", "0:01", "0:1:2", "a:b", "0: 1"] {
            #expect(LakeProgress.parse(text) == nil, "\(text)")
        }
    }

    @Test("System columns come last, with ids that no column of a table ever has")
    func systemColumns() {
        let schema = Schema(
            identifier: 4,
            fields: [
                Field(identifier: 1, name: "id", type: .int, isNullable: false),
                Field(identifier: 5, name: "point", type: .vector(dimension: 8)),
            ], primaryKey: [0])
        let table = IcebergSchema(tiering: schema)
        #expect(table.columns.fields.suffix(3) == SystemColumns.all[...])
        #expect(table.columns.fields[1].type == .vector(dimension: 8, elementIdentifier: 6))
        #expect(table.lastColumnIdentifier == 1_000_000_003)
    }

    @Test("A table whose properties and snapshots disagree on progress is refused")
    func progressOfTables() throws {
        var metadata = TableMetadata(
            uuid: "u", location: "s3://warehouse/t",
            schema: IcebergSchema(LoggedTable.schema(isKeyed: true)),
            timestampMilliseconds: 5)
        #expect(try LakeProgress.current(of: metadata) == nil)
        let start = LakeProgress(tableIdentifier: 3, epoch: 1, offsets: [0, 0])
        for (name, value) in start.properties { metadata.setProperty(name, value) }
        #expect(try LakeProgress.current(of: metadata) == start)
        let next = LakeProgress(tableIdentifier: 3, epoch: 2, offsets: [4, 1])
        func snapshot(_ identifier: Int64, _ summary: [Snapshot.SummaryEntry]) -> Snapshot {
            Snapshot(
                identifier: identifier, parent: metadata.currentSnapshot,
                sequenceNumber: metadata.lastSequenceNumber + 1, timestampMilliseconds: 6,
                manifestList: "l", schemaIdentifier: 0, summary: summary)
        }
        metadata.append(snapshot(1, next.summary(from: [0, 0])), replacing: "m")
        #expect(throws: IcebergError.self) { try LakeProgress.current(of: metadata) }
        for (name, value) in next.properties { metadata.setProperty(name, value) }
        #expect(try LakeProgress.current(of: metadata) == next)
        // A stranger's compaction changes no row; anything else that a stranger does may.
        metadata.append(snapshot(2, [.init("operation", "replace")]), replacing: "m")
        #expect(try LakeProgress.current(of: metadata) == next)
        metadata.append(snapshot(3, [.init("operation", "append")]), replacing: "m")
        #expect(throws: IcebergError.self) { try LakeProgress.current(of: metadata) }
    }
}
