/// What a timestamp or a time of day counts; Arrow's units, by precision as Fluss has them.
///
/// A number of nanoseconds fits 64 bits from 1677 to 2262. Fluss's rows hold milliseconds and the
/// nanoseconds of one of them, but its log is Arrow and its lake Iceberg, both of which have 64
/// bits: a row may not hold what neither of them can.
public enum TimeUnit: Int64, Hashable, Sendable {
    /// The raw value is how many units a second has.
    case second = 1
    case millisecond = 1_000
    case microsecond = 1_000_000
    case nanosecond = 1_000_000_000

    /// Precondition: the precision is 0 to 9.
    public init(precision: Int) {
        precondition((0...9).contains(precision), "no time has \(precision) digits")
        switch precision {
        case 0: self = .second
        case 1...3: self = .millisecond
        case 4...6: self = .microsecond
        default: self = .nanosecond
        }
    }

    public var unitsPerDay: Int64 { rawValue * 86_400 }

    /// The whole milliseconds up to a moment, and the nanoseconds from there.
    ///
    /// Precondition: the number is a timestamp's of this unit.
    func split(_ number: Int64) -> (milliseconds: Int64, nanoseconds: Int64) {
        if rawValue <= 1000 { return (number * (1000 / rawValue), 0) }
        let unitsPerMillisecond = rawValue / 1000
        let (quotient, remainder) = number.quotientAndRemainder(
            dividingBy: unitsPerMillisecond)
        let isBefore = remainder < 0
        return (
            isBefore ? quotient - 1 : quotient,
            (isBefore ? remainder + unitsPerMillisecond : remainder)
                * (1_000_000 / unitsPerMillisecond)
        )
    }

    /// The moment of whole milliseconds and nanoseconds from there; nil if this unit cannot say it.
    func join(_ milliseconds: Int64, _ nanoseconds: Int64) -> Int64? {
        guard (0..<1_000_000).contains(nanoseconds) else { return nil }
        if rawValue <= 1000 {
            let (quotient, remainder) = milliseconds.quotientAndRemainder(
                dividingBy: 1000 / rawValue)
            return remainder == 0 && nanoseconds == 0 ? quotient : nil
        }
        let unitsPerMillisecond = Int128(rawValue / 1000)
        let (units, rest) = Int128(nanoseconds).quotientAndRemainder(
            dividingBy: 1_000_000 / unitsPerMillisecond)
        if rest != 0 { return nil }
        return Int64(exactly: Int128(milliseconds) * unitsPerMillisecond + units)
    }
}

extension DataType {
    /// Precondition: it is a timestamp.
    public var timestampUnit: TimeUnit {
        switch self {
        case .timestamp(let precision), .timestampLTZ(let precision):
            TimeUnit(precision: precision)
        default: preconditionFailure("\(self) is no timestamp")
        }
    }
}
