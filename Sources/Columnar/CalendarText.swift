/// Dates and times as text and back, in the proleptic Gregorian calendar and UTC.
///
/// Fractions have no zeros at their end, so that texts order as the times do, for years of four
/// digits.
public enum CalendarText {
    /// Days since 1970-01-01 as a date.
    public static func date(_ days: Int64) -> String {
        // Days from 0000-03-01, in eras of 400 years.
        let shifted = days + 719_468
        let era = (shifted >= 0 ? shifted : shifted - 146_096) / 146_097
        let dayOfEra = shifted - era * 146_097
        let yearOfEra =
            (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let month = (5 * dayOfYear + 2) / 153
        let day = dayOfYear - (153 * month + 2) / 5 + 1
        let civilMonth = month < 10 ? month + 3 : month - 9
        let year = yearOfEra + era * 400 + (civilMonth <= 2 ? 1 : 0)
        let sign = year < 0 ? "-" : ""
        return "\(sign)\(padded(abs(year), 4))-\(padded(civilMonth, 2))-\(padded(day, 2))"
    }

    /// The time of a day, without zeros at the end of its fraction.
    public static func time(_ units: Int64, _ unitsPerSecond: Int64) -> String {
        let seconds = units / unitsPerSecond
        let text =
            "\(padded(seconds / 3600, 2)):\(padded(seconds / 60 % 60, 2)):"
            + padded(seconds % 60, 2)
        let fraction = units % unitsPerSecond
        if fraction == 0 { return text }
        var digits = padded(fraction, "\(unitsPerSecond)".utf8.count - 1)
        while digits.hasSuffix("0") { digits.removeLast() }
        return "\(text).\(digits)"
    }

    /// Units since 1970-01-01T00:00 as a date and a time.
    public static func timestamp(
        _ units: Int64, _ unitsPerSecond: Int64, separator: String = " "
    ) -> String {
        let unitsPerDay = 86_400 * unitsPerSecond
        // Of the first day that 64 bits reach only a part is there: it has no beginning.
        let (days, rest) = units.quotientAndRemainder(dividingBy: unitsPerDay)
        let isBefore = rest < 0
        return date(isBefore ? days - 1 : days) + separator
            + time(isBefore ? rest + unitsPerDay : rest, unitsPerSecond)
    }

    /// A date of four digits, two and two; nil of anything else.
    public static func days(_ text: Substring) -> Int64? {
        let parts = text.split(separator: "-", omittingEmptySubsequences: false)
        guard parts.count == 3, parts.map(\.utf8.count) == [4, 2, 2],
            let year = number(parts[0]), let month = number(parts[1]), let day = number(parts[2]),
            (1...12).contains(month), (1...31).contains(day)
        else { return nil }
        let shifted = month <= 2 ? year - 1 : year
        let era = (shifted >= 0 ? shifted : shifted - 399) / 400
        let yearOfEra = shifted - era * 400
        let dayOfYear = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1
        let dayOfEra = yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear
        let days = era * 146_097 + dayOfEra - 719_468
        // A day that the month has not is another one.
        return date(days) == text ? days : nil
    }

    /// Units since 1970-01-01T00:00 of a text such as `2026-11-28`, `2026-11-28 23:59` or
    /// `2026-11-28T23:59:59.5Z`; nil of anything else, or if it has more digits than the units.
    public static func units(_ text: String, _ unitsPerSecond: Int64) -> Int64? {
        var text = text[...]
        if text.last == "Z" { text.removeLast() }
        guard let days = days(text.prefix(10)) else { return nil }
        // The beginning of the first day that 64 bits reach is not among them.
        let start = Int128(days) * Int128(86_400 * unitsPerSecond)
        var rest = text.dropFirst(10)
        if rest.isEmpty { return Int64(exactly: start) }
        guard rest.first == " " || rest.first == "T" else { return nil }
        rest.removeFirst()
        guard let time = timeUnits(rest, unitsPerSecond) else { return nil }
        return Int64(exactly: start + Int128(time))
    }

    /// Units since midnight of a text such as `23:59` or `23:59:59.5`; nil of anything else.
    public static func timeUnits(_ text: Substring, _ unitsPerSecond: Int64) -> Int64? {
        let halves = text.split(separator: ".", omittingEmptySubsequences: false)
        let parts = halves[0].split(separator: ":", omittingEmptySubsequences: false)
        guard halves.count <= 2, (2...3).contains(parts.count),
            parts.allSatisfy({ $0.utf8.count == 2 })
        else { return nil }
        let numbers = parts.compactMap(number)
        guard numbers.count == parts.count, numbers[0] < 24, numbers[1] < 60,
            numbers.count < 3 || numbers[2] < 60
        else { return nil }
        let seconds = numbers[0] * 3600 + numbers[1] * 60 + (numbers.count > 2 ? numbers[2] : 0)
        var units = seconds * unitsPerSecond
        if halves.count == 2 {
            guard parts.count == 3, !halves[1].isEmpty, number(halves[1]) != nil else { return nil }
            var scale = unitsPerSecond
            for digit in halves[1] {
                if scale % 10 != 0 { return nil }
                scale /= 10
                units += Int64(digit.wholeNumberValue!) * scale
            }
        }
        return units
    }

    private static func number(_ text: Substring) -> Int64? {
        text.utf8.allSatisfy { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }
            ? Int64(text) : nil
    }

    private static func padded(_ number: Int64, _ digits: Int) -> String {
        let text = "\(number)"
        return String(repeating: "0", count: max(0, digits - text.utf8.count)) + text
    }
}

extension DataType {
    /// Units of a time or timestamp in a second; 1 of any other type.
    public var unitsPerSecond: Int64 {
        switch self {
        case .time(let precision), .timestamp(let precision), .timestampLTZ(let precision):
            TimeUnit(precision: precision).rawValue
        default: 1
        }
    }
}
