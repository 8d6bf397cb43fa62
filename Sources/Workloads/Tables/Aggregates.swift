import Columnar

/// What Fluss's aggregate functions make of two values of a column, from its documentation.
enum Aggregates {
    /// Precondition: the function is one that takes the values' type.
    static func merge(_ function: String, _ old: Value, _ new: Value) -> Value {
        if function == "last_value" { return new }
        if function == "first_value" { return old }
        if new.isNull { return old }
        if old.isNull { return new }
        switch function {
        case "sum": return sum(old, new)
        case "max": return Value.compare(old, new) == .ascending ? new : old
        case "min": return Value.compare(old, new) == .descending ? new : old
        case "first_value_ignore_nulls": return old
        case "listagg", "string_agg":
            guard case .string(let left) = old, case .string(let right) = new else { break }
            return .string(left + "," + right)
        case "bool_and", "bool_or":
            guard case .boolean(let left) = old, case .boolean(let right) = new else { break }
            return .boolean(function == "bool_and" ? left && right : left || right)
        case "rbm32":
            guard case .bytes(let left) = old, case .bytes(let right) = new else { break }
            return .bytes(RoaringBitmap((numbers(left).union(numbers(right))).sorted()).encoded)
        default: return new
        }
        preconditionFailure("\(function) of \(old) and \(new)")
    }

    private static func numbers(_ bytes: [UInt8]) -> Set<UInt32> {
        guard let bitmap = try? RoaringBitmap(decoding: bytes) else {
            preconditionFailure("a workload wrote what is no bitmap")
        }
        var numbers: Set<UInt32> = []
        bitmap.forEach { numbers.insert($0) }
        return numbers
    }

    private static func sum(_ old: Value, _ new: Value) -> Value {
        switch (old, new) {
        case (.tinyint(let left), .tinyint(let right)): .tinyint(left + right)
        case (.smallint(let left), .smallint(let right)): .smallint(left + right)
        case (.int(let left), .int(let right)): .int(left + right)
        case (.bigint(let left), .bigint(let right)): .bigint(left + right)
        case (.float(let left), .float(let right)): .float(left + right)
        case (.double(let left), .double(let right)): .double(left + right)
        case (.decimal(let left), .decimal(let right)): .decimal(left + right)
        default: preconditionFailure("the sum of \(old) and \(new)")
        }
    }
}
