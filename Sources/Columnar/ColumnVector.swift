/// The values of one column of a batch, in Arrow's memory layout.
///
/// All numbers are little endian. Slots of nulls hold zeros when this module made the vector,
/// anything when it was decoded. What `data`, `offsets` and `children` hold follows from the type's
/// `Storage`:
///
///     bit                      data: a bit a value, lowest bit first
///     numbers, fixedBytes      data: as many bytes for each value
///     floats                   data: 4 bytes an element
///     text, variableBytes      offsets: count + 1 positions in data, from 0; data: the bytes
///     list, map                offsets: count + 1 positions in the children
///     record                   children: of as many values, anything where the record is null
public struct ColumnVector: Sendable {
    public let type: DataType
    /// The type's, kept because every access asks for it.
    public let storage: Storage
    public let count: Int
    public let nullCount: Int
    /// A bit a value, lowest bit first, 1 = not null; empty if there are no nulls.
    public let validity: [UInt8]
    public let offsets: [Int32]
    public let data: [UInt8]
    /// One for each of the type's `children`.
    public let children: [ColumnVector]

    /// For builders whose buffers are right by construction.
    init(
        trusted type: DataType, count: Int, nullCount: Int, validity: [UInt8], offsets: [Int32],
        data: [UInt8], children: [ColumnVector] = []
    ) {
        self.type = type
        storage = type.storage
        self.count = count
        self.nullCount = nullCount
        self.validity = validity
        self.offsets = offsets
        self.data = data
        self.children = children
    }

    /// Takes over Arrow buffers that nobody vouches for; `ColumnarError.corrupt` if they do not
    /// fit.
    ///
    /// Strings are checked to be UTF-8, decimals and times to be in their range, and children not
    /// to be null where they must not, so that no later read can fail.
    public init(
        type: DataType, count: Int, validity: [UInt8], offsets: [Int32], data: [UInt8],
        children: [ColumnVector] = []
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
            validity: nullCount == 0 ? [] : validity, offsets: offsets, data: data,
            children: children)
        try validate()
    }

    /// The same values as ones of a type that is stored in the same way.
    ///
    /// Precondition: the types are stored alike, and the values are in the new one's range.
    public func retyped(_ type: DataType) -> ColumnVector {
        precondition(type.storage == storage, "\(type) is stored otherwise than \(self.type)")
        return ColumnVector(
            trusted: type, count: count, nullCount: nullCount, validity: validity,
            offsets: offsets, data: data,
            children: zip(children, type.children).map { $0.retyped($1.type) })
    }

    @inlinable
    public func isNull(at position: Int) -> Bool {
        precondition(position >= 0 && position < count, "no row \(position)")
        return nullCount > 0 && validity[position >> 3] >> UInt8(position & 7) & 1 == 0
    }

    /// The value in a row.
    public func value(at position: Int) -> Value {
        if isNull(at: position) { return .null }
        switch storage {
        case .bit: return .boolean(boolean(at: position))
        case .int8:
            return Value(integer: Int64(load(Int8.self, at: position)), of: type)
        case .int16:
            return Value(integer: Int64(load(Int16.self, at: position * 2)), of: type)
        case .int32: return Value(integer: Int64(int32(at: position)), of: type)
        case .int64: return Value(integer: int64(at: position), of: type)
        case .int128: return .decimal(decimal(at: position))
        case .float32: return .float(load(Float.self, at: position * 4))
        case .float64: return .double(load(Double.self, at: position * 8))
        case .text: return .string(string(at: position))
        case .variableBytes, .fixedBytes:
            return Value(bytes: Array(data[byteRange(at: position)]), of: type)
        case .floats(let dimension):
            return .vector(floats(dimension, at: position))
        case .list: return .array(elementRange(at: position).map { children[0].value(at: $0) })
        case .map:
            return .map(
                elementRange(at: position).map {
                    MapEntry(children[0].value(at: $0), children[1].value(at: $0))
                })
        case .record: return .row(children.map { $0.value(at: position) })
        }
    }

    /// The flag in a row of a boolean column; anything where it is null.
    public func boolean(at position: Int) -> Bool {
        precondition(storage == .bit && position >= 0 && position < count)
        return data[position >> 3] >> UInt8(position & 7) & 1 == 1
    }

    /// The number in a row of a column stored in 32 bits, such as an int or date; anything where
    /// it is null.
    public func int32(at position: Int) -> Int32 {
        precondition(storage == .int32)
        return load(Int32.self, at: position * 4)
    }

    /// The number in a row of a column stored in 64 bits, such as a bigint or timestamp; anything
    /// where it is null.
    public func int64(at position: Int) -> Int64 {
        precondition(storage == .int64)
        return load(Int64.self, at: position * 8)
    }

    /// The unscaled number in a row of a decimal column; anything where it is null.
    public func decimal(at position: Int) -> Int128 {
        precondition(storage == .int128)
        return load(Int128.self, at: position * 16)
    }

    /// Where in `data` the bytes of a row of bytes or text stand.
    @inlinable
    public func byteRange(at position: Int) -> Range<Int> {
        precondition(position >= 0 && position < count, "no row \(position)")
        if case .fixedBytes(let width) = storage {
            return position * width..<(position + 1) * width
        }
        return Int(offsets[position])..<Int(offsets[position + 1])
    }

    /// Which of the children's values a row of an array or map column has.
    public func elementRange(at position: Int) -> Range<Int> {
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

/// The ones among the first `count` bits.
func countBits(_ bitmap: [UInt8], _ count: Int) -> Int {
    var ones = 0
    for position in 0..<count >> 3 { ones += bitmap[position].nonzeroBitCount }
    if count & 7 != 0 {
        ones += (bitmap[count >> 3] & (1 << UInt8(count & 7) - 1)).nonzeroBitCount
    }
    return ones
}
