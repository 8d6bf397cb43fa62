import Columnar
import JSON
import LakeTiering
import TestSupport
import Testing

@testable import Iceberg

@Suite("Progress in a lake table")
struct LakeProgressTests {
    @Test("Offsets are written and read in one way only")
    func progress() throws {
        #expect(LakeOffsets([123, 0, 7]).description == "0:123,1:0,2:7")
        #expect(LakeOffsets(text: "0:123,1:0,2:7") == [123, 0, 7])
        for text in ["", "0:", "1:5", "0:-1", "0:1,", "0:1,0:2", "0:01", "0:1:2", "a:b", "0: 1"] {
            #expect(LakeOffsets(text: text) == nil, "\(text)")
        }
    }

    @Test("Offsets of partitions name each with its buckets, and are read in one way only")
    func partitionedProgress() throws {
        let buckets = [7, 9].flatMap { partition in
            (0..<2).map { LakeBucket(partition: partition, bucket: $0) }
        }
        var offsets = LakeOffsets(startOf: buckets)
        offsets[LakeBucket(partition: 9, bucket: 1)] = 5
        #expect(offsets.description == "7/0:0,7/1:0,9/0:0,9/1:5")
        #expect(LakeOffsets(text: offsets.description) == offsets)
        for text in ["7/1:0", "7/0:1,9/1:2", "9/0:1,7/0:2", "7/0:1,0:2", "7/0:1,7/0:2", "/0:1"] {
            #expect(LakeOffsets(text: text) == nil, "\(text)")
        }
        #expect(offsets.without([7]).buckets == Array(buckets.suffix(2)))
        #expect(offsets.without([9]).isWithin(offsets) && !offsets.isWithin(offsets.without([9])))
        let partitions = [
            LakePartition(identifier: 7, values: ["eu", "a=b"]),
            LakePartition(identifier: 9, values: ["us", ""]),
        ]
        let progress = LakeProgress(
            tableIdentifier: 3, epoch: 1, offsets: offsets, partitions: partitions)
        var metadata = Self.metadata()
        metadata = try Self.adding(
            1, progress.summary(from: LakeOffsets()), to: metadata,
            properties: progress.properties)
        #expect(try LakeProgress.current(of: metadata) == progress)
        #expect(LakeProgress.start(of: try #require(metadata.current)) == LakeOffsets())
        // Offsets of a partition whose values nobody knows are no progress.
        let unknown = [(LakeProgress.partitionsProperty, "7=eu$a")]
        metadata = try Self.adding(
            2, progress.summary(from: offsets), to: metadata, properties: unknown)
        #expect(throws: IcebergError.self) { try LakeProgress.current(of: metadata) }
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

    private static func metadata() -> TableMetadata {
        TableMetadata(
            uuid: "u", location: "s3://warehouse/t",
            schema: IcebergSchema(LoggedTable.schema(isKeyed: true)), timestampMilliseconds: 5)
    }

    /// The table after a snapshot that follows the current one, or another.
    private static func adding(
        _ identifier: Int64, _ summary: [Snapshot.SummaryEntry], to metadata: TableMetadata,
        after parent: Int64? = nil, properties: [(String, String)] = []
    ) throws -> TableMetadata {
        let snapshot = Snapshot(
            identifier: identifier, parent: parent ?? metadata.currentSnapshot,
            sequenceNumber: metadata.lastSequenceNumber + 1, timestampMilliseconds: 6,
            manifestList: "l", schemaIdentifier: 0, summary: summary)
        return try metadata.applying(
            [
                .addSnapshot(snapshot),
                .setSnapshotReference(SnapshotReference("main", identifier, .branch)),
                .setProperties(properties.map { JSONMember($0.0, .string($0.1)) }),
            ], replacing: "m", at: 6)
    }

    @Test("What a state reflects outlives compaction, expiry and rollback by others")
    func progressOfTables() throws {
        var metadata = Self.metadata()
        #expect(try LakeProgress.current(of: metadata) == nil)
        var expected = LakeProgress(tableIdentifier: 3, epoch: 1, offsets: [0, 0])
        for (name, value) in expected.properties { metadata.setProperty(name, value) }
        #expect(try LakeProgress.current(of: metadata) == expected)
        for round in 1...3 as ClosedRange<Int64> {
            expected = LakeProgress(tableIdentifier: 3, epoch: 2, offsets: [4 * round, 1])
            metadata = try Self.adding(
                round, expected.summary(from: [0, 0]), to: metadata,
                properties: expected.properties)
            #expect(try LakeProgress.current(of: metadata) == expected)
        }
        // A foreign compaction changes no row. Once all before it has expired the properties tell
        // the offsets; whether a foreign update is among what was compacted, nobody knows then.
        metadata = try Self.adding(4, [.init("operation", "replace")], to: metadata)
        #expect(try LakeProgress.current(of: metadata) == expected)
        let alone = try metadata.applying([.removeSnapshots([1, 2, 3])], replacing: "m", at: 7)
        var doubted = expected
        doubted.foreignSnapshot = 4
        #expect(try LakeProgress.current(of: alone) == doubted)
        // A rollback takes the offsets back with it, but gives no past tierer its table back.
        let back = try metadata.applying(
            [.setSnapshotReference(SnapshotReference("main", 1, .branch))], replacing: "m", at: 7)
        #expect(try LakeProgress.current(of: back)?.offsets == [4, 1])
        #expect(try LakeProgress.current(of: back)?.epoch == 2)
        // Foreign rows are told of from then on, in our later snapshots too.
        let shared = try Self.adding(5, [.init("operation", "append")], to: metadata)
        var reached = try #require(try LakeProgress.current(of: shared))
        #expect(reached.offsets == expected.offsets && reached.foreignSnapshot == 5)
        reached.offsets = [20, 1]
        let next = try Self.adding(
            6, reached.summary(from: expected.offsets), to: shared, properties: reached.properties)
        #expect(try LakeProgress.current(of: next) == reached)
    }

    @Test("A table of another, or one that says two things, is refused")
    func contradictions() throws {
        let ours = LakeProgress(tableIdentifier: 3, epoch: 1, offsets: [1])
        let other = LakeProgress(tableIdentifier: 4, epoch: 1, offsets: [1])
        let metadata = try Self.adding(
            1, ours.summary(from: [0]), to: Self.metadata(), properties: other.properties)
        #expect(throws: IcebergError.self) { try LakeProgress.current(of: metadata) }
        let foreign = try Self.adding(1, [.init("operation", "append")], to: Self.metadata())
        #expect(try LakeProgress.current(of: foreign) == nil)
    }
}
