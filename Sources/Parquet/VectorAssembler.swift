import Columnar

/// Puts the values of a column's pages back between its nulls.
struct VectorAssembler {
    private let column: ParquetColumn
    private let rowCount: Int
    private var count = 0
    private var hasNulls = false
    private var validity: [UInt8] = []
    private var offsets: [Int32] = []
    private var data: [UInt8] = []
    /// Elements that the last row of a vector column still wants.
    private var missingElements = 0

    init(_ column: ParquetColumn, rowCount: Int) {
        self.column = column
        self.rowCount = rowCount
        if column.type == .string || column.type == .bytes { offsets = [0] }
    }

    /// Appends a page; `definitions` is nil if none of its entries is null.
    mutating func append(
        _ values: PlainValues, definitions: [UInt32]?, repetitions: [UInt32]?, entryCount: Int
    ) throws(ColumnarError) {
        guard let repetitions else {
            guard entryCount <= rowCount - count else { throw tooManyRows }
            if let definitions {
                let full = column.maximumDefinitionLevel
                try appendSpread(values, definitions.map { $0 == full })
            } else {
                try appendWhole(values, entryCount)
            }
            return
        }
        try appendVectors(values, definitions, repetitions)
    }

    private var tooManyRows: ColumnarError {
        .corrupt(reason: "column \(column.name) has more than \(rowCount) rows", position: 0)
    }

    private mutating func appendWhole(
        _ values: PlainValues, _ entryCount: Int
    ) throws(ColumnarError) {
        precondition(values.count == entryCount)
        switch values {
        case .fixed(_, let bytes):
            if data.isEmpty { data = bytes } else { data += bytes }
        case .flags(let flags): data += flags
        case .variable(let valueOffsets, let bytes):
            if count == 0 {
                (offsets, data) = (valueOffsets, bytes)
            } else {
                try checkRoom(bytes.count)
                let base = Int32(data.count)
                data += bytes
                for offset in valueOffsets.dropFirst() { offsets.append(offset + base) }
            }
        }
        markRows(entryCount, areNull: false)
    }

    private func checkRoom(_ byteCount: Int) throws(ColumnarError) {
        guard byteCount <= Int(Int32.max) - data.count else {
            throw .tooLarge(byteCount: data.count + byteCount, limit: Int(Int32.max))
        }
    }

    private mutating func appendSpread(
        _ values: PlainValues, _ isPresent: [Bool]
    ) throws(ColumnarError) {
        var next = 0
        switch values {
        case .fixed(let width, let bytes):
            data.reserveCapacity(data.count + isPresent.count * width)
            for flag in isPresent {
                if flag {
                    data.append(contentsOf: bytes[next * width..<(next + 1) * width])
                    next += 1
                } else {
                    data.append(contentsOf: repeatElement(0, count: width))
                }
            }
        case .flags(let flags):
            for flag in isPresent {
                data.append(flag ? flags[next] : 0)
                if flag { next += 1 }
            }
        case .variable(let valueOffsets, let bytes):
            try checkRoom(bytes.count)
            let base = Int32(data.count)
            data += bytes
            for flag in isPresent {
                if flag { next += 1 }
                offsets.append(valueOffsets[next] + base)
            }
        }
        for flag in isPresent { markRows(1, areNull: !flag) }
    }

    private mutating func markRows(_ rows: Int, areNull: Bool) {
        if areNull && !hasNulls {
            hasNulls = true
            validity = [UInt8](repeating: 0xFF, count: (rowCount + 7) / 8)
        }
        if areNull {
            for row in count..<count + rows { validity[row >> 3] &= ~(1 << UInt8(row & 7)) }
        }
        count += rows
    }

    private mutating func appendVectors(
        _ values: PlainValues, _ definitions: [UInt32]?, _ repetitions: [UInt32]
    ) throws(ColumnarError) {
        guard case .vector(let dimension, _) = column.type,
            case .fixed(let width, let bytes) = values, width == 4
        else { throw .unsupported(reason: "column \(column.name) is no list of floats") }
        let full = column.maximumDefinitionLevel
        var next = 0
        var copied = 0
        for entry in repetitions.indices {
            let level = definitions?[entry] ?? full
            if repetitions[entry] == 0 {
                try requireWholeVector()
                guard count < rowCount else { throw tooManyRows }
                if level == 0 && !column.isRequired {
                    data.append(contentsOf: bytes[copied * 4..<next * 4])
                    copied = next
                    data.append(contentsOf: repeatElement(0, count: dimension * 4))
                    markRows(1, areNull: true)
                    continue
                }
                missingElements = dimension
                markRows(1, areNull: false)
            }
            guard level == full else {
                throw .unsupported(
                    reason: "column \(column.name) has a null or missing element in a vector")
            }
            guard missingElements > 0 else { throw wrongDimension }
            missingElements -= 1
            next += 1
        }
        data.append(contentsOf: bytes[copied * 4..<next * 4])
    }

    private var wrongDimension: ColumnarError {
        .unsupported(reason: "column \(column.name) has a vector that is not of \(column.type)")
    }

    private func requireWholeVector() throws(ColumnarError) {
        if missingElements != 0 { throw wrongDimension }
    }

    mutating func finish() throws(ColumnarError) -> ColumnVector {
        try requireWholeVector()
        guard count == rowCount else {
            throw .corrupt(
                reason: "column \(column.name) has \(count) rows, not \(rowCount)", position: 0)
        }
        if column.type == .boolean { data = Self.pack(data) }
        return try ColumnVector(
            type: column.type, count: count, validity: validity, offsets: offsets, data: data)
    }

    private static func pack(_ flags: [UInt8]) -> [UInt8] {
        var bits = [UInt8](repeating: 0, count: (flags.count + 7) / 8)
        for (position, flag) in flags.enumerated() {
            bits[position >> 3] |= flag << UInt8(position & 7)
        }
        return bits
    }
}
