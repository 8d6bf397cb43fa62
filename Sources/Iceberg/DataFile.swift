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
        /// Nil if unknown, and for types that have no NaN.
        public var nanCount: Int64?
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
                nanCount: column.type.hasNaN ? Int64(column.nanCount) : nil,
                lower: column.bound(.lower, isCut: content == .data),
                upper: column.bound(.upper, isCut: content == .data))
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
