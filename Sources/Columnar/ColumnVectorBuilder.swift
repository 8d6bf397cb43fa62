/// Collects the values of one column.
public struct ColumnVectorBuilder: Sendable {
    public let type: DataType
    public private(set) var count = 0
    private var nullCount = 0
    private var validity: [UInt8] = []
    private var offsets: [Int32] = []
    private var data: [UInt8] = []

    public init(type: DataType, capacity: Int = 0) {
        self.type = type
        reserve(capacity)
    }

    private mutating func reserve(_ capacity: Int) {
        if type.hasOffsets {
            offsets.reserveCapacity(capacity + 1)
            offsets.append(0)
        }
        if capacity > 0 {
            data.reserveCapacity(capacity * (type.fixedByteCount ?? (type == .boolean ? 1 : 16)))
        }
    }

    /// The bytes collected so far, roughly.
    public var byteCount: Int { data.count + offsets.count * 4 + validity.count }

    /// Appends a value or null; `ColumnarError.invalidValue` if it is of another type.
    public mutating func append(_ value: Value) throws(ColumnarError) {
        switch (value, type) {
        case (.null, _): appendNull()
        case (.boolean(let flag), .boolean):
            if count & 7 == 0 { data.append(0) }
            if flag { data[count >> 3] |= 1 << UInt8(count & 7) }
            advance()
        case (.int32(let number), .int32), (.date(let number), .date): appendFixed(number)
        case (.int64(let number), .int64), (.timestamp(let number), .timestamp),
            (.timestamp(let number), .timestampWithZone):
            appendFixed(number)
        case (.decimal(let number), .decimal) where value.matches(type):
            appendBits(number)
            appendBits(number >> 63)
            advance()
        case (.float32(let number), .float32): appendFixed(number)
        case (.float64(let number), .float64): appendFixed(number)
        case (.string(let text), .string):
            try checkRoom(text.utf8.count)
            data.append(contentsOf: text.utf8)
            offsets.append(Int32(data.count))
            advance()
        case (.bytes(let bytes), .bytes):
            try checkRoom(bytes.count)
            data.append(contentsOf: bytes)
            offsets.append(Int32(data.count))
            advance()
        case (.vector(let elements), .vector(let dimension)) where elements.count == dimension:
            elements.withUnsafeBytes { data.append(contentsOf: $0) }
            advance()
        default: throw .invalidValue(reason: "a column of \(type) cannot hold \(value)")
        }
    }

    public mutating func appendNull() {
        if nullCount == 0 { fillValidity() }
        nullCount += 1
        switch type {
        case .boolean: if count & 7 == 0 { data.append(0) }
        case .string, .bytes: offsets.append(Int32(data.count))
        default: data.append(contentsOf: repeatElement(0, count: type.fixedByteCount ?? 0))
        }
        if count & 7 == 0 { validity.append(0) }
        count += 1
    }

    /// Appends a number in its memory layout; for a type of the same width.
    @inline(__always)
    private mutating func appendFixed<Number: BitwiseCopyable>(_ number: Number) {
        appendBits(number)
        advance()
    }

    @inline(__always)
    private mutating func appendBits<Number: BitwiseCopyable>(_ number: Number) {
        withUnsafeBytes(of: number) { data.append(contentsOf: $0) }
    }

    /// Appends the bytes of a string, which must be UTF-8, or of a bytes value.
    public mutating func appendBytes(_ bytes: UnsafeRawBufferPointer) throws(ColumnarError) {
        precondition(type.hasOffsets, "\(type) is not of bytes")
        try checkRoom(bytes.count)
        data.append(contentsOf: bytes)
        offsets.append(Int32(data.count))
        advance()
    }

    /// Offsets are 32 bits, so a column holds at most 2 GiB.
    private func checkRoom(_ byteCount: Int) throws(ColumnarError) {
        guard byteCount <= Int(Int32.max) - data.count else {
            throw .tooLarge(byteCount: data.count + byteCount, limit: Int(Int32.max))
        }
    }

