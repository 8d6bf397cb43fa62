import Avro
import Columnar
import JSON
import Platform
import Simulation
import TestSupport
import Testing

@testable import Iceberg

@Suite("What others put into a table survives our commits")
struct LosslessTests {
    /// Metadata of a table on which other programs have worked, with members of format version 3
    /// and of no version at all.
    private static func foreign(_ metadata: TableMetadata) throws -> TableMetadata {
        guard case .object(var members) = metadata.json else { return metadata }
        func set(_ name: String, _ value: JSONValue) {
            members.removeAll { $0.name == name }
            members.append(JSONMember(name, value))
        }
        var field: JSONValue = ["id": 900, "name": "later", "required": false, "type": "variant"]
        if case .object(let known) = field {
            field = .object(known + [JSONMember("initial-default", nil)])
        }
        set(
            "schemas",
            .array(
                metadata.schemas + [
                    ["type": "struct", "schema-id": 7, "fields": [field], "x-owner": "somebody"]
                ]))
        set("last-column-id", 2_000_000_000)
        set(
            "partition-specs",
            [
                ["spec-id": 0, "fields": []],
                [
                    "spec-id": 1,
                    "fields": [
                        ["source-id": 1, "field-id": 1000, "name": "n", "transform": "bucket[4]"]
                    ],
                ],
            ])
        set("default-spec-id", 1)
        set("last-partition-id", 1000)
        set(
            "sort-orders",
            [
                ["order-id": 0, "fields": []],
                [
                    "order-id": 1,
                    "fields": [
                        [
                            "transform": "identity", "source-id": 1, "direction": "asc",
                            "null-order": "nulls-first",
                        ]
                    ],
                ],
            ])
        set("default-sort-order-id", 1)
        let snapshot = JSONValue.integer(metadata.currentSnapshot ?? 0)
        set(
            "statistics",
            [
                [
                    "snapshot-id": snapshot, "statistics-path": "s3://warehouse/x.puffin",
                    "file-size-in-bytes": 1, "file-footer-size-in-bytes": 1, "blob-metadata": [],
                ]
            ])
        set(
            "partition-statistics",
            [
                ["snapshot-id": snapshot, "statistics-path": "p", "file-size-in-bytes": 1]
            ])
        set(
            "refs",
            [
                "main": ["snapshot-id": snapshot, "type": "branch", "max-ref-age-ms": 5],
                "kept": ["snapshot-id": snapshot, "type": "tag", "max-ref-age-ms": 6],
                "side": ["snapshot-id": snapshot, "type": "branch", "min-snapshots-to-keep": 3],
            ])
        set("x-unknown", ["a": [1, .number(2.5), nil, true]])
        return try TableMetadata(
            decoding: Array(JSONValue.object(members).compact.utf8), path: "foreign")
    }

    private static func hand(_ metadata: TableMetadata, to table: LakeTable, _ machine: Machine)
        async throws
    {
        let path = table.newPath("metadata", ".metadata.json")
        try await table.write(Array(metadata.json.compact.utf8), at: path)
        let isDone = try await machine.lakeCatalog.commit(
            table.name, .swap(from: table.metadataLocation, to: path))
        #expect(isDone)
    }

