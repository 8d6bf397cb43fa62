import Columnar

extension PlainValues {
    /// Reads `count` PLAIN values, which need not fill the range of `reader`, in the layout of
    /// Arrow.
    static func read(
        _ reader: inout ByteReader, bytes: [UInt8], count: Int, _ layout: LeafLayout
    ) throws(ColumnarError) -> PlainValues {
        switch layout.physical {
        case .boolean: return try readFlags(&reader, bytes, count)
        case .int32, .float: return try readNumbers(&reader, bytes, count, width: 4, layout)
        case .int64, .double: return try readNumbers(&reader, bytes, count, width: 8, layout)
        case .byteArray: return try readStrings(&reader, bytes, count, layout)
        case .fixedLengthByteArray: return try readBlobs(&reader, bytes, count, layout)
        case .int96: return try readMoments(&reader, bytes, count)
        }
    }

    private static func checkedSize(
        _ count: Int, _ width: Int, _ reader: ByteReader
    ) throws(ColumnarError) -> Int {
        let (size, overflow) = count.multipliedReportingOverflow(by: width)
        guard !overflow, size <= reader.remaining else {
            throw .corrupt(
                reason: "\(count) Parquet values in \(reader.remaining) bytes",
                position: reader.position)
        }
        return size
    }

    private static func readFlags(
        _ reader: inout ByteReader, _ bytes: [UInt8], _ count: Int
    ) throws(ColumnarError) -> PlainValues {
        let start = try reader.take((count + 7) / 8)
        return .flags(
            (0..<count).map { bytes[start + $0 >> 3] >> UInt8($0 & 7) & 1 })
    }

    private static func readNumbers(
        _ reader: inout ByteReader, _ bytes: [UInt8], _ count: Int, width: Int,
        _ layout: LeafLayout
    ) throws(ColumnarError) -> PlainValues {
        let start = try reader.take(try checkedSize(count, width, reader))
        return try adapt(Array(bytes[start..<start + count * width]), width: width, layout)
    }

    /// Numbers as the file has them, in the width and unit of the column.
    static func adapt(
        _ numbers: [UInt8], width: Int, _ layout: LeafLayout
    ) throws(ColumnarError) -> PlainValues {
        if case .decimal = layout.type { return .fixed(width: 16, bytes: widen(numbers, width)) }
        guard layout.type.storage.fixedByteCount == width || layout.isTimeOfMilliseconds else {
            throw .unsupported(reason: "numbers of \(width) bytes for \(layout.type)")
        }
        guard layout.factor != 1 else { return .fixed(width: width, bytes: numbers) }
        var scaled = ByteWriter(capacity: numbers.count / width * 8)
        var reader = ByteReader(numbers)
        while !reader.isAtEnd {
            let number =
                width == 4
                ? Int64(try reader.readLittleEndian(Int32.self))
                : try reader.readLittleEndian(Int64.self)
            let (product, overflow) = number.multipliedReportingOverflow(by: layout.factor)
            if overflow { throw .unsupported(reason: "a timestamp beyond 64 bits of microseconds") }
            scaled.append(littleEndian: product)
        }
        return .fixed(width: 8, bytes: scaled.bytes)
    }

    /// Nanoseconds of a day and the number of the day in the Julian calendar, as microseconds.
    private static func readMoments(
        _ reader: inout ByteReader, _ bytes: [UInt8], _ count: Int
    ) throws(ColumnarError) -> PlainValues {
        _ = try checkedSize(count, 12, reader)
        var writer = ByteWriter(capacity: count * 8)
        for _ in 0..<count {
            let nanoseconds: Int64 = try reader.readLittleEndian()
            let day: Int32 = try reader.readLittleEndian()
            let daysSinceEpoch = Int64(day) - 2_440_588
            let (microseconds, overflow) = (daysSinceEpoch * 86_400_000_000)
                .addingReportingOverflow(nanoseconds / 1000)
            if overflow { throw .unsupported(reason: "a timestamp beyond 64 bits") }
            writer.append(littleEndian: microseconds)
        }
        return .fixed(width: 8, bytes: writer.bytes)
    }

