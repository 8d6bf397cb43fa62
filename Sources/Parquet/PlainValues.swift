import Columnar

/// Values without nulls between them.
enum PlainValues {
    /// Numbers of `width` bytes each.
    case fixed(width: Int, bytes: [UInt8])
    /// Strings, from each offset to the next.
    case variable(offsets: [Int32], bytes: [UInt8])
    /// Booleans, a byte each, 0 or 1.
    case flags([UInt8])

    var count: Int {
        switch self {
        case .fixed(let width, let bytes): bytes.count / width
        case .variable(let offsets, _): offsets.count - 1
        case .flags(let flags): flags.count
        }
    }

    /// The bytes that some of the values take in PLAIN encoding, for sizing pages.
    var byteCount: Int {
        switch self {
        case .fixed(_, let bytes): bytes.count
        case .variable(let offsets, let bytes): bytes.count + 4 * (offsets.count - 1)
        case .flags(let flags): (flags.count + 7) / 8
        }
    }

    /// Makes room for as many values again for each of some pages, as far as the limit allows.
    mutating func reserve(pages: Int, byteLimit: Int) {
        switch self {
        case .fixed(let width, var bytes):
            self = .flags([])
            bytes.reserveCapacity(min(bytes.count * pages, bytes.count + byteLimit))
            self = .fixed(width: width, bytes: bytes)
        case .flags: break
        case .variable(var offsets, var bytes):
            self = .flags([])
            bytes.reserveCapacity(min(bytes.count * pages, bytes.count + byteLimit))
            offsets.reserveCapacity(min(offsets.count * pages, offsets.count + byteLimit / 4))
            self = .variable(offsets: offsets, bytes: bytes)
        }
    }

    /// Appends values of the same layout.
    mutating func append(_ more: PlainValues) throws(ColumnarError) {
        switch (self, more) {
        case (.fixed(let width, var bytes), .fixed(_, let moreBytes)):
            self = .flags([])
            bytes += moreBytes
            self = .fixed(width: width, bytes: bytes)
        case (.flags(var flags), .flags(let moreFlags)):
            self = .flags([])
            flags += moreFlags
            self = .flags(flags)
        case (.variable(var offsets, var bytes), .variable(let moreOffsets, let moreBytes)):
            guard moreBytes.count <= Int(Int32.max) - bytes.count else {
                throw .tooLarge(byteCount: bytes.count + moreBytes.count, limit: Int(Int32.max))
            }
            self = .flags([])
            let base = Int32(bytes.count)
            bytes += moreBytes
            offsets.reserveCapacity(offsets.count + moreOffsets.count)
            for offset in moreOffsets.dropFirst() { offsets.append(offset + base) }
            self = .variable(offsets: offsets, bytes: bytes)
        default: preconditionFailure("values of two layouts")
        }
    }

    /// The values of a leaf's vector that are not null, as Parquet stores them.
    init(_ vector: ColumnVector, _ layout: LeafLayout) {
        switch vector.storage {
        case .bit:
            var flags: [UInt8] = []
            flags.reserveCapacity(vector.count)
            for row in 0..<vector.count where !vector.isNull(at: row) {
                flags.append(vector.boolean(at: row) ? 1 : 0)
            }
            self = .flags(flags)
        case .text, .variableBytes: self = Self.strings(vector)
        case .fixedBytes:
            self =
                layout.physical == .byteArray
                ? Self.strings(vector)
                : Self.numbers(vector, stride: layout.typeLength, width: layout.typeLength)
        case .float32: self = Self.numbers(vector, stride: 4, width: 4)
        case .float64: self = Self.numbers(vector, stride: 8, width: 8)
        case .int8, .int16: self = Self.integers(vector, layout, Int32.self)
        case .int32 where layout.physical == .int32:
            self = Self.numbers(vector, stride: 4, width: 4)
        case .int64 where layout.writingFactor == 1:
            self = Self.numbers(vector, stride: 8, width: 8)
        case .int32, .int64: self = Self.integers(vector, layout, Int64.self)
        case .int128:
            switch layout.physical {
            case .int32: self = Self.numbers(vector, stride: 16, width: 4)
            case .int64: self = Self.numbers(vector, stride: 16, width: 8)
            default: self = Self.bigEndian(vector, width: layout.typeLength)
            }
        case .floats, .list, .map, .record: preconditionFailure("\(vector.type) is no leaf")
        }
    }

