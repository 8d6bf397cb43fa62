import Avro
import Columnar
public import Parquet

/// A file of rows, or of positions of deleted rows, with what planners need to know of it.
public struct DataFile: Hashable, Sendable {
    public enum Content: Int32, Hashable, Sendable {
        case data = 0
        case positionDeletes = 1
    }

    public var content: Content
    public var path: String
    public var recordCount: Int64
    public var byteCount: Int64
    public var columns: [ColumnBounds]
    public var splitOffsets: [Int64]
    /// For position deletes of one file: that file.
    public var referencedDataFile: String?

    /// Sizes, counts and bounds of one column, by field id.
    public struct ColumnBounds: Hashable, Sendable {
        public var identifier: Int32
        public var byteCount: Int64
        public var valueCount: Int64
        public var nullCount: Int64
        /// In Iceberg's single-value encoding; nil where they are left out.
        public var lower: [UInt8]?
        public var upper: [UInt8]?
    }

    /// Describes a Parquet file that has just been written.
    public init(
        _ file: ParquetFile, content: Content, path: String, referencedDataFile: String? = nil
    ) {
        self.content = content
        self.path = path
        recordCount = Int64(file.rowCount)
        byteCount = Int64(file.bytes.count)
        splitOffsets = file.splitOffsets
        self.referencedDataFile = referencedDataFile
        columns = file.columns.map { column in
            ColumnBounds(
                identifier: column.identifier, byteCount: Int64(column.byteCount),
                valueCount: Int64(column.valueCount), nullCount: Int64(column.nullCount),
                lower: column.lowerBound.flatMap(singleValue),
                upper: column.upperBound.flatMap(singleValue))
        }
    }

    init(
        content: Content, path: String, recordCount: Int64, byteCount: Int64,
        columns: [ColumnBounds], splitOffsets: [Int64], referencedDataFile: String?
    ) {
        self.content = content
        self.path = path
        self.recordCount = recordCount
        self.byteCount = byteCount
        self.columns = columns
        self.splitOffsets = splitOffsets
        self.referencedDataFile = referencedDataFile
    }
}

/// Longer strings are no bounds: a cut upper bound would have to be counted up to stay one.
private let boundByteLimit = 1024

/// Iceberg's single-value serialization (spec, appendix D) of the types whose bounds are written.
///
/// Bounds of other types are left out: a wrong bound silently hides rows, a missing one never does.
func singleValue(_ value: Value) -> [UInt8]? {
    var writer = ByteWriter()
    switch value {
    case .int(let value), .date(let value): writer.append(littleEndian: value)
    case .bigint(let value), .timestamp(let value): writer.append(littleEndian: value)
    case .string(let value) where value.utf8.count <= boundByteLimit:
        writer.append(Array(value.utf8))
    default: return nil
    }
    return writer.bytes
}

/// The value of a bound; nil if it cannot be told or trusted.
func value(_ bytes: [UInt8], of type: DataType) -> Value? {
    var reader = ByteReader(bytes)
    let value: Value?
    switch type {
    case .int: value = (try? reader.readLittleEndian()).map { .int($0) }
    case .date: value = (try? reader.readLittleEndian()).map { .date($0) }
    case .bigint:
        // As an int, in a file from before the column was widened.
        if bytes.count == 4 {
            value = (try? reader.readLittleEndian(Int32.self)).map { .bigint(Int64($0)) }
        } else {
            value = (try? reader.readLittleEndian()).map { .bigint($0) }
        }
    case .timestamp, .timestampLTZ:
        value = (try? reader.readLittleEndian()).map { .timestamp($0) }
    case .string: return String(validating: bytes, as: UTF8.self).map { .string($0) }
    default: return nil
    }
    return reader.isAtEnd ? value : nil
}
