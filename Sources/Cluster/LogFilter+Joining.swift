extension LogFilter {
    /// The rows that both want.
    public func and(_ other: LogFilter) -> LogFilter {
        var both = self
        both.terms += other.terms.filter { !terms.contains($0) }
        return both
    }

    /// The rows that one of two wants at least, and those between them: what bounds of single
    /// columns can say of it.
    public func or(_ other: LogFilter) -> LogFilter {
        var either = LogFilter()
        var seen: [Int32] = []
        for term in terms where !seen.contains(term.field) {
            seen.append(term.field)
            let known = ColumnBounds(terms, of: term.field)
            let others = ColumnBounds(other.terms, of: term.field)
            either.terms += known.around(others).terms(of: term.field)
        }
        return either
    }
}

/// What terms say of one column.
private struct ColumnBounds {
    struct Bound {
        var value: [UInt8]
        var isIncluded: Bool
    }

    var least: Bound?
    var greatest: Bound?
    var isNull = false
    var isNotNull = false

    init() {}

    init(_ terms: [LogFilter.Term], of field: Int32) {
        for term in terms where term.field == field {
            if term.comparison == .isNull { isNull = true } else { isNotNull = true }
            switch term.comparison {
            case .equal:
                raise(Bound(value: term.value, isIncluded: true))
                lower(Bound(value: term.value, isIncluded: true))
            case .less: lower(Bound(value: term.value, isIncluded: false))
            case .lessOrEqual: lower(Bound(value: term.value, isIncluded: true))
            case .greater: raise(Bound(value: term.value, isIncluded: false))
            case .greaterOrEqual: raise(Bound(value: term.value, isIncluded: true))
            case .isNull, .isNotNull: break
            }
        }
    }

    private mutating func raise(_ bound: Bound) {
        if least.map({ Self.begins($0, before: bound) }) ?? true { least = bound }
    }

    private mutating func lower(_ bound: Bound) {
        if greatest.map({ Self.ends(bound, before: $0) }) ?? true { greatest = bound }
    }

    private static func begins(_ one: Bound, before other: Bound) -> Bool {
        one.value == other.value
            ? one.isIncluded && !other.isIncluded : one.value.lexicographicallyPrecedes(other.value)
    }

    private static func ends(_ one: Bound, before other: Bound) -> Bool {
        one.value == other.value
            ? !one.isIncluded && other.isIncluded : one.value.lexicographicallyPrecedes(other.value)
    }

    /// The narrowest bounds that hold wherever these or the others do.
    func around(_ other: ColumnBounds) -> ColumnBounds {
        var both = ColumnBounds()
        both.isNull = isNull && other.isNull
        // A side that wants nulls may want nothing else, whatever bounds it says.
        if isNull || other.isNull { return both }
        both.isNotNull = isNotNull && other.isNotNull
        if let least, let others = other.least {
            both.least = Self.begins(others, before: least) ? others : least
        }
        if let greatest, let others = other.greatest {
            both.greatest = Self.ends(greatest, before: others) ? others : greatest
        }
        return both
    }

    func terms(of field: Int32) -> [LogFilter.Term] {
        var terms: [LogFilter.Term] = []
        if isNull { terms.append(.init(field: field, comparison: .isNull, value: [])) }
        if isNotNull { terms.append(.init(field: field, comparison: .isNotNull, value: [])) }
        if let least {
            let comparison: LogFilter.Comparison = least.isIncluded ? .greaterOrEqual : .greater
            terms.append(.init(field: field, comparison: comparison, value: least.value))
        }
        if let greatest {
            let comparison: LogFilter.Comparison = greatest.isIncluded ? .lessOrEqual : .less
            terms.append(.init(field: field, comparison: comparison, value: greatest.value))
        }
        return terms
    }
}
