/// Which points of a graph a search is about, as far as its filter says: deleted ones are not
/// told from others.
struct PointFilter {
    /// Values of one attribute: for each of its numbers 1 where it passes.
    private struct Part {
        let numbers: [Int32]
        let passing: [UInt8]
    }

    private var parts: [Part] = []
    private var tests: [(Int32) -> Bool] = []

    init(keys: [[UInt8]], _ passes: @escaping (_ key: [UInt8]) -> Bool) {
        tests = [{ passes(keys[Int($0)]) }]
    }

    init(_ filter: VectorFilter, _ columns: [AttributeColumn]) {
        for term in filter.terms {
            switch term {
            case .within(let attribute, _, _), .passing(let attribute, _):
                let column = columns[attribute]
                parts.append(Part(numbers: column.numbers, passing: column.passing(term)))
            case .together(let passes):
                tests.append { point in passes(columns.map { $0[point] }) }
            }
        }
    }

    func passes(_ point: Int32) -> Bool {
        for part in parts where part.passing[Int(part.numbers[Int(point)])] == 0 { return false }
        for test in tests where !test(point) { return false }
        return true
    }

    /// For each of `count` points 1 where it passes.
    func mask(_ count: Int) -> [UInt8] {
        var mask = [UInt8](repeating: 1, count: count)
        mask.withUnsafeMutableBufferPointer { mask in
            for part in parts {
                part.numbers.withUnsafeBufferPointer { numbers in
                    part.passing.withUnsafeBufferPointer { passing in
                        for point in 0..<count { mask[point] &= passing[Int(numbers[point])] }
                    }
                }
            }
            for test in tests {
                for point in 0..<count where mask[point] == 1 {
                    if !test(Int32(point)) { mask[point] = 0 }
                }
            }
        }
        return mask
    }
}
