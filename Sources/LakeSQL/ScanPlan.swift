import Columnar
import Iceberg

/// How SQLite wants to scan a table: the constraints whose values it will hand over, in their
/// order, and the columns that it will ask for.
///
/// It checks each constraint itself as well, so that one may be left out, or widened, but must
/// never lose a row.
struct ScanPlan: Hashable {
    enum Comparison: String, Hashable {
        case equal = "=", notEqual = "!", less = "<", lessOrEqual = "l", greater = ">"
        case greaterOrEqual = "g", isNull = "n", isNotNull = "v", isIn = "i", isSame = "s"
        /// The moment that the table is read at.
        case asOf = "@"
        /// The moment after which its changes are read.
        case since = "c"

        var isEquality: Bool { [.equal, .isIn, .isSame].contains(self) }

        var comparator: RowFilter.Operator? {
            switch self {
            case .equal, .isSame: .equal
            case .notEqual: .notEqual
            case .less: .less
            case .lessOrEqual: .lessOrEqual
            case .greater: .greater
            case .greaterOrEqual: .greaterOrEqual
            case .isNull, .isNotNull, .isIn, .asOf, .since: nil
            }
        }
    }

    struct Constraint: Hashable {
        var column: Int
        var comparison: Comparison
        /// Whether its value stands in the statement, so that it is the same for each scan.
        var isKnown = false
    }

    var constraints: [Constraint] = []
    /// Bit 63 stands for all columns from there on.
    var usedColumns: UInt64 = 0
    /// No more rows are wanted than so many; nil if nobody knows.
    var rowLimit: Int?

    /// As SQLite carries it from plan to scan, such as `5;=0,g2!;10`: `!` is a known value, and
    /// 10 the limit of rows.
    var text: String {
        "\(usedColumns);"
            + constraints.map {
                "\($0.comparison.rawValue)\($0.column)\($0.isKnown ? "!" : "")"
            }.joined(separator: ",") + ";" + (rowLimit.map { "\($0)" } ?? "")
    }

    init() {}

    init(_ text: String) {
        let parts = text.split(separator: ";", omittingEmptySubsequences: false)
        usedColumns = parts.first.flatMap { UInt64($0) } ?? .max
        rowLimit = parts.count > 2 ? Int(parts[2]) : nil
        for entry in parts.dropFirst().first?.split(separator: ",") ?? [] {
            guard let comparison = Comparison(rawValue: String(entry.prefix(1))),
                let column = Int(entry.dropFirst().prefix { $0 != "!" })
            else { preconditionFailure("a plan of another program: \(text)") }
            constraints.append(
                Constraint(
                    column: column, comparison: comparison, isKnown: entry.dropFirst().last == "!"))
        }
    }

    func uses(_ column: Int) -> Bool { usedColumns >> UInt64(min(column, 63)) & 1 == 1 }
}

/// What a scan may leave out, for constraints and their values.
enum Pushdown {
    /// Nil if nothing can be told.
    static func condition(
        _ field: Field, _ comparison: ScanPlan.Comparison, _ cells: [SQLCell]
    ) -> RowFilter.Condition? {
        let column = field.identifier
        let hasNaN = field.type == .float || field.type == .double
        switch comparison {
        case .asOf, .since: return nil
        // NaN is null in SQL.
        case .isNull: return hasNaN ? nil : .isNull(column: column)
        case .isNotNull: return .not(.isNull(column: column))
        case .isIn:
            var parts: [RowFilter.Condition] = []
            for cell in cells where cell != .null {
                guard let part = condition(field, .equal, [cell]) else { return nil }
                parts.append(part)
            }
            return .or(parts)
        case .isSame where cells.first == .null:
            return condition(field, .isNull, [])
        default: break
        }
        guard let cell = cells.first, cell != .null, let comparator = comparison.comparator else {
            return nil
        }
        guard let range = Widened(cell, field.type) else { return nil }
        func compare(_ comparator: RowFilter.Operator, _ value: Value) -> RowFilter.Condition {
            .comparison(RowFilter.Comparison(column: column, comparator, value))
        }
        switch comparator {
        case .equal where range.isExact: return compare(.equal, range.lower)
        case .equal:
            return .and([
                compare(.greaterOrEqual, range.lower), compare(.lessOrEqual, range.upper),
            ])
        case .notEqual: return range.isExact ? compare(.notEqual, range.lower) : nil
        case .less: return compare(range.isExact ? .less : .lessOrEqual, range.upper)
        case .lessOrEqual: return compare(.lessOrEqual, range.upper)
        case .greater: return compare(range.isExact ? .greater : .greaterOrEqual, range.lower)
        case .greaterOrEqual: return compare(.greaterOrEqual, range.lower)
        }
    }
}

