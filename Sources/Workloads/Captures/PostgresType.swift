import Columnar

/// What becomes of PostgreSQL's types.
enum PostgresType {
    /// The type for a name as the catalog prints it, such as `numeric(12,2)`.
    ///
    /// A decimal of more digits than a column holds stays text, and so does all that has no
    /// type of its own: jsonb, arrays, ranges, times of day.
    static func dataType(_ name: String) -> DataType {
        let (base, arguments) = split(name)
        switch base {
        case "smallint", "int2", "integer", "int", "int4": return .int
        case "bigint", "int8": return .bigint
        case "real", "float4": return .float
        case "double precision", "float8": return .double
        case "boolean", "bool": return .boolean
        case "bytea": return .bytes
        case "uuid": return .uuid
        case "date": return .date
        case "timestamp", "timestamp without time zone": return .timestamp(precision: 6)
        case "timestamptz", "timestamp with time zone": return .timestampLTZ(precision: 6)
        case "numeric", "decimal":
            let scale = arguments.count > 1 ? arguments[1] : 0
            guard let precision = arguments.first,
                (1...DecimalText.precisionLimit).contains(precision),
                (0...precision).contains(scale)
            else { return .string }
            return .decimal(precision: precision, scale: scale)
        default: return .string
        }
    }

    /// Whether a type is a decimal of any size.
    static func isDecimal(_ name: String) -> Bool {
        ["numeric", "decimal"].contains(split(name).base)
    }

    /// How many digits of a second a timestamp has, such as 3 for `timestamp(3)`.
    static func secondDigits(_ name: String) -> Int { split(name).arguments.first ?? 6 }

    /// `timestamp(3) with time zone` is `timestamp with time zone` and 3.
    private static func split(_ name: String) -> (base: String, arguments: [Int]) {
        guard let open = name.firstIndex(of: "("), let close = name.lastIndex(of: ")"), open < close
        else { return (name, []) }
        let arguments = name[name.index(after: open)..<close].split(separator: ",").map {
            Int($0.drop { $0 == " " }) ?? -1
        }
        return (String(name[..<open] + name[name.index(after: close)...]), arguments)
    }
}
