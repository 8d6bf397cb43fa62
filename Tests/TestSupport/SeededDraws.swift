public import Columnar

/// SplitMix64 (Steele, Lea, Flood 2014): the same draws for the same seed everywhere.
public struct SeededDraws {
    private var state: UInt64

    public init(seed: UInt64) { state = seed }

    public mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }

    public mutating func next(below limit: Int) -> Int { Int(next() % UInt64(limit)) }

    /// A value of a type; now and then one at the edge of what the type can hold.
    public mutating func value(_ type: DataType) -> Value {
        let isEdge = next(below: 4) == 0
        switch type {
        case .boolean: return .boolean(next(below: 2) == 0)
        case .date: return .date(isEdge ? edge() : Int32(next(below: 20_000)))
        case .time(let precision):
            let last = TimeUnit(precision: precision).unitsPerDay - 1
            return .time(isEdge ? [0, last][next(below: 2)] : Int64(next(below: Int(last))))
        case .timestamp(let precision), .timestampLTZ(let precision):
            return timestamp(precision, isEdge: isEdge)
        case .decimal(let precision, _): return decimal(precision, isEdge: isEdge)
        case .float:
            let edges: [Float] = [0, -0.0, .infinity, -.infinity, .nan, .leastNonzeroMagnitude]
            return .float(isEdge ? edges[next(below: 6)] : Float(next(below: 1000)) - 500.5)
        case .double:
            let edges: [Double] = [0, -0.0, .infinity, -.infinity, .nan, .leastNonzeroMagnitude]
            return .double(isEdge ? edges[next(below: 6)] : Double(next(below: 1000)) - 500.5)
        case .string: return .string(text(upTo: 4))
        case .char(let length): return .string(text(upTo: length))
        case .bytes:
            let parts: [UInt8] = [0, 1, 0xFE, 0xFF]
            return .bytes((0..<next(below: 5)).map { _ in parts[next(below: 4)] })
        case .binary(let length):
            return .bytes((0..<length).map { _ in UInt8(next(below: 256)) })
        case .uuid:
            let edges: [UInt64] = [0, .max, 1 << 63, 1]
            return .uuid(
                UniqueIdentifier(
                    high: isEdge ? edges[next(below: 4)] : next(),
                    low: isEdge ? edges[next(below: 4)] : next()))
        case .vector(let dimension, _):
            return .vector((0..<dimension).map { _ in Float(next(below: 9)) - 4 })
        case .array(let array):
            let element = array.isElementNullable
            return .array(
                (0..<next(below: 4)).map { _ in value(array.element, isNullable: element) })
        case .map(let map):
            var entries: [MapEntry] = []
            for _ in 0..<next(below: 4) {
                let key = value(map.key)
                if entries.contains(where: { Value.compare($0.key, key) == .same }) { continue }
                entries.append(MapEntry(key, value(map.value, isNullable: map.isValueNullable)))
            }
            return .map(entries)
        case .row(let row):
            return .row(row.fields.map { value($0.type, isNullable: $0.isNullable) })
        default: return integer(type, isEdge: isEdge)
        }
    }

    /// Of a type of which no more is known than how it is stored.
    private mutating func integer(_ type: DataType, isEdge: Bool) -> Value {
        guard let largest = type.storage.largestInteger else {
            preconditionFailure("\(type) has no draw")
        }
        let edges = [-largest - 1, largest, 0, 1, -largest, largest - 1]
        return Value(
            integer: isEdge ? edges[next(below: 6)] : Int64(next(below: 100)) - 50, of: type)
    }

    public mutating func value(_ type: DataType, isNullable: Bool) -> Value {
        isNullable && next(below: 4) == 0 ? .null : value(type)
    }

    private mutating func text(upTo count: Int) -> String {
        let parts = ["", "a", "b", "\u{0}", "é", "波", "\u{1}", "z"]
        return (0..<next(below: count + 1)).map { _ in parts[next(below: 8)] }.joined()
    }

    private mutating func timestamp(_ precision: Int, isEdge: Bool) -> Value {
        guard isEdge else { return .timestamp(Int64(next(below: 1 << 40)) - (1 << 39)) }
        // Below microseconds, the edge is where microseconds end.
        let factor = max(1, 1_000_000 / TimeUnit(precision: precision).rawValue)
        return .timestamp([Int64.min / factor, Int64.max / factor, 0, -1][next(below: 4)])
    }

    private mutating func decimal(_ precision: Int, isEdge: Bool) -> Value {
        let limit = Int128(powerOfTen(precision)) - 1
        if isEdge { return .decimal([limit, -limit, 0, -1][next(below: 4)]) }
        let drawn = Int128(Int64(bitPattern: next())) * Int128(Int64(bitPattern: next()))
        return .decimal(drawn % (limit + 1))
    }

    private mutating func edge<Number: FixedWidthInteger>() -> Number {
        [Number.min, Number.max, 0, 1, Number.min + 1, Number.max - 1][next(below: 6)]
    }

    public mutating func row(_ schema: Schema) -> Row {
        schema.fields.map { value($0.type, isNullable: $0.isNullable) }
    }

    public mutating func batch(_ schema: Schema, rowCount: Int) throws -> RecordBatch {
        try RecordBatch(schema: schema, rows: (0..<rowCount).map { _ in row(schema) })
    }

    /// The bytes with some changed, none added or taken away.
    public mutating func damageInPlace(_ bytes: [UInt8]) -> [UInt8] {
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
    public mutating func damage(_ bytes: [UInt8]) -> [UInt8] {
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
