/// What types may be at most; checked where a schema enters, so that nothing behind it can trap on
/// one.
public enum TypeLimit {
    /// Decimal digits that fit 128 bits.
    public static let precision = 38
    /// Fractional digits of a second.
    public static let timePrecision = 9
    /// Of a char or binary.
    public static let length = 1 << 24
    public static let dimension = 1 << 16
    /// Levels of types in a column, the column's own included.
    public static let depth = 16
    /// Fields of a schema at all levels.
    public static let fieldCount = 4096
}

extension Schema {
    /// What is wrong with columns and key; nil if nothing is.
    static func flaw(fields: [Field], primaryKey: [Int]) -> String? {
        if let flaw = namesFlaw(fields, of: "the schema") { return flaw }
        var identifiers: Set<Int32> = []
        var count = 0
        for field in fields {
            if field.identifier == 0 { return "column \(field.name) has no identifier" }
            if let flaw = field.flaw(depth: 1, identifiers: &identifiers, count: &count) {
                return flaw
            }
        }
        for position in primaryKey {
            guard fields.indices.contains(position) else {
                return "the primary key names column \(position) of \(fields.count)"
            }
            if fields[position].isNullable {
                return "primary key column \(fields[position].name) is nullable"
            }
            if fields[position].type.isNested {
                return "primary key column \(fields[position].name) is \(fields[position].type), "
                    + "which has no key form"
            }
        }
        if Set(primaryKey).count != primaryKey.count {
            return "the primary key names a column twice"
        }
        return nil
    }

    fileprivate static func namesFlaw(_ fields: [Field], of owner: String) -> String? {
        var names: Set<String> = []
        for field in fields where !names.insert(field.name).inserted {
            return "\(owner) has two fields of the name \(field.name)"
        }
        return nil
    }
}

extension Field {
    fileprivate func flaw(
        depth: Int, identifiers: inout Set<Int32>, count: inout Int
    ) -> String? {
        count += 1
        if count > TypeLimit.fieldCount { return "there are over \(TypeLimit.fieldCount) fields" }
        if depth > TypeLimit.depth { return "a column nests over \(TypeLimit.depth) levels" }
        var own = [identifier]
        if case .vector(_, let element) = type { own.append(element) }
        for identifier in own where identifier != 0 {
            if !identifiers.insert(identifier).inserted {
                return "field \(name) has the identifier \(identifier) of another"
            }
        }
        if let flaw = type.ownFlaw { return "column \(name): \(flaw)" }
        for child in type.children {
            let flaw = child.flaw(depth: depth + 1, identifiers: &identifiers, count: &count)
            if let flaw { return flaw }
        }
        return nil
    }
}

extension DataType {
    /// What is wrong with the type's own numbers or names; nil if nothing is.
    var ownFlaw: String? {
        func bounded(_ number: Int, _ range: ClosedRange<Int>, _ what: String) -> String? {
            // The type itself cannot be described while its numbers are out of range.
            range.contains(number)
                ? nil : "a \(what) of \(number), not \(range.lowerBound) to \(range.upperBound)"
        }
        switch self {
        case .decimal(let precision, let scale):
            return bounded(precision, 1...TypeLimit.precision, "precision")
                ?? bounded(scale, 0...precision, "scale")
        case .time(let precision), .timestamp(let precision), .timestampLTZ(let precision):
            return bounded(precision, 0...TypeLimit.timePrecision, "precision")
        case .char(let length), .binary(let length):
            return bounded(length, 1...TypeLimit.length, "length")
        case .vector(let dimension, _):
            return bounded(dimension, 1...TypeLimit.dimension, "dimension")
        case .map(let map): return map.key.isNested ? "a map with nested keys" : nil
        case .row(let row):
            return row.fields.isEmpty
                ? "a row without fields" : Schema.namesFlaw(row.fields, of: "a row")
        default: return nil
        }
    }
}

extension Schema {
    /// Throws `ColumnarError.invalidValue` unless a row has this schema's values.
    public func validate(_ row: Row) throws(ColumnarError) {
        guard row.count == fields.count else {
            throw .invalidValue(reason: "a row of \(row.count) values for \(fields.count) columns")
        }
        for position in row.indices {
            let field = fields[position]
            if row[position].isNull {
                if !field.isNullable {
                    throw .invalidValue(reason: "column \(field.name) must not be null")
                }
            } else if !row[position].matches(field.type) {
                throw .invalidValue(reason: "column \(field.name) wants \(field.type)")
            }
        }
    }
}
