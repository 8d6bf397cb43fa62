import Columnar

/// SplitMix64 (Steele, Lea, Flood 2014): the same draws for the same seed everywhere.
struct SeededDraws {
    private var state: UInt64

    init(seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }

    mutating func next(below limit: Int) -> Int { Int(next() % UInt64(limit)) }

    /// A value of a type; now and then one at the edge of what the type can hold.
    mutating func value(_ type: DataType) -> Value {
        let isEdge = next(below: 4) == 0
        switch type {
        case .boolean: return .boolean(next(below: 2) == 0)
        case .int32: return .int32(isEdge ? edge() : Int32(next(below: 100)) - 50)
        case .date: return .date(isEdge ? edge() : Int32(next(below: 20_000)))
        case .int64: return .int64(isEdge ? edge() : Int64(next(below: 100)) - 50)
        case .timestamp, .timestampWithZone:
            return .timestamp(isEdge ? edge() : Int64(next(below: 1 << 50)))
        case .decimal: return .decimal(Int64(next(below: 20_001)) - 10_000)
        case .float32:
            let edges: [Float] = [0, -0.0, .infinity, -.infinity, .nan, .leastNonzeroMagnitude]
            return .float32(isEdge ? edges[next(below: 6)] : Float(next(below: 1000)) - 500.5)
        case .float64:
            let edges: [Double] = [0, -0.0, .infinity, -.infinity, .nan, .leastNonzeroMagnitude]
            return .float64(isEdge ? edges[next(below: 6)] : Double(next(below: 1000)) - 500.5)
        case .string:
            let parts = ["", "a", "b", "\u{0}", "é", "波", "\u{1}", "zz"]
            return .string((0..<next(below: 5)).map { _ in parts[next(below: 8)] }.joined())
        case .bytes:
            let parts: [UInt8] = [0, 1, 0xFE, 0xFF]
            return .bytes((0..<next(below: 5)).map { _ in parts[next(below: 4)] })
        case .vector(let dimension):
            return .vector((0..<dimension).map { _ in Float(next(below: 9)) - 4 })
        }
    }

    private mutating func edge<Number: FixedWidthInteger>() -> Number {
        [Number.min, Number.max, 0, 1, Number.min + 1, Number.max - 1][next(below: 6)]
    }

    mutating func row(_ schema: Schema) -> Row {
        schema.fields.map { $0.isNullable && next(below: 4) == 0 ? .null : value($0.type) }
    }

    mutating func batch(_ schema: Schema, rowCount: Int) throws -> RecordBatch {
        try RecordBatch(schema: schema, rows: (0..<rowCount).map { _ in row(schema) })
    }

    /// The bytes with some changed, none added or taken away.
    mutating func damageInPlace(_ bytes: [UInt8]) -> [UInt8] {
        var damaged = bytes
        for _ in 0...next(below: 3) {
            let place = next(below: damaged.count)
            if next(below: 2) == 0 {
                damaged[place] ^= 1 << UInt8(next(below: 8))
            } else {
                damaged[place] = [0, 0xFF, 0x7F, 0x80][next(below: 4)]
            }
        }
        return damaged
    }

    /// The bytes with some flipped, cut or put in.
    mutating func damage(_ bytes: [UInt8]) -> [UInt8] {
        var damaged = bytes
        for _ in 0...next(below: 3) where !damaged.isEmpty {
            let place = next(below: damaged.count)
            switch next(below: 5) {
            case 0: damaged[place] ^= 1 << UInt8(next(below: 8))
            case 1: damaged[place] = [0, 0xFF, 0x7F, 0x80][next(below: 4)]
            case 2: damaged.removeSubrange(place...)
            case 3: damaged.insert(UInt8(next(below: 256)), at: place)
            default: damaged.remove(at: place)
            }
        }
        return damaged
    }
}

let everyType: [DataType] = [
    .boolean, .int32, .int64, .float32, .float64, .string, .bytes, .date, .timestamp,
    .timestampWithZone, .decimal(precision: 9, scale: 2), .vector(dimension: 3),
]

/// A column of every type, twice: nullable and not.
let everyColumn = Schema(
    identifier: 7,
    fields: everyType.indices.flatMap { index in
        [
            Field(
                identifier: Int32(2 * index + 1), name: "nullable \(index)",
                type: everyType[index]),
            Field(
                identifier: Int32(2 * index + 2), name: "required \(index)",
                type: everyType[index], isNullable: false),
        ]
    })

func hexadecimal(_ text: String) -> [UInt8] {
    let digits = text.filter { !$0.isWhitespace }.compactMap(\.hexDigitValue)
    return stride(from: 0, to: digits.count, by: 2).map {
        UInt8(digits[$0] << 4 | digits[$0 + 1])
    }
}
