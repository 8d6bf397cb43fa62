import Avro
import Columnar
import JSON
import Testing

@testable import Iceberg

@Suite("Partitions in manifests")
struct PartitionTests {
    private static let schema = Schema(
        fields: [
            Field(identifier: 1, name: "id", type: .bigint, isNullable: false),
            Field(identifier: 2, name: "shop no", type: .smallint),
            Field(identifier: 3, name: "place", type: .string),
            Field(identifier: 4, name: "isPaid", type: .boolean),
            Field(identifier: 5, name: "number", type: .bigint),
        ])

    private static var metadata: TableMetadata {
        TableMetadata(
            uuid: "u", location: "s3://warehouse/t", schema: IcebergSchema(schema),
            timestampMilliseconds: 5, partitionColumns: [2, 3, 4, 5])
    }

    private static func file(_ number: Int, _ values: [Value]) throws -> DataFile {
        var file = DataFile(
            content: .data, path: "s3://warehouse/t/data/\(number).parquet", recordCount: 3,
            byteCount: 100, columns: [], splitOffsets: [], referencedDataFile: nil)
        file.partitionKey = try PartitionKey(specIdentifier: 0, identity: values)
        return file
    }

    @Test("A table's spec has a field of each column, and a manifest the values of each file")
    func roundTrip() throws {
        let metadata = Self.metadata
        #expect(metadata.partitionSpec(by: [2, 3, 4, 5]) == 0)
        #expect(metadata.partitionSpec(by: [3, 2, 4, 5]) == nil)
        #expect(metadata.number("last-partition-id") == 1003)
        let header = try #require(ManifestHeader(of: metadata, spec: 0))
        let values: [[Value]] = [
            [.smallint(-3), .string("kiel"), .boolean(true), .bigint(1 << 40)],
            [.smallint(7), .string("ålesund"), .boolean(false), .bigint(-9)],
        ]
        let files = try values.enumerated().map { try Self.file($0.offset, $0.element) }
        let manifest = Manifest(
            content: .data, header: header, entries: files.map(ManifestEntry.init(adding:)))
        let bytes = try manifest.encoded(syncMarker: [UInt8](repeating: 7, count: 16))
        let decoded = try Manifest(decoding: bytes, path: "m")
        #expect(decoded == manifest)
        for (entry, expected) in zip(decoded.entries, values) {
            let found = decoded.header.identityValues(of: entry.file, in: Self.schema)
            #expect(found == [2: expected[0], 3: expected[1], 4: expected[2], 5: expected[3]])
        }
        let described = ManifestFile(
            path: "m", byteCount: bytes.count, manifest: decoded, sequenceNumber: 1, snapshot: 2)
        let summaries = described.partitions
        #expect(summaries.map(\.containsNull) == [false, false, false, false])
        #expect(summaries[0].lower == [0xFD, 0xFF, 0xFF, 0xFF])
        #expect(summaries[0].upper == [7, 0, 0, 0])
        #expect(summaries[1].lower == Array("kiel".utf8))
        #expect(summaries[1].upper == Array("ålesund".utf8))
        #expect(summaries[2].lower == [0] && summaries[2].upper == [1])
        #expect(summaries[3].upper == [0, 0, 0, 0, 0, 1, 0, 0])
    }

    @Test("A spec is found by its columns, and added under a number of its own")
    func specs() throws {
        var metadata = Self.metadata
        metadata = try metadata.applying(
            metadata.addingPartitionSpec(by: "id", 7), replacing: "m", at: 6)
        #expect(metadata.partitionSpec(by: [2, 3, 4, 5]) == 0)
        #expect(metadata.number("default-spec-id") == 1)
        metadata = try metadata.applying(
            metadata.partitioning(by: [3]), replacing: "m", at: 7)
        #expect(metadata.partitionSpec(by: [3]) == 2 && metadata.partitionSpecCount == 3)
        #expect(metadata.number("last-partition-id") == 1005)
        #expect(ManifestHeader(of: metadata, spec: 9) == nil)
        let parsed = try TableMetadata(
            decoding: Array(metadata.json.compact.utf8), path: "m.metadata.json")
        #expect(parsed.partitionSpec(by: [3]) == 2)
    }

    @Test("A file is left out of a question that the values of its partition answer")
    func pruning() throws {
        let header = try #require(ManifestHeader(of: Self.metadata, spec: 0))
        let file = try Self.file(
            1, [.smallint(7), .string("kiel"), .boolean(true), .bigint(2)])
        var live = LakeScan.LiveFile(file: file, sequenceNumber: 1)
        live.identityValues = header.identityValues(of: file, in: Self.schema)
        func mayMatch(_ column: Int32, _ comparator: RowFilter.Operator, _ value: Value) -> Bool {
            RowFilter([RowFilter.Comparison(column: column, comparator, value)])
                .mayMatch(live, Self.schema)
        }
        #expect(mayMatch(3, .equal, .string("kiel")))
        #expect(!mayMatch(3, .equal, .string("oslo")))
        #expect(!mayMatch(2, .less, .smallint(7)) && mayMatch(2, .lessOrEqual, .smallint(7)))
        #expect(!mayMatch(4, .equal, .boolean(false)))
        #expect(mayMatch(1, .equal, .bigint(5)), "nothing is known of other columns")
        #expect(!RowFilter([.isNull(column: 3)]).mayMatch(live, Self.schema))
    }

    @Test("Only text, booleans and whole numbers choose partitions")
    func types() throws {
        #expect(throws: IcebergError.self) {
            try PartitionKey(specIdentifier: 0, identity: [.double(1)])
        }
    }
}
