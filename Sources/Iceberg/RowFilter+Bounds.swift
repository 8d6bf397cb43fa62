public import Columnar
public import Parquet

/// What a condition may be for the rows of a file or a part of it.
struct Outcomes: OptionSet {
    let rawValue: UInt8

    static let holds = Outcomes(rawValue: 1)
    static let fails = Outcomes(rawValue: 2)
    static let unknown = Outcomes(rawValue: 4)
    static let any: Outcomes = [.holds, .fails, .unknown]

    var negated: Outcomes {
        var result = intersection(.unknown)
        if contains(.holds) { result.insert(.fails) }
        if contains(.fails) { result.insert(.holds) }
        return result
    }
}

/// What is known of a column's values in some rows.
struct ColumnFacts {
    /// Between which all values lie that are neither null nor NaN; nil is not known.
    var minimum: Value?
    var maximum: Value?
    var mayHaveNulls = true
    var mayHaveValues = true
    /// NaN, as a value of the column's type, where it may occur.
    var nan: Value?

    /// A column that the file has not: all of it reads as null.
    static let absent = ColumnFacts(mayHaveNulls: true, mayHaveValues: false)

    init(
        minimum: Value? = nil, maximum: Value? = nil, mayHaveNulls: Bool = true,
        mayHaveValues: Bool = true, nanCount: Int64? = nil, type: DataType? = nil
    ) {
        self.minimum = minimum
        self.maximum = maximum
        self.mayHaveNulls = mayHaveNulls
        self.mayHaveValues = mayHaveValues
        switch type {
        case .float:
            nan = nanCount == 0 ? nil : .float(.nan)
            // Writers differ in the sign of a bound that is zero.
            if minimum == .float(0) { self.minimum = .float(-0.0) }
            if maximum == .float(-0.0) { self.maximum = .float(0) }
        case .double:
            nan = nanCount == 0 ? nil : .double(.nan)
            if minimum == .double(0) { self.minimum = .double(-0.0) }
            if maximum == .double(-0.0) { self.maximum = .double(0) }
        default: break
        }
    }

    func outcomes(of comparison: RowFilter.Comparison) -> Outcomes {
        if comparison.value == .null { return .unknown }
        var outcomes: Outcomes = mayHaveNulls ? .unknown : []
        if mayHaveValues {
            if mayHold(comparison.comparator, comparison.value) { outcomes.insert(.holds) }
            if mayHold(comparison.comparator.opposite, comparison.value) {
                outcomes.insert(.fails)
            }
            if let nan, let holds = comparison.holds(of: nan) {
                outcomes.insert(holds ? .holds : .fails)
            }
        }
        return outcomes
    }

    private func mayHold(_ comparator: RowFilter.Operator, _ value: Value) -> Bool {
        func isBelow(_ left: Value?, _ right: Value?) -> Bool {
            guard let left, let right else { return false }
            return Value.compare(left, right) == .ascending
        }
        func isSame(_ left: Value?) -> Bool {
            left.map { Value.compare($0, value) == .same } ?? false
        }
        switch comparator {
        case .equal: return !isBelow(value, minimum) && !isBelow(maximum, value)
        case .notEqual: return !(isSame(minimum) && isSame(maximum))
        case .less: return !(isBelow(value, minimum) || isSame(minimum))
        case .lessOrEqual: return !isBelow(value, minimum)
        case .greater: return !(isBelow(maximum, value) || isSame(maximum))
        case .greaterOrEqual: return !isBelow(maximum, value)
        }
    }
}

