public import Columnar

/// What is known of the values of a column, in one row group or a whole file.
public struct ParquetStatistics: Hashable, Sendable {
    /// No value is less; nil if unknown, or if all are null or NaN.
    public var minimum: Value?
    /// No value is greater, but for NaN; nil if unknown, or if all are null or NaN.
    public var maximum: Value?
    /// Nil if unknown.
    public var nullCount: Int?
    /// Nil if unknown.
    public var nanCount: Int?

    /// Whether a value between these bounds, themselves included, may be there; nil is unbounded.
    ///
    /// Where NaN counts as within bounds it must be asked for apart: statistics do not show it.
    public func mayContain(from lower: Value?, through upper: Value?) -> Bool {
        if let lower, let maximum, Value.compare(maximum, lower) == .ascending { return false }
        if let upper, let minimum, Value.compare(upper, minimum) == .ascending { return false }
        return true
    }

    init(minimum: Value? = nil, maximum: Value? = nil, nullCount: Int? = nil, nanCount: Int? = nil)
    {
        self.minimum = minimum
        self.maximum = maximum
        self.nullCount = nullCount
        self.nanCount = nanCount
    }
}

extension ParquetStatistics {
    /// The statistics of a leaf's values.
    init(_ vector: ColumnVector) {
        self.init(nullCount: vector.nullCount, nanCount: 0)
        switch vector.storage {
        case .int8: takeIntegers(vector, Int8.self)
        case .int16: takeIntegers(vector, Int16.self)
        case .int32: takeIntegers(vector, Int32.self)
        case .int64: takeIntegers(vector, Int64.self)
        case .int128:
            let extremes = Self.extremes(vector, of: Int128.self)
            (minimum, maximum) = (extremes.map { .decimal($0.0) }, extremes.map { .decimal($0.1) })
        case .float32: scanFloats(vector, Float.self) { .float($0) }
        case .float64: scanFloats(vector, Double.self) { .double($0) }
        case .text, .variableBytes, .fixedBytes: scanStrings(vector)
        case .bit: scanFlags(vector)
        case .floats, .list, .map, .record: break
        }
    }

    private mutating func takeIntegers<Number: FixedWidthInteger & BitwiseCopyable>(
        _ vector: ColumnVector, _ number: Number.Type
    ) {
        let extremes = Self.extremes(vector, of: number)
        minimum = extremes.map { Value(integer: Int64($0.0), of: vector.type) }
        maximum = extremes.map { Value(integer: Int64($0.1), of: vector.type) }
    }

    private static func extremes<Number: FixedWidthInteger & BitwiseCopyable>(
        _ vector: ColumnVector, of: Number.Type
    ) -> (Number, Number)? {
        let stride = MemoryLayout<Number>.size
        if vector.nullCount == vector.count { return nil }
        var (low, high) = (Number.max, Number.min)
        vector.data.withUnsafeBytes { data in
            precondition(data.count >= vector.count * stride)
            for row in 0..<vector.count where !vector.isNull(at: row) {
                let number = data.loadUnaligned(fromByteOffset: row * stride, as: Number.self)
                low = min(low, number)
                high = max(high, number)
            }
        }
        return (low, high)
    }

    private mutating func scanFloats<Number: BinaryFloatingPoint & BitwiseCopyable>(
        _ vector: ColumnVector, _: Number.Type, _ value: (Number) -> Value
    ) {
        var extremes: (Number, Number)?
        var nans = 0
        vector.data.withUnsafeBytes { data in
            for row in 0..<vector.count where !vector.isNull(at: row) {
                let number = data.loadUnaligned(
                    fromByteOffset: row * MemoryLayout<Number>.size, as: Number.self)
                if number.isNaN {
                    nans += 1
                    continue
                }
                guard let (low, high) = extremes else {
                    extremes = (number, number)
                    continue
                }
                // Of two zeros the negative one is the lower.
                let isLow = number < low || (number == low && number.sign == .minus)
                let isHigh = number > high || (number == high && number.sign == .plus)
                if isLow || isHigh { extremes = (isLow ? number : low, isHigh ? number : high) }
            }
        }
        nanCount = nans
        minimum = extremes.map { value($0.0) }
        maximum = extremes.map { value($0.1) }
    }

