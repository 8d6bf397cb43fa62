import Columnar

// Parquet's RLE / bit-packing hybrid, for levels and dictionary indices of `bitWidth` bits. A run
// begins with a varint: even, half of it is a count, and the value that is repeated follows in
// whole bytes; odd, half of it is a count of groups of eight values, packed lowest bit first.

enum RunLengthHybrid {
    /// Repetitions from here on are worth a run of their own.
    private static let shortestRun = 8

    static func encode(_ values: [UInt32], bitWidth: Int, to writer: inout ByteWriter) {
        values.withUnsafeBufferPointer { encode($0, bitWidth: bitWidth, to: &writer) }
    }

    static func encode(
        _ values: UnsafeBufferPointer<UInt32>, bitWidth: Int, to writer: inout ByteWriter
    ) {
        var position = 0
        var packedStart = 0
        while position < values.count {
            let value = values[position]
            var end = position + 1
            while end < values.count && values[end] == value { end += 1 }
            // Packed groups are of eight, so the run first fills up the last one.
            let missing = (8 - (position - packedStart) & 7) & 7
            if end - position >= shortestRun + missing {
                appendPacked(values[packedStart..<position + missing], bitWidth, &writer)
                appendRun(value, count: end - position - missing, bitWidth, &writer)
                packedStart = end
            }
            position = end
        }
        appendPacked(values[packedStart...], bitWidth, &writer)
    }

    static func appendRun(
        _ value: UInt32, count: Int, _ bitWidth: Int, _ writer: inout ByteWriter
    ) {
        if count == 0 { return }
        writer.append(varint: UInt64(count) << 1)
        for byte in 0..<(bitWidth + 7) / 8 {
            writer.append(byte: UInt8(truncatingIfNeeded: value >> UInt32(8 * byte)))
        }
    }

    private static func appendPacked(
        _ values: Slice<UnsafeBufferPointer<UInt32>>, _ bitWidth: Int, _ writer: inout ByteWriter
    ) {
        if values.isEmpty { return }
        let groups = (values.count + 7) / 8
        writer.append(varint: UInt64(groups) << 1 | 1)
        var pending: UInt64 = 0
        var pendingBits = 0
        var packed: [UInt8] = []
        packed.reserveCapacity(groups * bitWidth)
        for value in values {
            pending |= UInt64(value) << UInt64(pendingBits)
            pendingBits += bitWidth
            while pendingBits >= 8 {
                packed.append(UInt8(truncatingIfNeeded: pending))
                pending >>= 8
                pendingBits -= 8
            }
        }
        if pendingBits > 0 { packed.append(UInt8(truncatingIfNeeded: pending)) }
        writer.append(packed)
        writer.append(zeros: groups * bitWidth - packed.count)
    }

    /// Reads exactly `count` values, each at most `limit`, from the range of `reader`.
    static func decode(
        _ reader: inout ByteReader, bytes: [UInt8], bitWidth: Int, count: Int, limit: UInt32
    ) throws(ColumnarError) -> [UInt32] {
        guard (0...32).contains(bitWidth) else {
            throw .corrupt(reason: "values of \(bitWidth) bits", position: reader.position)
        }
        var values: [UInt32] = []
        values.reserveCapacity(count)
        while values.count < count {
            let head = try reader.readVarint()
            let start = reader.position
            let missing = count - values.count
            if head & 1 == 0 {
                guard let length = Int(exactly: head >> 1), length > 0 else {
                    throw .corrupt(reason: "a run of no values", position: start)
                }
                var value: UInt32 = 0
                for byte in 0..<(bitWidth + 7) / 8 {
                    value |= UInt32(try reader.readByte()) << UInt32(8 * byte)
                }
                guard value <= limit else {
                    throw .corrupt(reason: "\(value) is over \(limit)", position: start)
                }
                values.append(contentsOf: repeatElement(value, count: min(length, missing)))
            } else {
                guard let groups = Int(exactly: head >> 1), groups > 0, groups <= 1 << 28 else {
                    throw .corrupt(reason: "a pack of no values", position: start)
                }
                // Some writers leave out what pads the last group.
                let wanted = min(groups * 8, missing)
                let stored = min(groups * bitWidth, reader.remaining)
                guard stored * 8 >= wanted * bitWidth else {
                    throw .corrupt(reason: "packed values are cut", position: start)
                }
                try reader.skip(stored)
                let highest = unpack(
                    bytes, start..<start + stored, bitWidth, count: wanted, into: &values)
                guard highest <= limit else {
                    throw .corrupt(reason: "\(highest) is over \(limit)", position: start)
                }
            }
        }
        return values
    }

    /// Answers the highest of the values.
    private static func unpack(
        _ bytes: [UInt8], _ range: Range<Int>, _ bitWidth: Int, count: Int,
        into values: inout [UInt32]
    ) -> UInt32 {
        let mask = bitWidth == 32 ? UInt64(UInt32.max) : UInt64(1) << UInt64(bitWidth) - 1
        var highest: UInt32 = 0
        values += [UInt32](unsafeUninitializedCapacity: count) { target, initialized in
            bytes.withUnsafeBytes { bytes in
                for index in 0..<count {
                    let bit = index * bitWidth
                    // A value begins within the first of these bytes, and has five at most.
                    let position = range.lowerBound + bit >> 3
                    let word = word(bytes, at: position, end: range.upperBound)
                    let value = UInt32(truncatingIfNeeded: word >> UInt64(bit & 7) & mask)
                    highest = max(highest, value)
                    target[index] = value
                }
            }
            initialized = count
        }
        return highest
    }

    /// Eight bytes, zeros where there are none.
    @inline(__always)
    private static func word(
        _ bytes: UnsafeRawBufferPointer, at position: Int, end: Int
    ) -> UInt64 {
        if position + 8 <= end {
            return UInt64(
                littleEndian: bytes.loadUnaligned(fromByteOffset: position, as: UInt64.self))
        }
        var word: UInt64 = 0
        for place in stride(from: position, to: min(position + 8, end), by: 1) {
            word |= UInt64(bytes[place]) << UInt64(8 * (place - position))
        }
        return word
    }
}
