/// Goes over the entries of tables that follow each other in key order.
struct RunCursor {
    private let tables: [SortedTable]
    private let cache: BlockCache
    /// Whether each table is read at once, for who goes over all of it.
    private let isWhole: Bool

    /// Who has gone over so many blocks is likely to go on: it reads as many again at once.
    private static let blocksBeforeAhead = 2
    /// The most blocks that are read at once: about 128 KiB.
    private static let blocksAhead = 32

    private var table = 0
    private var block = 0
    /// The bytes of some blocks of the table, which were read at once.
    private var ahead = (blocks: 0..<0, bytes: [UInt8]())
    /// Blocks that were loaded one after the other.
    private var passedBlocks = 0
    private var cursor = TableBlock.Cursor()
    private(set) var isAtEnd = true
    /// Whether the entries of the block in memory are passed, so that `loadNext` has to go on.
    private(set) var isBlockOver = false

    init(_ tables: [SortedTable], _ cache: BlockCache, isWhole: Bool) {
        self.tables = tables
        self.cache = cache
        self.isWhole = isWhole
    }

    /// The key of the entry that the cursor is at; it is at one until `isAtEnd`.
    var key: [UInt8] { cursor.key }

    /// Its value, nil if it is a deletion.
    var value: ArraySlice<UInt8>? { cursor.value }

    /// Goes to the first entry whose key is not before `wanted`, or to the very first.
    mutating func seek(_ wanted: [UInt8]?) async throws {
        table = 0
        block = 0
        ahead = (0..<0, [])
        passedBlocks = 0
        if let wanted {
            while table < tables.count, isBefore(tables[table].description.lastKey, wanted) {
                table += 1
            }
            if table < tables.count { block = tables[table].blockPosition(of: wanted) }
        }
        try await load()
        guard let wanted else { return }
        while !isAtEnd, isBefore(key, wanted) {
            if try !advance() { try await loadNext() }
        }
    }

    /// Goes to the next entry, if the block in memory has one; else `loadNext` goes to it.
    mutating func advance() throws(KeyValueError) -> Bool {
        precondition(!isAtEnd && !isBlockOver, "beyond the end of a block")
        isBlockOver = try !tables[table].advance(&cursor, of: block)
        return !isBlockOver
    }

    /// Goes to the first entry of the next block.
    mutating func loadNext() async throws {
        precondition(isBlockOver, "a block is not over")
        block += 1
        if block >= tables[table].blocks.count {
            table += 1
            block = 0
            ahead = (0..<0, [])
        }
        try await load()
    }

    private mutating func load() async throws {
        isAtEnd = true
        isBlockOver = false
        if table >= tables.count { return }
        let loaded = try await loadBlock()
        passedBlocks += 1
        cursor = loaded.cursor
        let hasEntry = try tables[table].advance(&cursor, of: block)
        precondition(hasEntry, "a block that the index names without an entry")
        isAtEnd = false
    }

    private mutating func loadBlock() async throws -> TableBlock {
        let source = tables[table]
        if !ahead.blocks.contains(block) {
            if isWhole {
                ahead = (source.blocks.indices, try await source.readAll())
            } else if passedBlocks < Self.blocksBeforeAhead {
                return try await source.block(block, cache)
            } else {
                let count = min(passedBlocks, Self.blocksAhead, source.blocks.count - block)
                let blocks = block..<block + count
                ahead = (blocks, try await source.read(blocks))
            }
        }
        return try source.block(block, of: ahead.blocks, in: ahead.bytes)
    }
}
