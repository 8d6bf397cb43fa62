import Columnar

// Iceberg's single-value serialization (spec, appendix D), in which bounds stand in manifests:
//
//     boolean                  1 byte, 0 or 1
//     int, date                4 bytes little endian
//     long                     8 bytes little endian
//     time, timestamps         8 bytes little endian: microseconds, of a timestamp_ns nanoseconds
//     float, double            4 or 8 bytes, IEEE 754 little endian
//     decimal                  the unscaled number, big endian in as few bytes as hold it
//     string                   UTF-8
//     binary                   as it is
//     uuid                     16 bytes, the most significant first

/// Longer bounds of text and bytes are cut.
private let boundByteLimit = 64

/// Which end of a column's values a bound is.
enum BoundSide {
    case lower, upper
}

/// The bound that a value is; nil where there is none, which hides no row.
///
/// A zero is written as the negative one below and the positive one above, since readers differ in
/// whether the two are one. `isCut` is whether a long text may be cut; an upper bound is then
/// counted up, so that it stays one.
func singleValue(
    _ value: Value, of type: DataType, _ side: BoundSide, isCut: Bool = true
) -> [UInt8]? {
    var writer = ByteWriter()
    switch value {
    case .null, .vector, .array, .map, .row: return nil
    case .boolean(let flag): writer.append(byte: flag ? 1 : 0)
    case .tinyint, .smallint, .int, .date:
        guard let number = value.integer else { return nil }
        writer.append(littleEndian: Int32(number))
    case .bigint(let number): writer.append(littleEndian: number)
    case .time(let number), .timestamp(let number):
        guard let unit = type.lakeUnit else { return nil }
        writer.append(littleEndian: number * max(1, 1_000_000 / unit.rawValue))
    case .float(let number):
        if number.isNaN { return nil }
        writer.append(float: number == 0 ? (side == .lower ? -0.0 : 0.0) : number)
    case .double(let number):
        if number.isNaN { return nil }
        writer.append(double: number == 0 ? (side == .lower ? -0.0 : 0.0) : number)
    case .decimal(let number): return number.bigEndianBytes
    case .uuid(let identifier): return identifier.bytes
    case .string(let text): return cut(Array(text.utf8), isText: true, side, isCut)
    case .bytes(let bytes): return cut(bytes, isText: false, side, isCut)
    }
    return writer.bytes
}

private func cut(_ bytes: [UInt8], isText: Bool, _ side: BoundSide, _ isCut: Bool) -> [UInt8]? {
    if !isCut { return bytes }
    switch side {
    case .lower: return bytes.lowerBound(byteLimit: boundByteLimit, isText: isText)
    case .upper: return bytes.upperBound(byteLimit: boundByteLimit, isText: isText)
    }
}

extension DataType {
    /// The unit of a time or timestamp here; what is coarser than a microsecond is one in a lake.
    fileprivate var lakeUnit: TimeUnit? {
        switch self {
        case .time(let precision), .timestamp(let precision), .timestampLTZ(let precision):
            TimeUnit(precision: precision)
        default: nil
        }
    }
}

/// The value of a bound; nil if it cannot be told or trusted.
func value(_ bytes: [UInt8], of type: DataType) -> Value? {
    var reader = ByteReader(bytes)
    let value: Value?
    switch type.storage {
    case .text: return String(validating: bytes, as: UTF8.self).map { .string($0) }
    case .variableBytes: return .bytes(bytes)
    case .fixedBytes:
        if case .uuid = type {
            return bytes.count == 16 ? .uuid(UniqueIdentifier(bytes: bytes)) : nil
        }
        // A bound of binary(n) may be cut, and is then none of its values.
        return .bytes(bytes)
    case .int128:
        value = Int128(bigEndianBytes: bytes).map { .decimal($0) }
        return value.flatMap { $0.matches(type) ? $0 : nil }
    case .bit:
        return bytes.count == 1 && bytes[0] <= 1 ? .boolean(bytes[0] == 1) : nil
    case .float32: value = (try? reader.readFloat()).map { .float($0) }
    case .float64:
        // As a float, in a file from before the column was widened.
        value =
            bytes.count == 4
            ? (try? reader.readFloat()).map { .double(Double($0)) }
            : (try? reader.readDouble()).map { .double($0) }
    case .int8, .int16, .int32, .int64:
        // As an int, in a file from before the column was widened.
        let number =
            bytes.count == 4
            ? (try? reader.readLittleEndian(Int32.self)).map { Int64($0) }
            : try? reader.readLittleEndian(Int64.self)
        value = number.flatMap { integer($0, of: type) }
    case .floats, .list, .map, .record: return nil
    }
    guard reader.isAtEnd, let value, value == value else { return nil }
    return value
}

private func integer(_ number: Int64, of type: DataType) -> Value? {
    var number = number
    if let unit = type.lakeUnit {
        let factor = max(1, 1_000_000 / unit.rawValue)
        guard number % factor == 0 else { return nil }
        number /= factor
    }
    let bits = type.storage.fixedByteCount.map { $0 * 8 - 1 } ?? 63
    guard number >> Int64(bits) == 0 || number >> Int64(bits) == -1 else { return nil }
    let value = Value(integer: number, of: type)
    return value.matches(type) ? value : nil
}
