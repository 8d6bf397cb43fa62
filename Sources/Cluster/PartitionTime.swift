import Columnar

/// The span of time that a partition by time holds, and how its name says which one.
///
///     YEAR     2026
///     QUARTER  20264
///     MONTH    202611
///     DAY      20261128
///     HOUR     2026112823
enum PartitionTime: String, CaseIterable {
    case year = "YEAR"
    case quarter = "QUARTER"
    case month = "MONTH"
    case day = "DAY"
    case hour = "HOUR"

    private static let hourMilliseconds: Int64 = 3_600_000
    private static let dayMilliseconds: Int64 = 24 * hourMilliseconds

    /// The name of the partition `count` spans after the one that holds a moment, in UTC.
    func name(at milliseconds: Int64, plus count: Int) -> String {
        switch self {
        case .hour:
            let moment = milliseconds + Int64(count) * Self.hourMilliseconds
            let hour = floorDivide(moment, Self.hourMilliseconds) - 24 * days(moment)
            return dayText(days(moment)) + zeroPadded(hour, digits: 2)
        case .day: return dayText(days(milliseconds) + Int64(count))
        case .month, .quarter, .year:
            let (year, month, _) = civilDate(days(milliseconds))
            let length = self == .month ? 1 : self == .quarter ? 3 : 12
            let months = year * 12 + month - 1 + Int64(count * length)
            let yearText = zeroPadded(floorDivide(months, 12), digits: 4)
            let monthInYear = months - 12 * floorDivide(months, 12)
            switch self {
            case .year: return yearText
            case .quarter: return yearText + "\(monthInYear / 3 + 1)"
            default: return yearText + zeroPadded(monthInYear + 1, digits: 2)
            }
        }
    }

    /// Whether a text has the form of this unit's names.
    func isName(_ text: String) -> Bool {
        text.utf8.count == name(at: 0, plus: 0).utf8.count
            && text.utf8.allSatisfy { $0 >= UInt8(ascii: "0") && $0 <= UInt8(ascii: "9") }
    }

    private func days(_ milliseconds: Int64) -> Int64 {
        floorDivide(milliseconds, Self.dayMilliseconds)
    }

    private func dayText(_ day: Int64) -> String {
        let (year, month, day) = civilDate(day)
        return zeroPadded(year, digits: 4) + zeroPadded(month, digits: 2)
            + zeroPadded(day, digits: 2)
    }

    /// The date of a day since 1970, by the rules of the Gregorian calendar.
    ///
    /// Source: Howard Hinnant, "chrono-Compatible Low-Level Date Algorithms".
    private func civilDate(_ day: Int64) -> (year: Int64, month: Int64, day: Int64) {
        // Years begin in March here, so that the day that comes and goes is a year's last.
        let shifted = day + 719_468
        let era = floorDivide(shifted, 146_097)
        let dayOfEra = shifted - era * 146_097
        let yearOfEra =
            (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let shiftedMonth = (5 * dayOfYear + 2) / 153
        let month = shiftedMonth < 10 ? shiftedMonth + 3 : shiftedMonth - 9
        return (
            yearOfEra + era * 400 + (month <= 2 ? 1 : 0), month,
            dayOfYear - (153 * shiftedMonth + 2) / 5 + 1
        )
    }

    private func floorDivide(_ number: Int64, _ divisor: Int64) -> Int64 {
        let quotient = number / divisor
        return number % divisor < 0 ? quotient - 1 : quotient
    }
}
