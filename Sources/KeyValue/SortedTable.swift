import Changelog
import Columnar
import Platform

/// An open table file.
final class SortedTable {
    let description: Manifest.Table
    let path: String
    private let machine: Machine
    private let file: any File
    let blocks: [TableFormat.Block]
    private let filter: BloomFilter
    /// How many versions of the store have this table.
    var versionCount = 0

    private init(
        _ machine: Machine, _ description: Manifest.Table, path: String, file: any File,
        blocks: [TableFormat.Block], filter: BloomFilter
    ) {
        self.description = description
        self.path = path
        self.machine = machine
        self.file = file
        self.blocks = blocks
        self.filter = filter
    }

    /// Opens a table that a manifest names; `KeyValueError.damaged` if it is not what is named.
    static func open(
        _ description: Manifest.Table, in directory: String, _ machine: Machine
    ) async throws -> SortedTable {
        let path = directory + "/" + description.name
        let file: any File
        do { file = try await machine.disk.open(path, .existing) } catch DiskError.notFound {
            throw KeyValueError.damaged(path: path, reason: "the file is gone")
        }
        let size = try await file.size()
        guard size == description.byteCount else {
            throw KeyValueError.damaged(
                path: path, reason: "\(size) bytes, not \(description.byteCount)")
        }
        let footerCount = TableFormat.footerByteCount
        let end = try await machine.readOrZeros(
            file, at: size - Int64(footerCount), count: footerCount)
        do {
            let footer = try TableFormat.Footer(decoding: end, fileByteCount: size)
            guard footer.entryCount == description.entryCount else {
                throw ColumnarError.corrupt(reason: "another number of entries", position: 0)
            }
            let filterBytes = try await machine.readOrZeros(
                file, at: footer.filterPosition, count: footer.filterByteCount)
            let content = try TableFormat.checkedContent(filterBytes, 0..<filterBytes.count)
            guard let filter = BloomFilter(decoding: filterBytes[content]) else {
                throw ColumnarError.corrupt(reason: "no filter", position: 0)
            }
            let indexBytes = try await machine.readOrZeros(
                file, at: footer.indexPosition, count: footer.indexByteCount)
            let blocks = try TableFormat.decodeIndex(
                indexBytes, 0..<indexBytes.count, fileByteCount: size)
            guard !blocks.isEmpty, blocks[blocks.count - 1].lastKey == description.lastKey else {
                throw ColumnarError.corrupt(reason: "another last key", position: 0)
            }
            return SortedTable(
                machine, description, path: path, file: file, blocks: blocks, filter: filter)
        } catch let error as ColumnarError {
            await file.close()
            throw KeyValueError.damaged(path: path, reason: "\(error)")
        }
    }

    func close() async { await file.close() }

    /// The first block whose last key is not before `key`; the number of blocks if there is none.
    func blockPosition(of key: [UInt8]) -> Int {
        var low = 0
        var high = blocks.count
        while low < high {
            let middle = (low + high) / 2
            if isBefore(blocks[middle].lastKey, key) { low = middle + 1 } else { high = middle }
        }
        return low
    }

    /// What the table has of a key, nil if nothing.
    func entry(_ key: [UInt8], hash: UInt64, _ cache: BlockCache) async throws -> KeyEntry? {
        if !filter.mayContain(hash) { return nil }
        let position = blockPosition(of: key)
        if position == blocks.count { return nil }
        let block = try await block(position, cache)
        do throws(ColumnarError) { return try block.entry(of: key) } catch {
            throw damaged(position, error)
        }
    }

    func block(_ position: Int, _ cache: BlockCache) async throws -> TableBlock {
        let place = BlockCache.Place(table: description.number, block: position)
        if let block = cache.block(place) { return block }
        let range = blocks[position]
        let bytes = try await machine.readOrZeros(file, at: range.position, count: range.byteCount)
        let block = try checked(bytes, 0..<bytes.count, position)
        cache.insert(block, at: place, byteCount: range.byteCount)
        return block
    }

    /// The whole file in one read, its checksum checked.
    func readAll() async throws -> [UInt8] {
        let bytes = try await machine.readOrZeros(file, at: 0, count: Int(description.byteCount))
        guard bytes.count == Int(description.byteCount),
            contentHash(bytes) == description.contentHash
        else {
            throw KeyValueError.damaged(path: path, reason: "the checksum of the file is wrong")
        }
        return bytes
    }

    /// The bytes of some blocks in one read, their checksums not looked at.
    func read(_ positions: Range<Int>) async throws -> [UInt8] {
        precondition(!positions.isEmpty, "no block is asked for")
        let (first, last) = (blocks[positions.lowerBound], blocks[positions.upperBound - 1])
        let count = Int(last.position - first.position) + last.byteCount
        return try await machine.readOrZeros(file, at: first.position, count: count)
    }

    /// A block, out of the bytes of `positions`, which follow each other.
    func block(
        _ position: Int, of positions: Range<Int>, in bytes: [UInt8]
    ) throws(KeyValueError) -> TableBlock {
        precondition(positions.contains(position), "a block that was not read")
        let block = blocks[position]
        let start = Int(block.position - blocks[positions.lowerBound].position)
        return try checked(bytes, start..<start + block.byteCount, position)
    }

    /// Reads all entries of a block out of the bytes of the whole file.
    func verify(_ position: Int, in bytes: [UInt8]) throws(KeyValueError) {
        var cursor = try block(position, of: blocks.indices, in: bytes).cursor
        while try advance(&cursor, of: position) {}
    }

    /// Goes to the next entry of a block, the last of which is the one that the index names.
    @inline(__always)
    func advance(
        _ cursor: inout TableBlock.Cursor, of position: Int
    ) throws(KeyValueError) -> Bool {
        do throws(ColumnarError) {
            if try cursor.advance() { return true }
        } catch {
            throw damaged(position, error)
        }
        if cursor.key != blocks[position].lastKey {
            throw .damaged(path: path, reason: "block \(position): another last key")
        }
        return false
    }

    private func checked(
        _ bytes: [UInt8], _ range: Range<Int>, _ position: Int
    ) throws(KeyValueError) -> TableBlock {
        do throws(ColumnarError) { return try TableBlock(bytes, range) } catch {
            throw damaged(position, error)
        }
    }

    private func damaged(_ position: Int, _ error: ColumnarError) -> KeyValueError {
        .damaged(path: path, reason: "block \(position): \(error)")
    }
}
