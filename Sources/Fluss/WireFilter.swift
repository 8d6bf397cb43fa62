import Cluster
import Columnar

/// Predicates of the protocol as filters of the engine.
///
/// Both leave out whole batches by their statistics, and the client looks at the rows that come. So
/// a filter may let more pass than the predicate; what it cannot say in bounds of single columns
/// (`NOT IN`, `CONTAINS`, a column that has another type by now) it lets pass.
struct WireFilter {
    /// The schema that the predicate was made for.
    private let schema: Schema
    private let table: TableDescription

    private static let depthLimit = 64

    /// The filter of an encoded predicate.
    ///
    /// `malformed` if it is none of the schema, or is nested more deeply than 64 levels;
    /// `schemaNotExist` if the table has no such schema.
    static func decode(
        _ predicate: [UInt8], schemaIdentifier: Int32, of table: TableDescription
    ) throws(FlussError) -> LogFilter {
        guard let identifier = Int16(exactly: schemaIdentifier),
            let schema = table.schemas.schema(identifier)
        else {
            throw .refused(
                .schemaNotExist, reason: "\(table.path) has no schema \(schemaIdentifier)")
        }
        return try WireFilter(schema: schema, table: table).filter(predicate, depth: 1)
    }

    private func filter(_ bytes: [UInt8], depth: Int) throws(FlussError) -> LogFilter {
        guard depth <= Self.depthLimit else {
            throw .malformed(reason: "a predicate of more than \(Self.depthLimit) levels")
        }
        let message = try PredicateMessage(reading: bytes)
        switch (message.type, message.leaf, message.compound) {
        case (0, let leaf?, _): return try filter(leaf)
        case (1, _, let compound?):
            var filters: [LogFilter] = []
            for child in compound.children {
                filters.append(try filter(child, depth: depth + 1))
            }
            guard let first = filters.first else {
                throw .malformed(reason: "a predicate that joins nothing")
            }
            switch compound.function {
            case 0: return filters.dropFirst().reduce(first) { $0.and($1) }
            case 1: return filters.dropFirst().reduce(first) { $0.or($1) }
            default: throw .malformed(reason: "no way to join predicates is \(compound.function)")
            }
        default: throw .malformed(reason: "a predicate of type \(message.type) without its body")
        }
    }

    private func filter(_ leaf: LeafPredicateMessage) throws(FlussError) -> LogFilter {
        // The protocol counts fields from 0, the engine from 1.
        let identifier = leaf.fieldID &+ 1
        guard let field = schema.fields.first(where: { $0.identifier == identifier }) else {
            throw .malformed(reason: "schema \(schema.identifier) has no field \(leaf.fieldID)")
        }
        guard let function = LeafFunction(rawValue: leaf.function) else {
            throw .malformed(reason: "no comparison is \(leaf.function)")
        }
        var literals: [ComparedLiteral] = []
        for literal in leaf.literals { literals.append(try ComparedLiteral(literal, field)) }
        guard function.takes(literals.count) else {
            throw .malformed(reason: "\(function) of \(field.name) with \(literals.count) literals")
        }
        // Statistics under a later schema are compared only if its column has the same type.
        let current = table.schema.fields.first { $0.identifier == identifier }
        guard let current, current.type == field.type else { return LogFilter() }
        do {
            return try function.filter(current.name, literals, table)
        } catch {
            throw .malformed(reason: "\(error)")
        }
    }
}

/// The comparisons of a leaf, by upstream's numbers.
enum LeafFunction: Int32, CaseIterable {
    case equal, notEqual, lessThan, lessOrEqual, greaterThan, greaterOrEqual, isNull, isNotNull
    case startsWith, contains, endsWith, `in`, notIn

    fileprivate func takes(_ literalCount: Int) -> Bool {
        switch self {
        case .isNull, .isNotNull: literalCount == 0
        case .in, .notIn: true
        default: literalCount == 1
        }
    }

