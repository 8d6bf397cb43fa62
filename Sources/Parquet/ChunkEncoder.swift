import Columnar

/// A column of one row group, as it stands in the file.
struct EncodedChunk {
    var bytes: [UInt8]
    /// Offsets are from the chunk's start.
    var metadata: ChunkMetadata
    var statistics: ParquetStatistics
}

/// Makes pages of a leaf of one row group: a dictionary page if it pays, then data pages (version
/// 1), each of whole rows.
///
///     data page, before compression:
///         repetition levels    u32 little endian byte count, RLE hybrid; below lists only
///         definition levels    the same; unless all above is required
///         values               PLAIN, or a byte of bit width and dictionary indices in the hybrid
struct ChunkEncoder {
    private let shredded: ShreddedLeaf
    private let configuration: ParquetWriter.Configuration
    /// What the entries say, nulls aside.
    private let present: ColumnVector
    private let values: PlainValues
    private let dictionary: DictionaryEncoding?
    private var writer = ByteWriter()
    private var plainByteCount = 0

    private var leaf: ParquetLeaf { shredded.leaf }

    /// Precondition: a required leaf has no nulls.
    init(_ shredded: ShreddedLeaf, _ configuration: ParquetWriter.Configuration) {
        precondition(shredded.leaf.definition > 0 || shredded.vector.nullCount == 0)
        self.shredded = shredded
        self.configuration = configuration
        present = shredded.present
        values = PlainValues(present, shredded.leaf.layout)
        let isSuited =
            switch shredded.leaf.layout.physical {
            case .boolean, .float, .double: false
            default: true
            }
        dictionary =
            isSuited && configuration.isDictionaryEnabled ? DictionaryEncoding(values) : nil
    }

    mutating func encode() -> EncodedChunk {
        var metadata = ChunkMetadata()
        metadata.type = leaf.layout.physical
        metadata.path = leaf.path
        metadata.codec = configuration.codec
        metadata.encodings = [PageEncoding.plain, PageEncoding.rle]
        if let dictionary {
            metadata.encodings.append(PageEncoding.rleDictionary)
            metadata.dictionaryPageOffset = 0
            var page = ByteWriter()
            dictionary.distinct.appendPlain(0..<dictionary.distinct.count, to: &page)
            appendPage(
                page.bytes, type: .dictionary, valueCount: dictionary.distinct.count,
                encoding: PageEncoding.plain)
        }
        metadata.dataPageOffset = Int64(writer.count)
        let entryCount = shredded.entryCount
        let rowsPerPage = rowsPerPage()
        var entry = 0
        var value = 0
        // A chunk has a data page even if it has no rows.
        repeat {
            let entries = entry..<endOfRows(rowsPerPage, from: entry)
            let valueEnd = value + presentCount(entries)
            appendDataPage(entries, value..<valueEnd)
            entry = entries.upperBound
            value = valueEnd
        } while entry < entryCount

        metadata.valueCount = Int64(entryCount)
        metadata.plainByteCount = Int64(plainByteCount)
        metadata.byteCount = Int64(writer.count)
        var statistics = ParquetStatistics(present)
        statistics.nullCount = entryCount - values.count
        metadata.statistics = StoredStatistics(statistics, leaf.layout)
        return EncodedChunk(bytes: writer.bytes, metadata: metadata, statistics: statistics)
    }

    private func rowsPerPage() -> Int {
        let rowCount = max(1, shredded.repetitions?.count { $0 == 0 } ?? shredded.entryCount)
        let byteCount = max(1, values.byteCount)
        let fitting = rowCount * configuration.pageByteLimit / byteCount
        return max(1, min(configuration.pageRowLimit, fitting))
    }

    /// Where so many rows from an entry on end.
    private func endOfRows(_ rowCount: Int, from start: Int) -> Int {
        guard let repetitions = shredded.repetitions else {
            return min(shredded.entryCount, start + rowCount)
        }
        var rows = 0
        for entry in start..<repetitions.count where repetitions[entry] == 0 {
            if rows == rowCount { return entry }
            rows += 1
        }
        return repetitions.count
    }

    private func presentCount(_ entries: Range<Int>) -> Int {
        guard let definitions = shredded.definitions else { return entries.count }
        return entries.count { definitions[$0] == leaf.definition }
    }

    private mutating func appendDataPage(_ entries: Range<Int>, _ valueRange: Range<Int>) {
        var page = ByteWriter(
            capacity: 64 + values.byteCount / max(1, values.count) * valueRange.count)
        if leaf.repetition > 0 {
            appendLevels(shredded.repetitions, entries, limit: leaf.repetition, to: &page)
        }
        if leaf.definition > 0 {
            let isFull = valueRange.count == entries.count
            appendLevels(
                isFull ? nil : shredded.definitions, entries, limit: leaf.definition, to: &page)
        }
        if let dictionary {
            page.append(byte: UInt8(dictionary.bitWidth))
            dictionary.indices.withUnsafeBufferPointer {
                RunLengthHybrid.encode(
                    UnsafeBufferPointer(rebasing: $0[valueRange]), bitWidth: dictionary.bitWidth,
                    to: &page)
            }
        } else {
            values.appendPlain(valueRange, to: &page)
        }
        appendPage(
            page.bytes, type: .data, valueCount: entries.count,
            encoding: dictionary == nil ? PageEncoding.plain : PageEncoding.rleDictionary)
    }

    /// Levels of some entries; `limit` for each if nil.
    private func appendLevels(
        _ levels: [UInt32]?, _ entries: Range<Int>, limit: UInt32, to page: inout ByteWriter
    ) {
        let bitWidth = 32 - limit.leadingZeroBitCount
        let start = page.count
        page.append(littleEndian: UInt32(0))
        if let levels {
            levels.withUnsafeBufferPointer {
                RunLengthHybrid.encode(
                    UnsafeBufferPointer(rebasing: $0[entries]), bitWidth: bitWidth, to: &page)
            }
        } else {
            RunLengthHybrid.appendRun(limit, count: entries.count, bitWidth, &page)
        }
        page.replace(at: start, littleEndian: UInt32(page.count - start - 4))
    }

    private mutating func appendPage(
        _ plain: [UInt8], type: PageType, valueCount: Int, encoding: Int32
    ) {
        let page = configuration.compression.compress(plain)
        let header = PageHeader(
            type: type, plainByteCount: plain.count, byteCount: page.count,
            checksum: crc32(page), valueCount: valueCount, encoding: encoding
        ).encode()
        writer.append(header)
        writer.append(page)
        plainByteCount += header.count + plain.count
    }
}

extension ParquetWriter.Configuration {
    fileprivate var codec: Int32 {
        compression == .none ? PageCodec.uncompressed : PageCodec.zstd
    }
}
