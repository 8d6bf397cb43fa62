/// Collects the values of one column.
public struct ColumnVectorBuilder: Sendable {
    public let type: DataType
    let storage: Storage
    public private(set) var count = 0
    private var nullCount = 0
    private var validity: [UInt8] = []
    private var offsets: [Int32] = []
    private var data: [UInt8] = []
    private var children: [ColumnVectorBuilder]

    public init(type: DataType, capacity: Int = 0) {
        self.type = type
        storage = type.storage
        let childCapacity = type.storage == .record ? capacity : 0
        children =
            type.isNested
            ? type.children.map { ColumnVectorBuilder(type: $0.type, capacity: childCapacity) } : []
        reserve(capacity)
    }

    private mutating func reserve(_ capacity: Int) {
        if storage.hasOffsets {
            offsets.reserveCapacity(capacity + 1)
            offsets.append(0)
        }
        if capacity > 0 && storage.hasData {
            data.reserveCapacity(capacity * (storage.fixedByteCount ?? (storage == .bit ? 1 : 16)))
        }
    }

    /// The bytes collected so far, roughly.
    public var byteCount: Int {
        children.reduce(data.count + offsets.count * 4 + validity.count) { $0 + $1.byteCount }
    }

    /// Appends a value or null; `ColumnarError.invalidValue`, and no change, if it is of another
    /// type.
    public mutating func append(_ value: Value) throws(ColumnarError) {
        switch (value, type) {
        case (.null, _): appendNull()
        // What most columns are; the rest goes by storage.
        case (.int(let number), .int): appendFixed(number)
        case (.bigint(let number), .bigint): appendFixed(number)
        case (.string(let text), .string):
            try checkRoom(text.utf8.count)
            appendVariable(text.utf8)
        case (.double(let number), .double): appendFixed(number)
        default:
            guard value.matches(type) else {
                throw .invalidValue(reason: "a column of \(type) cannot hold \(value)")
            }
            try appendMatching(value)
        }
    }

    /// Appends a value that was found to match the type.
    private mutating func appendMatching(_ value: Value) throws(ColumnarError) {
        switch (value, storage) {
        case (.null, _): appendNull()
        case (.boolean(let flag), _): appendFlag(flag)
        case (_, .int8): appendFixed(Int8(value.integer!))
        case (_, .int16): appendFixed(Int16(value.integer!))
        case (_, .int32): appendFixed(Int32(value.integer!))
        case (_, .int64): appendFixed(value.integer!)
        case (.decimal(let unscaled), _): appendFixed(unscaled)
        case (.float(let number), _): appendFixed(number)
        case (.double(let number), _): appendFixed(number)
        case (.uuid(let identifier), _):
            data.append(contentsOf: identifier.bytes)
            advance()
        case (.bytes(let bytes), .fixedBytes):
            data.append(contentsOf: bytes)
            advance()
        case (.string(let text), _):
            try checkRoom(text.utf8.count)
            appendVariable(text.utf8)
        case (.bytes(let bytes), _):
            try checkRoom(bytes.count)
            appendVariable(bytes)
        case (.vector(let elements), _):
            elements.withUnsafeBytes { data.append(contentsOf: $0) }
            advance()
        case (.array(let elements), _):
            try checkRoom(elements: elements.count)
            for element in elements { try children[0].appendMatching(element) }
            endElements()
        case (.map(let entries), _):
            try checkRoom(elements: entries.count)
            for entry in entries {
                try children[0].appendMatching(entry.key)
                try children[1].appendMatching(entry.value)
            }
            endElements()
        case (.row(let values), _):
            for index in values.indices { try children[index].appendMatching(values[index]) }
            advance()
        default: preconditionFailure("\(value) does not match \(type)")
        }
    }

    /// Appends numbers of a column that is stored in 32 bits; precondition: no row is null.
    public mutating func append(numbers: [Int32]) {
        precondition(storage == .int32 && nullCount == 0, "numbers of another width")
        numbers.withUnsafeBytes { data.append(contentsOf: $0) }
        count += numbers.count
    }

    /// Appends numbers of a column that is stored in 64 bits; precondition: no row is null.
    public mutating func append(numbers: [Int64]) {
        precondition(storage == .int64 && nullCount == 0, "numbers of another width")
        numbers.withUnsafeBytes { data.append(contentsOf: $0) }
        count += numbers.count
    }

    public mutating func appendNull() {
        if nullCount == 0 { fillValidity() }
        nullCount += 1
        switch storage {
        case .bit: if count & 7 == 0 { data.append(0) }
        case .text, .variableBytes: offsets.append(Int32(data.count))
        case .list, .map: offsets.append(Int32(children[0].count))
        case .record: for index in children.indices { children[index].appendNull() }
        default: data.append(contentsOf: repeatElement(0, count: storage.fixedByteCount ?? 0))
        }
        if count & 7 == 0 { validity.append(0) }
        count += 1
    }

    private mutating func appendFlag(_ flag: Bool) {
        if count & 7 == 0 { data.append(0) }
        if flag { data[count >> 3] |= 1 << UInt8(count & 7) }
        advance()
    }

    /// Appends a number in its memory layout; for a type of the same width.
    @inline(__always)
    private mutating func appendFixed<Number: BitwiseCopyable>(_ number: Number) {
        withUnsafeBytes(of: number) { data.append(contentsOf: $0) }
        advance()
    }

    private mutating func appendVariable(_ bytes: some Sequence<UInt8>) {
        data.append(contentsOf: bytes)
        offsets.append(Int32(data.count))
        advance()
    }

    private mutating func endElements() {
        offsets.append(Int32(children[0].count))
        advance()
    }

