public import Columnar

/// A column as a scenario file writes it: `amount decimal(12, 2) not null`.
public struct ColumnText: Sendable, Hashable {
    public let name: String
    public let type: DataType
    public let isNullable: Bool

    static let example = "amount decimal(12, 2) not null"

    /// Throws where there is no name, or no type that there is.
    init(_ text: String) throws(ScalarProblem) {
        let words = text.split(separator: " ", maxSplits: 1)
        guard words.count == 2 else {
            throw ScalarProblem(
                message: "'\(text)' is no column; write its name and its type, as in "
                    + Self.example)
        }
        var rest = String(words[1].drop { $0 == " " })
        while rest.last == " " { rest.removeLast() }
        let isNullable = !rest.lowercased().hasSuffix(" not null")
        if !isNullable { rest.removeLast(" not null".count) }
        guard let type = DataType(rest) else {
            throw ScalarProblem(
                message: "'\(rest)' is no type of a column; types are "
                    + Self.typeNames.joined(separator: ", "))
        }
        name = String(words[0])
        self.type = type
        self.isNullable = isNullable
    }

    /// The types, each as it may be written.
    static let typeNames = [
        "boolean", "tinyint", "smallint", "int", "bigint", "float", "double", "decimal(12, 2)",
        "char(8)", "string", "binary(16)", "bytes", "date", "time(3)", "timestamp(6)",
        "timestamp_ltz(6)", "uuid", "vector(16)", "array<string>", "map<string, int>",
        "row<a int, b string not null>",
    ]
}