/// The values of a column that a constant of SQL may be equal to, or stand between: one, or a
/// range about it.
private struct Widened {
    var lower: Value
    var upper: Value
    var isExact: Bool

    private init(_ value: Value) {
        lower = value
        upper = value
        isExact = true
    }

    private init(_ lower: Value, _ upper: Value) {
        self.lower = lower
        self.upper = upper
        isExact = false
    }

    /// Nil where SQLite would compare in a way that columns here do not.
    init?(_ cell: SQLCell, _ type: DataType) {
        switch (cell, type) {
        case (.integer(let number), .boolean):
            guard number == 0 || number == 1 else { return nil }
            self.init(.boolean(number == 1))
        case (.integer(let number), .tinyint):
            guard let value = Int8(exactly: number) else { return nil }
            self.init(.tinyint(value))
        case (.integer(let number), .smallint):
            guard let value = Int16(exactly: number) else { return nil }
            self.init(.smallint(value))
        case (.integer(let number), .int):
            guard let value = Int32(exactly: number) else { return nil }
            self.init(.int(value))
        case (.integer(let number), .bigint): self.init(.bigint(number))
        case (.integer(let number), .float), (.integer(let number), .double):
            self.init(.real(Double(number)), type)
        case (.real(let number), .float), (.real(let number), .double):
            let lower = number.nextDown
            let upper = number.nextUp
            if type == .double {
                self.init(.double(lower), .double(upper))
            } else {
                self.init(.float(Float(lower).nextDown), .float(Float(upper).nextUp))
            }
        case (.integer(let number), .decimal(let precision, let scale)):
            self.init(Double(number), precision: precision, scale: scale)
        case (.real(let number), .decimal(let precision, let scale)):
            self.init(number, precision: precision, scale: scale)
        case (.text(let text), .string), (.text(let text), .char): self.init(.string(text))
        case (.blob(let bytes), .bytes), (.blob(let bytes), .binary): self.init(.bytes(bytes))
        case (.text(let text), .date):
            guard let days = CalendarText.days(text[...]), let day = Int32(exactly: days) else {
                return nil
            }
            self.init(.date(day))
        case (.text(let text), .timestamp), (.text(let text), .timestampLTZ):
            // As the columns are written: with a blank, and without a mark of the zone.
            guard !text.contains("T"), !text.hasSuffix("Z"),
                let units = CalendarText.units(text, type.unitsPerSecond)
            else { return nil }
            self.init(.timestamp(units), .timestamp(units))
        case (.text(let text), .time):
            guard let units = CalendarText.timeUnits(text[...], type.unitsPerSecond) else {
                return nil
            }
            self.init(.time(units), .time(units))
        default: return nil
        }
    }

    /// Decimals that are seen as reals, or as integers: those that may round to the number.
    private init?(_ number: Double, precision: Int, scale: Int) {
        if precision > 15 && scale > 0 { return nil }
        var factor = 1.0
        for _ in 0..<scale { factor *= 10 }
        let scaled = number * factor
        guard scaled.magnitude < 4e15 else { return nil }
        let lower = Int128(scaled.rounded(.down)) - 1
        let upper = Int128(scaled.rounded(.up)) + 1
        let limit = (0..<precision).reduce(into: Int128(1)) { power, _ in power *= 10 }
        guard lower > -limit, upper < limit else { return nil }
        self.init(.decimal(lower), .decimal(upper))
    }
}