    @Test("Schemas, specs, sort orders, references, statistics and members that nobody knows")
    func metadata() throws {
        try inWorld { machine, world in
            let table = try await openShelf(machine)
            _ = try await table.add(0..<10, label: "a", on: machine)
            let foreign = try Self.foreign(table.metadata)
            try await Self.hand(foreign, to: table, machine)
            try await table.refresh()
            for round in 1...3 as ClosedRange<Int64> {
                _ = try await table.add(
                    round * 10..<round * 10 + 10, label: "\(round)", on: machine)
            }
            let later = try await openShelf(machine).metadata
            #expect(foreign.losses(in: later) == [])
            #expect(later.lastColumnIdentifier == 2_000_000_000)
            for name in foreign.others.map(\.name) {
                #expect(
                    later.others.first { $0.name == name }
                        == foreign.others.first { $0.name == name },
                    "\(name)")
            }
            #expect(later.references == foreign.references)
            #expect(later.mainOthers == [JSONMember("max-ref-age-ms", 5)])
            #expect(try await table.numbers() == Array(0..<40))
        }
    }

    @Test("A loss is told by name")
    func losses() throws {
        var metadata = TableMetadata(
            uuid: "u", location: "l", schema: IcebergSchema(shelfSchema), timestampMilliseconds: 5)
        metadata = try Self.foreign(metadata)
        let bare = TableMetadata(
            uuid: "u", location: "l", schema: IcebergSchema(shelfSchema), timestampMilliseconds: 5)
        let losses = metadata.losses(in: bare)
        for word in ["schema 7", "spec-id 1", "order-id 1", "tag kept", "branch side", "x-unknown"]
        {
            #expect(losses.contains { $0.contains(word) }, "\(word) in \(losses)")
        }
    }

    @Test("Merged manifests keep partition values, specs and counts, and what is not known alone")
    func manifests() throws {
        try inWorld { machine, world in
            let table = try await openShelf(machine)
            _ = try await table.add(0..<1, label: "a", on: machine)
            var header = ManifestHeader(of: table.metadata)
            header.specIdentifier = 1
            header.partitionSpec = "[{\"name\":\"n\"}]"
            header.partitionType = .record(
                name: "r102", fields: [AvroField("n", .optional(.int), 1000)])
            let current = try #require(table.metadata.current)
            var list = try await table.manifestList(of: current)
            for number in 0..<20 as Range<Int64> {
                var file = try await table.file(100 + number..<101 + number)
                file.partition = .record([.int(Int32(number))])
                file.keyMetadata = [1, UInt8(number)]
                file.sortOrder = 1
                file.columns.append(
                    DataFile.ColumnBounds(identifier: 77, nanCount: number, lower: [9]))
                let manifest = Manifest(
                    content: .data, header: header, entries: [ManifestEntry(adding: file)])
                let path = table.newPath("metadata", ".avro")
                let bytes = try manifest.encoded(syncMarker: table.syncMarker(path))
                try await table.write(bytes, at: path)
                var described = ManifestFile(
                    path: path, byteCount: bytes.count, manifest: manifest, sequenceNumber: 1,
                    snapshot: current.identifier)
                described.partitions = [
                    .init(containsNull: false, containsNaN: nil, lower: [1], upper: [2])
                ]
                list.manifests.append(described)
            }
            let known = try ManifestList(
                decoding: try list.encoded(
                    snapshot: 1, parent: nil, sequenceNumber: 1, syncMarker: [UInt8](0..<16)),
                path: "list")
            #expect(known == list)
            let merged = try await table.merged(list.manifests, 9, 99)
            #expect(merged.count == 2 && Set(merged.map(\.specIdentifier)) == [0, 1])
            let file = try #require(merged.first { $0.specIdentifier == 1 })
            let manifest = try await table.manifest(file)
            #expect(manifest.header == header)
            #expect(manifest.entries.map(\.file.partition) == (0..<20).map { .record([.int($0)]) })
            #expect(
                manifest.entries.allSatisfy { $0.sequenceNumber == 1 && $0.file.sortOrder == 1 })
            #expect(manifest.entries.map { $0.file.keyMetadata![1] } == Array(0..<20))
            #expect(manifest.entries.map { $0.file.columns.last!.nanCount! } == Array(0..<20))
        }
    }

    @Test("A catalog that refuses is no rival: that is told as what it is")
    func refusals() throws {
        try inWorld { machine, world in
            let table = try await openShelf(machine)
            var addition = LakeChange()
            addition.dataFiles = [try await table.file(0..<3)]
            // Writes are refused; the reads that follow are answered within seconds.
            var triedCount = 0
            machine.spawn("answers reads") {
                while triedCount < 20 {
                    try await machine.sleep(.seconds(5))
                    world.catalog.faults.refusalsPerMillion = 0
                }
            }
            do {
                try await table.commit(addition, on: machine) { _ in
                    triedCount += 1
                    world.catalog.faults.refusalsPerMillion = 1_000_000
                }
                Issue.record("it was committed while the catalog refused")
            } catch IcebergError.unavailable(_, let reason) {
                #expect(reason.contains("unavailable"))
            }
            #expect(triedCount == 20)
        }
    }

    @Test("Metadata files of Hadoop tables are counted on from")
    func versions() throws {
        try inWorld { machine, world in
            let table = try await openShelf(machine)
            #expect(table.version(of: "s3://warehouse/t/metadata/v3.metadata.json") == 3)
            #expect(table.version(of: "s3://warehouse/t/metadata/00012-a.metadata.json") == 12)
        }
    }
}