    /// Signed numbers of 4 or 8 bytes in 16.
    private static func widen(_ numbers: [UInt8], _ width: Int) -> [UInt8] {
        let count = numbers.count / width
        return [UInt8](unsafeUninitializedCapacity: count * 16) { target, initialized in
            numbers.withUnsafeBytes { source in
                let target = UnsafeMutableRawBufferPointer(target)
                for index in 0..<count {
                    let number =
                        width == 4
                        ? Int64(
                            source.loadUnaligned(fromByteOffset: index * 4, as: Int32.self))
                        : source.loadUnaligned(fromByteOffset: index * 8, as: Int64.self)
                    target.storeBytes(of: number, toByteOffset: index * 16, as: Int64.self)
                    target.storeBytes(
                        of: number >> 63, toByteOffset: index * 16 + 8, as: Int64.self)
                }
            }
            initialized = count * 16
        }
    }

    private static func readStrings(
        _ reader: inout ByteReader, _ bytes: [UInt8], _ count: Int, _ layout: LeafLayout
    ) throws(ColumnarError) -> PlainValues {
        _ = try checkedSize(count, 4, reader)
        let range = reader.position..<reader.end
        var offsets: [Int32] = []
        offsets.reserveCapacity(count + 1)
        offsets.append(0)
        var text: [UInt8] = []
        text.reserveCapacity(range.count - count * 4)
        // By hand, because this is where most time goes: one pass, two checks a value.
        let end = bytes.withUnsafeBytes { bytes in
            var position = range.lowerBound
            for _ in 0..<count {
                if range.upperBound - position < 4 { return -1 }
                let length = Int(
                    UInt32(
                        littleEndian: bytes.loadUnaligned(
                            fromByteOffset: position, as: UInt32.self)))
                position += 4
                if length > range.upperBound - position { return -1 }
                text.append(
                    contentsOf: UnsafeRawBufferPointer(
                        rebasing: bytes[position..<position + length]))
                position += length
                offsets.append(Int32(truncatingIfNeeded: text.count))
            }
            return position
        }
        guard end >= 0, text.count <= Int(Int32.max) else {
            throw .corrupt(reason: "Parquet strings are cut", position: range.lowerBound)
        }
        try reader.skip(end - range.lowerBound)
        return try adapt(offsets: offsets, bytes: text, layout)
    }

    private static func readBlobs(
        _ reader: inout ByteReader, _ bytes: [UInt8], _ count: Int, _ layout: LeafLayout
    ) throws(ColumnarError) -> PlainValues {
        let width = layout.typeLength
        let start = try reader.take(try checkedSize(count, width, reader))
        return try adapt(blobs: Array(bytes[start..<start + count * width]), layout)
    }

    /// Values of a fixed length as the file has them.
    static func adapt(
        blobs: [UInt8], _ layout: LeafLayout
    ) throws(ColumnarError) -> PlainValues {
        let width = layout.typeLength
        guard case .decimal = layout.type else { return .fixed(width: width, bytes: blobs) }
        return try decimals(
            stride(from: 0, to: blobs.count, by: width).map { blobs[$0..<$0 + width] })
    }

    /// Values of any length as the file has them.
    static func adapt(
        offsets: [Int32], bytes: [UInt8], _ layout: LeafLayout
    ) throws(ColumnarError) -> PlainValues {
        guard case .decimal = layout.type else {
            return .variable(offsets: offsets, bytes: bytes)
        }
        return try decimals(
            zip(offsets, offsets.dropFirst()).map { bytes[Int($0)..<Int($1)] })
    }

