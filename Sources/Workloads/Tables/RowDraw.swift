public import Columnar

/// Draws values of any type: from nothing to large, most of them plain, some at the edges of what
/// the type holds.
public struct RowDraw {
    /// Bytes of the largest text.
    var largestByteCount = 20_000
    /// Of values that may be null.
    var nullPartsPerMillion = 150_000

    /// A row of any schema.
    public static func row(of schema: Schema, _ random: inout RandomSource) -> Row {
        let draw = RowDraw()
        return schema.fields.map { draw.value($0, &random) }
    }

    func value(_ field: Field, _ random: inout RandomSource) -> Value {
        if field.isNullable && random.chance(partsPerMillion: nullPartsPerMillion) { return .null }
        return value(field.type, random.below(8) == 0, &random)
    }

    /// Small numbers and short texts, of which many can be added up or joined.
    func summand(_ type: DataType, _ random: inout RandomSource) -> Value {
        let number = Int64(random.below(9)) - 4
        return switch type {
        case .tinyint: .tinyint(number == 0 ? 0 : Int8(number.signum()))
        case .smallint: .smallint(Int16(number))
        case .int: .int(Int32(number))
        case .bigint: .bigint(number)
        case .float: .float(Float(number))
        case .double: .double(Double(number))
        case .decimal: .decimal(Int128(number.signum()))
        case .boolean: .boolean(random.below(20) == 0)
        default: value(type, false, &random)
        }
    }

    /// An encoded Roaring bitmap: of few numbers, or of many that follow each other, are dense or
    /// are far apart, so that unions have containers of each form.
    func bitmap(_ random: inout RandomSource) -> Value {
        let start = random.below(4) * 65_536 + random.below(60_000)
        let (count, step) =
            switch random.below(100) {
            case 0: (1 + random.below(6000), 1)
            case 1: (1 + random.below(6000), 1 + random.below(12))
            default: (random.below(4), 1 + random.below(9000))
            }
        let numbers = (0..<count).map { UInt32(start + $0 * step) }
        return .bytes(RoaringBitmap(numbers).encoded)
    }

    private func value(
        _ type: DataType, _ isEdge: Bool, _ random: inout RandomSource
    ) -> Value {
        switch type {
        case .boolean: .boolean(random.below(2) == 0)
        case .float:
            isEdge ? .float(Self.edges(&random)) : .float(Float(random.below(100_000)) / 8)
        case .double:
            isEdge ? .double(Self.edges(&random)) : .double(Double(random.below(100_000)) / 8)
        case .decimal(let precision, _): .decimal(decimal(precision, isEdge, &random))
        case .char(let length): .string(text(min(length, isEdge ? length : 8), &random))
        case .string: .string(text(isEdge ? edgeLength(&random) : 12, &random))
        case .binary(let length): .bytes(bytes(length, &random))
        case .bytes:
            .bytes(bytes(random.below(isEdge ? edgeLength(&random) + 1 : 20), &random))
        case .date: .date(Int32(integer(2_000_000, isEdge, &random)))
        case .time(let precision):
            .time(
                Int64(random.below(86_400)) * units(precision) + (isEdge ? units(precision) : 1)
                    - 1)
        case .timestamp(let precision), .timestampLTZ(let precision):
            .timestamp(
                (Int64(random.below(4_000_000_000)) - (isEdge ? 2_000_000_000 : 0))
                    * units(precision) + Int64(random.below(Int(units(precision)))))
        case .uuid: .uuid(UniqueIdentifier(bytes: bytes(16, &random)))
        case .vector(let dimension, _):
            .vector((0..<dimension).map { _ in Float(random.below(2001) - 1000) / 1000 })
        case .array(let array):
            .array(
                (0..<random.below(isEdge ? 40 : 4)).map { _ in
                    nested(array.element, array.isElementNullable, &random)
                })
        case .map(let map): .map(entries(map, isEdge, &random))
        case .row(let row): .row(row.fields.map { nested($0.type, $0.isNullable, &random) })
        default: plainInteger(type, isEdge, &random)
        }
    }

    /// Of a type of which no more is known than how it is stored.
    private func plainInteger(
        _ type: DataType, _ isEdge: Bool, _ random: inout RandomSource
    ) -> Value {
        guard let largest = type.storage.largestInteger else {
            preconditionFailure("\(type) has no draw")
        }
        return Value(integer: integer(largest, isEdge, &random), of: type)
    }

    private func nested(
        _ type: DataType, _ isNullable: Bool, _ random: inout RandomSource
    ) -> Value {
        if isNullable && random.below(8) == 0 { return .null }
        return value(type, false, &random)
    }

    private func entries(
        _ map: MapType, _ isEdge: Bool, _ random: inout RandomSource
    ) -> [MapEntry] {
        var entries: [MapEntry] = []
        for _ in 0..<random.below(isEdge ? 20 : 4) {
            let key = value(map.key, false, &random)
            if entries.contains(where: { Value.compare($0.key, key) == .same }) { continue }
            entries.append(MapEntry(key, nested(map.value, map.isValueNullable, &random)))
        }
        return entries
    }

    /// From minus `limit` - 1, as two's complement has it, to `limit`.
    private func integer(
        _ limit: Int64, _ isEdge: Bool, _ random: inout RandomSource
    ) -> Int64 {
        if isEdge { return [0, -1, 1, limit, -limit - 1][random.below(5)] }
        return Int64(random.below(Int(min(limit, 100_000))))
    }

    private static func edges<Number: BinaryFloatingPoint>(
        _ random: inout RandomSource
    ) -> Number {
        [0, -1, .infinity, -.infinity, .greatestFiniteMagnitude, .leastNonzeroMagnitude][
            random.below(6)]
    }

    private func decimal(
        _ precision: Int, _ isEdge: Bool, _ random: inout RandomSource
    ) -> Int128 {
        var limit: Int128 = 1
        for _ in 0..<precision { limit *= 10 }
        if isEdge { return random.below(2) == 0 ? limit - 1 : 1 - limit }
        return Int128(random.next() >> 1) % limit * (random.below(4) == 0 ? -1 : 1)
    }

    private func edgeLength(_ random: inout RandomSource) -> Int {
        random.below(6) == 0 ? largestByteCount : [0, 0, 1, 200, 2000][random.below(5)]
    }

    /// Of at most `length` Unicode scalars.
    private func text(_ length: Int, _ random: inout RandomSource) -> String {
        if length > 100 { return String(repeating: "x", count: length - 20) + "\(random.next())" }
        let alphabet: [Character] = ["a", "b", "z", "0", " ", "é", "海", "𝄞", "\u{0}", "\n"]
        return String(
            (0..<random.below(length + 1)).map { _ in alphabet[random.below(alphabet.count)] })
    }

    private func bytes(_ count: Int, _ random: inout RandomSource) -> [UInt8] {
        (0..<count).map { _ in UInt8(truncatingIfNeeded: random.next()) }
    }

    private func units(_ precision: Int) -> Int64 { TimeUnit(precision: precision).rawValue }
}
