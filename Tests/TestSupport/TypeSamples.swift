public import Columnar

/// Every type that nests no other, with the numbers at which its form changes.
public let everyScalarType: [DataType] =
    [
        .boolean, .tinyint, .smallint, .int, .bigint, .float, .double, .char(length: 3), .string,
        .binary(length: 5), .bytes, .date, .uuid, .vector(dimension: 3),
    ]
    + [(1, 0), (9, 2), (10, 10), (18, 4), (19, 4), (38, 0), (38, 37)].map {
        .decimal(precision: $0.0, scale: $0.1)
    }
    + [0, 1, 3, 4, 6, 7, 9].flatMap {
        [.time(precision: $0), .timestamp(precision: $0), .timestampLTZ(precision: $0)]
    }

/// Types that nest others, to three levels.
public let everyNestedType: [DataType] = [
    .array(ArrayType(.int)), .array(ArrayType(.string, isNullable: false)),
    .array(ArrayType(.decimal(precision: 38, scale: 2))),
    .map(MapType(.string, .bigint)), .map(MapType(.int, .boolean, isNullable: false)),
    .row(
        RowType([
            Field(identifier: 0, name: "a", type: .int),
            Field(identifier: 0, name: "b", type: .string, isNullable: false),
        ])),
    .array(ArrayType(.array(ArrayType(.timestamp(precision: 9))))),
    .map(
        MapType(
            .string,
            .array(
                ArrayType(
                    .row(
                        RowType([
                            Field(identifier: 0, name: "v", type: .vector(dimension: 2)),
                            Field(identifier: 0, name: "u", type: .uuid),
                            Field(identifier: 0, name: "m", type: .map(MapType(.date, .bytes))),
                        ])))))),
    .row(RowType([Field(identifier: 0, name: "only", type: .array(ArrayType(.char(length: 2))))])),
]

public let everyType = everyScalarType + everyNestedType

extension Schema {
    /// A column of each type, twice: nullable and not.
    public init(sampling types: [DataType], identifier: Int16 = 7) {
        self.init(
            identifier: identifier,
            fields: types.indices.flatMap { index in
                [true, false].map { isNullable in
                    Field(
                        identifier: Int32(2 * index + (isNullable ? 1 : 2)),
                        name: "\(isNullable ? "nullable" : "required") \(index)",
                        type: types[index], isNullable: isNullable)
                }
            })
    }
}

/// A column of every type, twice: nullable and not.
public let everyColumn = Schema(sampling: everyType)

/// The bytes of digits to base 16, spaces aside.
public func bytes(_ text: String) -> [UInt8] {
    let digits = text.filter { !$0.isWhitespace }.compactMap(\.hexDigitValue)
    return stride(from: 0, to: digits.count, by: 2).map {
        UInt8(digits[$0] << 4 | digits[$0 + 1])
    }
}
