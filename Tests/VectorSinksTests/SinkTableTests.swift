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
    }

    @Test("A point has its key and the wanted columns; a row without a vector has none")
    func points() throws {
        let shape = try #require(SinkTable(Self.schema, vector: 3, attributes: [1]))
        let row: Row = [.bigint(7), .decimal(1250), .string("x"), .vector([1, 2])]
        let change = try shape.change(row, Self.schema, isDelete: false, offset: 9)
        #expect(
            change.effect
                == .point(
                    vector: [1, 2],
                    attributes: [
                        JSONMember("id", .integer(7)), JSONMember("price", .string("12.50")),
                    ]))
        let gone = try shape.change(row, Self.schema, isDelete: true, offset: 10)
        #expect(gone.effect == .none && gone.identifier == change.identifier)
        let bare: Row = [.bigint(7), .null, .null, .null]
        #expect(try shape.change(bare, Self.schema, isDelete: false, offset: 11).effect == .none)
        #expect(SinkTable(Self.schema, vector: 0, attributes: []) == nil)
    }

    @Test("Of a key in a batch the newest change counts")
    func batches() {
        let first = PointIdentifier(high: 0, low: 1)
        let second = PointIdentifier(high: 0, low: 2)
        var batch = SinkBatch(from: 5)
        let changes = [
            SinkChange(first, offset: 5, .point(vector: [1], attributes: [])),
            SinkChange(second, offset: 6, .point(vector: [2], attributes: [])),
            SinkChange(first, offset: 7, .none),
            SinkChange(second, offset: 8, .point(vector: [3], attributes: [])),
        ]
        batch.add(ChangePage(changes: changes, nextOffset: 9))
        #expect(batch.upserts == [VectorPoint(second, version: 8, vector: [3])])
        #expect(batch.deletions == [PointVersion(first, version: 7)])
        #expect(batch.pointCount == 2 && batch.endOffset == 9)
    }
}
