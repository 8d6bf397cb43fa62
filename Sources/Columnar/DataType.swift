/// The type of a column.
public enum DataType: Hashable, Sendable {
    case boolean
    /// Fluss INT, Iceberg int.
    case int32
    /// Fluss BIGINT, Iceberg long.
    case int64
    /// Fluss FLOAT.
    case float32
    /// Fluss DOUBLE.
    case float64
    case string
    /// Fluss BYTES, Iceberg binary.
    case bytes
    /// Days since 1970-01-01.
    case date
    /// Microseconds since 1970-01-01T00:00 in no time zone; Fluss TIMESTAMP(6).
    case timestamp
    /// Microseconds since 1970-01-01T00:00Z; Fluss TIMESTAMP_LTZ(6), Iceberg timestamptz.
    case timestampWithZone
    /// A number of at most `precision` digits (1 to 18), `scale` of them after the point.
    case decimal(precision: Int, scale: Int)
    /// `dimension` floats, none of them null; Arrow FixedSizeList<Float32>, Iceberg list<float>.
    case vector(dimension: Int)
}
