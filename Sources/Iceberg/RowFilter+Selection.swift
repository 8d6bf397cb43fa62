import Columnar

extension RowFilter {
    /// Which rows of a batch pass, all at once: those of which `passes(_:row:)` is true.
    ///
    /// Precondition: the filter is valid for the batch's schema. Complexity: linear in the rows,
    /// for each condition.
    func selection(of batch: RecordBatch) -> [Bool] {
        var truths = [Truth](repeating: .isTrue, count: batch.rowCount)
        for condition in conditions {
            truths.combine(with: condition.truths(of: batch)) { min($0, $1) }
        }
        return truths.map { $0 == .isTrue }
    }
}

/// What a condition comes to, as in SQL: `and` takes the lesser of two, `or` the greater.
private enum Truth: UInt8, Comparable {
    case isFalse, isUnknown, isTrue

    init(_ holds: Bool?) {
        switch holds {
        case nil: self = .isUnknown
        case false?: self = .isFalse
        case true?: self = .isTrue
        }
    }

    var opposite: Truth {
        switch self {
        case .isFalse: .isTrue
        case .isUnknown: .isUnknown
        case .isTrue: .isFalse
        }
    }

    static func < (left: Truth, right: Truth) -> Bool { left.rawValue < right.rawValue }
}

extension [Truth] {
    fileprivate mutating func combine(with others: [Truth], by choose: (Truth, Truth) -> Truth) {
        precondition(count == others.count, "truths of other rows")
        for row in indices { self[row] = choose(self[row], others[row]) }
    }
}

extension RowFilter.Condition {
    fileprivate func truths(of batch: RecordBatch) -> [Truth] {
        switch self {
        case .comparison(let comparison):
            let vector = batch.column(comparison.column)
            if comparison.value == .null {
                return Array(repeating: .isUnknown, count: vector.count)
            }
            return comparison.truthsOfIntegers(vector)
                ?? vector.truths { comparison.holds(of: $0) }
        case .isNull(let column):
            let vector = batch.column(column)
            return (0..<vector.count).map { vector.isNull(at: $0) ? .isTrue : .isFalse }
        case .isIn(let column, _):
            return batch.column(column).truths { value in holds { _ in value } }
        case .and(let parts):
            var truths = [Truth](repeating: .isTrue, count: batch.rowCount)
            for part in parts { truths.combine(with: part.truths(of: batch)) { min($0, $1) } }
            return truths
        case .or(let parts):
            var truths = [Truth](repeating: .isFalse, count: batch.rowCount)
            for part in parts { truths.combine(with: part.truths(of: batch)) { max($0, $1) } }
            return truths
        case .not(let part): return part.truths(of: batch).map(\.opposite)
        }
    }
}

extension RowFilter.Comparison {
    /// As `holds(of:)` of each value, without making them; nil of a column that is not stored as
    /// integers of 32 or 64 bits.
    fileprivate func truthsOfIntegers(_ vector: ColumnVector) -> [Truth]? {
        var builder = ColumnVectorBuilder(type: vector.type, capacity: 1)
        guard (try? builder.append(value)) != nil else { return nil }
        let constant = builder.finish()
        switch vector.storage {
        case .int32:
            return truths(vector, constant.int32(at: 0)) { vector.int32(at: $0) }
        case .int64:
            return truths(vector, constant.int64(at: 0)) { vector.int64(at: $0) }
        default: return nil
        }
    }

    private func truths<Number: FixedWidthInteger>(
        _ vector: ColumnVector, _ constant: Number, _ number: (Int) -> Number
    ) -> [Truth] {
        func each(_ holds: (Number) -> Bool) -> [Truth] {
            (0..<vector.count).map { row in
                vector.isNull(at: row)
                    ? .isUnknown : holds(number(row)) ? .isTrue : .isFalse
            }
        }
        switch comparator {
        case .equal: return each { $0 == constant }
        case .notEqual: return each { $0 != constant }
        case .less: return each { $0 < constant }
        case .lessOrEqual: return each { $0 <= constant }
        case .greater: return each { $0 > constant }
        case .greaterOrEqual: return each { $0 >= constant }
        }
    }
}

extension ColumnVector {
    fileprivate func truths(_ holds: (Value) -> Bool?) -> [Truth] {
        (0..<count).map { Truth(holds(value(at: $0))) }
    }
}

extension RecordBatch {
    fileprivate func column(_ identifier: Int32) -> ColumnVector {
        guard let place = schema.fields.firstIndex(where: { $0.identifier == identifier }) else {
            preconditionFailure("the filter's column is not in the batch")
        }
        return columns[place]
    }
}
