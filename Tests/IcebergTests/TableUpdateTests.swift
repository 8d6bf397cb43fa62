import Columnar
import JSON
import TestSupport
import Testing

@testable import Iceberg

@Suite("Updates and requirements as the REST protocol says them")
struct TableUpdateTests {
    private static func table() -> TableMetadata {
        let fields = [Field(identifier: 1, name: "number", type: .bigint, isNullable: false)]
        return TableMetadata(
            uuid: "u", location: "s3://warehouse/shelf",
            schema: IcebergSchema(Schema(fields: fields)),
            timestampMilliseconds: 1)
    }

    private static func snapshot(_ identifier: Int64, _ sequence: Int64) -> Snapshot {
        Snapshot(
            identifier: identifier, parent: nil, sequenceNumber: sequence,
            timestampMilliseconds: 5, manifestList: "s3://warehouse/list.avro",
            schemaIdentifier: 0, summary: [.init("operation", "append")])
    }

    @Test("A snapshot that becomes the current one asks that the last one still is")
    func commits() throws {
        var metadata = Self.table()
        for number in 1...2 as ClosedRange<Int64> {
            let updates: [TableUpdate] = [
                .addSnapshot(Self.snapshot(number, number)),
                .setSnapshotReference(SnapshotReference("main", number, .branch)),
            ]
            let required = metadata.requirements(of: updates).map(\.json.compact)
            let before = number == 1 ? "null" : "1"
            #expect(
                required == [
                    #"{"type":"assert-table-uuid","uuid":"u"}"#,
                    #"{"type":"assert-ref-snapshot-id","ref":"main","snapshot-id":\#(before)}"#,
                ])
            #expect(
                updates[1].json.compact
                    == #"{"action":"set-snapshot-ref","ref-name":"main","snapshot-id":\#(number),"#
                    + #""type":"branch"}"#)
            let next = try metadata.applying(updates, replacing: "v\(number)", at: 9)
            #expect(metadata.requirements(of: updates).allSatisfy { $0.unmet(by: metadata) == nil })
            #expect(metadata.requirements(of: updates).contains { $0.unmet(by: next) != nil })
            metadata = next
        }
    }

    @Test("An expiry asks that no branch or tag has moved, and is known to be done")
    func expiry() throws {
        var metadata = Self.table()
        for number in 1...3 as ClosedRange<Int64> {
            metadata = try metadata.applying(
                [
                    .addSnapshot(Self.snapshot(number, number)),
                    .setSnapshotReference(SnapshotReference("main", number, .branch)),
                ], replacing: "v\(number)", at: 9)
        }
        metadata = try metadata.applying(
            [.setSnapshotReference(SnapshotReference("audit", 2, .tag))], replacing: "v4", at: 9)
        let updates: [TableUpdate] = [.removeSnapshots([1])]
        #expect(updates[0].json.compact == #"{"action":"remove-snapshots","snapshot-ids":[1]}"#)
        #expect(
            metadata.requirements(of: updates) == [
                .assertTableUUID("u"), .assertReferenceSnapshot(name: "main", 3),
                .assertReferenceSnapshot(name: "audit", 2),
            ])
        #expect(!metadata.reflects(updates))
        let done = try metadata.applying(updates, replacing: "v5", at: 10)
        #expect(done.reflects(updates))
        let property: [TableUpdate] = [.setProperties([JSONMember("owner", "somebody")])]
        #expect(!done.reflects(property))
        #expect(try done.applying(property, replacing: "v6", at: 11).reflects(property))
    }
}