    /// Appends the bytes of text, which must be UTF-8 and fit the type, or of a bytes value.
    public mutating func appendBytes(_ bytes: UnsafeRawBufferPointer) throws(ColumnarError) {
        precondition(storage.isVariableBytes, "\(type) is not of bytes")
        try checkRoom(bytes.count)
        appendVariable(bytes)
    }

    /// Offsets are 32 bits, so a column holds at most 2 GiB.
    private func checkRoom(_ byteCount: Int) throws(ColumnarError) {
        guard byteCount <= Int(Int32.max) - data.count else {
            throw .tooLarge(byteCount: data.count + byteCount, limit: Int(Int32.max))
        }
    }

    private func checkRoom(elements count: Int) throws(ColumnarError) {
        guard count <= Int(Int32.max) - children[0].count else {
            throw .tooLarge(byteCount: children[0].count + count, limit: Int(Int32.max))
        }
    }

    private mutating func advance() {
        if nullCount > 0 {
            if count & 7 == 0 { validity.append(0) }
            validity[count >> 3] |= 1 << UInt8(count & 7)
        }
        count += 1
    }

    /// Marks what was appended so far as not null, before the first null.
    private mutating func fillValidity() {
        validity = [UInt8](repeating: 0xFF, count: (count + 7) / 8)
        if count & 7 != 0 { validity[count >> 3] = 1 << UInt8(count & 7) - 1 }
    }

    /// The column; the builder is empty again.
    public mutating func finish() -> ColumnVector {
        let vector = ColumnVector(
            trusted: type, count: count, nullCount: nullCount, validity: validity,
            offsets: offsets, data: data, children: children.indices.map { children[$0].finish() })
        self = ColumnVectorBuilder(type: type)
        return vector
    }
}

// MARK: - Copying from other columns

extension ColumnVectorBuilder {
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
        if let width = storage.fixedByteCount {
            data.append(contentsOf: vector.data[rows.lowerBound * width..<rows.upperBound * width])
        } else if storage == .bit {
            appendFlags(of: vector, rows: rows)
        } else if storage == .record {
            for index in children.indices {
                try children[index].append(contentsOf: vector.children[index], rows: rows)
            }
        } else if !rows.isEmpty {
            try appendVariable(of: vector, rows: rows)
        }
        appendValidity(of: vector, rows: rows)
        count += rows.count
    }

    /// Appends the values of some runs of rows of a vector of the same type, in their order; a run
    /// may be of one row.
    public mutating func append(
        contentsOf vector: ColumnVector, runs: [Range<Int>]
    ) throws(ColumnarError) {
        guard vector.type == type else {
            throw .invalidValue(reason: "a column of \(type) cannot hold one of \(vector.type)")
        }
        let hasNulls = vector.nullCount > 0 || nullCount > 0
        if let width = storage.fixedByteCount, !hasNulls {
            let rowCount = runs.reduce(0) { $0 + $1.count }
            data.reserveCapacity(data.count + rowCount * width)
            for run in runs {
                data += vector.data[run.lowerBound * width..<run.upperBound * width]
            }
            count += rowCount
        } else if storage.isVariableBytes && !hasNulls {
            try appendVariable(of: vector, runs: runs)
        } else {
            for run in runs { try append(contentsOf: vector, rows: run) }
        }
    }

    /// Of columns without nulls.
    private mutating func appendVariable(
        of vector: ColumnVector, runs: [Range<Int>]
    ) throws(ColumnarError) {
        var (rowCount, byteCount) = (0, 0)
        for run in runs where !run.isEmpty {
            rowCount += run.count
            byteCount += Int(vector.offsets[run.upperBound] - vector.offsets[run.lowerBound])
        }
        try checkRoom(byteCount)
        data.reserveCapacity(data.count + byteCount)
        offsets.reserveCapacity(offsets.count + rowCount)
        for run in runs where !run.isEmpty {
            let start = vector.offsets[run.lowerBound]
            let shift = Int32(data.count) - start
            data += vector.data[Int(start)..<Int(vector.offsets[run.upperBound])]
            for row in run { offsets.append(vector.offsets[row + 1] + shift) }
        }
        count += rowCount
    }

    private mutating func appendVariable(
        of vector: ColumnVector, rows: Range<Int>
    ) throws(ColumnarError) {
        let start = vector.offsets[rows.lowerBound]
        let end = vector.offsets[rows.upperBound]
        let shift: Int32
        if storage.isVariableBytes {
            try checkRoom(Int(end - start))
            shift = Int32(data.count) - start
            data.append(contentsOf: vector.data[Int(start)..<Int(end)])
        } else {
            try checkRoom(elements: Int(end - start))
            shift = Int32(children[0].count) - start
            for index in children.indices {
                try children[index].append(
                    contentsOf: vector.children[index], rows: Int(start)..<Int(end))
            }
        }
        offsets.append(
            contentsOf: vector.offsets[rows.lowerBound + 1..<rows.upperBound + 1].lazy.map {
                $0 + shift
            })
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

    /// Appends the value in one row of a vector of the same type.
    public mutating func appendRow(
        _ position: Int, of vector: ColumnVector
    ) throws(ColumnarError) {
        precondition(vector.storage == storage)
        if vector.isNull(at: position) { return appendNull() }
        if let width = storage.fixedByteCount {
            data.append(contentsOf: vector.data[position * width..<(position + 1) * width])
            advance()
        } else if storage == .bit {
            appendFlag(vector.boolean(at: position))
        } else if storage.isVariableBytes {
            let range = vector.byteRange(at: position)
            try checkRoom(range.count)
            appendVariable(vector.data[range])
        } else {
            try append(contentsOf: vector, rows: position..<position + 1)
        }
    }
}
