public import Columnar

/// Conditions, all of which a row must pass.
///
/// As in SQL a condition is true, false or unknown, and only what is true passes: a comparison with
/// null, on either side, is unknown. Numbers with a fraction are in their total order, NaN last.
public struct RowFilter: Hashable, Sendable {
    public enum Operator: Hashable, Sendable {
        case equal, notEqual, less, lessOrEqual, greater, greaterOrEqual

        /// What holds of two values exactly where this does not.
        var opposite: Operator {
            switch self {
            case .equal: .notEqual
            case .notEqual: .equal
            case .less: .greaterOrEqual
            case .greaterOrEqual: .less
            case .greater: .lessOrEqual
            case .lessOrEqual: .greater
            }
        }
    }

    public struct Comparison: Hashable, Sendable {
        /// The field id of the column.
        public var column: Int32
        public var comparator: Operator
        public var value: Value

        public init(column: Int32, _ comparator: Operator, _ value: Value) {
            self.column = column
            self.comparator = comparator
            self.value = value
        }

        /// Nil where it is unknown.
        func holds(of candidate: Value) -> Bool? {
            if candidate == .null || value == .null { return nil }
            let ordering = Value.compare(candidate, value)
            switch comparator {
            case .equal: return ordering == .same
            case .notEqual: return ordering != .same
            case .less: return ordering == .ascending
            case .lessOrEqual: return ordering != .descending
            case .greater: return ordering == .descending
            case .greaterOrEqual: return ordering != .ascending
            }
        }
    }

    public indirect enum Condition: Hashable, Sendable {
        case comparison(Comparison)
        case isNull(column: Int32)
        /// The column has one of these values; none of them null.
        case isIn(column: Int32, [Value])
        case and([Condition])
        case or([Condition])
        case not(Condition)

        /// The field ids of the columns that it looks at.
        public var columns: Set<Int32> {
            switch self {
            case .comparison(let comparison): [comparison.column]
            case .isNull(let column), .isIn(let column, _): [column]
            case .and(let parts), .or(let parts):
                parts.reduce(into: []) { $0.formUnion($1.columns) }
            case .not(let part): part.columns
            }
        }

        /// Nil where it is unknown.
        func holds(_ value: (Int32) -> Value) -> Bool? {
            switch self {
            case .comparison(let comparison): return comparison.holds(of: value(comparison.column))
            case .isNull(let column): return value(column) == .null
            case .isIn(let column, let values):
                let found = value(column)
                if found == .null { return nil }
                return values.contains { Value.compare($0, found) == .same }
            case .and(let parts):
                var isUnknown = false
                for part in parts {
                    guard let holds = part.holds(value) else {
                        isUnknown = true
                        continue
                    }
                    if !holds { return false }
                }
                return isUnknown ? nil : true
            case .or(let parts):
                var isUnknown = false
                for part in parts {
                    guard let holds = part.holds(value) else {
                        isUnknown = true
                        continue
                    }
                    if holds { return true }
                }
                return isUnknown ? nil : false
            case .not(let part): return part.holds(value).map { !$0 }
            }
        }
    }

    public var conditions: [Condition]

    public init(_ comparisons: [Comparison] = []) {
        conditions = comparisons.map { .comparison($0) }
    }

    public init(_ conditions: [Condition]) { self.conditions = conditions }

    /// The field ids of the columns that it looks at.
    public var columns: Set<Int32> {
        conditions.reduce(into: []) { $0.formUnion($1.columns) }
    }

    /// Throws `IcebergError.unsupported` unless all columns are there and of the values' types.
    public func validate(_ schema: Schema) throws(IcebergError) {
        for condition in conditions { try Self.validate(condition, schema) }
    }

    private static func validate(
        _ condition: Condition, _ schema: Schema
    ) throws(IcebergError) {
        switch condition {
        case .comparison(let comparison):
            try validate([comparison.value], of: comparison.column, schema)
        case .isNull(let column): try validate([], of: column, schema)
        case .isIn(let column, let values):
            if values.contains(.null) {
                throw .unsupported(reason: "a filter by a list with null among its values")
            }
            try validate(values, of: column, schema)
        case .and(let parts), .or(let parts):
            for part in parts { try validate(part, schema) }
        case .not(let part): try validate(part, schema)
        }
    }

    private static func validate(
        _ values: [Value], of column: Int32, _ schema: Schema
    ) throws(IcebergError) {
        guard let field = schema.fields.first(where: { $0.identifier == column }) else {
            throw .unsupported(reason: "a filter on column id \(column)")
        }
        if values.contains(where: { $0 != .null && !$0.matches(field.type) }) {
            throw .unsupported(reason: "a filter that compares \(field.name) with another type")
        }
    }

    /// Whether a row passes. Precondition: the filter is valid for the batch's schema.
    public func passes(_ batch: RecordBatch, row: Int) -> Bool {
        conditions.allSatisfy { condition in
            condition.holds { identifier in
                let column = batch.schema.fields.firstIndex { $0.identifier == identifier }
                guard let column else {
                    preconditionFailure("the filter's column is not in the batch")
                }
                return batch.value(row: row, column: column)
            } ?? false
        }
    }

    /// Whether a row passes. Precondition: the filter is valid for the schema, and the row of it.
    public func passes(_ row: Row, of schema: Schema) -> Bool {
        conditions.allSatisfy { condition in
            condition.holds { identifier in
                guard let column = schema.position(ofIdentifier: identifier) else {
                    preconditionFailure("the filter's column is not in the row")
                }
                return row[column]
            } ?? false
        }
    }
}
