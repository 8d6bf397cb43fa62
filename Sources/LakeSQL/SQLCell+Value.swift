import Columnar

/// How values of a lake are seen in SQL:
///
///     boolean                0 or 1
///     integers               an integer
///     float, double          a real; NaN is null, since SQLite has none
///     decimal(p, 0), p < 19  an integer
///     decimal(p, s), p < 16  a real
///     other decimals         text with all digits
///     char, string, uuid     text
///     binary, bytes          a blob
///     date                   text such as 2026-11-28
///     time                   text such as 23:59:59.5
///     timestamps             text such as 2026-11-28 23:59:59.5, in UTC
///     array, vector, map, row  JSON, for SQLite's functions of it
extension SQLCell {
    init(_ value: Value, _ type: DataType) {
        switch value {
        case .null: self = .null
        case .boolean(let flag): self = .integer(flag ? 1 : 0)
        case .tinyint(let number): self = .integer(Int64(number))
        case .smallint(let number): self = .integer(Int64(number))
        case .int(let number): self = .integer(Int64(number))
        case .bigint(let number): self = .integer(number)
        case .float(let number): self = number.isNaN ? .null : .real(Double(number))
        case .double(let number): self = number.isNaN ? .null : .real(number)
        case .decimal(let number): self = Self.decimal(number, type)
        case .string(let text): self = .text(text)
        case .bytes(let bytes): self = .blob(bytes)
        case .uuid(let identifier): self = .text(identifier.description)
        case .date(let day): self = .text(CalendarText.date(Int64(day)))
        case .time(let number): self = .text(CalendarText.time(number, type.unitsPerSecond))
        case .timestamp(let number):
            self = .text(CalendarText.timestamp(number, type.unitsPerSecond))
        case .vector, .array, .map, .row: self = .text(JSONText.of(value, type))
        }
    }

    private static func decimal(_ number: Int128, _ type: DataType) -> SQLCell {
        guard case .decimal(let precision, let scale) = type else { return .null }
        if scale == 0, precision <= 18 { return .integer(Int64(number)) }
        let text = Value.decimalText(number, scale: scale)
        return precision <= 15 ? .real(Double(text) ?? 0) : .text(text)
    }
}

extension DataType {
    /// The type that SQLite is told, which says how it compares with constants.
    var sqlName: String {
        switch self {
        case .boolean, .tinyint, .smallint, .int, .bigint: "INTEGER"
        case .float, .double: "REAL"
        case .decimal(let precision, let scale):
            scale == 0 && precision <= 18 ? "INTEGER" : precision <= 15 ? "REAL" : "TEXT"
        case .bytes, .binary: "BLOB"
        default: "TEXT"
        }
    }
}
