import Columnar

/// The bytes of one block of a table file, whose checksum is right: entries are read where they
/// lie, none is copied that nobody asked for.
///
/// Each read checks what it goes over, so that a block which only looks right throws
/// `ColumnarError.corrupt` and never traps. The layout is that of `TableFormat`.
struct TableBlock {
    private let bytes: [UInt8]
    private let range: Range<Int>

    /// One without entries.
    private init() {
        bytes = []
        range = 0..<0
    }

    /// The block at `range` of `bytes`, its checksum at the end.
    init(_ bytes: [UInt8], _ range: Range<Int>) throws(ColumnarError) {
        self.range = try TableFormat.checkedContent(bytes, range)
        self.bytes = bytes
    }

    /// What the block has of a key, nil if nothing; entries behind the key are not looked at.
    ///
    /// No key is put together: of keys that grow, the next compares with `key` as the last one did
    /// where it shares more with that one than `key` does, and comes after `key` where it shares
    /// less.
    func entry(of key: [UInt8]) throws(ColumnarError) -> KeyEntry? {
        var head = EntryHead(at: range.lowerBound)
        // Bytes that the last key, which is before `key`, has in common with it.
        var common = 0
        while head.end < range.upperBound {
            try head.advance(in: bytes, until: range.upperBound)
            if head.shared > common { continue }
            if head.shared < common { return nil }
            let order = compare(head.unshared, key, &common)
            if order > 0 { return nil }
            if order == 0 { return KeyEntry(key: key, value: head.value.map { Array(bytes[$0]) }) }
        }
        return nil
    }

    /// How the bytes of an entry compare with those of `key` from `common` on, which grows by what
    /// is equal.
    private func compare(_ unshared: Range<Int>, _ key: [UInt8], _ common: inout Int) -> Int {
        var position = unshared.lowerBound
        while position < unshared.upperBound, common < key.count {
            if bytes[position] != key[common] { return bytes[position] < key[common] ? -1 : 1 }
            position += 1
            common += 1
        }
        if position < unshared.upperBound { return 1 }
        return common < key.count ? -1 : 0
    }

    /// A cursor before the first entry.
    var cursor: Cursor { Cursor(self) }

    /// All entries.
    func entries() throws(ColumnarError) -> [KeyEntry] {
        var cursor = cursor
        var entries: [KeyEntry] = []
        while try cursor.advance() { entries.append(cursor.entry) }
        return entries
    }

    /// Goes over the entries of a block in order.
    struct Cursor {
        private var block = TableBlock()
        private var head = EntryHead(at: 0)
        /// The key of the entry that the cursor is at.
        private(set) var key: [UInt8] = []

        /// Of a block without entries.
        init() {}

        init(_ block: TableBlock) {
            self.block = block
            head = EntryHead(at: block.range.lowerBound)
        }

        /// Whether the entry is a deletion.
        var isDeletion: Bool { head.value == nil }

        /// The value of the entry, nil if it is a deletion.
        var value: ArraySlice<UInt8>? { head.value.map { block.bytes[$0] } }

        var entry: KeyEntry { KeyEntry(key: key, value: value.map(Array.init)) }

        /// Goes to the next entry, whose key must be greater; false at the end.
        mutating func advance() throws(ColumnarError) -> Bool {
            let isFirst = head.end == block.range.lowerBound
            if head.end == block.range.upperBound { return false }
            try head.advance(in: block.bytes, until: block.range.upperBound)
            let shared = head.shared
            guard shared <= key.count else {
                throw .corrupt(reason: "a shared prefix too long", position: head.start)
            }
            // What is shared is the longest common prefix: the next byte tells the order.
            let grows =
                !head.unshared.isEmpty
                && (shared == key.count
                    || block.bytes[head.unshared.lowerBound] > key[shared])
            guard isFirst || grows else {
                throw .corrupt(reason: "keys out of order", position: head.start)
            }
            key.removeLast(key.count - shared)
            key.append(contentsOf: block.bytes[head.unshared])
            return true
        }

        /// Goes to the first entry whose key is not before `wanted`; false if there is none.
        mutating func seek(_ wanted: [UInt8]) throws(ColumnarError) -> Bool {
            while try advance() {
                if !isBefore(key, wanted) { return true }
            }
            return false
        }
    }
}

/// Where the parts of an entry lie.
private struct EntryHead {
    private(set) var start: Int
    private(set) var end: Int
    /// Bytes that the key begins with like the one before.
    private(set) var shared = 0
    private(set) var unshared = 0..<0
    /// Nil: deleted.
    private(set) var value: Range<Int>?

    /// Before the entry at `position`.
    init(at position: Int) {
        start = position
        end = position
    }

    /// Reads the entry that follows in `bytes`, which lies before `limit`.
    @inline(__always)
    mutating func advance(in bytes: [UInt8], until limit: Int) throws(ColumnarError) {
        start = end
        var position = end
        let sharedCount = readVarint(bytes, &position, limit)
        let unsharedCount = readVarint(bytes, &position, limit)
        let valueCode = readVarint(bytes, &position, limit)
        guard let sharedCount, let unsharedCount, let valueCode,
            unsharedCount <= limit - position,
            max(0, valueCode - 1) <= limit - position - unsharedCount
        else { throw .corrupt(reason: "an entry that is cut", position: start) }
        shared = sharedCount
        unshared = position..<position + unsharedCount
        position += unsharedCount
        value = valueCode == 0 ? nil : position..<position + valueCode - 1
        end = position + max(0, valueCode - 1)
    }

    /// A varint that an `Int` has room for; nil if there is none before `limit`.
    @inline(__always)
    private func readVarint(_ bytes: [UInt8], _ position: inout Int, _ limit: Int) -> Int? {
        var number: UInt64 = 0
        var shift: UInt64 = 0
        while position < limit, shift < 63 {
            let byte = bytes[position]
            position += 1
            number |= UInt64(byte & 0x7F) << shift
            if byte < 0x80 { return Int(number) }
            shift += 7
        }
        return nil
    }
}
