/// The values of one column of a batch, in Arrow's memory layout.
///
/// All numbers are little endian. Slots of nulls hold zeros when this module made the vector,
/// anything when it was decoded.
///
///     boolean            data: a bit a value, lowest bit first
///     string, bytes      offsets: count + 1 positions in data, from 0; data: the bytes
///     decimal            data: 16 bytes a value (Decimal128)
///     all others         data: 4 or 8 bytes a value; a vector: 4 bytes an element
public struct ColumnVector: Sendable {
    public let type: DataType
    public let count: Int
    public let nullCount: Int
    /// A bit a value, lowest bit first, 1 = not null; empty if there are no nulls.
    public let validity: [UInt8]
    /// Empty but for strings and bytes.
    public let offsets: [Int32]
    public let data: [UInt8]

    /// For builders of this module, whose buffers are right by construction.
    init(
        trusted type: DataType, count: Int, nullCount: Int, validity: [UInt8], offsets: [Int32],
        data: [UInt8]
    ) {
        self.type = type
        self.count = count
        self.nullCount = nullCount
        self.validity = validity
        self.offsets = offsets
        self.data = data
    }

    /// Takes over Arrow buffers that nobody vouches for; `ColumnarError.corrupt` if they do not
    /// fit.
    ///
    /// Strings are checked to be UTF-8 and decimals to fit 64 bits, so that no later read can fail.
    public init(
        type: DataType, count: Int, validity: [UInt8], offsets: [Int32], data: [UInt8]
    ) throws(ColumnarError) {
        var nullCount = 0
        if !validity.isEmpty {
            guard count >= 0, validity.count >= (count + 7) / 8 else {
                throw .corrupt(reason: "the validity bitmap is too short", position: 0)
            }
            nullCount = count - countBits(validity, count)
        }
        self.init(
            trusted: type, count: count, nullCount: nullCount,
            validity: nullCount == 0 ? [] : validity, offsets: offsets, data: data)
        try validate()
    }

    @inlinable
    public func isNull(at position: Int) -> Bool {
        precondition(position >= 0 && position < count, "no row \(position)")
        return nullCount > 0 && validity[position >> 3] >> UInt8(position & 7) & 1 == 0
    }

    /// The value in a row.
    public func value(at position: Int) -> Value {
        if isNull(at: position) { return .null }
        switch type {
        case .boolean: return .boolean(boolean(at: position))
        case .int32: return .int32(int32(at: position))
        case .date: return .date(int32(at: position))
        case .int64: return .int64(int64(at: position))
        case .timestamp, .timestampWithZone: return .timestamp(int64(at: position))
        case .decimal: return .decimal(int64(at: position))
        case .float32: return .float32(load(Float.self, at: position * 4))
        case .float64: return .float64(load(Double.self, at: position * 8))
        case .string: return .string(string(at: position))
        case .bytes: return .bytes(Array(data[byteRange(at: position)]))
        case .vector(let dimension):
            return .vector(floats(dimension, at: position))
        }
    }

    /// The flag in a row of a boolean column; anything where it is null.
    public func boolean(at position: Int) -> Bool {
        precondition(type == .boolean && position >= 0 && position < count)
        return data[position >> 3] >> UInt8(position & 7) & 1 == 1
    }

    /// The number in a row of an int32 or date column; anything where it is null.
    public func int32(at position: Int) -> Int32 {
        precondition(type == .int32 || type == .date)
        return load(Int32.self, at: position * 4)
    }

    /// The number in a row of an int64, timestamp or decimal column; anything where it is null.
    public func int64(at position: Int) -> Int64 {
        switch type {
        case .int64, .timestamp, .timestampWithZone: return load(Int64.self, at: position * 8)
        case .decimal: return load(Int64.self, at: position * 16)
        default: preconditionFailure("\(type) is not of 64 bits")
        }
    }

    /// Where in `data` the bytes of a string or bytes column's row stand.
    @inlinable
    public func byteRange(at position: Int) -> Range<Int> {
        precondition(position >= 0 && position < count, "no row \(position)")
        return Int(offsets[position])..<Int(offsets[position + 1])
    }

    private func string(at position: Int) -> String {
        let range = byteRange(at: position)
        return data.withUnsafeBufferPointer {
            String(decoding: UnsafeBufferPointer(rebasing: $0[range]), as: UTF8.self)
        }
    }

    private func floats(_ dimension: Int, at position: Int) -> [Float] {
        let start = position * dimension * 4
        precondition(start + dimension * 4 <= data.count)
        return [Float](unsafeUninitializedCapacity: dimension) { elements, initialized in
            data.withUnsafeBytes {
                UnsafeMutableRawBufferPointer(elements).copyMemory(
                    from: UnsafeRawBufferPointer(rebasing: $0[start..<start + dimension * 4]))
            }
            initialized = dimension
        }
    }

    private func load<Number: BitwiseCopyable>(_: Number.Type, at offset: Int) -> Number {
        precondition(offset >= 0 && offset + MemoryLayout<Number>.size <= data.count)
        return data.withUnsafeBytes { $0.loadUnaligned(fromByteOffset: offset, as: Number.self) }
    }
}

extension ColumnVector: Equatable {
    /// Whether both hold the same values, whatever their null slots hold.
    public static func == (left: ColumnVector, right: ColumnVector) -> Bool {
        guard left.type == right.type, left.count == right.count,
            left.nullCount == right.nullCount
        else { return false }
        return (0..<left.count).allSatisfy {
            Value.compare(left.value(at: $0), right.value(at: $0)) == .same
        }
    }
}

extension DataType {
    /// The bytes a value takes in a column's data; nil if it takes bits, or as many as it needs.
    var fixedByteCount: Int? {
        switch self {
        case .boolean, .string, .bytes: nil
        case .int32, .float32, .date: 4
        case .int64, .float64, .timestamp, .timestampWithZone: 8
        case .decimal: 16
        case .vector(let dimension): dimension * 4
        }
    }

    var hasOffsets: Bool { self == .string || self == .bytes }
}

/// The ones among the first `count` bits.
func countBits(_ bitmap: [UInt8], _ count: Int) -> Int {
    var ones = 0
    for position in 0..<count >> 3 { ones += bitmap[position].nonzeroBitCount }
    if count & 7 != 0 {
        ones += (bitmap[count >> 3] & (1 << UInt8(count & 7) - 1)).nonzeroBitCount
    }
    return ones
}
