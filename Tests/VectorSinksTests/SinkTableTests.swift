import Columnar
import JSON
import Platform
import Testing

@testable import VectorSinks

@Suite("Rows become points")
struct SinkTableTests {
    private static let schema = Schema(
        fields: [
            Field(identifier: 1, name: "id", type: .bigint, isNullable: false),
            Field(identifier: 2, name: "price", type: .decimal(precision: 6, scale: 2)),
            Field(identifier: 3, name: "note", type: .string),
            Field(identifier: 4, name: "image", type: .vector(dimension: 2)),
            Field(identifier: 5, name: "text", type: .vector(dimension: 1)),
            Field(identifier: 6, name: "share", type: .double),
        ], primaryKey: [0])

    @Test("A key has the same identifier everywhere, and each another")
    func identifiers() {
        let identifier = SinkTable.identifier(ofKey: Array("abc".utf8))
        // SHA-256 of abc (FIPS 180-4, appendix B.1) with the marks of RFC 9562.
        #expect("\(identifier)" == "ba7816bf-8f01-8fea-8141-40de5dae2223")
        #expect(PointIdentifier("\(identifier)") == identifier)
        #expect(PointIdentifier("ba7816bf-8f01") == nil)
        let others = Set((0..<1000).map { SinkTable.identifier(ofKey: Array("\($0)".utf8)) })
        #expect(others.count == 1000)
        let parts = [nil, 0, 1, 256].map {
            SinkTable.identifier(ofKey: Array("abc".utf8), partition: $0)
        }
        #expect(Set(parts).count == 4 && parts[0] == identifier)
    }

    @Test("A point has its key and the wanted columns; a row without a vector has none")
    func points() throws {
        let shape = try #require(SinkTable(Self.schema, vectors: [3], attributes: [1]))
        let row: Row = [
            .bigint(7), .decimal(1250), .string("x"), .vector([1, 2]), .null, .null,
        ]
        let change = try shape.change(row, Self.schema, isDelete: false, offset: 9)
        let attributes = [
            JSONMember("id", .integer(7)), JSONMember("price", .string("12.50")),
        ]
        #expect(change.effects == [.point(vector: [1, 2], attributes: attributes)])
        let gone = try shape.change(row, Self.schema, isDelete: true, offset: 10)
        #expect(gone.effects == [.none] && gone.identifier == change.identifier)
        let bare: Row = [.bigint(7), .null, .null, .null, .null, .null]
        #expect(
            try shape.change(bare, Self.schema, isDelete: false, offset: 11).effects == [.none])
        #expect(SinkTable(Self.schema, vectors: [3, 0], attributes: []) == nil)
        #expect(SinkTable(Self.schema, vectors: [], attributes: []) == nil)
    }

    @Test("Each column of vectors has points of its own, of the same identifier")
    func columns() throws {
        let shape = try #require(SinkTable(Self.schema, vectors: [4, 3], attributes: [5]))
        let row: Row = [
            .bigint(1 << 53), .null, .null, .vector([.infinity, 2]), .vector([3]), .double(.nan),
        ]
        let change = try shape.change(row, Self.schema, isDelete: false, offset: 9, partition: 5)
        let text = try #require(change.point(0))
        #expect(text.vector == [3] && text.version == 9 && text.partition == 5)
        // What JSON cannot say, or a double does not hold, is text.
        #expect(
            text.attributes == [
                JSONMember("id", "9007199254740992"), JSONMember("share", "nan"),
            ])
        #expect(change.point(1) == nil)
        var batch = SinkBatch(from: 9)
        batch.add(ChangePage(changes: [change], nextOffset: 10))
        #expect(batch.upserts(0) == [text] && batch.deletions(0).isEmpty)
        #expect(batch.upserts(1).isEmpty && batch.deletions(1).map(\.version) == [9])
    }

    @Test("Of a key in a batch the newest change counts")
    func batches() {
        let first = PointIdentifier(high: 0, low: 1)
        let second = PointIdentifier(high: 0, low: 2)
        var batch = SinkBatch(from: 5)
        let changes = [
            SinkChange(first, offset: 5, [.point(vector: [1], attributes: [])]),
            SinkChange(second, offset: 6, [.point(vector: [2], attributes: [])]),
            SinkChange(first, offset: 7, [.none]),
            SinkChange(second, offset: 8, [.point(vector: [3], attributes: [])]),
        ]
        batch.add(ChangePage(changes: changes, nextOffset: 9))
        #expect(batch.upserts(0) == [VectorPoint(second, version: 8, vector: [3])])
        #expect(batch.deletions(0) == [PointVersion(first, version: 7)])
        #expect(batch.pointCount == 2 && batch.endOffset == 9)
    }
}
