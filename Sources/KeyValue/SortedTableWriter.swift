import Columnar

/// Makes the bytes of a table file from entries in key order.
struct SortedTableWriter {
    private var bytes = ByteWriter(capacity: 64 * 1024)
    private var blocks: [TableFormat.Block] = []
    private var blockStart = 0
    private var hashes: [UInt64] = []
    private(set) var firstKey: [UInt8] = []
    private(set) var lastKey: [UInt8] = []

    var entryCount: Int { hashes.count }
    var byteCount: Int { bytes.count }

    /// Appends a row or, without a value, a deletion.
    ///
    /// Precondition: the key comes after all before.
    mutating func append(_ key: [UInt8], _ value: ArraySlice<UInt8>?) {
        precondition(hashes.isEmpty || isBefore(lastKey, key), "keys out of order")
        if hashes.isEmpty { firstKey = key }
        var shared = 0
        if bytes.count > blockStart {
            let limit = min(lastKey.count, key.count)
            while shared < limit, lastKey[shared] == key[shared] { shared += 1 }
        }
        bytes.append(varint: UInt64(shared))
        bytes.append(varint: UInt64(key.count - shared))
        bytes.append(varint: value.map { UInt64($0.count) + 1 } ?? 0)
        bytes.append(key[shared...])
        if let value { bytes.append(value) }
        hashes.append(BloomFilter.hash(key))
        // A copy into the same place: the cursors that hand keys over keep their own as well.
        lastKey.removeAll(keepingCapacity: true)
        lastKey.append(contentsOf: key)
        if bytes.count - blockStart >= TableFormat.blockByteCount { endBlock() }
    }

    private mutating func endBlock() {
        if bytes.count == blockStart { return }
        bytes.append(littleEndian: crc32c(bytes.bytes[blockStart...]))
        blocks.append(
            TableFormat.Block(
                lastKey: lastKey, position: Int64(blockStart),
                byteCount: bytes.count - blockStart))
        blockStart = bytes.count
    }

    /// The whole file.
    mutating func finish() -> [UInt8] {
        precondition(!hashes.isEmpty, "a table without entries")
        endBlock()
        let filter = BloomFilter(hashes: hashes).encoded()
        let filterPosition = bytes.count
        bytes.append(filter)
        bytes.append(littleEndian: crc32c(filter))
        let indexPosition = bytes.count
        let index = TableFormat.encodeIndex(blocks)
        bytes.append(index)
        let footer = TableFormat.Footer(
            filterPosition: Int64(filterPosition), filterByteCount: filter.count + 4,
            indexPosition: Int64(indexPosition), indexByteCount: index.count,
            entryCount: Int64(hashes.count))
        bytes.append(footer.encoded())
        return bytes.bytes
    }
}
