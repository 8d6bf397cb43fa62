public import Columnar
public import Parquet

/// Comparisons of columns with values, all of which a row must pass.
///
/// As in SQL, a comparison with null, on either side, is passed by no row.
public struct RowFilter: Hashable, Sendable {
    public enum Operator: Hashable, Sendable {
        case equal, notEqual, less, lessOrEqual, greater, greaterOrEqual
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

        func passes(_ candidate: Value) -> Bool {
            if candidate == .null || value == .null { return false }
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

        /// Whether a value between these bounds may pass; nil is unknown.
        func mayPass(from minimum: Value?, through maximum: Value?) -> Bool {
            switch comparator {
            case .equal:
                if let minimum, Value.compare(value, minimum) == .ascending { return false }
                if let maximum, Value.compare(value, maximum) == .descending { return false }
                return true
            case .notEqual: return true
            case .less: return minimum.map { Value.compare($0, value) == .ascending } ?? true
            case .lessOrEqual:
                return minimum.map { Value.compare($0, value) != .descending } ?? true
            case .greater: return maximum.map { Value.compare($0, value) == .descending } ?? true
            case .greaterOrEqual:
                return maximum.map { Value.compare($0, value) != .ascending } ?? true
            }
        }

        /// Whether bounds can be trusted: those of floating-point numbers do not show NaN.
        var usesBounds: Bool {
            switch value {
            case .null, .float, .double, .vector, .boolean: false
            default: true
            }
        }
    }

    public var comparisons: [Comparison]

    public init(_ comparisons: [Comparison] = []) { self.comparisons = comparisons }

    /// Throws `IcebergError.unsupported` unless all columns are there and of the values' types.
    public func validate(_ schema: Schema) throws(IcebergError) {
        for comparison in comparisons {
            guard let field = schema.fields.first(where: { $0.identifier == comparison.column })
            else {
                throw .unsupported(reason: "a filter on column id \(comparison.column)")
            }
            if comparison.value != .null && !comparison.value.matches(field.type) {
                throw .unsupported(reason: "a filter that compares \(field.name) with another type")
            }
        }
    }

    /// Whether a row passes. Precondition: the filter is valid for the batch's schema.
    public func passes(_ batch: RecordBatch, row: Int) -> Bool {
        comparisons.allSatisfy { comparison in
            let column = batch.schema.fields.firstIndex { $0.identifier == comparison.column }
            guard let column else { preconditionFailure("the filter's column is not in the batch") }
            return comparison.passes(batch.value(row: row, column: column))
        }
    }

    /// Whether a file may have rows that pass, by the bounds in its manifest.
    public func mayMatch(_ file: DataFile, _ schema: Schema) -> Bool {
        comparisons.allSatisfy { comparison in
            guard comparison.usesBounds,
                let field = schema.fields.first(where: { $0.identifier == comparison.column }),
                let bounds = file.columns.first(where: { $0.identifier == comparison.column })
            else { return true }
            return comparison.mayPass(
                from: bounds.lower.flatMap { value($0, of: field.type) },
                through: bounds.upper.flatMap { value($0, of: field.type) })
        }
    }

    /// Whether a row group may have rows that pass, by the file's statistics.
    ///
    /// The schema is the one that the filter's values are of: a file may hold narrower types, or
    /// times of another unit, whose bounds say nothing before they are converted.
    public func mayMatch(
        _ group: ParquetRowGroup, of contents: ParquetContents, as schema: Schema
    ) -> Bool {
        comparisons.allSatisfy { comparison in
            guard comparison.usesBounds,
                let position = contents.schema.position(of: comparison.column)
            else { return true }
            let statistics = group.statistics(ofColumn: position)
            guard let field = schema.fields.first(where: { $0.identifier == comparison.column }),
                field.type == contents.schema.columns[position].type
            else { return true }
            return comparison.mayPass(from: statistics.minimum, through: statistics.maximum)
        }
    }
}
