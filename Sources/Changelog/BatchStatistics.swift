public import Columnar

/// What a batch says of the values in some of its columns, so that a reader who wants none of them
/// can leave the batch out.
///
///     version   u8      1
///     columns   varint count, then of each:
///               field identifier i32, null count varint, then whether there are bounds (u8), and
///               if so the least and the greatest value in the bytes of `KeyCodec` (varint count,
///               bytes), which order as the values do
///
/// A column whose values have no order, or whose bounds are long, has none.
public struct BatchStatistics: Hashable, Sendable {
    public struct Column: Hashable, Sendable {
        public var field: Int32
        public var nullCount: Int
        public var least: [UInt8]?
        public var greatest: [UInt8]?
    }

    public var columns: [Column] = []

    private static let boundByteCountLimit = 64

    /// The statistics of the columns at some positions.
    public init(of records: RecordBatch, columns positions: [Int]) {
        for position in positions {
            let field = records.schema.fields[position]
            var column = Column(field: field.identifier, nullCount: 0)
            var hasBounds = !field.type.isNested
            let codec = KeyCodec(types: [field.type])
            for row in 0..<records.rowCount {
                let value = records.value(row: row, column: position)
                if value.isNull {
                    column.nullCount += 1
                    continue
                }
                guard hasBounds, let bytes = try? codec.encode([value]),
                    bytes.count <= Self.boundByteCountLimit
                else {
                    hasBounds = false
                    continue
                }
                if column.least.map({ bytes.lexicographicallyPrecedes($0) }) ?? true {
                    column.least = bytes
                }
                if column.greatest.map({ $0.lexicographicallyPrecedes(bytes) }) ?? true {
                    column.greatest = bytes
                }
            }
            if !hasBounds {
                column.least = nil
                column.greatest = nil
            }
            columns.append(column)
        }
    }

    var encoded: [UInt8] {
        var writer = ByteWriter()
        writer.append(byte: 1)
        writer.append(varint: UInt64(columns.count))
        for column in columns {
            writer.append(littleEndian: column.field)
            writer.append(varint: UInt64(column.nullCount))
            guard let least = column.least, let greatest = column.greatest else {
                writer.append(byte: 0)
                continue
            }
            writer.append(byte: 1)
            writer.append(lengthPrefixed: least)
            writer.append(lengthPrefixed: greatest)
        }
        return writer.bytes
    }

    init(decoding reader: inout ByteReader) throws(ColumnarError) {
        let version = try reader.readByte()
        guard version == 1 else {
            throw .corrupt(
                reason: "batch statistics of version \(version)", position: reader.position)
        }
        for _ in 0..<(try reader.readCount(ofAtLeast: 6)) {
            var column = Column(
                field: try reader.readLittleEndian(),
                nullCount: Int(clamping: try reader.readVarint()))
            if try reader.readByte() != 0 {
                column.least = try reader.readLengthPrefixed()
                column.greatest = try reader.readLengthPrefixed()
            }
            columns.append(column)
        }
        guard reader.isAtEnd else {
            throw .corrupt(reason: "bytes after the statistics", position: reader.position)
        }
    }
}
