extension Value {
    /// The value without its type, for people: `13`, `"a"`, `null`.
    ///
    /// A decimal is its unscaled number, and a time counts the units of its type.
    public var plainText: String {
        switch self {
        case .null: "null"
        case .boolean(let value): "\(value)"
        case .tinyint(let value): "\(value)"
        case .smallint(let value): "\(value)"
        case .int(let value), .date(let value): "\(value)"
        case .bigint(let value), .time(let value), .timestamp(let value): "\(value)"
        case .float(let value): "\(value)"
        case .double(let value): "\(value)"
        case .decimal(let value): "\(value)"
        case .string(let text): "\"\(text)\""
        case .bytes(let bytes): "\(bytes.count) bytes"
        case .uuid(let identifier): "\(identifier)"
        case .vector(let vector): "a vector of \(vector.count)"
        case .array(let values), .row(let values):
            "[\(values.map(\.plainText).joined(separator: ", "))]"
        case .map(let entries):
            "{"
                + entries.map { "\($0.key.plainText): \($0.value.plainText)" }
                .joined(separator: ", ") + "}"
        }
    }

    /// A decimal's digits with `scale` of them after the point, such as "-12.50".
    public static func decimalText(_ unscaled: Int128, scale: Int) -> String {
        var digits = String(unscaled.magnitude)
        digits = String(repeating: "0", count: max(0, scale + 1 - digits.count)) + digits
        let sign = unscaled < 0 ? "-" : ""
        return scale == 0
            ? sign + digits : "\(sign)\(digits.dropLast(scale)).\(digits.suffix(scale))"
    }
}
