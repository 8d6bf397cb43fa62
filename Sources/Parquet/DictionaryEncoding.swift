import Columnar

/// The distinct values of a column chunk, in order of appearance, and for each value its index.
struct DictionaryEncoding {
    let distinct: PlainValues
    let indices: [UInt32]

    var bitWidth: Int { max(1, 32 - UInt32(max(0, distinct.count - 1)).leadingZeroBitCount) }

    /// More distinct values than this are not worth a dictionary.
    private static let distinctLimit = 1 << 16
    /// A larger dictionary is too much to read for a few rows.
    private static let byteLimit = 1 << 20
    /// After as many values it shows whether they repeat.
    private static let sampleCount = 4096

    /// Nil unless a dictionary makes the chunk smaller.
    init?(_ values: PlainValues) {
        guard values.count >= 8 else { return nil }
        switch values {
        case .flags: return nil
        case .fixed(let width, _) where width != 4 && width != 8: return nil
        case .fixed(let width, let bytes):
            guard let (keys, indices) = Self.numbers(bytes, width: width) else { return nil }
            self.indices = indices
            var writer = ByteWriter(capacity: keys.count * width)
            for key in keys {
                if width == 4 {
                    writer.append(littleEndian: UInt32(truncatingIfNeeded: key))
                } else {
                    writer.append(littleEndian: key)
                }
            }
            distinct = .fixed(width: width, bytes: writer.bytes)
        case .variable(let offsets, let bytes):
            guard let (positions, indices) = Self.strings(offsets, bytes) else { return nil }
            self.indices = indices
            var distinctOffsets: [Int32] = [0]
            var distinctBytes: [UInt8] = []
            for position in positions {
                distinctBytes.append(
                    contentsOf: bytes[Int(offsets[position])..<Int(offsets[position + 1])])
                distinctOffsets.append(Int32(distinctBytes.count))
            }
            distinct = .variable(offsets: distinctOffsets, bytes: distinctBytes)
        }
        let size = distinct.byteCount + indices.count * bitWidth / 8
        guard distinct.byteCount <= Self.byteLimit, size < values.byteCount else { return nil }
    }

    private static func numbers(
        _ bytes: [UInt8], width: Int
    ) -> (keys: [UInt64], indices: [UInt32])? {
        let count = bytes.count / width
        var keys: [UInt64] = []
        var indices: [UInt32] = []
        indices.reserveCapacity(count)
        var table = ProbeTable()
        let isHopeful = bytes.withUnsafeBytes { bytes in
            for position in 0..<count {
                let key =
                    width == 4
                    ? UInt64(bytes.loadUnaligned(fromByteOffset: position * 4, as: UInt32.self))
                    : bytes.loadUnaligned(fromByteOffset: position * 8, as: UInt64.self)
                let hash = mix(key)
                let index = table.index(hash) { keys[$0] == key }
                if index == keys.count {
                    keys.append(key)
                    if keys.count > distinctLimit { return false }
                    table.grow { mix(keys[$0]) }
                }
                indices.append(UInt32(index))
                if position == sampleCount && keys.count > sampleCount / 2 { return false }
            }
            return true
        }
        return isHopeful ? (keys, indices) : nil
    }

    private static func strings(
        _ offsets: [Int32], _ bytes: [UInt8]
    ) -> (positions: [Int], indices: [UInt32])? {
        let count = offsets.count - 1
        var positions: [Int] = []
        var hashes: [UInt64] = []
        var indices: [UInt32] = []
        indices.reserveCapacity(count)
        var table = ProbeTable()
        let isHopeful = bytes.withUnsafeBytes { bytes in
            offsets.withUnsafeBufferPointer { offsets in
                for position in 0..<count {
                    let text = Int(offsets[position])..<Int(offsets[position + 1])
                    let hash = hashText(bytes, text)
                    let index = table.index(hash) {
                        guard hashes[$0] == hash else { return false }
                        let other = positions[$0]
                        return isSame(bytes, text, Int(offsets[other])..<Int(offsets[other + 1]))
                    }
                    if index == positions.count {
                        positions.append(position)
                        hashes.append(hash)
                        if positions.count > distinctLimit { return false }
                        table.grow { hashes[$0] }
                    }
                    indices.append(UInt32(index))
                    if position == sampleCount && positions.count > sampleCount / 2 {
                        return false
                    }
                }
                return true
            }
        }
        return isHopeful ? (positions, indices) : nil
    }

    /// The finalizer of MurmurHash3 (Appleby).
    @inline(__always)
    private static func mix(_ key: UInt64) -> UInt64 {
        var mixed = key
        mixed = (mixed ^ (mixed >> 33)) &* 0xFF51_AFD7_ED55_8CCD
        mixed = (mixed ^ (mixed >> 33)) &* 0xC4CE_B9FE_1A85_EC53
        return mixed ^ (mixed >> 33)
    }

    @inline(__always)
    private static func hashText(_ bytes: UnsafeRawBufferPointer, _ text: Range<Int>) -> UInt64 {
        var hash = UInt64(text.count)
        var position = text.lowerBound
        while position + 8 <= text.upperBound {
            hash = mix(hash ^ bytes.loadUnaligned(fromByteOffset: position, as: UInt64.self))
            position += 8
        }
        var tail: UInt64 = 0
        while position < text.upperBound {
            tail = tail << 8 | UInt64(bytes[position])
            position += 1
        }
        return mix(hash ^ tail)
    }

    @inline(__always)
    private static func isSame(
        _ bytes: UnsafeRawBufferPointer, _ left: Range<Int>, _ right: Range<Int>
    ) -> Bool {
        if left.count != right.count { return false }
        for offset in 0..<left.count
        where bytes[left.lowerBound + offset] != bytes[right.lowerBound + offset] {
            return false
        }
        return true
    }
}

/// An open-addressing hash table of positions in an array that its user keeps.
private struct ProbeTable {
    /// Position + 1; 0 if free. The count is a power of two.
    private var slots = [UInt32](repeating: 0, count: 1024)
    private var used = 0

    /// The position of the entry that `isMatch`, or a new one at the end.
    @inline(__always)
    mutating func index(_ hash: UInt64, isMatch: (Int) -> Bool) -> Int {
        let mask = slots.count - 1
        var slot = Int(truncatingIfNeeded: hash) & mask
        while slots[slot] != 0 {
            let index = Int(slots[slot] - 1)
            if isMatch(index) { return index }
            slot = (slot + 1) & mask
        }
        used += 1
        slots[slot] = UInt32(used)
        return used - 1
    }

    /// Makes room once half of the slots are taken; to be called after each new entry.
    @inline(__always)
    mutating func grow(hashOf: (Int) -> UInt64) {
        if used * 2 <= slots.count { return }
        let mask = slots.count * 2 - 1
        slots = [UInt32](repeating: 0, count: slots.count * 2)
        for index in 0..<used {
            var slot = Int(truncatingIfNeeded: hashOf(index)) & mask
            while slots[slot] != 0 { slot = (slot + 1) & mask }
            slots[slot] = UInt32(index + 1)
        }
    }
}
