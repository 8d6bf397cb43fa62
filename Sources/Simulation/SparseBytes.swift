/// A file's content in pages, so that holes cost nothing and appending copies little.
struct SparseBytes {
    static let pageSize = 16 * 1024

    private var pages: [[UInt8]] = []
    private(set) var count: Int64 = 0

    func read(at offset: Int64, count wanted: Int) -> [UInt8] {
        if offset >= count || wanted <= 0 { return [] }
        let end = min(count, offset + Int64(wanted))
        var result: [UInt8] = []
        result.reserveCapacity(Int(end - offset))
        var position = Int(offset)
        while position < Int(end) {
            let within = position % Self.pageSize
            let span = min(Self.pageSize - within, Int(end) - position)
            let page = pages[position / Self.pageSize]
            let present = max(0, min(page.count - within, span))
            if present > 0 { result.append(contentsOf: page[within..<(within + present)]) }
            if present < span { result.append(contentsOf: repeatElement(0, count: span - present)) }
            position += span
        }
        return result
    }

    mutating func write(_ bytes: ArraySlice<UInt8>, at offset: Int64) {
        if bytes.isEmpty { return }
        let end = offset + Int64(bytes.count)
        if end > count { resize(to: end) }
        var position = Int(offset)
        var source = bytes.startIndex
        while source < bytes.endIndex {
            let page = position / Self.pageSize
            let within = position % Self.pageSize
            let span = min(Self.pageSize - within, bytes.endIndex - source)
            let part = bytes[source..<(source + span)]
            if pages[page].count < within {
                pages[page].append(contentsOf: repeatElement(0, count: within - pages[page].count))
            }
            let overlap = min(pages[page].count, within + span)
            pages[page].replaceSubrange(within..<overlap, with: part)
            position += span
            source += span
        }
    }

    mutating func resize(to size: Int64) {
        let pageCount = Int((size + Int64(Self.pageSize) - 1) / Int64(Self.pageSize))
        if size < count {
            pages.removeLast(pages.count - pageCount)
            let last = Int(size) - (pageCount - 1) * Self.pageSize
            if pageCount > 0 && pages[pageCount - 1].count > last {
                pages[pageCount - 1].removeLast(pages[pageCount - 1].count - last)
            }
        } else {
            while pages.count < pageCount { pages.append([]) }
        }
        count = size
    }

    mutating func flipBit(_ bit: Int64) {
        let position = Int(bit / 8)
        var byte = read(at: Int64(position), count: 1)
        byte[0] ^= 1 << UInt8(bit % 8)
        write(byte[...], at: Int64(position))
    }
}
