/// Reads dates and times as databases and web servers print them.
///
/// Days are counted in the Gregorian calendar, also before it was introduced, as PostgreSQL does.
public struct CalendarTime {
    private var bytes: ArraySlice<UInt8>

    private init(_ text: String) { bytes = Array(text.utf8)[...] }

    /// Days since 1970-01-01 of `2024-02-29`; before our era it is `0044-03-15 BC`.
    public static func days(_ text: String) -> Int32? {
        var reader = CalendarTime(text)
        guard let date = reader.takeDate() else { return nil }
        let isBefore = reader.takeEra()
        guard reader.bytes.isEmpty, let days = date.days(isBefore: isBefore) else { return nil }
        return Int32(exactly: days)
    }

    /// Microseconds since 1970 of `2024-02-29 08:30:00.5` or with a `T` between; with a zone
    /// (`Z`, `+05`, `+05:30`) exactly if `hasZone`.
    public static func microseconds(_ text: String, hasZone: Bool) -> Int64? {
        var reader = CalendarTime(text)
        guard let date = reader.takeDate(), reader.take(" ") || reader.take("T"),
            let time = reader.takeTime()
        else { return nil }
        var zone: Int64 = 0
        if hasZone {
            guard let found = reader.takeZone() else { return nil }
            zone = found
        }
        let isBefore = reader.takeEra()
        guard reader.bytes.isEmpty, let days = date.days(isBefore: isBefore) else { return nil }
        return microseconds(days: days, time - zone)
    }

    /// Microseconds since 1970 of `25/Nov/2026:20:15:29 +0100`, as web logs have it.
    static func logMicroseconds(_ text: String) -> Int64? {
        var reader = CalendarTime(text)
        guard let day = reader.takeNumber(digits: 2...2), reader.take("/") else { return nil }
        let name = String(decoding: reader.bytes.prefix(3), as: UTF8.self)
        guard let month = months.firstIndex(of: name) else { return nil }
        reader.bytes.removeFirst(3)
        guard reader.take("/"), let year = reader.takeNumber(digits: 4...4), reader.take(":"),
            let time = reader.takeTime(), reader.take(" "), let zone = reader.takeZone(),
            reader.bytes.isEmpty,
            let days = Date(year: year, month: Int64(month + 1), day: day).days(isBefore: false)
        else { return nil }
        return microseconds(days: days, time - zone)
    }

    /// Whether a time has a digit other than zero after its microseconds.
    static func isFinerThanMicroseconds(_ text: String) -> Bool {
        guard let point = text.utf8.firstIndex(of: UInt8(ascii: ".")) else { return false }
        let digits = text.utf8[text.utf8.index(after: point)...].prefix { $0 >= 48 && $0 <= 57 }
        return digits.dropFirst(6).contains { $0 != 48 }
    }

    private static let months = [
        "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
    ]

    private static func microseconds(days: Int64, _ rest: Int64) -> Int64? {
        let (whole, isTooLarge) = days.multipliedReportingOverflow(by: 86_400_000_000)
        let (sum, isOver) = whole.addingReportingOverflow(rest)
        return isTooLarge || isOver ? nil : sum
    }

    // MARK: Parts

    private struct Date {
        var year: Int64
        var month: Int64
        var day: Int64

        /// Days since 1970-01-01; nil if there is no such day.
        func days(isBefore: Bool) -> Int64? {
            // The year before 1 is 1 BC.
            if isBefore && year == 0 { return nil }
            let year = isBefore ? 1 - year : year
            guard (1...12).contains(month), day >= 1, day <= Self.length(month, year) else {
                return nil
            }
            // Years begin in March here, so that the day that comes and goes is the last.
            let shifted = month > 2 ? year : year - 1
            let monthFromMarch = (month + 9) % 12
            let era = shifted >= 0 ? shifted / 400 : (shifted - 399) / 400
            let yearOfEra = shifted - era * 400
            let dayOfYear = (153 * monthFromMarch + 2) / 5 + day - 1
            let dayOfEra = yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear
            // 719,468 days lie between 0000-03-01 and 1970-01-01.
            return era * 146_097 + dayOfEra - 719_468
        }

        private static func length(_ month: Int64, _ year: Int64) -> Int64 {
            switch month {
            case 4, 6, 9, 11: 30
            case 2: year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) ? 29 : 28
            default: 31
            }
        }
    }

    private mutating func takeDate() -> Date? {
        guard let year = takeNumber(digits: 4...6), take("-"),
            let month = takeNumber(digits: 2...2), take("-"), let day = takeNumber(digits: 2...2)
        else { return nil }
        return Date(year: year, month: month, day: day)
    }

    /// Microseconds since midnight; what is finer than a microsecond is cut off.
    private mutating func takeTime() -> Int64? {
        guard let hours = takeNumber(digits: 2...2), take(":"),
            let minutes = takeNumber(digits: 2...2), take(":"),
            let seconds = takeNumber(digits: 2...2), hours < 24, minutes < 60, seconds < 60
        else { return nil }
        var fraction: Int64 = 0
        if take(".") {
            let count = bytes.prefix { $0 >= 48 && $0 <= 57 }.count
            guard (1...9).contains(count), var value = takeNumber(digits: count...count) else {
                return nil
            }
            for _ in count..<9 { value *= 10 }
            fraction = value / 1000
        }
        return ((hours * 60 + minutes) * 60 + seconds) * 1_000_000 + fraction
    }

    /// Microseconds east of Greenwich.
    private mutating func takeZone() -> Int64? {
        if take("Z") { return 0 }
        let isWest = take("-")
        guard isWest || take("+"), let hours = takeNumber(digits: 2...2) else { return nil }
        var seconds = hours * 3600
        // Some write a colon between, some do not.
        for unit: Int64 in [60, 1] {
            let hasColon = take(":")
            guard let part = takeNumber(digits: 2...2) else {
                if hasColon { return nil }
                break
            }
            if part >= 60 { return nil }
            seconds += part * unit
        }
        if hours > 15 { return nil }
        return (isWest ? -seconds : seconds) * 1_000_000
    }

    private mutating func takeEra() -> Bool {
        guard bytes.elementsEqual(" BC".utf8) else { return false }
        bytes.removeAll()
        return true
    }

    private mutating func take(_ character: Unicode.Scalar) -> Bool {
        guard let first = bytes.first, first == UInt8(ascii: character) else { return false }
        bytes.removeFirst()
        return true
    }

    private mutating func takeNumber(digits: ClosedRange<Int>) -> Int64? {
        let run = bytes.prefix(digits.upperBound).prefix { $0 >= 48 && $0 <= 57 }
        guard run.count >= digits.lowerBound else { return nil }
        bytes.removeFirst(run.count)
        return run.reduce(0) { $0 * 10 + Int64($1 - 48) }
    }
}
