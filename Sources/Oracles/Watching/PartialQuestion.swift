import Columnar
public import UnionRead

/// A read of some columns, of the rows above or not above a value that occurs.
public struct PartialQuestion: CustomStringConvertible {
    public let request: ReadRequest
    let column: Int
    let name: String
    let isAbove: Bool
    let value: Value

    func passes(_ row: Row) -> Bool {
        if row[column] == .null { return false }
        let isAscending = Value.compare(value, row[column]) == .ascending
        return isAscending == isAbove
    }

    public var description: String { "rows with \(name) \(isAbove ? ">" : "<=") \(value)" }
}
