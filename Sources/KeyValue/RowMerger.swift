import Columnar

/// Applies a table's merge engine to one key at a time.
struct RowMerger {
    let schema: Schema
    let engine: MergeEngine
    let deleteBehavior: DeleteBehavior
    /// The function of each column, nil where the column is of the key; empty unless aggregating.
    private let functions: [AggregateFunction?]

    init(
        schema: Schema, engine: MergeEngine, deleteBehavior: DeleteBehavior
    ) throws(KeyValueError) {
        self.schema = schema
        self.engine = engine
        self.deleteBehavior = deleteBehavior
        guard !schema.primaryKey.isEmpty else {
            throw .invalidRequest(reason: "a table without a primary key has no rows to merge")
        }
        switch engine {
        case .lastRow, .firstRow: functions = []
        case .versioned(let column):
            guard schema.fields.indices.contains(column),
                Self.canHoldVersions(schema.fields[column].type)
            else {
                throw .invalidRequest(reason: "column \(column) cannot hold versions")
            }
            functions = []
        case .aggregate(let chosen):
            var functions: [AggregateFunction?] = []
            for (position, field) in schema.fields.enumerated() {
                if schema.primaryKey.contains(position) {
                    functions.append(nil)
                    continue
                }
                let function = chosen[position] ?? .lastValueIgnoringNulls
                guard function.accepts(field.type) else {
                    throw .invalidRequest(
                        reason: "column \(field.name) of \(field.type) has no \(function)")
                }
                functions.append(function)
            }
            self.functions = functions
        }
        if deleteBehavior == .allow {
            switch engine {
            case .firstRow, .versioned:
                throw .invalidRequest(reason: "merge engine \(engine) allows no deletions")
            case .lastRow, .aggregate: break
            }
        }
    }

    private static func canHoldVersions(_ type: DataType) -> Bool {
        switch type {
        case .int, .bigint, .timestamp, .timestampLTZ: true
        default: false
        }
    }

    /// Checks the columns of a partial update, nil if it is of all columns.
    func check(targetColumns columns: [Int]?) throws(KeyValueError) {
        guard let columns else { return }
        guard schema.primaryKey.allSatisfy(columns.contains) else {
            throw .invalidRequest(reason: "a partial update names all columns of the key")
        }
        for position in schema.fields.indices where !columns.contains(position) {
            guard schema.fields[position].isNullable else {
                throw .invalidRequest(
                    reason: "column \(schema.fields[position].name) must not be null, so a partial "
                        + "update has to name it")
            }
        }
        switch engine {
        case .lastRow, .aggregate: break
        case .firstRow, .versioned:
            throw .invalidRequest(reason: "merge engine \(engine) has no partial updates")
        }
    }

    /// The row after `new` was written over `old`, nil if that is no change.
    ///
    /// Precondition: `columns` were checked.
    func upsert(_ old: Row?, _ new: Row, columns: [Int]?) throws(KeyValueError) -> Row? {
        guard let old else {
            let row = columns.map { firstPartial(new, $0) } ?? new
            for (function, value) in zip(functions, row) { try function?.check(value) }
            return row
        }
        switch engine {
        case .firstRow: return nil
        case .versioned(let column):
            if case .null = new[column] { return nil }
            return Value.compare(new[column], old[column]) == .ascending ? nil : new
        case .lastRow:
            guard let columns else { return new }
            var merged = old
            for column in columns { merged[column] = new[column] }
            return merged
        case .aggregate:
            var merged = old
            for (position, function) in functions.enumerated() {
                guard let function, columns?.contains(position) ?? true else { continue }
                merged[position] = try function.merge(
                    old[position], new[position], schema.fields[position].type)
            }
            return merged
        }
    }

    private func firstPartial(_ new: Row, _ columns: [Int]) -> Row {
        var row = Row(repeating: .null, count: new.count)
        for column in columns { row[column] = new[column] }
        return row
    }

    enum Deletion {
        case unchanged
        case gone
        case row(Row)
    }

    /// What a deletion leaves of a row; of a partial one the columns that it does not name.
    func delete(_ old: Row, columns: [Int]?) -> Deletion {
        switch deleteBehavior {
        case .ignore: return .unchanged
        case .disable: preconditionFailure("a refused deletion was let through")
        case .allow: break
        }
        guard let columns else { return .gone }
        var row = old
        var isEmpty = true
        for position in row.indices where !schema.primaryKey.contains(position) {
            if columns.contains(position) {
                row[position] = .null
            } else if row[position] != .null {
                isEmpty = false
            }
        }
        if isEmpty { return .gone }
        let fits = columns.allSatisfy {
            schema.primaryKey.contains($0) || schema.fields[$0].isNullable
        }
        return fits ? .row(row) : .gone
    }
}