extension RowFilter.Condition {
    /// What it may be for some rows, of whose columns `facts` tells; nil is nothing.
    func outcomes(_ facts: (Int32) -> ColumnFacts?) -> Outcomes {
        switch self {
        case .comparison(let comparison):
            return facts(comparison.column)?.outcomes(of: comparison) ?? .any
        case .isNull(let column):
            guard let facts = facts(column) else { return .any }
            var outcomes: Outcomes = facts.mayHaveNulls ? .holds : []
            if facts.mayHaveValues { outcomes.insert(.fails) }
            return outcomes
        case .isIn(let column, let values):
            guard let facts = facts(column) else { return .any }
            let each = values.map {
                facts.outcomes(of: RowFilter.Comparison(column: column, .equal, $0))
            }
            return Self.joined(each, .holds, .fails)
        case .and(let parts): return Self.joined(parts.map { $0.outcomes(facts) }, .fails, .holds)
        case .or(let parts): return Self.joined(parts.map { $0.outcomes(facts) }, .holds, .fails)
        case .not(let part): return part.outcomes(facts).negated
        }
    }

    /// Of parts one of which decides for all: it is `deciding` where any part may be so, `other`
    /// where all may be so.
    private static func joined(
        _ parts: [Outcomes], _ deciding: Outcomes, _ other: Outcomes
    ) -> Outcomes {
        var result: Outcomes = []
        if parts.contains(where: { $0.contains(deciding) }) { result.insert(deciding) }
        if parts.allSatisfy({ $0.contains(other) }) { result.insert(other) }
        if parts.contains(where: { $0.contains(.unknown) }) { result.insert(.unknown) }
        return result
    }
}

extension RowFilter {
    private func mayHold(_ facts: (Int32) -> ColumnFacts?) -> Bool {
        conditions.allSatisfy { $0.outcomes(facts).contains(.holds) }
    }

    /// Whether a file may have rows that pass, by the bounds in its manifest.
    public func mayMatch(_ file: DataFile, _ schema: Schema) -> Bool {
        mayHold { identifier in
            guard let field = schema.fields.first(where: { $0.identifier == identifier }),
                let known = file.columns.first(where: { $0.identifier == identifier })
            else { return nil }
            return ColumnFacts(
                minimum: known.lower.flatMap { value($0, of: field.type) },
                maximum: known.upper.flatMap { value($0, of: field.type) },
                mayHaveNulls: known.nullCount != 0,
                mayHaveValues: known.nullCount != file.recordCount,
                nanCount: known.nanCount, type: field.type)
        }
    }

    /// Whether a file may have rows that pass, by its partition and the bounds in its manifest.
    public func mayMatch(_ live: LakeScan.LiveFile, _ schema: Schema) -> Bool {
        mayMatch(live.file, schema)
            && (live.identityValues.isEmpty || mayMatch(live.identityValues, schema))
    }

    /// Whether rows may pass all of which have some values, by column id.
    public func mayMatch(_ known: [Int32: Value], _ schema: Schema) -> Bool {
        mayHold { identifier in
            guard let value = known[identifier],
                let field = schema.fields.first(where: { $0.identifier == identifier }),
                value == .null || value.matches(field.type)
            else { return nil }
            return ColumnFacts(
                minimum: value == .null ? nil : value, maximum: value == .null ? nil : value,
                mayHaveNulls: value == .null, mayHaveValues: value != .null, type: field.type)
        }
    }

    /// Whether a row group may have rows that pass, by the file's statistics.
    ///
    /// The schema is the one that the filter's values are of: a file may hold narrower types, or
    /// times of another unit, whose bounds say nothing before they are converted.
    public func mayMatch(
        _ group: ParquetRowGroup, of contents: ParquetContents, as schema: Schema
    ) -> Bool {
        mayHold { identifier in
            guard let field = schema.fields.first(where: { $0.identifier == identifier }) else {
                return nil
            }
            guard let position = contents.schema.position(of: identifier) else {
                // What could not be read of the file may be this very column.
                return contents.skippedColumns.isEmpty ? .absent : nil
            }
            let statistics = group.statistics(ofColumn: position)
            let isSame = field.type == contents.schema.columns[position].type
            return ColumnFacts(
                minimum: isSame ? statistics.minimum : nil,
                maximum: isSame ? statistics.maximum : nil,
                mayHaveNulls: statistics.nullCount != 0,
                mayHaveValues: statistics.nullCount != group.rowCount, type: field.type)
        }
    }
}
