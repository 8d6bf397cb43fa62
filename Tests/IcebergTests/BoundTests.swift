import Columnar
import Parquet
import TestSupport
import Testing

@testable import Iceberg

@Suite("Bounds in manifests")
struct BoundTests {
    @Test("Bounds are the spec's single values, and are read back")
    func singleValues() throws {
        let price = DataType.decimal(precision: 9, scale: 2)
        let cases: [(Value, DataType, [UInt8])] = [
            (.boolean(true), .boolean, [1]),
            (.tinyint(-2), .tinyint, [0xFE, 0xFF, 0xFF, 0xFF]),
            (.int(-2), .int, [0xFE, 0xFF, 0xFF, 0xFF]),
            (.date(17_486), .date, [0x4E, 0x44, 0, 0]),
            (.bigint(34), .bigint, [34, 0, 0, 0, 0, 0, 0, 0]),
            (.double(1), .double, [0, 0, 0, 0, 0, 0, 0xF0, 0x3F]),
            (.float(-2), .float, [0, 0, 0, 0xC0]),
            (.decimal(1420), price, [0x05, 0x8C]), (.decimal(-1), price, [0xFF]),
            (.decimal(128), price, [0, 0x80]),
            (.decimal(Int128(1) << 100), .decimal(precision: 38, scale: 0), [0x10] + zeros(12)),
            (
                .timestamp(1_510_871_468_000_001), .timestampLTZ(precision: 6),
                [0x01, 0xC3, 0x26, 0x2D, 0x21, 0x5E, 0x05, 0x00]
            ),
            (.timestamp(-1), .timestamp(precision: 0), [0xC0, 0xBD, 0xF0, 0xFF] + ones(4)),
            (.time(5), .time(precision: 3), [0x88, 0x13, 0, 0, 0, 0, 0, 0]),
            (.string("iceberg"), .string, Array("iceberg".utf8)),
            (.bytes([0, 0xFF]), .bytes, [0, 0xFF]),
            (
                .uuid(UniqueIdentifier("f79c3e09-677c-4bbd-a479-3f349cb785e7")!), .uuid,
                bytes("f79c3e09677c4bbda4793f349cb785e7")
            ),
        ]
        for (bound, type, bytes) in cases {
            for side in [BoundSide.lower, .upper] {
                #expect(singleValue(bound, of: type, side) == bytes, "\(bound)")
            }
            #expect(value(bytes, of: type) == bound)
        }
        #expect(singleValue(.double(0), of: .double, .lower) == zeros(7) + [0x80])
        #expect(singleValue(.double(-0.0), of: .double, .upper) == zeros(8))
        #expect(singleValue(.float(.nan), of: .float, .lower) == nil)
        #expect(value([1, 2], of: .bigint) == nil)
        #expect(value([0xFF], of: .string) == nil)
        // Of a file from before its column was widened.
        #expect(value([0xFE, 0xFF, 0xFF, 0xFF], of: .bigint) == .bigint(-2))
        #expect(value([0, 0, 0, 0xC0], of: .double) == .double(-2))
        #expect(value([0, 1, 0, 0], of: .tinyint) == nil)
    }

    private func zeros(_ count: Int) -> [UInt8] { Array(repeating: 0, count: count) }
    private func ones(_ count: Int) -> [UInt8] { Array(repeating: 0xFF, count: count) }

    @Test(
        "A cut bound still bounds, and never cuts a character", arguments: 0..<60 as Range<UInt64>)
    func cut(seed: UInt64) throws {
        var draws = SeededDraws(seed: seed)
        let parts = ["a", "é", "波", "🌊", "\u{7F}", "\u{D7FF}", "\u{10FFFF}", "\u{7FF}"]
        for _ in 0..<50 {
            let text = (0..<draws.next(below: 60)).map { _ in parts[draws.next(below: 8)] }
                .joined()
            let whole = Value.string(text)
            let lower = try #require(singleValue(whole, of: .string, .lower))
            let least = try #require(value(lower, of: .string), "cut within a character")
            #expect(lower.count <= 64 && Value.compare(least, whole) != .descending)
            guard let upper = singleValue(whole, of: .string, .upper) else {
                #expect(text.unicodeScalars.prefix(12).allSatisfy { $0 == "\u{10FFFF}" })
                continue
            }
            let greatest = try #require(value(upper, of: .string), "cut within a character")
            #expect(upper.count <= 67 && Value.compare(greatest, whole) != .ascending)
        }
        #expect(
            singleValue(.bytes(Array(repeating: 0xFF, count: 70)), of: .bytes, .upper) == nil)
        let bound = singleValue(
            .bytes([1] + Array(repeating: 0xFF, count: 70)), of: .bytes, .upper)
        #expect(bound == [2])
    }

    @Test("What is in a file is within the bounds of its manifest entry", arguments: 0..<6)
    func fileBounds(seed: UInt64) throws {
        var draws = SeededDraws(seed: seed)
        let batch = try draws.batch(everyColumn, rowCount: 120)
        var writer = try ParquetWriter(schema: ParquetSchema(everyColumn))
        try writer.append(batch)
        let file = DataFile(writer.finish(), content: .data, path: "f")
        var compared = 0
        for (field, column) in zip(everyColumn.fields, batch.columns) {
            guard let bounds = file.columns.first(where: { $0.identifier == field.identifier }),
                let lower = bounds.lower.flatMap({ value($0, of: field.type) }),
                let upper = bounds.upper.flatMap({ value($0, of: field.type) })
            else {
                #expect(field.type.isNested || field.type.storage == .floats(3), "\(field)")
                continue
            }
            let isFloating = field.type == .float || field.type == .double
            #expect((bounds.nanCount != nil) == isFloating)
            for row in 0..<column.count {
                let found = column.value(at: row)
                if found.isNull || found != found { continue }
                #expect(Value.compare(lower, found) != .descending, "\(field.type)")
                #expect(Value.compare(found, upper) != .descending, "\(field.type)")
                compared += 1
            }
        }
        #expect(compared > 5000)
        #expect(
            file.columns.contains {
                $0.lower == nil
                    && everyColumn.position(
                        ofIdentifier: $0.identifier) == nil
            })
    }
}