    /// Decimals from big-endian two's complement.
    private static func decimals(
        _ values: [ArraySlice<UInt8>]
    ) throws(ColumnarError) -> PlainValues {
        var writer = ByteWriter(capacity: values.count * 16)
        for digits in values {
            // Of a longer number only what repeats the sign may be left out.
            let sign: UInt8 = (digits.first ?? 0) >= 0x80 ? 0xFF : 0
            let short = digits.suffix(16)
            guard digits.prefix(digits.count - short.count).allSatisfy({ $0 == sign }),
                short.isEmpty || digits.count == short.count || (short.first! ^ sign) < 0x80
            else { throw .unsupported(reason: "a decimal over 128 bits") }
            writer.append(littleEndian: Int128(bigEndianBytes: short) ?? 0)
        }
        return .fixed(width: 16, bytes: writer.bytes)
    }

    /// The values at these positions, all of which exist; not more than `byteLimit` bytes.
    func gather(
        _ indices: [UInt32], byteLimit: Int
    ) throws(ColumnarError) -> PlainValues {
        switch self {
        case .flags(let flags): return .flags(indices.map { flags[Int($0)] })
        case .fixed(let width, let bytes):
            switch width {
            case 4: return .fixed(width: 4, bytes: Self.gather(bytes, indices, UInt32.self))
            case 8: return .fixed(width: 8, bytes: Self.gather(bytes, indices, UInt64.self))
            default: return .fixed(width: width, bytes: Self.gather(bytes, width, indices))
            }
        case .variable(let offsets, let bytes):
            var size = 0
            for index in indices { size += Int(offsets[Int(index) + 1] - offsets[Int(index)]) }
            guard size <= min(byteLimit, Int(Int32.max)) else {
                throw .tooLarge(byteCount: size, limit: min(byteLimit, Int(Int32.max)))
            }
            var gatheredOffsets: [Int32] = []
            gatheredOffsets.reserveCapacity(indices.count + 1)
            gatheredOffsets.append(0)
            let gathered = [UInt8](unsafeUninitializedCapacity: size) { target, initialized in
                bytes.withUnsafeBytes { source in
                    let target = UnsafeMutableRawBufferPointer(target)
                    var position = 0
                    for index in indices {
                        let range = Int(offsets[Int(index)])..<Int(offsets[Int(index) + 1])
                        UnsafeMutableRawBufferPointer(
                            rebasing: target[position..<position + range.count]
                        ).copyMemory(from: UnsafeRawBufferPointer(rebasing: source[range]))
                        position += range.count
                        gatheredOffsets.append(Int32(position))
                    }
                }
                initialized = size
            }
            return .variable(offsets: gatheredOffsets, bytes: gathered)
        }
    }

    /// Of numbers that are as wide as one of the machine's.
    private static func gather<Number: BitwiseCopyable>(
        _ bytes: [UInt8], _ indices: [UInt32], _: Number.Type
    ) -> [UInt8] {
        let width = MemoryLayout<Number>.size
        return [UInt8](unsafeUninitializedCapacity: indices.count * width) {
            target, initialized in
            bytes.withUnsafeBytes { source in
                let target = UnsafeMutableRawBufferPointer(target)
                for (place, index) in indices.enumerated() {
                    let number = source.loadUnaligned(
                        fromByteOffset: Int(index) * width, as: Number.self)
                    target.storeBytes(of: number, toByteOffset: place * width, as: Number.self)
                }
            }
            initialized = indices.count * width
        }
    }

    private static func gather(_ bytes: [UInt8], _ width: Int, _ indices: [UInt32]) -> [UInt8] {
        let size = indices.count * width
        return [UInt8](unsafeUninitializedCapacity: size) { target, initialized in
            bytes.withUnsafeBytes { source in
                let target = UnsafeMutableRawBufferPointer(target)
                var position = 0
                for index in indices {
                    let start = Int(index) * width
                    UnsafeMutableRawBufferPointer(rebasing: target[position..<position + width])
                        .copyMemory(
                            from: UnsafeRawBufferPointer(rebasing: source[start..<start + width]))
                    position += width
                }
            }
            initialized = size
        }
    }
}

extension LeafLayout {
    /// Whether the file has 4 bytes for a value of 8 in memory.
    fileprivate var isTimeOfMilliseconds: Bool { factor == 1000 && physical == .int32 }
}
