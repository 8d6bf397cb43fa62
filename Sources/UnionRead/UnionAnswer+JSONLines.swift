import Columnar
import JSON

extension UnionAnswer {
    /// The rows as JSON lines, for programs that compare them with what they read themselves.
    ///
    /// A row is one array of its values, in the order of the columns:
    ///
    ///     boolean              true or false
    ///     int32, int64         the number
    ///     date                 days since 1970-01-01
    ///     timestamps           microseconds since 1970-01-01T00:00
    ///     float32, float64     the number as a double, or "NaN", "Infinity", "-Infinity"
    ///     decimal              text with all digits after the point, such as "-12.50"
    ///     string               text
    ///     bytes                two hexadecimal digits a byte, in lower case
    ///     vector               an array of numbers
    ///     null                 null
    public var jsonLines: [UInt8] {
        var lines: [UInt8] = []
        for batch in batches {
            let types = batch.schema.fields.map(\.type)
            for row in 0..<batch.rowCount {
                let values = types.indices.map { column in
                    json(batch.value(row: row, column: column), types[column])
                }
                lines += Array(JSONValue.array(values).compact.utf8)
                lines.append(UInt8(ascii: "\n"))
            }
        }
        return lines
    }
}

private func json(_ value: Value, _ type: DataType) -> JSONValue {
    switch value {
    case .null: .null
    case .boolean(let flag): .bool(flag)
    case .int32(let number), .date(let number): .integer(Int64(number))
    case .int64(let number), .timestamp(let number): .integer(number)
    case .float32(let number): json(Double(number))
    case .float64(let number): json(number)
    case .string(let text): .string(text)
    case .bytes(let bytes): .string(hexadecimal(bytes))
    case .decimal(let number): .string(decimal(number, type))
    case .vector(let elements): .array(elements.map { json(Double($0)) })
    }
}

private func json(_ number: Double) -> JSONValue {
    if number.isNaN { return "NaN" }
    if number.isInfinite { return number < 0 ? "-Infinity" : "Infinity" }
    return .number(number)
}

private func decimal(_ number: Int64, _ type: DataType) -> String {
    guard case .decimal(_, let scale) = type else { preconditionFailure("\(type) is no decimal") }
    var digits = String(number.magnitude)
    digits = String(repeating: "0", count: max(0, scale + 1 - digits.count)) + digits
    let sign = number < 0 ? "-" : ""
    return scale == 0
        ? sign + digits : "\(sign)\(digits.dropLast(scale)).\(digits.suffix(scale))"
}
