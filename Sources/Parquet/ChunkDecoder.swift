import Columnar

/// Reads the entries of one leaf's chunk of pages.
struct ChunkDecoder {
    private let leaf: ParquetLeaf
    private let codec: Int32
    private let valueCount: Int
    private let bytes: [UInt8]
    private var reader: ByteReader
    /// What decompression, dictionaries and levels may still make.
    private var byteLimit: Int
    private var dictionary: PlainValues?
    private var entries: LeafEntries?
    private var pageNumber = 0

    /// `range` is where the chunk's pages stand in `bytes`.
    init(
        _ leaf: ParquetLeaf, _ metadata: ChunkMetadata, rowCount: Int, bytes: [UInt8],
        range: Range<Int>, byteLimit: Int
    ) throws(ColumnarError) {
        guard metadata.path == leaf.path, metadata.type == leaf.layout.physical else {
            throw .corrupt(
                reason: "Parquet column \(leaf.name) is not where the schema has it",
                position: range.lowerBound)
        }
        // A level is at least a bit of a run, but a run can be long: the count is held against
        // rows, and for lists against the limit.
        guard metadata.valueCount >= Int64(rowCount),
            leaf.repetition > 0 || metadata.valueCount == Int64(rowCount),
            metadata.valueCount <= Int64(byteLimit / 8) || leaf.repetition == 0,
            rowCount <= byteLimit
        else {
            throw .corrupt(
                reason: "column \(leaf.name) has \(metadata.valueCount) values "
                    + "for \(rowCount) rows", position: range.lowerBound)
        }
        self.leaf = leaf
        self.bytes = bytes
        self.byteLimit = byteLimit
        codec = metadata.codec
        valueCount = Int(metadata.valueCount)
        reader = ByteReader(bytes, range: range)
    }

    mutating func decode() throws(ColumnarError) -> LeafEntries {
        while (entries?.count ?? 0) < valueCount {
            do { try decodePage() } catch {
                throw error.located("column \(leaf.name), page \(pageNumber)")
            }
        }
        if let entries { return entries }
        var none = ByteReader([])
        return LeafEntries(
            values: try PlainValues.read(&none, bytes: [], count: 0, leaf.layout),
            repetitions: leaf.repetition > 0 ? [] : nil, count: 0)
    }

    private mutating func decodePage() throws(ColumnarError) {
        let header = try PageHeader(&reader)
        let start = try reader.take(header.byteCount)
        let page = start..<start + header.byteCount
        if let checksum = header.checksum, checksum != crc32(bytes[page]) {
            throw .corrupt(reason: "the page does not match its checksum", position: start)
        }
        switch header.type {
        case .index: return
        case .dictionary: try readDictionary(header, page)
        case .data, .dataV2:
            guard header.valueCount <= valueCount - (entries?.count ?? 0) else {
                throw .corrupt(reason: "the page has too many values", position: start)
            }
            try readData(header, page)
            pageNumber += 1
        }
    }

    /// The plain bytes of a part of the file.
    private mutating func decompress(
        _ range: Range<Int>, plainByteCount: Int
    ) throws(ColumnarError) -> [UInt8] {
        guard plainByteCount <= byteLimit else {
            throw .tooLarge(byteCount: plainByteCount, limit: byteLimit)
        }
        byteLimit -= plainByteCount
        switch codec {
        case PageCodec.uncompressed:
            guard plainByteCount == range.count else {
                throw .corrupt(reason: "two sizes for a plain page", position: range.lowerBound)
            }
            return Array(bytes[range])
        case PageCodec.zstd:
            return try Compression.zstd(level: 3).decompress(
                bytes[range], byteCount: plainByteCount)
        case PageCodec.snappy:
            return try Snappy.decompress(bytes, range, byteCount: plainByteCount)
        case PageCodec.lz4Raw:
            return try Compression.decompressBlock(bytes[range], byteCount: plainByteCount)
        case PageCodec.gzip:
            return try Compression.decompressGzip(bytes[range], byteCount: plainByteCount)
        default:
            throw .unsupported(
                reason:
                    "Parquet codec \(codec): write zstd, lz4_raw, snappy, gzip or none"
            )
        }
    }

    private mutating func readDictionary(
        _ header: PageHeader, _ page: Range<Int>
    ) throws(ColumnarError) {
        guard dictionary == nil else {
            throw .corrupt(reason: "two dictionaries in a column", position: page.lowerBound)
        }
        let plain = try decompress(page, plainByteCount: header.plainByteCount)
        var reader = ByteReader(plain)
        guard header.valueCount <= max(plain.count, 1) * 8 else {
            throw .corrupt(reason: "a dictionary is cut", position: page.lowerBound)
        }
        dictionary = try PlainValues.read(
            &reader, bytes: plain, count: header.valueCount, leaf.layout)
    }

