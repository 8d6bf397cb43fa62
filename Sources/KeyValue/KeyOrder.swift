/// Keys order by their bytes, unsigned, a prefix first: the order of `KeyCodec`.
@inline(__always)
func isBefore(_ left: [UInt8], _ right: [UInt8]) -> Bool {
    left.withUnsafeBytes { left in
        right.withUnsafeBytes { right in
            let count = min(left.count, right.count)
            var position = 0
            while position + 8 <= count {
                let one = UInt64(
                    bigEndian: left.loadUnaligned(fromByteOffset: position, as: UInt64.self))
                let two = UInt64(
                    bigEndian: right.loadUnaligned(fromByteOffset: position, as: UInt64.self))
                if one != two { return one < two }
                position += 8
            }
            while position < count {
                if left[position] != right[position] { return left[position] < right[position] }
                position += 1
            }
            return left.count < right.count
        }
    }
}

/// A key and its value; nil where the key was deleted.
struct KeyEntry: Hashable {
    var key: [UInt8]
    var value: [UInt8]?
}