    /// Numbers in another width or unit.
    private static func integers<Number: FixedWidthInteger & BitwiseCopyable>(
        _ vector: ColumnVector, _ layout: LeafLayout, _: Number.Type
    ) -> PlainValues {
        let factor = layout.writingFactor
        var writer = ByteWriter(capacity: vector.count * MemoryLayout<Number>.size)
        for row in 0..<vector.count {
            guard let number = vector.value(at: row).integer else { continue }
            // What a type holds can be said in its unit here: the value was checked.
            writer.append(littleEndian: Number(number * factor))
        }
        return .fixed(width: MemoryLayout<Number>.size, bytes: writer.bytes)
    }

    /// Decimals as the high end of two's complement, of `width` bytes each.
    private static func bigEndian(_ vector: ColumnVector, width: Int) -> PlainValues {
        var writer = ByteWriter(capacity: vector.count * width)
        for row in 0..<vector.count where !vector.isNull(at: row) {
            let number = vector.decimal(at: row)
            for byte in (0..<width).reversed() {
                writer.append(byte: UInt8(truncatingIfNeeded: number >> Int128(8 * byte)))
            }
        }
        return .fixed(width: width, bytes: writer.bytes)
    }

    /// Takes the first `width` of each `stride` bytes: little endian, so the low ones.
    private static func numbers(_ vector: ColumnVector, stride: Int, width: Int) -> PlainValues {
        if vector.nullCount == 0 && stride == width {
            let size = vector.count * width
            let isExact = vector.data.count == size
            return .fixed(
                width: width, bytes: isExact ? vector.data : Array(vector.data.prefix(size)))
        }
        let size = (vector.count - vector.nullCount) * width
        let bytes = [UInt8](unsafeUninitializedCapacity: size) { target, initialized in
            vector.data.withUnsafeBytes { source in
                let target = UnsafeMutableRawBufferPointer(target)
                var position = 0
                for row in 0..<vector.count where !vector.isNull(at: row) {
                    UnsafeMutableRawBufferPointer(rebasing: target[position..<position + width])
                        .copyMemory(
                            from: UnsafeRawBufferPointer(
                                rebasing: source[row * stride..<row * stride + width]))
                    position += width
                }
            }
            initialized = size
        }
        return .fixed(width: width, bytes: bytes)
    }

    private static func strings(_ vector: ColumnVector) -> PlainValues {
        if vector.nullCount == 0 && vector.storage.hasOffsets {
            return .variable(offsets: vector.offsets, bytes: vector.data)
        }
        var offsets: [Int32] = [0]
        var bytes: [UInt8] = []
        offsets.reserveCapacity(vector.count - vector.nullCount + 1)
        bytes.reserveCapacity(vector.data.count)
        for row in 0..<vector.count where !vector.isNull(at: row) {
            bytes.append(contentsOf: vector.data[vector.byteRange(at: row)])
            offsets.append(Int32(bytes.count))
        }
        return .variable(offsets: offsets, bytes: bytes)
    }

    /// Appends some values in PLAIN encoding.
    func appendPlain(_ range: Range<Int>, to writer: inout ByteWriter) {
        switch self {
        case .fixed(let width, let bytes):
            writer.append(bytes[range.lowerBound * width..<range.upperBound * width])
        case .variable(let offsets, let bytes):
            if range.isEmpty { return }
            let size =
                Int(offsets[range.upperBound] - offsets[range.lowerBound]) + 4 * range.count
            writer.append(
                [UInt8](unsafeUninitializedCapacity: size) { target, initialized in
                    Self.copyStrings(
                        range, offsets, bytes, to: UnsafeMutableRawBufferPointer(target))
                    initialized = size
                })
        case .flags(let flags):
            var bits: UInt8 = 0
            for (position, flag) in flags[range].enumerated() {
                bits |= flag << UInt8(position & 7)
                if position & 7 == 7 {
                    writer.append(byte: bits)
                    bits = 0
                }
            }
            if range.count & 7 != 0 { writer.append(byte: bits) }
        }
    }

    private static func copyStrings(
        _ range: Range<Int>, _ offsets: [Int32], _ bytes: [UInt8],
        to target: UnsafeMutableRawBufferPointer
    ) {
        bytes.withUnsafeBytes { source in
            offsets.withUnsafeBufferPointer { offsets in
                var position = 0
                for index in range {
                    let start = Int(offsets[index])
                    let end = Int(offsets[index + 1])
                    target.storeBytes(
                        of: UInt32(end - start).littleEndian, toByteOffset: position,
                        as: UInt32.self)
                    position += 4
                    UnsafeMutableRawBufferPointer(
                        rebasing: target[position..<position + end - start]
                    ).copyMemory(from: UnsafeRawBufferPointer(rebasing: source[start..<end]))
                    position += end - start
                }
            }
        }
    }
}
