import Columnar
import JSON

extension UnionAnswer {
    /// The rows as JSON lines, for programs that compare them with what they read themselves.
    ///
    /// A row is one array of its values, in the order of the columns:
    ///
    ///     boolean              true or false
    ///     integers             the number
    ///     date                 days since 1970-01-01
    ///     time                 units of its precision since midnight: seconds, milliseconds,
    ///                          microseconds, nanoseconds
    ///     timestamps           the same units since 1970-01-01T00:00
    ///     float, double        the number as a double, or "NaN", "Infinity", "-Infinity"
    ///     decimal              text with all digits after the point, such as "-12.50"
    ///     char, string         text
    ///     binary, bytes        two hexadecimal digits a byte, in lower case
    ///     uuid                 its canonical text
    ///     vector, array        an array
    ///     map                  an array of arrays of a key and a value
    ///     row                  an array of the values of its fields
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
    case .tinyint, .smallint, .int, .bigint, .date, .time, .timestamp:
        .integer(value.integer ?? 0)
    case .float(let number): json(Double(number))
    case .double(let number): json(number)
    case .string(let text): .string(text)
    case .bytes(let bytes): .string(hexadecimal(bytes))
    case .uuid(let identifier): .string(identifier.description)
    case .decimal(let number): .string(decimal(number, type))
    case .vector(let elements): .array(elements.map { json(Double($0)) })
    case .array(let elements): .array(elements.map { json($0, type.children[0].type) })
    case .map(let entries):
        .array(
            entries.map {
                [json($0.key, type.children[0].type), json($0.value, type.children[1].type)]
            })
    case .row(let values):
        .array(zip(values, type.children).map { json($0, $1.type) })
    }
}

private func json(_ number: Double) -> JSONValue {
    if number.isNaN { return "NaN" }
    if number.isInfinite { return number < 0 ? "-Infinity" : "Infinity" }
    return .number(number)
}

private func decimal(_ number: Int128, _ type: DataType) -> String {
    guard case .decimal(_, let scale) = type else { preconditionFailure("\(type) is no decimal") }
    return Value.decimalText(number, scale: scale)
}
