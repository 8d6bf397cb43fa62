import Columnar

/// Reads the encodings that other writers use instead of PLAIN (parquet-format, Encodings.md).
///
/// DELTA_BINARY_PACKED: block size, miniblocks a block, total count (varints), first value
/// (zig-zag); then blocks: the least difference (zig-zag), a bit width for each miniblock, and the
/// miniblocks, each of the differences above the least, packed lowest bit first.
/// DELTA_LENGTH_BYTE_ARRAY: the lengths in that encoding, then all bytes. BYTE_STREAM_SPLIT: the
/// first bytes of all values, then the second bytes, and so on.
enum DeltaEncoding {
    static func readNumbers(
        _ reader: inout ByteReader, count: Int, _ layout: LeafLayout
    ) throws(ColumnarError) -> PlainValues {
        let width = layout.physical == .int32 ? 4 : 8
        guard layout.physical == .int32 || layout.physical == .int64 else {
            throw .unsupported(reason: "delta encoding of what is no integer")
        }
        let numbers = try decode(&reader, count: count)
        var writer = ByteWriter(capacity: count * width)
        for number in numbers {
            if width == 4 {
                writer.append(littleEndian: Int32(truncatingIfNeeded: number))
            } else {
                writer.append(littleEndian: number)
            }
        }
        return try PlainValues.adapt(writer.bytes, width: width, layout)
    }

    static func readStrings(
        _ reader: inout ByteReader, bytes: [UInt8], count: Int, _ layout: LeafLayout
    ) throws(ColumnarError) -> PlainValues {
        guard layout.physical == .byteArray else {
            throw .unsupported(reason: "delta lengths of what is no string")
        }
        let lengths = try decode(&reader, count: count)
        var offsets: [Int32] = [0]
        offsets.reserveCapacity(count + 1)
        var end: Int64 = 0
        for length in lengths {
            guard length >= 0, length <= Int64(reader.remaining) - end else {
                throw .corrupt(reason: "Parquet strings are cut", position: reader.position)
            }
            end += length
            offsets.append(Int32(truncatingIfNeeded: end))
        }
        guard end <= Int64(Int32.max) else {
            throw .tooLarge(byteCount: Int(end), limit: Int(Int32.max))
        }
        return try PlainValues.adapt(
            offsets: offsets, bytes: try reader.readBytes(Int(end)), layout)
    }

    /// Strings of which each has the length of what it shares with the one before, then the
    /// lengths and bytes of the rest.
    static func readPrefixedStrings(
        _ reader: inout ByteReader, count: Int, _ layout: LeafLayout, byteLimit: Int
    ) throws(ColumnarError) -> PlainValues {
        guard layout.physical == .byteArray || layout.physical == .fixedLengthByteArray else {
            throw .unsupported(reason: "delta strings of what is no string")
        }
        let shared = try decode(&reader, count: count)
        let lengths = try decode(&reader, count: count)
        let limit = min(byteLimit, Int(Int32.max))
        var offsets: [Int32] = [0]
        offsets.reserveCapacity(count + 1)
        var bytes: [UInt8] = []
        var last = 0..<0
        for index in 0..<count {
            let start = bytes.count
            guard let prefix = Int(exactly: shared[index]), (0...last.count).contains(prefix),
                let length = Int(exactly: lengths[index]), length >= 0, length <= reader.remaining
            else { throw .corrupt(reason: "Parquet strings are cut", position: reader.position) }
            guard prefix + length <= limit - start else {
                throw .tooLarge(byteCount: start + prefix + length, limit: limit)
            }
            for offset in 0..<prefix { bytes.append(bytes[last.lowerBound + offset]) }
            bytes.append(contentsOf: try reader.readSlice(length))
            last = start..<bytes.count
            offsets.append(Int32(bytes.count))
        }
        if layout.physical == .byteArray {
            return try PlainValues.adapt(offsets: offsets, bytes: bytes, layout)
        }
        for (start, end) in zip(offsets, offsets.dropFirst())
        where Int(end - start) != layout.typeLength {
            throw .corrupt(reason: "a value of another length", position: reader.position)
        }
        return try PlainValues.adapt(blobs: bytes, layout)
    }

    static func readSplitStreams(
        _ reader: inout ByteReader, bytes: [UInt8], count: Int, _ layout: LeafLayout
    ) throws(ColumnarError) -> PlainValues {
        let width: Int
        switch layout.physical {
        case .int32, .float: width = 4
        case .int64, .double: width = 8
        case .fixedLengthByteArray: width = layout.typeLength
        default: throw .unsupported(reason: "split streams of what is no number")
        }
        guard count <= reader.remaining / width else {
            throw .corrupt(reason: "split streams are cut", position: reader.position)
        }
        let start = try reader.take(count * width)
        var numbers = [UInt8](repeating: 0, count: count * width)
        for byte in 0..<width {
            for index in 0..<count {
                numbers[index * width + byte] = bytes[start + byte * count + index]
            }
        }
        return layout.physical == .fixedLengthByteArray
            ? try PlainValues.adapt(blobs: numbers, layout)
            : try PlainValues.adapt(numbers, width: width, layout)
    }

    private static func decode(
        _ reader: inout ByteReader, count: Int
    ) throws(ColumnarError) -> [Int64] {
        let start = reader.position
        let blockSize = try reader.readVarint()
        let miniblocks = try reader.readVarint()
        let total = try reader.readVarint()
        guard total == UInt64(count), miniblocks > 0, miniblocks <= 1 << 10,
            blockSize <= 1 << 20, blockSize % miniblocks == 0, blockSize / miniblocks % 8 == 0,
            blockSize > 0
        else { throw .corrupt(reason: "a delta block makes no sense", position: start) }
        let miniblockSize = Int(blockSize / miniblocks)
        var number = try reader.readZigZag()
        var numbers: [Int64] = []
        numbers.reserveCapacity(count)
        if count > 0 { numbers.append(number) }
        while numbers.count < count {
            let least = try reader.readZigZag()
            let widths = try reader.readBytes(Int(miniblocks))
            for width in widths {
                // Of the last block only the miniblocks that hold values are there.
                if numbers.count >= count { break }
                guard width <= 64 else {
                    throw .corrupt(
                        reason: "differences of \(width) bits", position: reader.position)
                }
                let packed = try reader.readBytes(miniblockSize * Int(width) / 8)
                for index in 0..<min(miniblockSize, count - numbers.count) {
                    let difference = bits(packed, at: index * Int(width), count: Int(width))
                    number = number &+ least &+ Int64(bitPattern: difference)
                    numbers.append(number)
                }
            }
        }
        return numbers
    }

    private static func bits(_ packed: [UInt8], at start: Int, count: Int) -> UInt64 {
        var number: UInt64 = 0
        var taken = 0
        while taken < count {
            let bit = start + taken
            let portion = min(8 - bit & 7, count - taken)
            let part = packed[bit >> 3] >> UInt8(bit & 7) & UInt8(1 << portion - 1)
            number |= UInt64(part) << UInt64(taken)
            taken += portion
        }
        return number
    }
}
