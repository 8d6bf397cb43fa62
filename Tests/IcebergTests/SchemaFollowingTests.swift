import Columnar
import JSON
import Testing

@testable import Iceberg

@Suite("A lake table's columns follow those of its writer")
struct SchemaFollowingTests {
    private static let place = DataType("row<street string, zone tinyint>")!

    private static let former = Schema(fields: [
        Field(identifier: 1, name: "id", type: .bigint, isNullable: false),
        Field(identifier: 2, name: "size", type: .tinyint),
        Field(identifier: 3, name: "price", type: .float),
        Field(identifier: 4, name: "place", type: place),
        Field(identifier: 9, name: "__offset", type: .bigint, isNullable: false),
    ])

    private static func lake() -> TableMetadata {
        TableMetadata(
            uuid: "u", location: "s3://warehouse/shelf", schema: IcebergSchema(former),
            timestampMilliseconds: 1)
    }

    private static func later(_ fields: [Field]) -> IcebergSchema {
        IcebergSchema(
            Schema(
                identifier: 1, fields: fields,
                highestFieldIdentifier: former.highestFieldIdentifier + 1))
    }

    private static func names(_ metadata: TableMetadata) -> [String] {
        metadata.schema.columns.fields.map { "\($0.identifier) \($0.name)" }
    }

    /// The columns of before, after one was added, dropped, renamed, moved and widened.
    private static func next() -> IcebergSchema {
        var fields = former.fields
        fields[1].type = .int
        fields[2].type = .double
        fields[2].name = "cost"
        fields.remove(at: 3)
        fields.insert(Field(identifier: 20, name: "note", type: .string), at: 3)
        fields.swapAt(0, 1)
        return later(fields)
    }

    @Test("Columns are added, dropped, renamed, moved and widened by their ids")
    func follows() throws {
        let lake = Self.lake()
        let updates = try lake.following(from: IcebergSchema(Self.former), to: Self.next())
        let followed = try lake.applying(updates, replacing: "v1", at: 9)
        #expect(
            Self.names(followed) == ["2 size", "1 id", "3 cost", "20 note", "9 __offset"])
        #expect(
            followed.schema.columns.fields.map(\.type)
                == [.int, .bigint, .double, .string, .bigint])
        #expect(followed.schemas.count == 2 && followed.currentSchemaIdentifier == 1)
        #expect(followed.lastColumnIdentifier >= 20)
        // That of the column that was dropped stays: the past has it.
        #expect(followed.property("wavetank.types") == "11=tinyint")
        // Made again, as after an answer that was lost, nothing is left to do.
        #expect(try followed.following(from: IcebergSchema(Self.former), to: Self.next()) == [])
        #expect(followed.reflects(updates))
    }

    @Test("What another program did to the columns stays")
    func foreign() throws {
        var lake = Self.lake()
        let acts: [(TableMetadata) -> [TableUpdate]] = [
            { $0.addingColumn("theirs") }, { $0.renamingColumn(2, to: "their_size") },
            { $0.renamingColumn(3, to: "their_price") },
        ]
        for act in acts { lake = try lake.applying(act(lake), replacing: "v", at: 2) }
        let updates = try lake.following(from: IcebergSchema(Self.former), to: Self.next())
        let followed = try lake.applying(updates, replacing: "v1", at: 9)
        let theirs = try #require(
            followed.schema.columns.fields.first { $0.name == "theirs" }?.identifier)
        #expect(
            Self.names(followed) == [
                "2 their_size", "1 id", "3 cost", "20 note", "9 __offset", "\(theirs) theirs",
            ])
        let clashing = Self.later(
            Self.former.fields + [Field(identifier: 30, name: "theirs", type: .int)])
        #expect(throws: IcebergError.self) {
            try lake.following(from: IcebergSchema(Self.former), to: clashing)
        }
    }

    @Test("Fields of a row follow too, at any depth")
    func nested() throws {
        guard case .row(let row) = Self.former.fields[3].type else {
            Issue.record("\(Self.former)")
            return
        }
        var inner = row.fields
        inner[1].type = .bigint
        inner.append(Field(identifier: 40, name: "country", type: .string))
        inner.removeFirst()
        var fields = Self.former.fields
        fields[3].type = .row(RowType(inner))
        let lake = Self.lake()
        let updates = try lake.following(
            from: IcebergSchema(Self.former), to: Self.later(fields))
        let followed = try lake.applying(updates, replacing: "v1", at: 9)
        #expect(followed.schema.columns.fields[3].type == fields[3].type)
        #expect(Self.lake().schema.columns.fields[3].type == Self.former.fields[3].type)
    }

    @Test("What Iceberg's rules do not allow is refused by name")
    func refused() {
        func flaw(_ change: (inout [Field]) -> Void) -> String? {
            var fields = Self.former.fields
            change(&fields)
            return IcebergSchema.flaw(from: Self.former.fields, to: fields)
        }
        #expect(flaw { $0[1].type = .bigint } == nil)
        #expect(flaw { $0[2].type = .double } == nil)
        #expect(flaw { $0[1].type = .string }?.contains("column size") == true)
        #expect(flaw { $0[0].type = .int }?.contains("column id") == true)
        #expect(flaw { $0[1].isNullable = false }?.contains("column size") == true)
        let required = Field(identifier: 50, name: "new", type: .int, isNullable: false)
        #expect(flaw { $0.append(required) }?.contains("column new") == true)
        let digits = { DataType.decimal(precision: $0, scale: 2) }
        let decimal = [Field(identifier: 1, name: "sum", type: digits(8))]
        func becomes(_ type: DataType) -> String? {
            IcebergSchema.flaw(
                from: decimal, to: [Field(identifier: 1, name: "sum", type: type)])
        }
        #expect(becomes(digits(12)) == nil)
        #expect(becomes(digits(6)) != nil)
        #expect(becomes(.decimal(precision: 12, scale: 3)) != nil)
    }
}
