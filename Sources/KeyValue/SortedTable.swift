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
        let entries = try await block(position, cache)
        let found = lowerBound(entries, key)
        return found < entries.count && entries[found].key == key ? entries[found] : nil
    }

    func block(_ position: Int, _ cache: BlockCache) async throws -> [KeyEntry] {
        let place = BlockCache.Place(table: description.number, block: position)
        if let entries = cache.block(place) { return entries }
        let block = blocks[position]
        let bytes = try await machine.readOrZeros(file, at: block.position, count: block.byteCount)
        let entries = try decode(bytes, 0..<bytes.count, position)
        cache.insert(entries, at: place, byteCount: block.byteCount)
        return entries
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

    /// The entries of a block, out of the bytes of the whole file.
    func block(_ position: Int, in bytes: [UInt8]) throws(KeyValueError) -> [KeyEntry] {
        let block = blocks[position]
        let start = Int(block.position)
        return try decode(bytes, start..<start + block.byteCount, position)
    }

    private func decode(
        _ bytes: [UInt8], _ range: Range<Int>, _ position: Int
    ) throws(KeyValueError) -> [KeyEntry] {
        do {
            let entries = try TableFormat.decodeBlock(bytes, range)
            guard let last = entries.last, last.key == blocks[position].lastKey else {
                throw ColumnarError.corrupt(reason: "another last key", position: range.lowerBound)
            }
            return entries
        } catch let error as ColumnarError {
            throw .damaged(path: path, reason: "block \(position): \(error)")
        } catch {
            preconditionFailure("decoding throws nothing else: \(error)")
        }
    }
}

/// The position of the first entry whose key is not before `key`.
func lowerBound(_ entries: [KeyEntry], _ key: [UInt8]) -> Int {
    var low = 0
    var high = entries.count
    while low < high {
        let middle = (low + high) / 2
        if isBefore(entries[middle].key, key) { low = middle + 1 } else { high = middle }
    }
    return low
}