    private mutating func readData(
        _ header: PageHeader, _ page: Range<Int>
    ) throws(ColumnarError) {
        let count = header.valueCount
        var repetitions: [UInt32]?
        var definitions: [UInt32]?
        let plain: [UInt8]
        var values: ByteReader
        if header.type == .dataV2 {
            let levels = header.repetitionByteCount + header.definitionByteCount
            guard levels <= page.count, levels <= header.plainByteCount else {
                throw .corrupt(reason: "the levels of a page are cut", position: page.lowerBound)
            }
            let middle = page.lowerBound + header.repetitionByteCount
            let end = page.lowerBound + levels
            repetitions = try readLevels(
                bytes, page.lowerBound..<middle, count, limit: leaf.repetition)
            definitions = try readLevels(
                bytes, middle..<end, count, limit: leaf.definition)
            let rest = end..<page.upperBound
            let size = header.plainByteCount - levels
            plain =
                header.isCompressed
                ? try decompress(rest, plainByteCount: size) : Array(bytes[rest])
            values = ByteReader(plain)
        } else {
            plain = try decompress(page, plainByteCount: header.plainByteCount)
            values = ByteReader(plain)
            repetitions = try readPrefixedLevels(
                &values, plain, count, limit: leaf.repetition)
            definitions = try readPrefixedLevels(
                &values, plain, count, limit: leaf.definition)
        }
        var present = count
        if let levels = definitions {
            present = levels.reduce(0) { $0 + ($1 == leaf.definition ? 1 : 0) }
        }
        let decoded = try readValues(&values, plain, present, header.encoding)
        precondition(decoded.count == present, "a page of other values than it should")
        if let repetitions, entries == nil, repetitions.first != 0, count > 0 {
            throw .corrupt(reason: "the first row does not begin", position: page.lowerBound)
        }
        try append(
            LeafEntries(
                values: decoded, definitions: present == count ? nil : definitions,
                repetitions: repetitions, count: count))
    }

    private mutating func append(_ page: LeafEntries) throws(ColumnarError) {
        guard var whole = entries else {
            var first = page
            if page.count < valueCount, page.count > 0 {
                // The other pages are likely to be like it.
                first.values.reserve(
                    pages: min(valueCount / page.count + 1, 1024), byteLimit: byteLimit)
            }
            entries = first
            return
        }
        // Held in one place only, so that appending does not copy.
        entries = nil
        try whole.values.append(page.values)
        if whole.definitions != nil || page.definitions != nil {
            var definitions =
                whole.definitions ?? [UInt32](repeating: leaf.definition, count: whole.count)
            whole.definitions = nil
            definitions +=
                page.definitions ?? [UInt32](repeating: leaf.definition, count: page.count)
            whole.definitions = definitions
        }
        if let more = page.repetitions { whole.repetitions? += more }
        whole.count += page.count
        entries = whole
    }

    private func readPrefixedLevels(
        _ reader: inout ByteReader, _ plain: [UInt8], _ count: Int, limit: UInt32
    ) throws(ColumnarError) -> [UInt32]? {
        if limit == 0 { return nil }
        let size = Int(try reader.readLittleEndian(UInt32.self))
        let start = try reader.take(size)
        return try readLevels(plain, start..<start + size, count, limit: limit)
    }

    private func readLevels(
        _ bytes: [UInt8], _ range: Range<Int>, _ count: Int, limit: UInt32
    ) throws(ColumnarError) -> [UInt32]? {
        if limit == 0 { return nil }
        var reader = ByteReader(bytes, range: range)
        return try RunLengthHybrid.decode(
            &reader, bytes: bytes, bitWidth: 32 - limit.leadingZeroBitCount, count: count,
            limit: limit)
    }

    private mutating func readValues(
        _ reader: inout ByteReader, _ plain: [UInt8], _ count: Int, _ encoding: Int32
    ) throws(ColumnarError) -> PlainValues {
        switch encoding {
        case PageEncoding.plain:
            return try PlainValues.read(&reader, bytes: plain, count: count, leaf.layout)
        case PageEncoding.plainDictionary, PageEncoding.rleDictionary:
            guard let dictionary else {
                throw .corrupt(reason: "a page without its dictionary", position: reader.position)
            }
            if count == 0 { return try dictionary.gather([], byteLimit: 0) }
            guard dictionary.count > 0 else {
                throw .corrupt(reason: "an empty dictionary", position: reader.position)
            }
            let bitWidth = Int(try reader.readByte())
            let indices = try RunLengthHybrid.decode(
                &reader, bytes: plain, bitWidth: bitWidth, count: count,
                limit: UInt32(dictionary.count - 1))
            let values = try dictionary.gather(indices, byteLimit: byteLimit)
            byteLimit -= values.byteCount
            if byteLimit < 0 { throw .tooLarge(byteCount: values.byteCount, limit: 0) }
            return values
        case PageEncoding.rle where leaf.layout.physical == .boolean:
            if count == 0 && reader.isAtEnd { return .flags([]) }
            let size = Int(try reader.readLittleEndian(UInt32.self))
            guard size <= reader.remaining else {
                throw .corrupt(reason: "the booleans are cut", position: reader.position)
            }
            let flags = try RunLengthHybrid.decode(
                &reader, bytes: plain, bitWidth: 1, count: count, limit: 1)
            return .flags(flags.map { UInt8($0) })
        case PageEncoding.deltaBinaryPacked:
            return try DeltaEncoding.readNumbers(&reader, count: count, leaf.layout)
        case PageEncoding.deltaLengthByteArray:
            return try DeltaEncoding.readStrings(&reader, bytes: plain, count: count, leaf.layout)
        case PageEncoding.deltaByteArray:
            let values = try DeltaEncoding.readPrefixedStrings(
                &reader, count: count, leaf.layout, byteLimit: byteLimit)
            byteLimit -= values.byteCount
            return values
        case PageEncoding.byteStreamSplit:
            return try DeltaEncoding.readSplitStreams(
                &reader, bytes: plain, count: count, leaf.layout)
        default:
            throw .unsupported(
                reason: "Parquet encoding \(encoding) in column \(leaf.name)")
        }
    }
}
