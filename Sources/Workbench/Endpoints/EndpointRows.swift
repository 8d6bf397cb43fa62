/// What a table of the endpoints holds in the end.
public struct EndpointRows: Hashable, Sendable {
    public var rows: Int
    /// Keys that stand in it more than once.
    public var duplicates: Int
    /// One of them.
    public var example: String

    public init(rows: Int, duplicates: Int, example: String) {
        self.rows = rows
        self.duplicates = duplicates
        self.example = example
    }
}
