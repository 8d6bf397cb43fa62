import Columnar
import Iceberg
public import UnionRead

/// A read of some columns, of the rows whose values compare in one way with a value that occurs.
public struct PartialQuestion: CustomStringConvertible {
    /// Every operator that a filter can have, with its sign for people.
    static let operators: [(RowFilter.Operator, String)] = [
        (.equal, "="), (.notEqual, "<>"), (.less, "<"), (.lessOrEqual, "<="), (.greater, ">"),
        (.greaterOrEqual, ">="),
    ]

    public let request: ReadRequest
    let column: Int
    let name: String
    let comparator: RowFilter.Operator
    let value: Value

    /// By the order of values, beside the filter's own code.
    func passes(_ row: Row) -> Bool {
        if row[column] == .null { return false }
        let order = Value.compare(row[column], value)
        let isEqual = order == .same
        return switch comparator {
        case .equal: isEqual
        case .notEqual: !isEqual
        case .less: order == .ascending
        case .lessOrEqual: order == .ascending || isEqual
        case .greater: order == .descending
        case .greaterOrEqual: order == .descending || isEqual
        }
    }

    public var description: String {
        let sign = Self.operators.first { $0.0 == comparator }!.1
        return "rows with \(name) \(sign) \(value.plainText)"
    }
}