    private mutating func advance() {
        if nullCount > 0 {
            if count & 7 == 0 { validity.append(0) }
            validity[count >> 3] |= 1 << UInt8(count & 7)
        }
        count += 1
    }

    /// Appends all values of a vector of the same type.
    public mutating func append(contentsOf vector: ColumnVector) throws(ColumnarError) {
        try append(contentsOf: vector, rows: 0..<vector.count)
    }

    /// Appends some values of a vector of the same type.
    public mutating func append(
        contentsOf vector: ColumnVector, rows: Range<Int>
    ) throws(ColumnarError) {
        precondition(rows.lowerBound >= 0 && rows.upperBound <= vector.count)
        guard vector.type == type else {
            throw .invalidValue(reason: "a column of \(type) cannot hold one of \(vector.type)")
        }
        if let width = type.fixedByteCount {
            data.append(contentsOf: vector.data[rows.lowerBound * width..<rows.upperBound * width])
        } else if type == .boolean {
            appendFlags(of: vector, rows: rows)
        } else if !rows.isEmpty {
            let start = vector.offsets[rows.lowerBound]
            let end = vector.offsets[rows.upperBound]
            try checkRoom(Int(end - start))
            let shift = Int32(data.count) - start
            data.append(contentsOf: vector.data[Int(start)..<Int(end)])
            offsets.append(
                contentsOf: vector.offsets[rows.lowerBound + 1..<rows.upperBound + 1].lazy.map {
                    $0 + shift
                })
        }
        appendValidity(of: vector, rows: rows)
        count += rows.count
    }

    private mutating func appendFlags(of vector: ColumnVector, rows: Range<Int>) {
        data.append(contentsOf: repeatElement(0, count: (count + rows.count + 7) / 8 - data.count))
        for (offset, row) in rows.enumerated() where vector.boolean(at: row) {
            data[(count + offset) >> 3] |= 1 << UInt8((count + offset) & 7)
        }
    }

    private mutating func appendValidity(of vector: ColumnVector, rows: Range<Int>) {
        var nulls = 0
        if vector.nullCount > 0 {
            for row in rows where vector.isNull(at: row) { nulls += 1 }
        }
        if nullCount == 0 && nulls == 0 { return }
        if nullCount == 0 { fillValidity() }
        nullCount += nulls
        validity.append(
            contentsOf: repeatElement(0, count: (count + rows.count + 7) / 8 - validity.count))
        for (offset, row) in rows.enumerated() where !vector.isNull(at: row) {
            validity[(count + offset) >> 3] |= 1 << UInt8((count + offset) & 7)
        }
    }

    /// Marks what was appended so far as not null, before the first null.
    private mutating func fillValidity() {
        validity = [UInt8](repeating: 0xFF, count: (count + 7) / 8)
        if count & 7 != 0 { validity[count >> 3] = 1 << UInt8(count & 7) - 1 }
    }

    /// Appends the value in one row of a vector of the same type.
    public mutating func appendRow(
        _ position: Int, of vector: ColumnVector
    ) throws(ColumnarError) {
        precondition(vector.type == type)
        if vector.isNull(at: position) { return appendNull() }
        if let width = type.fixedByteCount {
            data.append(contentsOf: vector.data[position * width..<(position + 1) * width])
            advance()
        } else if type == .boolean {
            try append(.boolean(vector.boolean(at: position)))
        } else {
            let range = vector.byteRange(at: position)
            try checkRoom(range.count)
            data.append(contentsOf: vector.data[range])
            offsets.append(Int32(data.count))
            advance()
        }
    }

    /// The column; the builder is empty again.
    public mutating func finish() -> ColumnVector {
        let vector = ColumnVector(
            trusted: type, count: count, nullCount: nullCount, validity: validity,
            offsets: offsets, data: data)
        self = ColumnVectorBuilder(type: type)
        return vector
    }
}
