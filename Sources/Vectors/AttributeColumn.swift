/// One attribute of the points of a graph: each distinct value once, and its number by point.
///
/// While points come, values are numbered as they come up; `sort` numbers them in their order, so
/// that a range of values is a range of numbers.
struct AttributeColumn {
    /// Empty is null.
    private(set) var values: [[UInt8]] = []
    /// By point.
    private(set) var numbers: [Int32] = []
    private(set) var isSorted = false
    private var known: [[UInt8]: Int32] = [:]

    init() {}

    /// Nil unless the values ascend, and each number is of one.
    init?(sortedValues values: [[UInt8]], numbers: [Int32]) {
        for (left, right) in zip(values, values.dropFirst())
        where !left.lexicographicallyPrecedes(right) { return nil }
        guard numbers.allSatisfy({ $0 >= 0 && $0 < values.count }) else { return nil }
        self.values = values
        self.numbers = numbers
        isSorted = true
    }

    subscript(point: Int32) -> [UInt8] { values[Int(numbers[Int(point)])] }

    mutating func append(_ value: [UInt8]) {
        precondition(!isSorted, "a sorted column takes no more values")
        if let number = known[value] {
            numbers.append(number)
            return
        }
        let number = Int32(values.count)
        known[value] = number
        values.append(value)
        numbers.append(number)
    }

    mutating func sort() {
        if isSorted { return }
        let order = values.indices.sorted {
            values[$0].lexicographicallyPrecedes(values[$1])
        }
        var places = [Int32](repeating: 0, count: values.count)
        for (place, number) in order.enumerated() { places[number] = Int32(place) }
        values = order.map { values[$0] }
        numbers = numbers.map { places[Int($0)] }
        known = [:]
        isSorted = true
    }

    /// For each value, 1 where the term holds of it.
    func passing(_ term: VectorFilter.Term) -> [UInt8] {
        switch term {
        case .within(_, let lower, let upper):
            guard isSorted else {
                return values.map { VectorFilter.Term.isWithin($0, lower, upper) ? 1 : 0 }
            }
            let start = lower.map { first(from: $0) } ?? 0
            let end = upper.map { firstBeyond($0) } ?? values.count
            var passing = [UInt8](repeating: 0, count: values.count)
            for place in start..<max(start, end) where !values[place].isEmpty { passing[place] = 1 }
            return passing
        case .passing(_, let passes): return values.map { passes($0) ? 1 : 0 }
        case .together: preconditionFailure("a term about several attributes")
        }
    }

    /// The first place whose value is not below a lower bound.
    private func first(from bound: VectorFilter.Bound) -> Int {
        partition { value in
            value.lexicographicallyPrecedes(bound.value)
                || !bound.isIncluded && value == bound.value
        }
    }

    /// The first place whose value is above an upper bound.
    private func firstBeyond(_ bound: VectorFilter.Bound) -> Int {
        partition { value in
            value.lexicographicallyPrecedes(bound.value)
                || bound.isIncluded && value == bound.value
        }
    }

    /// The first place of which `isBelow` does not hold, where it holds of all before.
    private func partition(_ isBelow: ([UInt8]) -> Bool) -> Int {
        var (low, high) = (0, values.count)
        while low < high {
            let middle = (low + high) / 2
            if isBelow(values[middle]) { low = middle + 1 } else { high = middle }
        }
        return low
    }
}