    /// What surely holds of the column where the comparison does.
    ///
    /// All but `isNull` hold of no null.
    fileprivate func filter(
        _ column: String, _ literals: [ComparedLiteral], _ table: TableDescription
    ) throws(ClusterError) -> LogFilter {
        var filter = LogFilter()
        func add(_ comparison: LogFilter.Comparison, _ value: Value) throws(ClusterError) {
            if !value.isNull { try filter.add(column, comparison, value, of: table) }
        }
        switch self {
        case .isNull: try filter.add(column, .isNull, of: table)
        case .equal:
            try add(.greaterOrEqual, literals[0].least)
            try add(.lessOrEqual, literals[0].greatest)
        case .lessThan: try add(.less, literals[0].greatest)
        case .lessOrEqual: try add(.lessOrEqual, literals[0].greatest)
        case .greaterThan: try add(.greater, literals[0].least)
        case .greaterOrEqual, .startsWith: try add(.greaterOrEqual, literals[0].least)
        case .in:
            var any: LogFilter?
            for literal in literals where !literal.isNull {
                let one = try LeafFunction.equal.filter(column, [literal], table)
                any = any?.or(one) ?? one
            }
            filter = any ?? filter
        case .isNotNull, .notEqual, .contains, .endsWith, .notIn: break
        }
        if self != .isNull { try filter.add(column, .isNotNull, of: table) }
        return filter
    }
}

/// A literal as bounds of the values that equal it; both are null where a column's values cannot
/// say it, since such a literal bounds nothing.
private struct ComparedLiteral {
    let isNull: Bool
    let least: Value
    let greatest: Value

    /// `malformed` if the literal is not of the field's type.
    init(_ literal: LiteralMessage, _ field: Field) throws(FlussError) {
        isNull = literal.isNull
        guard !literal.isNull else {
            least = .null
            greatest = .null
            return
        }
        guard let value = try literal.value(of: field.type) else {
            throw .malformed(
                reason: "a literal of type \(literal.literalType) for \(field.name), which is "
                    + "\(field.type)")
        }
        switch value {
        // Zero has two forms that are equal, and keys order them; nothing is as NaN is.
        case .float(let number):
            least = number.isNaN ? .null : .float(number == 0 ? -0.0 : number)
            greatest = number.isNaN ? .null : .float(number == 0 ? 0.0 : number)
        case .double(let number):
            least = number.isNaN ? .null : .double(number == 0 ? -0.0 : number)
            greatest = number.isNaN ? .null : .double(number == 0 ? 0.0 : number)
        default:
            let isSayable = value.matches(field.type)
            least = isSayable ? value : .null
            greatest = least
        }
    }
}

extension LiteralMessage {
    /// The value in a column of the type; null where the column's unit cannot say it, nil if the
    /// literal is of another type.
    fileprivate func value(of type: DataType) throws(FlussError) -> Value? {
        switch (literalType, type) {
        case (0, .boolean): return boolean.map { .boolean($0) }
        case (1, .tinyint): return int.flatMap(Int8.init(exactly:)).map { .tinyint($0) }
        case (2, .smallint): return int.flatMap(Int16.init(exactly:)).map { .smallint($0) }
        case (3, .int): return int.map { .int($0) }
        case (4, .bigint): return bigint.map { .bigint($0) }
        case (5, .float): return float.map { .float($0) }
        case (6, .double): return double.map { .double($0) }
        case (7...8, .char), (7...8, .string): return string.map { .string($0) }
        case (9, .decimal): return unscaled.map { .decimal($0) }
        case (10, .date): return bigint.flatMap(Int32.init(exactly:)).map { .date($0) }
        case (11, .time(let precision)):
            return int.map { Self.time(Int64($0), 0, precision).map { .time($0) } ?? .null }
        case (12, .timestamp(let precision)), (13, .timestampLTZ(let precision)):
            return timestampMilliseconds.map {
                Self.time($0, timestampNanoseconds ?? 0, precision).map { .timestamp($0) } ?? .null
            }
        case (14...15, .binary), (14...15, .bytes): return bytes.map { .bytes($0) }
        default: return nil
        }
    }

    private var unscaled: Int128? {
        guard let decimalBytes else { return decimal.map { Int128($0) } }
        guard (1...16).contains(decimalBytes.count) else { return nil }
        let start: Int128 = decimalBytes[0] >= 0x80 ? -1 : 0
        return decimalBytes.reduce(start) { $0 << 8 | Int128($1) }
    }

    /// Milliseconds and nanoseconds in units of a precision; nil if they are no whole number.
    private static func time(
        _ milliseconds: Int64, _ nanoseconds: Int32, _ precision: Int
    ) -> Int64? {
        let all = Int128(milliseconds) * 1_000_000 + Int128(nanoseconds)
        let unit = Int128(1_000_000_000 / TimeUnit(precision: precision).rawValue)
        guard all % unit == 0 else { return nil }
        return Int64(exactly: all / unit)
    }
}
