import Avro
import Columnar
public import Parquet

/// A file of rows, or of positions of deleted rows, with what planners need to know of it.
public struct DataFile: Hashable, Sendable {
    public enum Content: Int32, Hashable, Sendable {
        case data = 0
        case positionDeletes = 1
        case equalityDeletes = 2
    }

    public var content: Content
    public var path: String
    /// Such as `PARQUET`.
    public var format = "PARQUET"
    /// The record of its partition values, in the order of its manifest's partition type.
    var partition = AvroValue.record([])
    /// The partition spec of its manifest; nil of one without fields.
    var specIdentifier: Int32?
    public var recordCount: Int64
    public var byteCount: Int64
    public var columns: [ColumnBounds]
    var keyMetadata: [UInt8]?
    public var splitOffsets: [Int64]
    /// For equality deletes: the columns that are compared.
    public var equalityIdentifiers: [Int32] = []
    var sortOrder: Int32?
    /// For position deletes of one file: that file.
    public var referencedDataFile: String?
    /// From format version 3 on, the row id of its first row; rows that say no other follow it.
    public var firstRow: Int64?
    /// Of a deletion vector: where in the file it is.
    public var contentOffset: Int64?
    public var contentByteCount: Int64?

    /// Tells it from all others of a snapshot: deletion vectors may share a file.
    public var identity: String { contentOffset.map { "\(path)#\($0)" } ?? path }

    /// Whether it is a deletion vector in a Puffin file.
    var isDeletionVector: Bool { content == .positionDeletes && format.uppercased() == "PUFFIN" }

    /// Where in the file a deletion vector is; nil if that is not said, or cannot be.
    var vectorRange: Range<Int64>? {
        guard let contentOffset, let contentByteCount, contentOffset >= 0, contentByteCount >= 0,
            contentByteCount <= .max - contentOffset
        else { return nil }
        return contentOffset..<contentOffset + contentByteCount
    }

    /// Sizes, counts and bounds of one column, by field id; nil where a writer left them out.
    public struct ColumnBounds: Hashable, Sendable {
        public var identifier: Int32
        public var byteCount: Int64?
        public var valueCount: Int64?
        public var nullCount: Int64?
        public var nanCount: Int64?
        /// In Iceberg's single-value encoding.
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
                nanCount: column.type.hasNaN ? Int64(column.nanCount) : nil,
                lower: column.bound(.lower, isCut: content == .data),
                upper: column.bound(.upper, isCut: content == .data))
        }
    }

    init(
        content: Content, path: String, format: String = "PARQUET",
        partition: AvroValue = .record([]), recordCount: Int64, byteCount: Int64,
        columns: [ColumnBounds], keyMetadata: [UInt8]? = nil, splitOffsets: [Int64],
        equalityIdentifiers: [Int32] = [], sortOrder: Int32? = nil, referencedDataFile: String?
    ) {
        self.content = content
        self.path = path
        self.format = format
        self.partition = partition
        self.recordCount = recordCount
        self.byteCount = byteCount
        self.columns = columns
        self.keyMetadata = keyMetadata
        self.splitOffsets = splitOffsets
        self.equalityIdentifiers = equalityIdentifiers
        self.sortOrder = sortOrder
        self.referencedDataFile = referencedDataFile
    }

    /// The values of a column lie between these bounds; nil if a writer left one out.
    func bounds(of column: Int32) -> (lower: [UInt8], upper: [UInt8])? {
        guard let found = columns.first(where: { $0.identifier == column }),
            let lower = found.lower, let upper = found.upper
        else { return nil }
        return (lower, upper)
    }
}

extension ParquetColumnMetrics {
    /// A bound as a manifest has it. Readers of position deletes compare theirs for equality, so
    /// those stay whole; below lists there are none.
    fileprivate func bound(_ side: BoundSide, isCut: Bool) -> [UInt8]? {
        if isRepeated { return nil }
        let value = side == .lower ? lowerBound : upperBound
        return value.flatMap { singleValue($0, of: type, side, isCut: isCut) }
    }
}

extension DataType {
    fileprivate var hasNaN: Bool { self == .float || self == .double }
}
