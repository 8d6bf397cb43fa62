// The enumerations of parquet.thrift (https://github.com/apache/parquet-format), as far as this
// module speaks them.

enum ParquetFormat {
    /// Stands at both ends of a file.
    static let magic: [UInt8] = Array("PAR1".utf8)

    /// Footer size and magic at the end of a file.
    static let trailerByteCount = 8

    /// More rows than a writer in its senses puts in one row group; bounds what a few damaged bytes
    /// can make a reader allocate.
    static let rowGroupRowLimit = 1 << 24

    static let createdBy = "wavetank version 1.0.0"

    /// The metadata key, with the field id behind it, under which a vector's dimension is kept:
    /// a Parquet list has no fixed length.
    static let dimensionKey = "wavetank.vector-dimension."
}

enum PhysicalType: Int32 {
    case boolean = 0
    case int32 = 1
    case int64 = 2
    case int96 = 3
    case float = 4
    case double = 5
    case byteArray = 6
    case fixedLengthByteArray = 7
}

enum Repetition: Int32 {
    case required = 0
    case optional = 1
    case repeated = 2
}

enum PageType: Int32 {
    case data = 0
    case index = 1
    case dictionary = 2
    case dataV2 = 3
}

enum PageEncoding {
    static let plain: Int32 = 0
    static let plainDictionary: Int32 = 2
    static let rle: Int32 = 3
    static let deltaBinaryPacked: Int32 = 5
    static let deltaLengthByteArray: Int32 = 6
    static let deltaByteArray: Int32 = 7
    static let rleDictionary: Int32 = 8
    static let byteStreamSplit: Int32 = 9
}

enum PageCodec {
    static let uncompressed: Int32 = 0
    static let snappy: Int32 = 1
    static let gzip: Int32 = 2
    static let zstd: Int32 = 6
    static let lz4Raw: Int32 = 7
}

enum ConvertedType {
    static let utf8: Int32 = 0
    static let map: Int32 = 1
    static let mapKeyValue: Int32 = 2
    static let list: Int32 = 3
    static let enumeration: Int32 = 4
    static let decimal: Int32 = 5
    static let date: Int32 = 6
    static let timeMillis: Int32 = 7
    static let timeMicros: Int32 = 8
    static let timestampMillis: Int32 = 9
    static let timestampMicros: Int32 = 10
    static let uint8: Int32 = 11
    static let uint16: Int32 = 12
    static let int8: Int32 = 15
    static let int16: Int32 = 16
    static let int32: Int32 = 17
    static let int64: Int32 = 18
    static let json: Int32 = 19
}

enum LogicalType: Hashable {
    case string
    case list
    case map
    case uuid
    /// Bytes of a format that is nothing to us.
    case binary
    /// Units as for a timestamp.
    case time(isAdjustedToUTC: Bool, unit: Int16)
    case decimal(precision: Int32, scale: Int32)
    case date
    /// `unit`: 1 milliseconds, 2 microseconds, 3 nanoseconds.
    case timestamp(isAdjustedToUTC: Bool, unit: Int16)
    case integer(bitWidth: Int8, isSigned: Bool)
    /// One that has no counterpart here.
    case other(Int16)
}