    private mutating func scanStrings(_ vector: ColumnVector) {
        var (low, high) = (-1, -1)
        vector.data.withUnsafeBytes { data in
            for row in 0..<vector.count where !vector.isNull(at: row) {
                guard low >= 0 else {
                    (low, high) = (row, row)
                    continue
                }
                let text = vector.byteRange(at: row)
                if Self.isAscending(data, text, vector.byteRange(at: low)) {
                    low = row
                } else if Self.isAscending(data, vector.byteRange(at: high), text) {
                    high = row
                }
            }
        }
        guard low >= 0 else { return }
        minimum = vector.value(at: low)
        maximum = vector.value(at: high)
    }

    private static func isAscending(
        _ data: UnsafeRawBufferPointer, _ left: Range<Int>, _ right: Range<Int>
    ) -> Bool {
        for offset in 0..<min(left.count, right.count) {
            let (first, second) = (data[left.lowerBound + offset], data[right.lowerBound + offset])
            if first != second { return first < second }
        }
        return left.count < right.count
    }

    private mutating func scanFlags(_ vector: ColumnVector) {
        var (hasFalse, hasTrue) = (false, false)
        for row in 0..<vector.count where !vector.isNull(at: row) {
            if vector.boolean(at: row) { hasTrue = true } else { hasFalse = true }
        }
        guard hasFalse || hasTrue else { return }
        minimum = .boolean(!hasFalse)
        maximum = .boolean(hasTrue)
    }

    /// Takes the statistics of more rows in.
    mutating func merge(_ other: ParquetStatistics) {
        if let low = other.minimum {
            let isLower = minimum.map { Value.compare(low, $0) == .ascending } ?? true
            if isLower { minimum = low }
        }
        if let high = other.maximum {
            let isHigher = maximum.map { Value.compare($0, high) == .ascending } ?? true
            if isHigher { maximum = high }
        }
        if let more = other.nullCount { nullCount = (nullCount ?? 0) + more }
        if let more = other.nanCount { nanCount = (nanCount ?? 0) + more }
    }
}

extension StoredStatistics {
    /// Longer bounds of strings are cut or left out.
    private static let boundByteLimit = 256

    init(_ statistics: ParquetStatistics, _ layout: LeafLayout) {
        nullCount = statistics.nullCount.map(Int64.init)
        // Parquet's rule for zeros: a reader must not rely on their sign.
        switch statistics.minimum {
        case .float(0): minimum = layout.plain(.float(-0.0))
        case .double(0): minimum = layout.plain(.double(-0.0))
        case let bound: minimum = bound.map { layout.plain($0) }
        }
        switch statistics.maximum {
        case .float(0): maximum = layout.plain(.float(0))
        case .double(0): maximum = layout.plain(.double(0))
        case let bound: maximum = bound.map { layout.plain($0) }
        }
        let isText = layout.type.storage == .text
        if let bound = maximum, bound.count > Self.boundByteLimit {
            maximum = bound.upperBound(byteLimit: Self.boundByteLimit, isText: isText)
            isMaximumExact = false
        }
        if let bound = minimum, bound.count > Self.boundByteLimit {
            minimum = bound.lowerBound(byteLimit: Self.boundByteLimit, isText: isText)
            isMinimumExact = false
        }
    }
}

extension LeafLayout {
    /// A value of the leaf's type as Parquet stores it, without the length of an array.
    func plain(_ value: Value) -> [UInt8] {
        switch value {
        case .string(let text): return Array(text.utf8)
        case .bytes(let bytes): return bytes
        case .boolean(let flag): return [flag ? 1 : 0]
        default: break
        }
        var builder = ColumnVectorBuilder(type: type, capacity: 1)
        do { try builder.append(value) } catch {
            preconditionFailure("\(value) was in a column of \(type): \(error)")
        }
        guard case .fixed(_, let bytes) = PlainValues(builder.finish(), self) else {
            preconditionFailure("\(type) has values of one length")
        }
        return bytes
    }
}
