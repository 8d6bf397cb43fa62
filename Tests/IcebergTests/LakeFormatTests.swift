import Avro
import Columnar
import JSON
import Parquet
import Platform
import Simulation
import TestSupport
import Testing

@testable import Iceberg

@Suite("The lake's formats")
struct LakeFormatTests {
    private static let marker = [UInt8](0..<16)

    private static func dataFile(_ name: String) -> DataFile {
        DataFile(
            content: .data, path: "s3://warehouse/\(name)", recordCount: 7, byteCount: 1234,
            columns: [
                .init(
                    identifier: 1, byteCount: 100, valueCount: 7, nullCount: 0, lower: [1],
                    upper: [2, 3]),
                .init(
                    identifier: 2, byteCount: 90, valueCount: 7, nullCount: 2, lower: nil,
                    upper: nil),
            ], splitOffsets: [4, 600], referencedDataFile: nil)
    }

    private static var shelfMetadata: TableMetadata {
        TableMetadata(
            uuid: "u", location: "s3://warehouse/t", schema: IcebergSchema(shelfSchema),
            timestampMilliseconds: 5)
    }

    private static var manifest: Manifest {
        var existing = ManifestEntry(adding: dataFile("old"))
        existing.status = .existing
        existing.snapshot = 5
        existing.sequenceNumber = 3
        existing.fileSequenceNumber = 3
        return Manifest(
            content: .data, header: ManifestHeader(of: shelfMetadata),
            entries: [ManifestEntry(adding: dataFile("new")), existing])
    }

    @Test("A manifest is read as it was written")
    func manifests() throws {
        let bytes = try Self.manifest.encoded(syncMarker: Self.marker)
        let read = try Manifest(decoding: bytes, path: "manifest")
        #expect(read == Self.manifest)
    }

    @Test("A manifest list is read as it was written")
    func manifestLists() throws {
        let file = ManifestFile(
            path: "s3://warehouse/m", byteCount: 10, manifest: Self.manifest, sequenceNumber: 4,
            snapshot: 9)
        let list = ManifestList(manifests: [file])
        let bytes = try list.encoded(
            snapshot: 9, parent: nil, sequenceNumber: 4, syncMarker: Self.marker)
        #expect(try ManifestList(decoding: bytes, path: "list") == list)
    }

    @Test("Metadata is read as it was written, with vectors")
    func metadata() throws {
        let schema = Schema(
            identifier: 4,
            fields: [
                Field(identifier: 1, name: "id", type: .int, isNullable: false),
                Field(identifier: 5, name: "point", type: .vector(dimension: 8)),
                Field(identifier: 6, name: "price", type: .decimal(precision: 9, scale: 3)),
            ], primaryKey: [0])
        let table = IcebergSchema(schema, identifier: 4)
        var metadata = TableMetadata(
            uuid: "u", location: "s3://warehouse/t", schema: table, timestampMilliseconds: 5)
        metadata.setProperty("a", "b")
        let snapshot = Snapshot(
            identifier: 11, parent: nil, sequenceNumber: 1, timestampMilliseconds: 6,
            manifestList: "s3://warehouse/t/list", schemaIdentifier: 4,
            summary: [.init("operation", "append")])
        metadata = try metadata.applying(
            [
                .addSnapshot(snapshot),
                .setSnapshotReference(SnapshotReference("main", 11, .branch)),
            ], replacing: "s3://warehouse/t/0", at: 6)
        let read = try TableMetadata(decoding: Array(metadata.json.compact.utf8), path: "m")
        #expect(read == metadata)
        #expect(table.columns.fields[1].type == .vector(dimension: 8, elementIdentifier: 7))
        #expect(read.schema.lastColumnIdentifier == 7)
    }

    @Test(
        "Damaged files are refused with their names, and bring nothing down",
        arguments: 1...4 as ClosedRange<UInt64>)
    func damage(seed: UInt64) throws {
        let random = RandomStream(seed: seed, label: "damage")
        let metadata = TableMetadata(
            uuid: "u", location: "s3://warehouse/t", schema: IcebergSchema(shelfSchema),
            timestampMilliseconds: 5)
        let deletes = [PositionDelete(path: "s3://warehouse/f", position: 5)]
        let list = ManifestList(manifests: [
            ManifestFile(
                path: "m", byteCount: 10, manifest: Self.manifest, sequenceNumber: 4, snapshot: 9)
        ])
        let files: [([UInt8], ([UInt8]) throws -> Void)] = [
            (
                Array(metadata.json.compact.utf8),
                { _ = try TableMetadata(decoding: $0, path: "file") }
            ),
            (
                try Self.manifest.encoded(syncMarker: Self.marker),
                {
                    _ = try Manifest(decoding: $0, path: "file")
                }
            ),
            (
                try list.encoded(
                    snapshot: 9, parent: nil, sequenceNumber: 4, syncMarker: Self.marker),
                { _ = try ManifestList(decoding: $0, path: "file") }
            ),
            (
                try positionDeleteFile(deletes).bytes,
                { _ = try positionDeletes(in: $0, "file") }
            ),
        ]
        var refused = 0
        for (bytes, decode) in files {
            for _ in 0..<200 {
                var damaged = bytes
                if random.chance(1, in: 3) {
                    damaged.removeLast(random.next(in: 1..<damaged.count))
                } else {
                    damaged[random.next(in: 0..<damaged.count)] ^= UInt8(random.next(in: 1..<256))
                }
                do { try decode(damaged) } catch is IcebergError { refused += 1 }
            }
        }
        #expect(refused > 300)
    }
}
