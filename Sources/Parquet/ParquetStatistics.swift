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
    /// The statistics of a column; a vector has no bounds.
    init(_ vector: ColumnVector) {
        self.init(nullCount: vector.nullCount, nanCount: 0)
        switch vector.type {
        case .boolean, .vector: scanValues(vector)
        case .int, .date:
            let extremes = Self.extremes(vector, stride: 4, of: Int32.self)
            let isDate = vector.type == .date
            minimum = extremes.map { isDate ? .date($0.0) : .int($0.0) }
            maximum = extremes.map { isDate ? .date($0.1) : .int($0.1) }
        case .bigint:
            let extremes = Self.extremes(vector, stride: 8, of: Int64.self)
            (minimum, maximum) = (extremes.map { .bigint($0.0) }, extremes.map { .bigint($0.1) })
        case .timestamp, .timestampLTZ:
            let extremes = Self.extremes(vector, stride: 8, of: Int64.self)
            minimum = extremes.map { .timestamp($0.0) }
            maximum = extremes.map { .timestamp($0.1) }
        case .decimal:
            let extremes = Self.extremes(vector, stride: 16, of: Int128.self)
            (minimum, maximum) = (extremes.map { .decimal($0.0) }, extremes.map { .decimal($0.1) })
        case .float: scanFloats(vector, Float.self) { .float($0) }
        case .double: scanFloats(vector, Double.self) { .double($0) }
        case .string, .bytes: scanStrings(vector)
        default: break
        }
    }

    private static func extremes<Number: FixedWidthInteger & BitwiseCopyable>(
        _ vector: ColumnVector, stride: Int, of: Number.Type
    ) -> (Number, Number)? {
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

    private mutating func scanValues(_ vector: ColumnVector) {
        guard vector.type == .boolean else { return }
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

    init(_ statistics: ParquetStatistics, type: DataType, nullCount: Int) {
        self.nullCount = Int64(nullCount)
        // Parquet's rule for zeros: a reader must not rely on their sign.
        switch statistics.minimum {
        case .float(0): minimum = plainBound(.float(-0.0), type)
        case .double(0): minimum = plainBound(.double(-0.0), type)
        case let bound: minimum = bound.map { plainBound($0, type) }
        }
        switch statistics.maximum {
        case .float(0): maximum = plainBound(.float(0), type)
        case .double(0): maximum = plainBound(.double(0), type)
        case let bound: maximum = bound.map { plainBound($0, type) }
        }
        if let bound = maximum, bound.count > Self.boundByteLimit { maximum = nil }
        if let bound = minimum, bound.count > Self.boundByteLimit {
            var length = Self.boundByteLimit
            // A prefix is less than the whole; it must not end within a UTF-8 sequence.
            while length > 0 && bound[length] & 0xC0 == 0x80 { length -= 1 }
            minimum = Array(bound.prefix(length))
            isMinimumExact = false
        }
    }
}

/// A bound as Parquet stores it.
private func plainBound(_ value: Value, _ type: DataType) -> [UInt8] {
    var writer = ByteWriter()
    switch value {
    case .boolean(let flag): writer.append(byte: flag ? 1 : 0)
    case .int(let number), .date(let number): writer.append(littleEndian: number)
    case .bigint(let number), .timestamp(let number): writer.append(littleEndian: number)
    case .float(let number): writer.append(float: number)
    case .double(let number): writer.append(double: number)
    case .string(let text): writer.append(Array(text.utf8))
    case .bytes(let bytes): writer.append(bytes)
    case .decimal(let number):
        if case .decimal(let precision, _) = type, precision <= 9 {
            writer.append(littleEndian: Int32(truncatingIfNeeded: number))
        } else {
            writer.append(littleEndian: Int64(truncatingIfNeeded: number))
        }
    default: preconditionFailure("is no bound")
    }
    return writer.bytes
}
